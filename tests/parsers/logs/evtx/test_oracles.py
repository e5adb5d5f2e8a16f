"""Ours against the other decoders: a few files on every run, all of the corpus with ``-m corpus``."""

import pytest
from comparison import (
    COUNTS_DIFFER,
    DIFFERENCES,
    LIBEVTX,
    MADE_UP,
    PYTHON_EVTX,
    ROOT,
    WHEEL,
    WHEEL_JSON,
    Survey,
    compare,
    differences,
    logs,
    page,
    survey,
)
from oracles import PEERS, Decoded, flat, ours, xml_fields

NESTED = "rs-MSExchange_Management_wec"
"""Its one event has BinXML without a template in it, which python-evtx cannot read."""
FEW = (
    NESTED,
    "dns_log_malformed",
    "issue_38",
    "rs-Application_no_crc32",
    "rs-Microsoft-Windows-LanguagePackSetup%4Operational",
    "rs-Security_short_selected",
    "rs-new-user-security",
)
"""Small files; between them text, numbers, binary data, string arrays, GUIDs, SIDs, a forwarded event."""


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("name", FEW)
def test_a_few_files_are_equal(corpus, name, peer):
    path = corpus / "evtx" / f"{name}.evtx"
    result = compare(peer, list(ours(path)), PEERS[peer](path))
    assert result.unknown == []
    assert result.only_theirs == []
    assert result.records > 0 or (peer, name) == (PYTHON_EVTX, NESTED)


@pytest.mark.parametrize("name", [name for name in FEW if name != NESTED])
def test_both_decoders_are_equal_on_a_few_files(corpus, name):
    path = corpus / "evtx" / f"{name}.evtx"
    columns, reference = list(ours(path)), list(ours(path, "reference"))
    assert [(record.number, list(record.fields.items())) for record in reference] == [
        (record.number, list(record.fields.items())) for record in columns
    ]


# --------------------------------------------------------------------------------------------- all of the corpus


@pytest.fixture(scope="module")
def surveys(corpus):
    return {path.stem: survey(path) for path in logs(corpus)}


@pytest.mark.corpus
def test_every_leaf_is_equal_or_differs_for_a_known_reason(surveys):
    unknown = {name: unknown_of(one) for name, one in surveys.items() if unknown_of(one)}
    assert unknown == {}


@pytest.mark.corpus
def test_no_peer_has_a_record_that_we_lack(surveys):
    lacking = {
        (name, peer): set(comparison.only_theirs)
        for name, one in surveys.items()
        for peer, comparison in one.comparisons.items()
        if comparison.only_theirs
    }
    assert lacking == {(name, peer): rows for name, rows in MADE_UP.items() for peer in (WHEEL, WHEEL_JSON)}


@pytest.mark.corpus
def test_counts_that_differ_are_explained(surveys):
    assert {name for name, one in surveys.items() if not one.counts.agree} == set(COUNTS_DIFFER)


@pytest.mark.corpus
def test_no_decoder_recovers_more(surveys):
    fewer = [
        name
        for name, one in surveys.items()
        if one.counts.ours + one.counts.ours_recovered < one.counts.libevtx + one.counts.libevtx_recovered_readable
    ]
    assert fewer == []


@pytest.mark.corpus
def test_every_known_difference_still_occurs(surveys):
    occurring = {
        (reason, peer)
        for one in surveys.values()
        for peer, comparison in one.comparisons.items()
        for reason in comparison.known
    }
    listed = {(row.name, peer) for row in DIFFERENCES for peer in row.peers if row.name != "repeated names"}
    assert listed == occurring


@pytest.mark.corpus
def test_the_page_is_current(surveys):
    # To refresh it: python tests/parsers/evtx/comparison.py > docs/decoder-differences.md
    assert (ROOT / "docs" / "decoder-differences.md").read_text("utf-8") == page(surveys)


@pytest.mark.corpus
def test_both_decoders_are_equal(corpus):
    for path in logs(corpus):
        columns = {(record.number, place_in(record)): record.fields for record in ours(path)}
        reference = {(record.number, place_in(record)): record.fields for record in ours(path, "reference")}
        unequal = [key for key, fields in reference.items() if list(columns[key].items()) != list(fields.items())]
        assert unequal == [], path.name


def place_in(record: Decoded) -> str | None:
    """What tells records with one number apart."""
    return record.fields.get("System/TimeCreated@SystemTime")


def unknown_of(one: Survey) -> list[object]:
    return [unknown for comparison in one.comparisons.values() for unknown in comparison.unknown[:3]]


# ------------------------------------------------------------------------- the comparison itself can tell a difference


def reasons(peer: str, mine: dict[str, str], theirs: dict[str, str]) -> list[tuple[str, str | None]]:
    return [(found.path, reason) for found, reason in differences(peer, 1, mine, theirs)]


@pytest.mark.parametrize(
    ("peer", "mine", "theirs", "reason"),
    [
        (LIBEVTX, "0x3e7", "0x00000000000003e7", "padded hexadecimal"),
        (LIBEVTX, "0x3e7", "0x00000000000003e8", None),
        (LIBEVTX, "-2147188641", "-295007", "negative numbers"),
        (LIBEVTX, "-2147188641", "-295008", None),
        (WHEEL, "0x3e7", "0x00000000000003e7", None),
        (WHEEL, "2016-07-01T11:08:06.6618898Z", "2016-07-01T11:08:06.661889Z", "digits of a time"),
        (WHEEL, "2016-07-01T11:08:06.6618898Z", "2016-07-01T11:08:06.661989Z", None),
        (WHEEL, "{0B8F529F-9603-59AB-0000-00106A8F0000}", "0b8f529f-9603-59ab-0000-00106a8f0000", "spelling of a GUID"),
        (WHEEL, "{0B8F529F-9603-59AB-0000-00106A8F0000}", "0b8f529f-9603-59ab-0000-00106a8f0001", None),
        (WHEEL, "true", "16", "irregular booleans"),
        (WHEEL, "false", "16", None),
        (WHEEL, "a", "b", None),
        (PYTHON_EVTX, "0AFF", "Cv8=", "binary data"),
        (PYTHON_EVTX, "0AFE", "Cv8=", None),
    ],
)
def test_a_leaf_is_explained_or_not(peer, mine, theirs, reason):
    assert reasons(peer, {"Value": mine}, {"Value": theirs}) == [("Value", reason)]


def test_a_leaf_too_many_or_too_few_is_a_difference():
    assert reasons(WHEEL, {"A": "x"}, {"A": "x", "B": "y"}) == [("B", None)]
    assert reasons(WHEEL, {"A": "x", "B": ""}, {"A": "x"}) == [("B", None)]
    assert reasons(WHEEL, {"A": "x"}, {"A": "x", "B": ""}) == [("B", "optional values that are null")]


def test_another_order_is_a_difference():
    assert reasons(WHEEL, {"A": "x", "B": "y"}, {"B": "y", "A": "x"}) == [("order", None)]


def test_records_are_paired_by_number():
    mine = [Decoded(1, {"A": "x"}), Decoded(2, {"A": "y"}), Decoded(2, {"A": "z"})]
    result = compare(WHEEL, mine, iter([Decoded(2, {"A": "y"}), Decoded(3, {"A": "w"})]))
    assert (result.records, result.only_ours, result.only_theirs, result.unknown) == (1, [1, 2], [3], [])


def test_xml_becomes_the_same_leaves_as_an_event():
    xml = """<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><Provider Name="P"/>
        <EventID Qualifiers="1">7</EventID><Execution ProcessID="4" SessionID="1"/></System>
        <EventData><Data Name="N">a</Data><Data>b</Data><Data>c</Data><Data Name="N">d</Data></EventData></Event>"""
    system = {"System/Provider@Name": "P", "System/EventID": "7", "System/EventID@Qualifiers": "1"}
    data = flat({"N": ["a", "d"], "Data1": "b", "Data2": "c"})
    assert xml_fields(xml) == system | {"System/Execution@ProcessID": "4"} | data

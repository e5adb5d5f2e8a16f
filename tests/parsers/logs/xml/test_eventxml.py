"""XML exports give the events of the binary log, whole, damaged, and in every layout."""

import random
import re
import time
from pathlib import Path

import pytest
from exportcorpus import as_xml, binary_leaves, differences, key_of, leaves
from exportwriters import MESSAGE, SAMPLES, event_xml, events_of, viewer, wevtutil
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sample_writer.event import Data, SampleEvent, Value

from evtscan.base.errors import EvidenceError
from evtscan.base.model.event import Event
from evtscan.base.model.log import LogReader
from evtscan.base.model.query import EVERYTHING, Query, Selector
from evtscan.base.model.source import Source
from evtscan.base.wintypes import parse_time
from evtscan.parsers.logs.formats import is_event_xml
from evtscan.parsers.logs.xml.eventxml import read_log
from evtscan.parsers.shared.textblocks import BLOCK_SIZE


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    return events_of(SAMPLES, tmp_path_factory.mktemp("binary"))


def opened(path: Path, content: str | bytes, query: Query = EVERYTHING) -> LogReader:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_log(Source(path, path.name), query)


def as_exported(event: Event, message: str | None = None) -> Event:
    """The event of a binary log without what only a binary log has."""
    return replace(event, header_id=None, sequence=event.record_id or 0, message=message)


def placeless(event: Event, binary: Event) -> Event:
    return replace(event, location=binary.location)


def assert_same(read: list[Event], binary: list[Event], message: str | None = None) -> None:
    assert [placeless(event, other) for event, other in zip(read, binary, strict=True)] == [
        as_exported(event, message) for event in binary
    ]


# ------------------------------------------------------------------------------------------------- what is read


@pytest.mark.parametrize("quote", ["'", '"'])
@pytest.mark.parametrize("message", [None, MESSAGE])
def test_wevtutil_without_root(tmp_path: Path, events: list[Event], message: str | None, quote: str) -> None:
    log = opened(tmp_path / "x.xml", wevtutil(events, message=message, quote=quote))
    assert_same(list(log), events, message)
    assert log.warnings == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_viewer_in_every_encoding(tmp_path: Path, events: list[Event], encoding: str) -> None:
    content = viewer(events).encode(encoding)
    log = opened(tmp_path / "x.xml", content)
    assert_same(list(log), events, MESSAGE)
    assert log.warnings == []
    assert is_event_xml(content[:4096], "x.xml")


def test_any_other_layout_gives_the_same(tmp_path: Path, events: list[Event]) -> None:
    """Pretty-printed, with comments, CDATA and numeric references: the parser reads what the expression does not."""
    content = wevtutil(events).replace("><", ">\n  <").replace("<System>", "<System><!-- a note -->")
    content = content.replace("Windows Event Log", "<![CDATA[Windows Event]]> &#76;og")
    log = opened(tmp_path / "x.xml", "<Events>\n" + content + "</Events>\n")
    assert_same(list(log), events)
    assert log.warnings == []


def test_parser_and_expression_agree(tmp_path: Path, events: list[Event]) -> None:
    """A comment in System, which Windows never writes, leads through the parser."""
    plain = list(opened(tmp_path / "plain.xml", wevtutil(events, message=MESSAGE)))
    parsed = list(
        opened(tmp_path / "parsed.xml", wevtutil(events, message=MESSAGE).replace("<Level>", "<!----><Level>"))
    )
    assert [replace(event, location=plain[0].location) for event in parsed] == [
        replace(event, location=plain[0].location) for event in plain
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_location_leads_to_the_event(tmp_path: Path, events: list[Event], encoding: str) -> None:
    content = wevtutil(events, message=MESSAGE).encode(encoding)
    log = list(opened(tmp_path / "x.xml", content))
    for event in log:
        assert event.location.offset is not None
        text = content[event.location.offset :].decode("utf-16-le" if encoding == "utf-16" else encoding)
        assert text.startswith("<Event xmlns=")
        assert f"<EventRecordID>{event.record_id}<" in text[:900]
    assert [event.location.line for event in log] == [1, 4, 6, 8]  # data and message hold line breaks
    assert [event.location.record for event in log] == [11, 12, 13, 14]


def test_control_characters_and_line_ends_survive(tmp_path: Path, events: list[Event]) -> None:
    odd = replace(events[1], data={"param1": "a\x01b\x1f\tc\r\nd\re\nf \ufffe"})
    for content in (wevtutil([odd]), wevtutil([odd]).replace("<Level>", "<!----><Level>")):
        log = opened(tmp_path / "x.xml", content)
        assert [event.data for event in log] == [odd.data]
        assert log.warnings == []


def test_time_zone_and_digits(tmp_path: Path, events: list[Event]) -> None:
    content = wevtutil(events[1:2]).replace("03:55:59.626427100Z", "05:55:59.6264+02:00")
    (event,) = opened(tmp_path / "x.xml", content)
    assert str(event.time) == "2010-11-21T03:55:59.6264Z"


def test_user_data_of_a_prefixed_namespace(tmp_path: Path) -> None:
    content = (
        "<Event><System><Provider Name='A'/><EventID>1</EventID></System><UserData><a:B xmlns:a='urn:x' xml:lang='en'>"
        "<a:C>1</a:C></a:B></UserData></Event>"
    )
    (event,) = opened(tmp_path / "x.xml", content)
    assert event.data == {"a:B": {"#attributes": {"xml:lang": "en"}, "a:C": "1"}}


@pytest.mark.parametrize(
    "hostile",
    [
        "<a {}/>".format(" ".join(f"b{number}='x'" for number in range(40_000))),
        "<a {}>{}</a>".format(
            " ".join(f"xmlns:n{number}='u{number}'" for number in range(20_000)),
            "".join(f"<b xmlns:p='v{number}' p:c=''/>" for number in range(20_000)),
        ),
    ],
    ids=["attributes", "namespaces"],
)
def test_very_many_attributes_or_namespaces_leave_the_data_unread(tmp_path: Path, hostile: str) -> None:
    content = (
        f"<Event><System><Provider Name='A'/><EventID>1</EventID></System><UserData>{hostile}</UserData></Event>"
        "<Event><System><Provider Name='A'/><EventID>2</EventID></System></Event>"
    )
    reader = opened(tmp_path / "x.xml", content)
    began = time.process_time()
    first, second = reader
    assert time.process_time() - began < 5
    assert (first.event_id, first.unreadable, second.event_id) == (1, frozenset({"Data"}), 2)
    assert [warning.kind for warning in reader.warnings] == ["bad_record"]


def test_a_namespace_that_the_event_declares(tmp_path: Path, events: list[Event]) -> None:
    content = event_xml(events[2]).replace("<Event ", "<Event xmlns:a='urn:a' ").replace("SubjectUserName", "a:Name")
    log = opened(tmp_path / "x.xml", content)
    (event,) = log
    assert event.data["LogFileCleared"]["a:Name"] == "admin"
    assert log.warnings == []


def test_elements_with_a_prefix(tmp_path: Path, events: list[Event]) -> None:
    content = re.sub(r"<(/?)(?=[A-Z])", r"<\1ev:", viewer(events)).replace("xmlns=", "xmlns:ev=")
    log = opened(tmp_path / "x.xml", content)
    read = list(log)
    assert [event.data for event in read] == [event.data for event in events]
    assert [(event.time, event.record_id, event.message) for event in read] == [
        (event.time, event.record_id, MESSAGE) for event in events
    ]
    assert log.warnings == []
    assert is_event_xml(content.encode()[:4096], "x.xml")


def test_an_event_inside_an_event(tmp_path: Path, events: list[Event]) -> None:
    """An element of the data may have any name; only one with System begins another event."""
    content = event_xml(events[2]).replace("<SubjectUserName>admin</SubjectUserName>", "<Event><x>1</x></Event>")
    log = opened(tmp_path / "x.xml", content + event_xml(events[3]))
    nested, following = log
    assert nested.data["LogFileCleared"]["Event"] == {"x": "1"}
    assert (following.event_id, log.warnings) == (4624, [])


@pytest.mark.parametrize("page", ["cp1252", "cp850"])
def test_code_page_of_a_console(tmp_path: Path, events: list[Event], page: str) -> None:
    content = wevtutil(events[:1]).replace("\U0001f600", "").encode(page)
    log = opened(tmp_path / "x.xml", content)
    (event,) = log
    assert event.data["Data2"] == "Größe <&> 'x' \"y\""
    assert [(warning.kind, warning.records_lost) for warning in log.warnings] == [("encoding", 0)]


# ------------------------------------------------------------------------------------------------ order and summary


def test_newest_first_is_put_in_record_order(tmp_path: Path, events: list[Event]) -> None:
    log = opened(tmp_path / "x.xml", wevtutil(reversed(events)))
    read = list(log)
    assert [event.sequence for event in read] == [14, 13, 12, 11]
    assert sorted(read, key=lambda event: event.sequence)[0].event_id == 1008
    summary = log.summary
    assert (summary.first_sequence, summary.last_sequence) == (11, 14)
    assert (summary.first_time, summary.last_time) == (events[0].time, events[3].time)


def test_summary(tmp_path: Path, events: list[Event]) -> None:
    log = opened(tmp_path / "x.xml", wevtutil(events), Query(frozenset({Selector(event_id=1008)})))
    assert [event.event_id for event in log] == [1008]
    summary = log.summary
    assert (summary.format, summary.channel, summary.computers) == ("xml", "System", ("NTBOX",))
    assert (summary.records, summary.lost, summary.holes) == (4, 0, 0)
    assert (summary.filtered, summary.wrapped, summary.cleared) == (False, True, False)


def test_missing_record_numbers_may_have_been_filtered_out(tmp_path: Path, events: list[Event]) -> None:
    log = opened(tmp_path / "x.xml", wevtutil([events[0], events[2], events[3]]))
    assert len(list(log)) == 3
    assert log.summary.filtered
    assert log.summary.completeness == "filtered, wrapped"


def test_a_log_that_begins_with_its_clearing(tmp_path: Path, events: list[Event]) -> None:
    log = opened(tmp_path / "x.xml", wevtutil(events[2:]))
    assert len(list(log)) == 2
    assert log.summary.cleared


def test_logs_of_several_channels_one_after_the_other(tmp_path: Path, events: list[Event]) -> None:
    """More records of the first than are looked at to find the order: each log keeps its own."""
    first = [replace(events[1], record_id=number) for number in range(300, 0, -1)]
    second = [replace(events[1], record_id=number, channel="Application") for number in range(3, 0, -1)]
    log = opened(tmp_path / "x.xml", wevtutil([*first, *second]))
    read = sorted(log, key=lambda event: event.sequence)
    assert [(event.channel, event.record_id) for event in read[298:]] == [
        ("System", 299),
        ("System", 300),
        ("Application", 1),
        ("Application", 2),
        ("Application", 3),
    ]
    assert log.summary.channel is None
    assert not log.summary.filtered


def test_interleaved_logs_keep_their_place(tmp_path: Path, events: list[Event]) -> None:
    """Record numbers of two logs say nothing of each other; times say that the newest stands first."""
    mixed = [
        replace(events[0], record_id=900, time=parse_time("2001-01-01T00:00:03Z")),
        replace(events[0], record_id=5, channel="Application", time=parse_time("2001-01-01T00:00:02Z")),
        replace(events[0], record_id=899, time=parse_time("2001-01-01T00:00:01Z")),
    ]
    read = list(opened(tmp_path / "x.xml", wevtutil(mixed)))
    assert [event.record_id for event in sorted(read, key=lambda event: event.sequence)] == [899, 5, 900]


def test_selection_by_every_filter(tmp_path: Path, events: list[Event]) -> None:
    def ids(query: Query) -> list[int]:
        return [event.event_id for event in opened(tmp_path / "x.xml", wevtutil(events), query)]

    assert ids(Query(frozenset({Selector(provider="service control MANAGER")}))) == [7036]
    assert ids(Query(frozenset({Selector(channel="Application")}))) == []
    assert ids(Query(levels=frozenset({2}))) == [1008]
    assert ids(Query(start=parse_time("2015-01-01"), end=parse_time("2016-01-01"))) == [104]
    assert ids(Query(record_ids=(range(12, 14),))) == [7036, 104]
    assert ids(Query(exclude_ids=(range(1000, 8000),))) == [104]


# ---------------------------------------------------------------------------------------------------- damage


def test_cut_short_in_the_data(tmp_path: Path, events: list[Event]) -> None:
    content = wevtutil(events)
    log = opened(tmp_path / "x.xml", content[: content.rindex("LogonType")])
    read = list(log)
    assert_same(read[:3], events[:3])
    assert (read[3].event_id, read[3].data, read[3].provider) == (4624, {}, "Microsoft-Windows-Security-Auditing")
    assert "Data" in read[3].unreadable
    (warning,) = log.warnings
    assert (warning.kind, warning.records_lost, warning.location.line) == ("truncated", 0, 5)
    assert log.summary.records == 4


def test_cut_short_in_system(tmp_path: Path, events: list[Event]) -> None:
    content = wevtutil(events)
    log = opened(tmp_path / "x.xml", content[: content.rindex("24</EventID>")])
    assert_same(list(log), events[:3])
    (warning,) = log.warnings
    assert (warning.kind, warning.records_lost) == ("bad_record", 1)
    assert (log.summary.records, log.summary.lost) == (3, 1)


def test_a_damaged_beginning_loses_one_event(tmp_path: Path, events: list[Event]) -> None:
    content = wevtutil(events)
    broken = content.replace("<Event xmlns", "<Evenu xmlns", 2).replace("<Evenu xmlns", "<Event xmlns", 1)
    log = opened(tmp_path / "x.xml", broken)
    assert_same(list(log), [events[0], *events[2:]])
    (warning,) = log.warnings
    assert (warning.kind, warning.records_lost) == ("bad_record", 1)
    assert log.summary.lost == 1


def test_a_damaged_tag_leaves_the_rest(tmp_path: Path, events: list[Event]) -> None:
    content = wevtutil(events).replace("<Data Name='param2'>", "<Data Name='param2'", 1)
    log = opened(tmp_path / "x.xml", content)
    read = list(log)
    assert [event.event_id for event in read] == [1008, 7036, 104, 4624]
    assert "Data" in read[1].unreadable
    assert [warning.kind for warning in log.warnings] == ["bad_record"]
    assert_same([read[0], *read[2:]], [events[0], *events[2:]])


def test_text_between_events(tmp_path: Path, events: list[Event]) -> None:
    first, second = (event_xml(event) for event in events[:2])
    log = opened(tmp_path / "x.xml", f"{first}\r\nC:\\>wevtutil qe System\r\n{second}\r\n")
    assert_same(list(log), events[:2])
    assert [(warning.kind, warning.location.line) for warning in log.warnings] == [("foreign_bytes", 1)]


def test_nothing_is_expanded_or_fetched(tmp_path: Path, events: list[Event]) -> None:
    """A document type stands before all events, which are parsed by themselves: its entities are unknown there."""
    (tmp_path / "secret").write_text("top secret")
    declared = f'<!DOCTYPE Events [<!ENTITY x SYSTEM "file://{tmp_path}/secret"><!ENTITY y "&x;&x;">]>'
    content = declared + "<Events>" + event_xml(events[1]).replace("stopped", "&x;&y;") + "</Events>"
    log = opened(tmp_path / "x.xml", content)
    read = list(log)
    assert [event.event_id for event in read] == [7036]
    assert "secret" not in str(read)
    assert "bad_record" in [warning.kind for warning in log.warnings]


def test_an_endless_value_is_bounded(tmp_path: Path, events: list[Event]) -> None:
    endless = event_xml(events[1]).replace("stopped", "x" * (5 << 20))
    log = opened(tmp_path / "x.xml", endless + "\r\n" + event_xml(events[2]))
    read = list(log)
    assert [(event.event_id, "Data" in event.unreadable) for event in read] == [(7036, True), (104, False)]
    assert log.warnings[0].kind == "truncated"


def test_deep_nesting_is_refused(tmp_path: Path, events: list[Event]) -> None:
    deep = "<a>" * 5000 + "</a>" * 5000
    content = (
        "<Event><System><Provider Name='A'/><EventID>1</EventID></System><UserData>" + deep + "</UserData></Event>"
    )
    log = opened(tmp_path / "x.xml", content)
    (event,) = log
    assert "Data" in event.unreadable
    assert [warning.kind for warning in log.warnings] == ["bad_record"]


@pytest.mark.parametrize(
    "content", [b"no XML at all", b"\x00\x01\x02", b"<Events><Event></Event></Events>", b"<a/>" * 99]
)
def test_nothing_to_read(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(EvidenceError, match=r"x\.xml: no event in it can be read"):
        opened(tmp_path / "x.xml", content)


def test_an_export_without_events(tmp_path: Path) -> None:
    log = opened(tmp_path / "x.xml", '<?xml version="1.0" encoding="utf-8"?>\r\n<Events></Events>')
    assert list(log) == []
    assert (log.summary.records, log.warnings) == (0, [])
    assert is_event_xml(b"<Events></Events>", "x.xml")


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 1 << 32), flips=st.integers(1, 6))
def test_flipped_bytes_never_end_the_reading(tmp_path_factory: pytest.TempPathFactory, seed: int, flips: int) -> None:
    folder = tmp_path_factory.mktemp("flips")
    content = bytearray(wevtutil(events_of(SAMPLES, folder), message=MESSAGE).encode())
    chance = random.Random(seed)
    for _ in range(flips):
        content[chance.randrange(len(content))] = chance.randrange(256)
    try:
        log = opened(folder / "x.xml", bytes(content[: chance.randrange(1, len(content) + 1)]))
    except EvidenceError:
        return
    read = list(log)
    assert len(read) == log.summary.records <= len(SAMPLES)


_NAMES = st.text("abcXYZ_", min_size=1, max_size=8)
_VALUES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


@settings(deadline=None, max_examples=80)
@given(
    data=st.lists(st.tuples(st.one_of(st.none(), _NAMES), _VALUES), max_size=6), strings=st.lists(_VALUES, max_size=4)
)
def test_round_trip(
    tmp_path_factory: pytest.TempPathFactory, data: list[tuple[str | None, str]], strings: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("round")
    samples = [
        SampleEvent(
            provider="P",
            event_id=1,
            time="2020-01-01T00:00:00.1234567Z",
            guid="{555908D1-A6D7-4695-8E1E-26931D2012F4}",
            data=tuple(Data(name, Value(text)) for name, text in data),
            version=0,
            opcode=0,
            process_id=1,
            thread_id=2,
        ),
        SampleEvent(provider="Q", event_id=2, time="2020-01-01T00:00:01Z", strings=tuple(strings)),
    ]
    binary = [replace(event, data=_without_layout(event.data)) for event in events_of(samples, folder)]
    assert_same(list(opened(folder / "x.xml", wevtutil(binary))), binary)


def _without_layout(value: object) -> object:
    """A value that is a line break and spaces reads as layout."""
    if isinstance(value, dict):
        return {name: _without_layout(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_without_layout(item) for item in value]
    return "" if isinstance(value, str) and value[:1] in ("\r", "\n") and value.isspace() else value


def test_events_across_blocks(tmp_path: Path, events: list[Event]) -> None:
    """Wherever a block ends, in a tag, a value, or a character of several bytes, nothing is lost."""
    count = 3 * BLOCK_SIZE // 900
    numbered = [replace(events[number % 4], record_id=number + 1) for number in range(count)]
    log = opened(tmp_path / "x.xml", wevtutil(numbered))
    read = list(log)
    assert [event.record_id for event in read] == list(range(1, count + 1))
    assert [event.data for event in read] == [event.data for event in numbered]
    assert (log.warnings, log.summary.filtered) == ([], False)


@pytest.mark.corpus
def test_real_logs_through_another_decoder(tmp_path: Path, corpus: Path) -> None:
    """Every record that the Rust decoder exports reads as the binary log does."""
    compared = 0
    for path in sorted((corpus / "evtx").glob("*.evtx")):
        exported = "".join(f"Record {number}\n{xml}\n" for number, xml in enumerate(as_xml(path), 1))
        log = opened(tmp_path / "x.xml", exported)
        binary = binary_leaves(path)
        for event in log:
            if key_of(event) in binary:  # else that decoder made it up, and ours warns of it
                assert differences(leaves(event), binary[key_of(event)]) == [], path.name
                compared += 1
        assert log.summary.lost == 0, path.name
    assert compared == 27_134


@pytest.mark.parametrize("root", [True, False])
def test_cut_between_two_events(tmp_path: Path, events: list[Event], root: bool) -> None:
    """A root that is not closed tells that records are missing; wevtutil writes none."""
    content = viewer(events).removesuffix("</Events>") if root else wevtutil(events)
    log = opened(tmp_path / "x.xml", content)
    assert len(list(log)) == 4
    assert [(warning.kind, warning.records_lost) for warning in log.warnings] == [("truncated", 0)] * root

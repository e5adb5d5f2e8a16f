from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from evtscan.base.errors import EvidenceError
from evtscan.base.model.fact import FactsFile
from evtscan.base.model.source import Source
from evtscan.base.wintypes import parse_time
from evtscan.parsers.stated.factsfile import read_facts


def read(folder: Path, text: str | bytes) -> FactsFile:
    path = folder / "facts.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_facts(Source(path, "HOST/facts.yaml"))


def told(facts: FactsFile) -> dict[str, object]:
    return {entry.name: entry.value for entry in facts.entries}


def lines(facts: FactsFile) -> list[tuple[str, int | None]]:
    return [(warning.kind, warning.location.line) for warning in facts.warnings]


def test_values_stay_as_written(tmp_path: Path) -> None:
    facts = read(
        tmp_path,
        "os.version: 4.0\nos.build: 1381\nos.service_pack: '2'\ncomponent.ras: true\nfile.rasarp.sys.date: 1997-05-01\n"
        "host.name: NTCLIENT\nfile.rasarp.sys.version: null\n",
    )
    values = told(facts)
    assert values == {
        "os.version": "4.0",
        "os.build": 1381,
        "os.service_pack": "2",
        "component.ras": True,
        "file.rasarp.sys.date": "1997-05-01",
        "host.name": "NTCLIENT",
        "file.rasarp.sys.version": None,
    }
    assert type(values["component.ras"]) is bool
    assert facts.source == "HOST/facts.yaml"
    assert facts.warnings == ()
    assert str(facts.entries[1].location) == "HOST/facts.yaml, os.build, line 2"


@pytest.mark.parametrize(
    ("offset", "since", "warned"),
    [
        ("-3600", "1997-03-01T07:00:00Z", []),
        ("'+01:30'", "1997-03-01T09:30:00Z", []),
        ("'-00:00:05'", "1997-03-01T07:59:55Z", []),
        ("much", "1997-03-01T08:00:00Z", [("bad_entry", 1)]),
        ("[1, 2]", "1997-03-01T08:00:00Z", [("bad_entry", 1)]),
    ],
)
def test_times_are_those_of_the_hosts_clock(tmp_path: Path, offset: str, since: str, warned: list[object]) -> None:
    facts = read(tmp_path, f"clock_offset: {offset}\nos.service_pack: {{value: 2, from: 1997-03-01T08:00:00Z}}\n")
    assert [(entry.name, str(entry.since)) for entry in facts.entries] == [("os.service_pack", since)]
    assert lines(facts) == warned


def test_dated_entries_name_who_says_so(tmp_path: Path) -> None:
    facts = read(
        tmp_path,
        "component.ras:\n"
        "  - {value: true, from: 1997-03-01, source: log book}\n"
        "  - value: false\n"
        "    from: 1999-06-15T08:00:00+02:00\n"
        "os.product: {value: Workstation, source: label}\n",
    )
    first, second, third = facts.entries
    assert (first.value, first.since, first.said_by) == (True, parse_time("1997-03-01"), "log book")
    assert (second.value, second.since, second.said_by) == (False, parse_time("1999-06-15T06:00:00Z"), None)
    assert (second.name, second.location.line) == ("component.ras", 3)
    assert (third.name, third.value, third.since, third.said_by) == ("os.product", "Workstation", None, "label")


def test_nested_maps_are_dotted_names(tmp_path: Path) -> None:
    facts = read(tmp_path, "os:\n  version: 3.50\n  service_pack: 5\nservice: {rasman: {start: 3}}\n")
    assert told(facts) == {"os.version": "3.50", "os.service_pack": 5, "service.rasman.start": 3}
    assert [entry.location.line for entry in facts.entries] == [2, 3, 4]


def test_a_list_of_values(tmp_path: Path) -> None:
    facts = read(tmp_path, "hotfix:\n- Q147222\n- Q154087\n")
    assert [(entry.name, entry.value, entry.location.line) for entry in facts.entries] == [
        ("hotfix", "Q147222", 2),
        ("hotfix", "Q154087", 3),
    ]


@pytest.mark.parametrize("text", ["", "# nothing known\n", "os.version:\nos:\n  build:\nhotfix: []\nhost.role: ''\n"])
def test_blanks_say_nothing(tmp_path: Path, text: str) -> None:
    facts = read(tmp_path, text)
    assert (facts.entries, facts.warnings) == ((), ())


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("component.ras: {value: true, form: 1997-01-01}", "form: not a part of an entry"),
        ("component.ras: [{from: 1997-01-01}]", "the value is missing"),
        ("component.ras: [{value: true, from: soon}]", "'soon' is not a date or time"),
        ("component.ras: [{value: true, from: 1997}]", "'1997' is not a date or time"),
        ("component.ras: [{value: true, source: [a]}]", "source is not a text"),
        ("component.ras: [{value: [1]}]", "a value is one text"),
        ("component.ras: [[1]]", "a value is one text"),
        ("component.ras: !!python/name:os.system x", "is not allowed"),
        ("component.ras: {value: !x 1}", "is not allowed"),
        ("7: x", "7 is not the name of a fact"),
        ("'': x", "'' is not the name of a fact"),
        ("component.ras: 1\ncomponent.ras: 2", "stands in line 2 already"),
        ("component: {ras: 1}\ncomponent.ras: 2", "stands in line 2 already"),
        ("component.ras: [{value: 1, value: 2}]", "stands in line 2 already"),
    ],
)
def test_a_wrong_entry_is_a_warning_and_the_rest_counts(tmp_path: Path, entry: str, message: str) -> None:
    facts = read(tmp_path, f"os.version: '4.0'\n{entry}\nos.build: 1381\n")

    assert told(facts) == {"os.version": "4.0", "os.build": 1381}
    (warning,) = facts.warnings
    assert message in warning.message
    assert warning.location.source == "HOST/facts.yaml"
    assert warning.location.line == 2 + entry.count("\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("os.version: [", "facts.yaml, line "),
        ("os.version: '4.0'\nos.build 1381\n", "facts.yaml, line 2: |facts.yaml, line 3: "),
        ("- os.version\n", "line 1: not a list of facts"),
        ("just words\n", "line 1: not a list of facts"),
        ("a: &x 1\nb: *x\n", "line 2: .*alias"),
        ("a: 1\n---\nb: 2\n", "line 3: a second document"),
        (b"a: \x81\xff\n", "line 1: character"),
        ("a: " + "[" * 100, "line 1: nested deeper"),
        (b"a" * (1 << 20) + b": 1\n", "larger than 1 MiB"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(EvidenceError, match=message):
        read(tmp_path, text)


@pytest.mark.parametrize("text", ["os.version: [", "os.version 4.0\nos.build: 1381\n", "just words\n"])
def test_the_error_of_a_broken_file_shows_the_form_of_a_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(EvidenceError) as caught:
        read(tmp_path, text)
    assert "name: value" in str(caught.value)
    assert "name: [{value: " in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    assert told(read(tmp_path, "host.name: GRÖSSE\n".encode(encoding))) == {"host.name": "GRÖSSE"}


names = st.from_regex(r"[a-z]{1,6}(\.[a-z_]{1,6}){0,2}", fullmatch=True).filter(
    lambda name: name not in ("null", "no", "yes", "on", "off", "true", "false")
)
values = (
    st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), min_size=1, max_size=8)
    | st.integers(-(10**15), 10**15)
    | st.booleans()
    | st.none()
)


@settings(deadline=None, max_examples=60)
@given(facts=st.dictionaries(names, values, max_size=5))
def test_what_is_written_is_read_back(facts: dict[str, object], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("facts")
    result = read(folder, yaml.safe_dump(facts, allow_unicode=True, sort_keys=False))
    assert told(result) == facts
    assert result.warnings == ()


@settings(deadline=None, max_examples=60)
@given(cut=st.integers(0, 80), place=st.integers(0, 79), byte=st.binary(min_size=1, max_size=1))
def test_damage_gives_entries_or_an_error_of_the_file(
    cut: int, place: int, byte: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    raw = b"os: {version: 4.0}\ncomponent.ras:\n- {value: true, from: 1997-03-01, source: x}\nos.build: 1381\n"
    damaged = (raw[:place] + byte + raw[place + 1 :])[: len(raw) - cut]
    try:
        said = [str(entry.location) for entry in read(tmp_path_factory.mktemp("facts"), damaged).entries]
    except EvidenceError as error:
        said = [str(error)]
    assert all(text.startswith("HOST/facts.yaml, ") and "line " in text for text in said)

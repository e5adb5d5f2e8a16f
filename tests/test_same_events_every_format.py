"""One System log of 300 events, in every format that evtscan reads: the findings are the same.

Where a format cannot carry something, the table of formats below says so, and the tests hold evtscan to it: a record
number that is not printed is not in the finding, a local time without a zone stays local, and a fact that stands in
an event's strings is unknown, never false, where the strings are lost.
"""

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import exportwriters as exports
import pytest
import text_writers as texts
from sample_hosts.machine import Machine
from sample_hosts.registry import CURRENT_VERSION, current_version, sections
from sample_writer.event import SampleEvent
from sample_writer.evt import saved_log
from sample_writer.evtx import evtx_log
from sample_writer.reg import regedit4
from typer.testing import CliRunner

from evtscan.base.model.event import Event
from evtscan.base.model.finding import Finding
from evtscan.base.model.query import EVERYTHING, Query, ReadOptions, Selector
from evtscan.base.model.source import Source
from evtscan.base.wintypes import parse_time
from evtscan.cli import build
from evtscan.detection.load import catalogue
from evtscan.detection.load.loader import load_rules
from evtscan.dump.columns import row
from evtscan.facts.catalogue.names import is_known
from evtscan.intake.paths import find
from evtscan.parsers import PARSERS, Kind, read_log, recognise
from evtscan.report.model import HostReport
from evtscan.scan import ScanOptions, scan

ZONE, HOURS = "+01:00", 1
CLOCK = texts.Clock(texts.american, HOURS)
ISO_CLOCK = texts.Clock(texts.iso, HOURS)
BOOTED = "The system was started."

# ---------------------------------------------------------------------------------------------- what was logged

MACHINE = Machine("NTWS21", "0060083A1C42")


def story(service_pack: str | None) -> tuple[SampleEvent, ...]:
    """Three months of a Windows NT 4.0 workstation with RAS, with three failed declines.

    ``service_pack`` is what its starts say in event 6009, None for a pack that does not write one.
    """
    parts = (
        MACHINE.starts("1996-12-30T07:52:10", service_pack),
        MACHINE.works("1996-12-30", 20),
        MACHINE.starts("1997-01-20T07:55:41", service_pack),
        [MACHINE.dials_in("1997-01-20T18:00:00")],
        MACHINE.works("1997-01-21", 6),
        MACHINE.refuses_lease("1997-01-28T07:58:03", "192.0.2.41", "00805FA1102C"),
        MACHINE.refuses_lease("1997-01-28T08:03:10", "192.0.2.42", "00805FA1106E"),
        MACHINE.works("1997-01-28", 5),
        MACHINE.starts("1997-02-03T07:50:00", service_pack),
        MACHINE.works("1997-02-03", 30),
        MACHINE.refuses_lease("1997-03-07T07:58:03", "192.0.2.41", "00805FA1102C"),
        MACHINE.works("1997-03-07", 60),
    )
    return tuple(chain.from_iterable(parts))[:300]


DECLINES = ("1997-01-28T07:58:05", "1997-01-28T08:03:12", "1997-03-07T07:58:05")


@dataclass(frozen=True)
class Log:
    """The events as they were logged, and as the binary log says them."""

    samples: tuple[SampleEvent, ...]
    events: tuple[Event, ...]


@cache
def log(service_pack: str | None = None) -> Log:
    samples = story(service_pack)
    with TemporaryDirectory() as folder:
        return Log(samples, tuple(exports.events_of(samples, Path(folder))))


# --------------------------------------------------------------------------------------------------- the formats


@dataclass(frozen=True, kw_only=True)
class Shape:
    """One shape of a format: its row in ``PARSERS``, how it is written, and what it keeps.

    ``numbers``: record numbers; ``strings``: the insertion strings of an event, each by itself; ``zone``: times are
    UTC, or carry their offset.
    """

    row: str
    write: Callable[[Log], bytes | str]
    suffix: str = "txt"
    numbers: bool = True
    strings: bool = True
    zone: bool = True


def _of_events(write: Callable[[tuple[Event, ...]], str]) -> Callable[[Log], str]:
    return lambda log: write(log.events)


def _json(document: Callable[[Event], object]) -> Callable[[Log], str]:
    return lambda log: exports.lines(map(document, log.events))


def _printed(write: Callable[..., str], **how: object) -> Callable[[Log], str]:
    how = {"clock": CLOCK} | how
    return lambda log: write(log.samples, **how)


_text = partial(Shape, zone=False)
_bare = partial(_text, numbers=False)

SHAPES = {
    "evt": Shape(row="evt", suffix="evt", write=lambda log: saved_log(log.samples)),
    "converted evtx": Shape(row="evtx", suffix="evtx", write=lambda log: evtx_log(log.samples)),
    "wevtutil xml": Shape(row="xml", suffix="xml", write=_of_events(exports.wevtutil)),
    "Event Viewer xml": Shape(row="xml", suffix="xml", write=_of_events(exports.viewer)),
    "clixml": Shape(row="clixml", suffix="xml", write=_of_events(exports.clixml)),
    "evtx_dump": Shape(row="json", suffix="json", write=_json(exports.evtx_dump)),
    "Chainsaw": Shape(row="json", suffix="json", write=_json(exports.chainsaw)),
    "Velociraptor": Shape(row="json", suffix="json", write=_json(exports.velociraptor)),
    "old Velociraptor": Shape(row="json", suffix="json", write=_json(partial(exports.velociraptor, decimal=True))),
    "rows of Velociraptor": Shape(row="json", suffix="json", write=_json(exports.velociraptor_row)),
    "EvtxECmd": Shape(row="json", suffix="json", write=_json(exports.evtxecmd), strings=False),
    "EvtxECmd csv": Shape(row="dump-csv", suffix="csv", write=_of_events(exports.evtxecmd_csv), strings=False),
    "EvtxECmd, whole": Shape(row="json", suffix="json", write=_json(exports.evtxecmd_whole), strings=False),
    "Get-WinEvent json": Shape(
        row="json", suffix="json", write=_json(partial(exports.get_winevent_json, values=False)), strings=False
    ),
    "Get-WinEvent json, deep": Shape(row="json", suffix="json", write=_json(exports.get_winevent_json)),
    "Get-EventLog json": Shape(row="json", suffix="json", write=_json(exports.get_eventlog_json)),
    "xmltodict": Shape(row="json", suffix="json", write=_json(exports.xmltodict)),
    "Winlogbeat": Shape(row="json", suffix="json", write=_json(exports.winlogbeat)),
    "Elasticsearch": Shape(
        row="json", suffix="json", write=_json(lambda event: {"_id": "x", "_source": exports.winlogbeat(event)})
    ),
    "evtscan dump": Shape(row="json", suffix="jsonl", write=_json(row)),
    "evtscan dump csv": Shape(row="dump-csv", suffix="csv", write=_of_events(exports.dump_csv)),
    "evtscan dump csv for Excel": Shape(
        row="dump-csv", suffix="csv", write=_of_events(partial(exports.dump_csv, excel=True))
    ),
    "NT viewer, no messages": _bare(row="viewer", write=_printed(texts.viewer)),
    "NT viewer": _bare(row="viewer", write=_printed(texts.viewer, text=BOOTED), strings=False),
    "NT viewer csv": _bare(row="viewer", write=_printed(texts.viewer, text=BOOTED, separator=","), strings=False),
    "XP viewer list": _bare(row="viewer", write=_printed(texts.viewer_list), strings=False),
    "dumpel -t": _bare(row="dumpel", write=_printed(texts.dumpel)),
    "dumpel of NT 3.5": _bare(row="dumpel", write=_printed(texts.dumpel, user_first=True)),
    "dumpel": _bare(row="dumpel", write=_printed(texts.dumpel, string=" "), strings=False),
    "dumpel -c": _bare(row="dumpel", write=_printed(texts.dumpel, column=",", string=" "), strings=False),
    "dumpel in blanks": _bare(row="dumpel", write=_printed(texts.dumpel, column=" ", string=" "), strings=False),
    "PsLogList": _text(row="psloglist", write=_printed(texts.psloglist, text=BOOTED), strings=False),
    "PsLogList, no messages": _text(row="psloglist", write=_printed(texts.psloglist, text=""), strings=False),
    "psloglist -s": _text(row="psloglist", write=_printed(texts.psloglist_rows), strings=False),
    "wevtutil text": _bare(row="wevtutil-text", write=_printed(texts.wevtutil), strings=False),
    "new viewer csv": _bare(row="viewer-list", suffix="csv", write=_printed(texts.event_viewer), strings=False),
    "new viewer text": _bare(row="viewer-list", write=_printed(texts.event_viewer, separator="\t"), strings=False),
    "Get-WinEvent csv": _text(row="csv", suffix="csv", write=_printed(texts.get_winevent), strings=False),
    "Get-EventLog csv": _text(row="csv", suffix="csv", write=_printed(texts.get_eventlog), strings=False),
    "Log Parser": _text(row="csv", suffix="csv", write=_printed(texts.log_parser)),
    "Log Parser in UTC": Shape(row="csv", suffix="csv", write=_printed(texts.log_parser, utc=True)),
    "Log Parser, ISO times": _text(row="csv", suffix="csv", write=_printed(texts.log_parser, clock=ISO_CLOCK)),
}

every_shape = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)


FOUNDING_RULE = catalogue.folder() / "nt" / "dhcp" / "dhcp-decline-fails-with-ras.yml"
"""The one rule of these tests: of others, a format that cannot carry what they test makes candidates, as it should."""


@pytest.fixture(scope="module")
def rules():
    return load_rules([FOUNDING_RULE], fact_known=is_known).rules


@cache
def content_of(shape: Shape, service_pack: str | None) -> bytes:
    content = shape.write(log(service_pack))
    return content.encode() if isinstance(content, str) else content


def lay_out(folder: Path, shape: Shape, service_pack: str | None = None, stem: str = "SysEvent") -> Path:
    """A host: the log in this shape, and where the log does not state the service pack, the registry that does."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{stem}.{shape.suffix}").write_bytes(content_of(shape, service_pack))
    if service_pack is None:
        (folder / "currentversion.reg").write_bytes(regedit4(sections(CURRENT_VERSION, current_version(2))))
    return folder


@pytest.fixture(scope="module")
def expected(rules, tmp_path_factory) -> Finding:
    """What the binary log comes to."""
    return only(scanned(lay_out(tmp_path_factory.mktemp("evt"), SHAPES["evt"]), rules))


def scanned(folder: Path, rules, zone: str = ZONE) -> HostReport:
    return scan(find([folder]).sources, rules, ScanOptions(read=ReadOptions(zone=zone)))


def only(report: HostReport) -> Finding:
    (finding,) = report.findings
    return finding


def told(reason: str) -> str:
    """A reason whatever the suffix of the log that it names, and without what only strings can support."""
    return re.sub(r" In support: .*", "", re.sub(r"SysEvent\.\w+", "the log", reason))


def seconds(text: str) -> str:
    """A time without the digits of the second that not every format has."""
    return text[:19] + ("Z" if text.endswith("Z") else "")


# ------------------------------------------------------------------------------------------------------ the tests


def test_the_log_is_what_it_is_said_to_be():
    samples = story(None)
    assert len(samples) == len(story("Service Pack 6")) == 300
    declines = [event for event in samples if (event.provider, event.event_id) == ("Dhcp", 1008)]
    assert tuple(str(event.time).removesuffix("Z") for event in declines) == DECLINES
    assert len({(event.provider, event.event_id) for event in samples}) >= 10


def test_no_format_is_left_out():
    assert {shape.row for shape in SHAPES.values()} == {row.name for row in PARSERS if row.kind is Kind.LOG}


@pytest.mark.parametrize("row", [row for row in PARSERS if row.kind is Kind.LOG], ids=lambda row: row.name)
def test_the_table_of_formats_says_what_the_shapes_lose(row):
    shapes = [shape for shape in SHAPES.values() if shape.row == row.name]
    assert ("the zone" in row.loses) is not all(shape.zone for shape in shapes)
    assert ("record numbers" in row.loses) is not any(shape.numbers for shape in shapes)
    loses_strings = any(word in row.loses for word in ("strings", "string ends", "PowerShell: data"))
    assert loses_strings is not all(shape.strings for shape in shapes)


@every_shape
def test_the_same_finding(tmp_path, rules, expected, shape):
    report = scanned(lay_out(tmp_path, shape), rules)
    finding = only(report)
    assert (expected.verdict, expected.count, expected.record_ids) == ("confirmed", 3, record_ids())
    assert [(item.format, item.records) for item in report.evidence if item.records] == [(shape.row, 300)]
    assert (finding.verdict, finding.count) == (expected.verdict, expected.count)
    assert told(finding.reason) == told(expected.reason)
    supported = shape.strings and shape.numbers  # a list without numbers may lack a start between the two
    assert ("In support: Tcpip 4199 preceded it" in finding.reason) is supported
    assert (finding.basis, finding.activity, finding.missing_facts) == (expected.basis, "active", ())
    assert (finding.os, finding.service_pack, finding.providers) == ("Windows NT 4.0", "2", ("Dhcp",))
    assert seconds(finding.first_seen) == expected.first_seen == f"{DECLINES[0]}Z"
    assert seconds(finding.last_seen) == expected.last_seen == f"{DECLINES[-1]}Z"
    assert (seconds(finding.coverage_from), seconds(finding.coverage_to)) == (
        expected.coverage_from,
        expected.coverage_to,
    )
    assert finding.record_ids == (record_ids() if shape.numbers else ())
    assert finding.complete == ("whole" if shape.numbers else "filtered")  # without numbers nobody can tell
    assert [item.record_id for item in report.matches] == list(record_ids() if shape.numbers else [None] * 3)


def record_ids() -> tuple[int, ...]:
    numbered = enumerate(story(None), 1)
    return tuple(number for number, event in numbered if (event.provider, event.event_id) == ("Dhcp", 1008))


@every_shape
def test_a_log_of_no_known_channel_satisfies_every_service(tmp_path, rules, shape):
    finding = only(scanned(lay_out(tmp_path, shape, stem="collected"), rules))
    assert (finding.verdict, finding.count) == ("confirmed", 3)


@every_shape
def test_local_times_stay_local_without_a_zone(tmp_path, rules, shape):
    report = scanned(lay_out(tmp_path, shape), rules, zone="")
    finding = only(report)
    assert (finding.verdict, finding.count) == ("confirmed", 3)
    (log_row,) = (item for item in report.evidence if item.records)
    printed = [finding.first_seen, finding.last_seen, log_row.first_time, log_row.last_time]
    printed += [item.timestamp for item in report.matches]
    assert all(text.endswith("Z") is shape.zone for text in printed)
    assert seconds(finding.first_seen) == (f"{DECLINES[0]}Z" if shape.zone else "1997-01-28T08:58:05")
    assert log_row.time_zone == ("UTC" if shape.zone else "not known")
    assert ("local_time" in {warning.kind for warning in report.warnings}) is not shape.zone


@every_shape
def test_what_only_strings_state_is_unknown_where_strings_are_lost(tmp_path, rules, shape):
    """Event 6009 says Service Pack 6: the article does not explain these events. Without its strings, who knows?"""
    finding = only(scanned(lay_out(tmp_path, shape, "Service Pack 6"), rules))
    if shape.strings:
        assert (finding.verdict, finding.count, finding.missing_facts) == ("excluded", 3, ())
        assert "Service Pack 6" in finding.reason
    else:
        assert (finding.verdict, finding.count) == ("possible", 3)
        assert finding.missing_facts == ("os.version", "os.service_pack")


FILTERS = {
    "levels": Query(levels=frozenset({2, 3})),
    "record ids": Query(record_ids=(range(10, 20), range(250, 252))),
    "times": Query(start=parse_time("1997-01-21T00:00:00Z"), end=parse_time("1997-03-01T00:00:00Z")),
    "ids": Query(include_ids=(range(1000, 1009), range(6000, 6010))),
    "other ids": Query(exclude_ids=(range(6006, 6010), range(1008, 1009))),
    "all": Query(
        frozenset({Selector(provider="dhcp"), Selector(event_id=6005), Selector(channel="System", provider="Print")}),
        levels=frozenset({2, 4}),
        start=parse_time("1997-01-28T07:58:05Z"),
        end=parse_time("1997-03-07T07:58:05Z"),
        record_ids=(range(20, 280),),
        include_ids=(range(1, 7000),),
        exclude_ids=(range(12, 20),),
    ),
}


@every_shape
def test_every_filter_narrows_what_is_read(tmp_path, shape):
    source = Source(lay_out(tmp_path, shape) / f"SysEvent.{shape.suffix}", f"SysEvent.{shape.suffix}")
    row = recognise(source)
    everything = list(read_log(row, source, EVERYTHING, ReadOptions(zone=ZONE)))
    assert len(everything) == 300
    for name, query in FILTERS.items():
        taken = [
            event
            for event in everything
            if query.accepts(event.channel, event.provider, event.event_source_name, event.event_id)
            and query.admits(event.level, event.time, event.record_id)
        ]
        assert list(read_log(row, source, query, ReadOptions(zone=ZONE))) == taken, name
        assert 0 < len(taken) < 300 or shape.row != "evt", name  # others lack numbers or levels


def test_a_fleet_with_a_host_for_each_format_through_the_command_line(tmp_path):
    fleet = tmp_path / "fleet"
    for name, shape in SHAPES.items():
        lay_out(fleet / name, shape)
    table = tmp_path / "findings.csv"
    command = ["audit", str(fleet), "-o", str(table), "--source-timezone", ZONE, "-j", "1", "-q"]
    command += ["-r", str(FOUNDING_RULE)]
    result = CliRunner().invoke(build(), command)
    assert (result.exit_code, result.output) == (0, "")
    with table.open(encoding="utf-8", newline="") as stream:
        rows = {item["Host"]: item for item in csv.DictReader(stream)}
    assert set(rows) == set(SHAPES)
    columns = ("Article", "Verdict", "Count", "Basis", "Level", "Provider", "EventID", "OS", "ServicePack", "Reason")
    assert len({told("|".join(item[column] for column in columns)) for item in rows.values()}) == 1
    assert {(seconds(item["FirstSeen"]), seconds(item["LastSeen"])) for item in rows.values()} == {
        (f"{DECLINES[0]}Z", f"{DECLINES[-1]}Z")
    }
    assert {name for name, item in rows.items() if item["RecordIDs"]} == {
        name for name, shape in SHAPES.items() if shape.numbers
    }
    assert {item["Computer"] for name, item in rows.items() if not name.startswith("new viewer")} == {"NTWS21"}


# ---------------------------------------------------------------------------------------------- candidate matches

NARROW_RULE = """
title: Narrow
id: 11111111-1111-4111-8111-111111111111
status: stable
description: A rule that looks into the data of an event.
logsource: {{product: windows, service: system}}
detection: {{selection: {{Provider_Name: Dhcp, EventID: 1008, {test}}}, condition: selection}}
level: medium
{known_issue}
"""
KNOWN_ISSUE = "known_issue: {article: Q1, kind: defect, when: {os.version: '4.0'}}"
WHAT_TO_EXPORT = "export the log in its own format (.evt or .evtx), which carries every field of the event"


def narrow_rules(folder: Path, test: str, known_issue: str = KNOWN_ISSUE):
    file = folder / "rule.yml"
    file.write_text(NARROW_RULE.format(test=test, known_issue=known_issue))
    loaded = load_rules([file], fact_known=is_known)
    assert loaded.problems == ()
    return loaded.rules


@every_shape
def test_a_rule_on_a_string_is_a_candidate_where_strings_are_lost(tmp_path, shape):
    finding = only(scanned(lay_out(tmp_path / "host", shape), narrow_rules(tmp_path, "Data1: 0060083A1C42")))
    if shape.strings or shape in KEEP_A_SINGLE_STRING:
        assert (finding.verdict, finding.count, finding.how_to_get) == ("confirmed", 3, ())
    else:
        assert (finding.verdict, finding.count, finding.how_to_get) == ("possible", 3, (WHAT_TO_EXPORT,))
        assert finding.reason.startswith("Dhcp 1008 may have been logged 3 times. Whether it is this event is open: ")
        assert "Data1 is not in this evidence, which cannot carry it" in finding.reason


KEEP_A_SINGLE_STRING = [SHAPES[name] for name in ("dumpel", "dumpel -c", "dumpel in blanks", "PsLogList, no messages")]
"""Blanks stand between their strings: one string without a blank is known for what it is."""


@every_shape
def test_another_string_is_no_match_where_strings_are_kept(tmp_path, shape):
    report = scanned(lay_out(tmp_path / "host", shape), narrow_rules(tmp_path, "Data1: 00A0C9112233"))
    if shape.strings or shape in KEEP_A_SINGLE_STRING:
        assert report.findings == ()
    else:
        assert (only(report).verdict, only(report).count) == ("possible", 3)


@every_shape
def test_a_rule_on_raw_data_is_a_candidate_where_raw_data_is_lost(tmp_path, shape):
    """The event has no raw data: where that can be seen it is no match."""
    report = scanned(lay_out(tmp_path / "host", shape), narrow_rules(tmp_path, "Binary|startswith: '79'"))
    if shape in KEEP_RAW_DATA:
        assert report.findings == ()
    else:
        assert (only(report).verdict, only(report).how_to_get) == ("possible", (WHAT_TO_EXPORT,))


KEEP_RAW_DATA = [
    shape
    for name, shape in SHAPES.items()
    if (shape.row in ("evt", "evtx", "xml", "clixml", "json", "dump-csv") and name != "Get-WinEvent json")
    or "Parser" in name
]


def test_a_plain_sigma_rule_is_possible_too(tmp_path):
    folder = lay_out(tmp_path / "host", SHAPES["NT viewer"])
    finding = only(scanned(folder, narrow_rules(tmp_path, "Data1: x", known_issue="")))
    assert (finding.verdict, finding.how_to_get) == ("possible", (WHAT_TO_EXPORT,))


def test_a_candidate_is_excluded_all_the_same_by_what_is_known_of_the_host(tmp_path):
    issue = "known_issue: {article: Q1, kind: defect, report_excluded: true, when: {os.version: '5.0'}}"
    folder = lay_out(tmp_path / "host", SHAPES["NT viewer"])
    assert only(scanned(folder, narrow_rules(tmp_path, "Data1: x", issue))).verdict == "excluded"


def test_the_binary_log_beside_a_list_of_it_decides_what_the_list_leaves_open(tmp_path):
    folder = lay_out(tmp_path / "host", SHAPES["NT viewer"], stem="a list")
    lay_out(folder, SHAPES["evt"])
    found = only(scanned(folder, narrow_rules(tmp_path, "Data1: 0060083A1C42")))
    assert (found.verdict, found.count, found.source_files) == ("confirmed", 3, ("SysEvent.evt",))
    other = scanned(folder, narrow_rules(tmp_path, "Data1: 00A0C9112233"))
    assert other.findings == ()


# ------------------------------------------------------------------------------------- the same log in two formats


def _pairs() -> Iterator[tuple[str, str]]:
    for name in SHAPES:
        yield "evt", name
    yield "dumpel -t", "NT viewer"
    yield "psloglist -s", "wevtutil text"
    yield "Winlogbeat", "Get-EventLog csv"


@pytest.mark.parametrize("zone", ["", ZONE])
@pytest.mark.parametrize(("first", "second"), tuple(_pairs()))
def test_a_log_in_two_formats_counts_once(tmp_path, rules, first, second, zone):
    lay_out(tmp_path, SHAPES[first], stem="SysEvent")
    lay_out(tmp_path, SHAPES[second], stem="b_SysEvent")
    report = scanned(tmp_path, rules, zone)
    finding = only(report)
    assert finding.count == 3
    assert [item.records for item in report.evidence if item.records] == [300, 300]
    (warning,) = [warning for warning in report.warnings if warning.kind == "copies"]
    first_file, second_file = sorted((f"SysEvent.{SHAPES[first].suffix}", f"b_SysEvent.{SHAPES[second].suffix}"))
    assert warning.location.source == second_file
    assert (warning.kind, first_file in warning.message) == ("copies", True)

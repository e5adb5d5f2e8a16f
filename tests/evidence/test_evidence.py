"""The files of a host → what was read of them, and a row, a reason or a warning for each."""

from pathlib import Path

import pytest
from evidence_files import DHCP, NT4_SP2, OTHER, REG, evt, write
from host_builder import at, event, localised, log
from sample_writer.event import Data, SampleEvent, Value
from sample_writer.evt import saved_log
from sample_writer.evtx import evtx_log
from sample_writer.regf import write_hive

from evtscan.base.model.query import EVERYTHING, Query, Selector
from evtscan.base.model.source import Source
from evtscan.evidence import reading as evidence
from evtscan.evidence.reading import Reading, read
from evtscan.intake.paths import find


def read_folder(folder, query=EVERYTHING):
    return read(find([folder]).sources, query)


def test_each_kind_of_file_has_its_row(tmp_path):
    write(tmp_path, SysEvent__Evt=evt(DHCP, OTHER), name__reg=REG.format(name="NTBOX"), facts__yaml=NT4_SP2)
    reading = read_folder(tmp_path)
    rows = {row.source_file: row for row in reading.rows}
    assert list(rows) == ["SysEvent.Evt", "facts.yaml", "name.reg"]
    sysevent = rows["SysEvent.Evt"]
    assert (sysevent.format, sysevent.records, sysevent.holes, sysevent.computer) == ("evt", 2, 0, "NTBOX")
    assert (sysevent.first_time, sysevent.last_time) == ("1998-03-01T00:00:00Z", "1998-03-01T01:00:00Z")
    assert (sysevent.size, sysevent.note) == ((tmp_path / "SysEvent.Evt").stat().st_size, "channel System")
    assert (rows["name.reg"].records, rows["name.reg"].format) == (None, "reg")
    assert rows["name.reg"].note == "does not say when it was taken: assumed to be as old as the last record"
    assert rows["facts.yaml"].note == "3 facts; where it gives no time: assumed to speak of the last record"
    assert rows["facts.yaml"].records is None
    assert (len(reading.evidence.logs), len(reading.registries), len(reading.facts_files)) == (1, 1, 1)
    assert (reading.warnings, reading.skipped) == ([], [])


def test_a_query_selects_events_and_leaves_the_counts_alone(tmp_path):
    write(tmp_path, SysEvent__Evt=evt(DHCP, OTHER, DHCP))
    reading = read_folder(tmp_path, Query(frozenset({Selector(None, "dhcp", 1008)})))
    assert [item.event_id for item in reading.logs[0].events] == [1008, 1008]
    assert reading.rows[0].records == 3


def test_what_is_no_evidence_is_listed_with_the_reason(tmp_path):
    write(tmp_path, notes__txt="hello", empty__dat=b"", System__evtx="a text", App__evt=b"", good__evt=evt(DHCP))
    reading = read_folder(tmp_path)
    assert {item.source_file: item.reason for item in reading.skipped} == {
        "App.evt": "empty",
        "System.evtx": "unsupported file type",
        "empty.dat": "empty",
        "notes.txt": "unsupported file type",
    }
    assert [(item.kind, item.location.source) for item in reading.warnings] == [
        ("not_a_log", "App.evt"),
        ("not_a_log", "System.evtx"),
    ]
    assert "export or copy the log again" in reading.warnings[1].message
    assert [row.source_file for row in reading.rows] == ["good.evt"]


def test_a_file_that_cannot_be_read_at_all_does_not_end_the_others(tmp_path):
    write(tmp_path, broken__evtx=b"ElfFile\0" + bytes(5000), good__evt=evt(DHCP))
    reading = read_folder(tmp_path)
    assert [row.source_file for row in reading.rows] == ["good.evt"]
    assert [item.source_file for item in reading.skipped] == ["broken.evtx"]
    assert [item.kind for item in reading.warnings] == ["unreadable"]
    assert str(reading.warnings[0].location) == "broken.evtx"
    assert reading.warnings[0].message == reading.skipped[0].reason  # either is printed behind the file's name
    assert "broken.evtx" not in reading.warnings[0].message


def test_the_logs_of_a_hive_are_passed_over_without_a_word(tmp_path):
    hive = write_hive({"Select": {"Current": 1}, "ControlSet001": {}}, written=1, file_name="SYSTEM")
    log = write_hive({}, written=1, file_name="SYSTEM")[:512] + b"HvLE" + bytes(508)
    user = write_hive({"Software": {}}, written=1)
    write(tmp_path, **{"SYSTEM": hive, "SYSTEM.LOG1": log, "NTUSER.DAT": user})
    reading = read_folder(tmp_path)
    assert [row.source_file for row in reading.rows] == ["SYSTEM"]
    assert {item.source_file for item in reading.skipped} == {"SYSTEM.LOG1", "NTUSER.DAT"}
    assert reading.warnings == []


def test_a_file_that_has_vanished(tmp_path):
    gone = Source(tmp_path / "gone.evt", "gone.evt")
    reading = read([gone], EVERYTHING)
    assert [item.reason for item in reading.skipped] == ["cannot be read (No such file or directory)"]
    assert [item.message for item in reading.warnings] == ["cannot be read (No such file or directory)"]


def test_a_file_that_may_not_be_opened(tmp_path, monkeypatch):
    write(tmp_path, a__evt=evt(DHCP), b__evt=evt(DHCP))
    path_open = Path.open

    def refuses(path, *args, **options):
        if path.name == "a.evt":
            raise PermissionError(13, "Permission denied")
        return path_open(path, *args, **options)

    monkeypatch.setattr(Path, "open", refuses)
    reading = read_folder(tmp_path)
    assert [(item.source_file, item.reason) for item in reading.skipped] == [
        ("a.evt", "cannot be read (Permission denied)")
    ]
    assert [row.source_file for row in reading.rows] == ["b.evt"]


def test_a_file_that_fails_while_it_is_read_leaves_nothing_behind(tmp_path, monkeypatch):
    write(tmp_path, a__evt=evt(DHCP))

    class Failing:
        warnings = ()

        def __iter__(self):
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(evidence, "read_log", lambda *args: Failing())
    reading = read_folder(tmp_path)
    assert (reading.logs, reading.rows) == ([], [])
    assert [item.reason for item in reading.skipped] == ["cannot be read (Input/output error)"]


NOTES = {
    "one host": (["NT", "nt.example.com"], "channel System"),
    "renamed": (["OLD", "NEW"], "channel System; one host that was renamed: OLD, then NEW"),
    "from an image": (
        ["37L4247F27-26", "NEW"],
        "channel System; the oldest records come from an installation image (37L4247F27-26) and are not judged",
    ),
    "forwarded": (["A", "B", "A", "B"], "forwarded events of A, B"),
}


@pytest.mark.parametrize(("names", "note"), NOTES.values(), ids=NOTES)
def test_whose_log_it_is(tmp_path, names, note):
    events = [
        SampleEvent(provider="Dhcp", event_id=1008, time=f"2020-01-01T0{n}:00:00Z", computer=name, channel="System")
        for n, name in enumerate(names)
    ]
    (tmp_path / "System.evtx").write_bytes(evtx_log(events))
    (row,) = read_folder(tmp_path).rows
    assert (row.note, row.computer, row.records) == (note, names[-1], len(names))
    assert row.filtered is (note == "forwarded events of A, B")


def test_steps_of_the_clock_are_counted_also_those_that_events_tell_of(tmp_path):
    times = ["2020-01-01T10:00:00Z", "2020-01-01T08:00:00Z", "2020-01-01T09:00:00Z"]
    changed = (Data("OldTime", Value("2020-01-01T08:00:10Z")), Data("NewTime", Value(times[2])))
    events = [
        SampleEvent(provider="Dhcp", event_id=1008, time=times[0]),
        SampleEvent(provider="Dhcp", event_id=1008, time=times[1]),
        SampleEvent(provider="Microsoft-Windows-Kernel-General", event_id=1, time=times[2], data=changed),
    ]
    (tmp_path / "System.evtx").write_bytes(evtx_log(events))
    reading = read_folder(tmp_path)
    assert reading.rows[0].clock_steps == 2
    steps = [
        (step.sequence, str(step.before)[11:16], str(step.after)[11:16]) for step in reading.logs[0].summary.clock_steps
    ]
    assert steps == [(2, "10:00", "08:00"), (3, "08:00", "09:00")]


def test_a_log_without_wanted_events_still_names_its_host(tmp_path):
    other = SampleEvent(provider="x", event_id=1, time="2020-01-01T10:00:00Z", computer="NTBOX")
    (tmp_path / "App.evtx").write_bytes(evtx_log([other]))
    reading = read_folder(tmp_path, Query(frozenset({Selector(None, "dhcp", 1008)})))
    assert (reading.logs[0].events, reading.logs[0].summary.computers) == ((), ("NTBOX",))


CLEARED = {"LogFileCleared": {"SubjectUserName": "x", "Channel": "Application"}}


@pytest.mark.parametrize(
    ("channel", "first_minute", "data", "cleared"),
    [
        ("Application", 50, CLEARED, True),
        ("Application", 49, CLEARED, False),
        ("Security", 50, CLEARED, False),
        ("Application", 50, {"Channel": "Application"}, True),
        ("Application", 50, {}, False),
    ],
)
def test_event_104_tells_of_another_log_that_it_was_cleared(channel, first_minute, data, cleared):
    says = event(50, "Microsoft-Windows-Eventlog", 104, **data)
    other = log(source="other", channel=channel, first_time=at(first_minute))
    reading = Reading(logs=[log(says), other])
    evidence._mark_cleared(reading)
    assert [item.summary.cleared for item in reading.logs] == [False, cleared]


@pytest.mark.parametrize(("hour", "cleared"), [(0, False), (13, False), (14, True)])
def test_a_log_of_local_times_was_cleared_only_if_it_begins_later_in_every_zone(hour, cleared):
    says = event(50, "Microsoft-Windows-Eventlog", 104, **CLEARED)
    listed = localised(log(source="other", channel="Application", first_time=at(50 + hour * 60)))
    reading = Reading(logs=[log(says), listed])
    evidence._mark_cleared(reading)
    assert reading.logs[1].summary.cleared is cleared


def test_when_a_subtree_was_saved_is_a_time_of_no_known_zone(tmp_path):
    key = "Key Name:          SYSTEM\\Select\nClass Name:        <NO CLASS>\nLast Write Time:   3/14/01 - 9:26 AM\n\n"
    (tmp_path / "saved.txt").write_text(key, newline="")
    (row,) = read_folder(tmp_path).rows
    assert (row.format, row.last_time, row.time_zone) == ("regedt32", "2001-03-14T09:26:00", "not known")


def test_what_another_host_says_of_its_log_says_nothing_of_this_one():
    says = event(50, "Microsoft-Windows-Eventlog", 104, computer="OTHER", **CLEARED)
    mine = log(source="other", channel="Application", first_time=at(50))
    reading = Reading(logs=[log(says, computers=("OTHER",)), mine])
    evidence._mark_cleared(reading)
    assert not reading.logs[1].summary.cleared


def test_a_log_whose_events_take_far_more_memory_than_its_bytes_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setattr(evidence, "_SMALL", 1000)
    monkeypatch.setattr(evidence, "_MOST_MEMORY", 1)
    write(tmp_path, large__evt=localised_log(), good__reg=REG.format(name="NTBOX"))
    reading = read_folder(tmp_path)
    assert [row.source_file for row in reading.rows] == ["good.reg"]
    assert [(item.kind, item.location.source) for item in reading.warnings] == [("unreadable", "large.evt")]


def localised_log():
    """A log with strings of two bytes in the file, and four in memory."""
    events = [
        SampleEvent(provider="A", event_id=1, time=f"1998-03-01T00:00:{second:02}Z", strings=("😀" + "a" * 500,))
        for second in range(20)
    ]
    return saved_log(events)

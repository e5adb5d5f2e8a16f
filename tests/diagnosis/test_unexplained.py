"""Which errors and warnings no rule explains, on hosts with known content."""

from pathlib import Path

import pytest
from sample_writer.event import SampleEvent
from sample_writer.evtx import evtx_log

from evtscan.base.model.diagnosis import EventTally
from evtscan.base.model.log import Log, LogSummary
from evtscan.base.model.problems import ProblemCounts, ProblemKind
from evtscan.base.model.source import Location, Source
from evtscan.base.wintypes import parse_time
from evtscan.detection.load.loader import load_rules
from evtscan.diagnosis.unexplained import unexplained
from evtscan.intake.paths import find
from evtscan.scan import ScanOptions, scan

RULE = """
title: Disk timeout
id: 5e0f1f5a-7d5c-4a3b-9a41-0d1f8a1c0001
status: stable
logsource: {{product: windows, service: system}}
detection:
    selection:
        Provider_Name: Disk
        EventID: 11
    condition: selection
level: medium
known_issue:
    kind: {kind}
    when: {when}
    cause: A cable.
    remedy: [Replace it.]
"""


@pytest.fixture
def rules(tmp_path):
    def load(kind="failure", when="{os.version: '10.0'}"):
        path = tmp_path / "rules" / "disk.yml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(RULE.format(kind=kind, when=when))
        loaded = load_rules([path], fact_known=lambda name: True)
        assert not loaded.refused
        return loaded.rules

    return load


def disk(day, event_id, level=2):
    time = f"2020-03-{day:02}T08:00:00Z"
    return SampleEvent(provider="Disk", event_id=event_id, level=level, time=time, computer="PC", strings=("C:",))


def scanned(tmp_path, rules, options=None, **files):
    folder = tmp_path / "host"
    folder.mkdir()
    for name, data in files.items():
        (folder / name.replace("__", ".")).write_bytes(data)
    return scan(find([folder]).sources, rules, options or ScanOptions())


def told(report):
    return [(row.provider, row.event_id, row.level, row.count, row.example) for row in report.unexplained]


EVENTS = [disk(1, 11), disk(2, 7), disk(3, 11), disk(4, 51, level=3), disk(5, 7), disk(6, 1, level=4)]


def test_what_a_rule_matched_is_explained_and_the_rest_listed(tmp_path, rules):
    report = scanned(tmp_path, rules(), System__evtx=evtx_log(EVENTS))
    assert told(report) == [("Disk", 7, 2, 2, "Data1=C:"), ("Disk", 51, 3, 1, "Data1=C:")]
    assert report.tally == EventTally(errors=4, errors_explained=2, warnings=1, warnings_explained=0)
    row = report.unexplained[0]
    assert (row.first_seen[:10], row.last_seen[:10], row.record_id) == ("2020-03-02", "2020-03-05", 5)
    assert report.rules_seen == ("5e0f1f5a-7d5c-4a3b-9a41-0d1f8a1c0001",)


def test_what_is_known_to_be_harmless_is_explained(tmp_path, rules):
    report = scanned(tmp_path, rules(kind="benign"), System__evtx=evtx_log(EVENTS))
    assert report.tally.errors_explained == 2


def test_a_rule_about_another_system_explains_nothing(tmp_path, rules):
    facts = b"os.version: '6.1'\n"
    report = scanned(tmp_path, rules(), System__evtx=evtx_log(EVENTS), facts__yaml=facts)
    assert report.tally == EventTally(errors=4, warnings=1)
    assert [row.count for row in report.unexplained] == [2, 2, 1]
    assert report.rules_seen


def test_an_event_in_two_files_counts_once(tmp_path, rules):
    report = scanned(tmp_path, rules(), System__evtx=evtx_log(EVENTS), copy_System__evtx=evtx_log(EVENTS))
    assert report.tally == EventTally(errors=4, errors_explained=2, warnings=1)
    assert [row.count for row in report.unexplained] == [2, 1]


def test_nothing_is_counted_where_events_are_filtered(tmp_path, rules):
    options = ScanOptions(exclude_ids=frozenset({11}))
    report = scanned(tmp_path, rules(), options, System__evtx=evtx_log(EVENTS))
    assert (report.tally, report.unexplained) == (EventTally(), ())


def log(name, **counts):
    problems = ProblemCounts()
    for provider, (number, level, day, record) in counts.items():
        time = parse_time(f"2020-03-{day:02}T00:00:00Z")
        location = Location(source=name, record=record)
        problems.add(ProblemKind("PC", "System", provider, 1, level), time, time, location, record, dict, number)
    return Log(source=Source(Path(name), name), summary=LogSummary(format="evtx"), events=(), problems=problems)


def test_critical_first_then_errors_then_the_most_recent():
    found = unexplained([log("a", old=(9, 2, 1, 1), new=(1, 2, 5, 2), warn=(99, 3, 9, 3), dead=(1, 1, 1, 4))], ())
    assert [row.provider for row in found.rows] == ["dead", "new", "old", "warn"]
    assert found.tally == EventTally(errors=11, warnings=99)


def test_two_logs_of_a_channel_add_up_unless_one_repeats_the_other():
    logs = [log("a", disk=(3, 2, 1, 1)), log("b", disk=(5, 2, 2, 9)), log("c", disk=(7, 2, 3, 9))]
    assert [row.count for row in unexplained(logs, ()).rows] == [7, 5, 3]
    assert unexplained(logs, (), [("a", "b")]).tally == EventTally(errors=12)
    assert unexplained(logs, (), [("b", "c"), ("a", "b")]).tally == EventTally(errors=7)


def test_records_of_an_installation_image_are_left_out():
    found = unexplained([log("a", image=(3, 2, 1, 9), own=(5, 2, 2, 10))], (), (), {"a": 10})
    assert [row.provider for row in found.rows] == ["own"]

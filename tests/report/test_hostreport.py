"""A host's part of the report."""

from host_builder import FakeRegistry, at, event, event_log, evidence, facts_file, local, log

from evtscan.base.model.log import ClockStep
from evtscan.detection.load.loader import load_rules
from evtscan.detection.match.engine import Engine
from evtscan.evidence.reading import Reading
from evtscan.facts.catalogue.names import is_known
from evtscan.facts.host import Host
from evtscan.report.assembling import MAX_NEARBY_DETAIL, assemble
from evtscan.survey.host import judge_events
from evtscan.survey.options import ScanOptions


def report(*parts, show_all=False, rules=(), **more):
    everything = evidence(*parts)
    host = Host(everything)
    options = ScanOptions(show_all=show_all)
    outcomes = judge_events(
        host, "HOST", Engine(rules), options, [item for log in everything.logs for item in log.events]
    )
    return assemble("HOST", host, Reading(), outcomes, show_all=show_all, **more)


def catalogue_rules(tmp_path):
    file = tmp_path / "r.yml"
    file.write_text(
        "title: T\nid: 11111111-1111-4111-8111-111111111111\nlogsource: {product: windows, service: system}\n"
        "detection: {selection: {Provider_Name: Dhcp, EventID: 1008}, condition: selection}\n"
        "known_issue: {article: Q1, when: {os.version: '4.0'}}\n"
    )
    loaded = load_rules([file], fact_known=is_known)
    assert loaded.problems == ()
    return loaded.rules


def test_what_the_host_is():
    facts = facts_file(os_version="4.0", os_build=1381, os_service__pack="6a", host_role="server", component_ras=True)
    found = report(log(), facts)
    assert (found.os, found.version, found.build, found.service_pack) == ("Windows NT 4.0", "4.0", "1381", "6")
    assert (found.role, found.components, found.computer, found.other_names) == ("server", ("ras",), "NTBOX", ())


def test_a_product_goes_before_the_name_of_a_version():
    assert report(log(), facts_file(os_version="4.0", os_product="Windows NT Server")).os == "Windows NT Server"


def test_a_bounded_service_pack_is_plain_text():
    assert report(log(event_log(10, 6005), last=50), facts_file(os_version="4.0")).service_pack == "0…3"
    assert report(log(event_log(10, 6006), last=50), facts_file(os_version="4.0")).service_pack == "4 or more"
    assert report(log(), facts_file(os_version="4.0")).service_pack == ""
    assert report(log(), facts_file(os_service__pack=0)).service_pack == "0"


def test_fact_rows_say_what_is_known_now_and_then_what_was_stated():
    found = report(log(last=50), facts_file(os_service__pack=[(2, 5), (2, 6), (3, 9)], os_version="4.0"))
    rows = [(row.name, row.value, row.basis, row.history) for row in found.facts]
    assert rows == [
        ("os.version", "4.0", "stated", False),
        ("os.version", "4.0", "stated", True),
        ("os.service_pack", "3", "stated", False),
        ("os.service_pack", "2", "stated", True),
        ("os.service_pack", "3", "stated", True),
    ]
    assert found.facts[1].time == "with the last record (assumed)"
    assert found.facts[4].time == "1998-03-01T00:09:00Z"


def test_a_session_that_a_local_time_leaves_open_is_told_as_assumed():
    registry = FakeRegistry(
        {r"SOFTWARE\Microsoft\Windows NT\CurrentVersion": {"CurrentVersion": "4.0"}}, taken=local(90)
    )
    found = report(log(event_log(10, 6005, minute=60), last=20), registry)
    times = {row.time for row in found.facts if row.history and row.name == "os.version"}
    assert times == {f"{local(90)} (local time: the boot session is assumed)"}


def test_match_rows(tmp_path):
    found = report(
        log(event(5, Data1="a", Data2=["b", "c"], Data3={"d": "e"}), event(6, Data1="x" * 9999)),
        facts_file(os_version="4.0"),
        rules=catalogue_rules(tmp_path),
    )
    first, second = found.matches
    assert (first.verdict, first.record_id, first.offset, first.basis) == ("confirmed", 5, 500, "stated")
    assert first.details == "Data1=a; Data2=b, c; Data3={d: e}"
    assert second.details == "Data1=" + "x" * 9999
    assert [finding.verdict for finding in found.findings] == ["confirmed"]


def test_what_was_not_seen_shows_only_with_all(tmp_path):
    rules = catalogue_rules(tmp_path)
    assert report(log(), rules=rules).findings == ()
    assert [item.verdict for item in report(log(), rules=rules, show_all=True).findings] == ["clear"]


def test_matches_and_statements_have_their_place_in_the_history(tmp_path):
    records = [event_log(3, 6005), event(5), event_log(10, 6005), event(12)]
    found = report(log(*records, last=20), facts_file(os_version="4.0"), rules=catalogue_rules(tmp_path))
    assert [(row.session, row.sequence) for row in found.matches] == [(1, 5), (2, 12)]
    stated = next(row for row in found.facts if row.history and row.name == "os.version")
    assert (stated.session, stated.sequence) == (2, None)
    assert [(row.session, row.first, row.last) for row in found.sessions] == [(0, 1, 2), (1, 3, 9), (2, 10, 20)]
    assert [(row.kind, row.session, row.sequence) for row in found.timeline] == [
        ("gap", 0, 1),
        ("start", 1, 3),
        ("start", 2, 10),
    ]


def test_findings_have_the_records_around_their_first_and_their_last_match(tmp_path):
    asked = []

    def neighbours(events):
        asked.append([each.sequence for each in events])
        return {each.location: (event(each.sequence - 1, "Tcpip", 4199, Data1="y" * 999), each) for each in events}

    parts = (log(event(5), event(6), event(9), event_log(20, 6005)), facts_file(os_version="4.0"))
    rules = catalogue_rules(tmp_path)
    (finding,) = report(*parts, rules=rules, neighbours=neighbours).findings
    assert asked == [[5, 9]]
    first, last = finding.surroundings
    assert (first.source_file, last.source_file) == ("System.evt", "System.evt")
    assert [(row.distance, row.provider, row.event_id, row.record_id) for row in last.rows] == [
        (-1, "Tcpip", 4199, 8),
        (0, "Dhcp", 1008, 9),
    ]
    assert (last.rows[1].timestamp, last.rows[1].offset, last.rows[1].computer) == (str(at(9)), 900, "NTBOX")
    assert len(first.rows[0].details) == MAX_NEARBY_DETAIL
    (alone,) = report(log(event(5)), facts_file(os_version="4.0"), rules=rules, neighbours=neighbours).findings
    assert [len(near.rows) for near in alone.surroundings] == [2]
    (unread,) = report(*parts, rules=rules).findings
    assert unread.surroundings == ()


def test_what_was_not_found_is_not_looked_around(tmp_path):
    def neighbours(events):
        assert list(events) == []
        return {}

    found = report(
        log(event(5)),
        facts_file(os_version="5.0"),
        rules=catalogue_rules(tmp_path),
        show_all=True,
        neighbours=neighbours,
    )
    assert [item.verdict for item in found.findings] == ["not_applicable"]


def test_a_step_of_the_clock_that_two_logs_show_counts_once():
    step = ClockStep(sequence=5, before=at(500), after=at(100))
    beside = ClockStep(sequence=9, before=at(480), after=at(120))
    application = log(source="AppEvent.evt", channel="Application", clock_steps=(beside,), last=90)
    assert report(log(clock_steps=(step,), last=90), application).clock_steps == 1


def test_what_came_and_went_is_told_each_time():
    told = (
        (1033, {"Data1": "Acme", "Data2": "1.0", "Data3": "1033", "Data4": "0"}),
        (1033, {"Data1": "Acme", "Data2": "1.0", "Data3": "1033", "Data4": "0"}),
        (11724, {"Data1": "Product: Acme -- Removal completed successfully."}),
        (11707, {"Data1": "Product: Acme -- Installation completed successfully."}),
    )
    events = [
        event(place, "MsiInstaller", number, source="App.evt", channel="Application", **data)
        for place, (number, data) in enumerate(told, 1)
    ]
    rows = report(log(*events, source="App.evt", channel="Application")).facts
    assert [(row.note, row.location.record) for row in rows if row.name == "application" and row.history] == [
        ("installed", 1),
        ("removed", 3),
        ("installed", 4),
    ]

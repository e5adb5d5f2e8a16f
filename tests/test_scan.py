"""One host: from files to its part of the report."""

import pytest
from evidence_files import DHCP, NT4_SP2, OTHER, REG, evt, write
from sample_writer.event import SampleEvent
from sample_writer.evt import saved_log

from evtscan.base.model.query import ReadOptions
from evtscan.base.wintypes import parse_time
from evtscan.detection.load import catalogue
from evtscan.detection.load.loader import load_rules
from evtscan.facts.catalogue.names import is_known
from evtscan.intake.paths import find
from evtscan.scan import ScanOptions, scan, scan_machines, surveyed
from evtscan.survey.recordfilter import query_of


@pytest.fixture(scope="module")
def rules():
    loaded = load_rules([catalogue.folder()], fact_known=is_known).rules
    return tuple(rule for rule in loaded if rule.info.id == Q162396)


def scanned(folder, rules, options=None, **more):
    found = find([folder])
    return scan(found.sources, rules, options or ScanOptions(), skipped=found.skipped, **more)


def verdicts(report):
    return [(item.rule_id, item.verdict, item.count) for item in report.findings]


Q162396 = "8b1a3c52-6c0e-4f0d-9e57-1623960a1008"


def test_the_story(tmp_path, rules):
    write(tmp_path, SysEvent__Evt=evt(OTHER, DHCP), facts__yaml=NT4_SP2, notes__txt="x")
    report = scanned(tmp_path, rules)
    assert verdicts(report) == [(Q162396, "confirmed", 1)]
    assert (report.host, report.computer, report.os, report.service_pack) == ("NTBOX", "NTBOX", "Windows NT 4.0", "2")
    assert [row.source_file for row in report.evidence] == ["SysEvent.Evt", "facts.yaml"]
    assert [item.source_file for item in report.skipped] == ["notes.txt"]
    assert [(row.verdict, row.record_id, row.source_file) for row in report.matches] == [
        ("confirmed", 2, "SysEvent.Evt")
    ]
    assert not any(str(tmp_path) in text for text in map(str, (report.findings, report.evidence, report.warnings)))


@pytest.mark.parametrize(
    ("host_name", "facts", "expected"),
    [("given", NT4_SP2, "given"), ("", "host.name: Stated\n", "Stated"), ("", "os.version: '4.0'\n", "folder")],
)
def test_the_name_of_a_host(tmp_path, rules, host_name, facts, expected):
    write(tmp_path, facts__yaml=facts)
    assert scanned(tmp_path, rules, host_name=host_name, default_name="folder").host == expected


def test_filters_say_what_may_match_and_take_nothing_from_facts_and_coverage(tmp_path, rules):
    write(
        tmp_path,
        SysEvent__Evt=evt(DHCP, ("RemoteAccess", 20050), DHCP),
        facts__yaml="os.version: '4.0'\nos.service_pack: 2\n",
    )
    late = ScanOptions(since=parse_time("1998-03-01T01:00:00Z"))
    assert verdicts(scanned(tmp_path, rules, late)) == [(Q162396, "confirmed", 1)]
    until = ScanOptions(until=parse_time("1998-03-01T02:00:00Z"))
    assert verdicts(scanned(tmp_path, rules, until)) == [(Q162396, "confirmed", 1)]
    assert verdicts(scanned(tmp_path, rules, ScanOptions(exclude_ids=frozenset({1008})))) == [(Q162396, "exposed", 0)]
    assert verdicts(scanned(tmp_path, rules, ScanOptions(include_ids=frozenset({20050})))) == [(Q162396, "exposed", 0)]


def test_only_the_verdicts_asked_for(tmp_path, rules):
    write(tmp_path, SysEvent__Evt=evt(DHCP), facts__yaml=NT4_SP2)
    assert scanned(tmp_path, rules, ScanOptions(verdicts=frozenset({"possible"}))).findings == ()
    write(tmp_path, SysEvent__Evt=evt(OTHER), facts__yaml="")
    assert scanned(tmp_path, rules).findings == ()
    assert verdicts(scanned(tmp_path, rules, ScanOptions(verdicts=frozenset({"clear"})))) == [(Q162396, "clear", 0)]
    assert verdicts(scanned(tmp_path, rules, ScanOptions(show_all=True))) == [(Q162396, "clear", 0)]


def test_an_event_in_two_files_of_a_host_counts_once(tmp_path, rules):
    write(tmp_path, SysEvent__Evt=evt(OTHER, DHCP), copy__evt=evt(OTHER, DHCP, OTHER, DHCP), facts__yaml=NT4_SP2)
    report = scanned(tmp_path, rules)
    assert verdicts(report) == [(Q162396, "confirmed", 2)]
    assert [row.records for row in report.evidence] == [2, 4, None]
    (warning,) = report.warnings
    assert (warning.kind, warning.location.source, warning.records_lost) == ("copies", "copy.evt", 0)
    assert "SysEvent.Evt" in warning.message


@pytest.mark.parametrize(
    ("since", "until", "count"),
    [
        ("1998-03-01T15:00:00Z", None, 1),  # at most 14 hours after what it says: 15:00
        ("1998-03-01T15:00:01Z", None, 0),
        (None, "1998-02-28T11:00:01Z", 1),  # at least 14 hours before: 11:00 on the day before
        (None, "1998-02-28T11:00:00Z", 0),
    ],
)
def test_a_local_time_is_let_in_wherever_it_can_lie(tmp_path, rules, since, until, count):
    line = "3/1/1998\t1:00:00 AM\tDhcp\tError\tNone\t1008\tN/A\tNTBOX\tThe text\r\n"
    write(tmp_path, SysEvent__txt=line, facts__yaml=NT4_SP2)
    times = {name: text and parse_time(text) for name, text in (("since", since), ("until", until))}
    report = scanned(tmp_path, rules, ScanOptions(**times))
    assert [finding.count for finding in report.findings] == [count]  # exposed where it is left out
    in_utc = ScanOptions(since=parse_time("1998-03-01T01:00:01Z"), read=ReadOptions(zone="UTC"))
    assert verdicts(scanned(tmp_path, rules, in_utc)) == [(Q162396, "exposed", 0)]


def test_machines_that_are_mixed_up_are_told_apart(tmp_path, rules):
    write(tmp_path, a__evt=evt(DHCP, OTHER, computer="ONE"), b__evt=evt(OTHER, OTHER, computer="TWO"))
    reports = scan_machines(find([tmp_path]).sources, rules, ScanOptions(), folder="F")
    assert [(report.host, len(report.findings)) for report in reports] == [("F/ONE", 1), ("F/TWO", 0)]
    assert {warning.kind for report in reports for warning in report.warnings} == {"identity_mismatch"}


def test_a_scan_of_mixed_machines_says_so(tmp_path, rules):
    write(tmp_path, a__evt=evt(DHCP, OTHER, computer="ONE"), b__evt=evt(OTHER, OTHER, computer="TWO"))
    report = scanned(tmp_path, rules)
    assert [warning.kind for warning in report.warnings] == ["identity_mismatch"]
    assert "ONE and TWO" in report.warnings[0].message
    assert (report.host, [row.source_file for row in report.evidence]) == ("ONE", ["a.evt"])


def test_a_scan_of_mixed_machines_judges_the_one_that_is_named(tmp_path, rules):
    write(tmp_path, a__evt=evt(DHCP, OTHER, computer="ONE"), b__evt=evt(OTHER, OTHER, computer="TWO.example.com"))
    report = scanned(tmp_path, rules, host_name="two")
    assert [row.source_file for row in report.evidence] == ["b.evt"]
    assert [item.source_file for item in report.skipped] == ["a.evt"]


def logged_under(*names):
    """A log with a Dhcp 1008 an hour, under these names of computers."""
    return saved_log(
        [
            SampleEvent(provider="Dhcp", event_id=1008, time=f"1998-03-01T{hour:02}:00:00Z", computer=name)
            for hour, name in enumerate(names)
        ]
    )


def test_what_comes_from_an_installation_image_gives_no_findings(tmp_path, rules):
    write(tmp_path, facts__yaml=NT4_SP2)
    (tmp_path / "SysEvent.Evt").write_bytes(logged_under("MACHINENAME", "MACHINENAME", "NTBOX"))
    report = scanned(tmp_path, rules)
    assert verdicts(report) == [(Q162396, "confirmed", 1)]
    assert (report.computer, report.other_names) == ("NTBOX", ())
    assert "installation image (MACHINENAME)" in report.evidence[0].note


def test_what_was_forwarded_to_a_collector_is_not_its_own(tmp_path, rules):
    write(tmp_path, System__evt=evt(OTHER, OTHER, computer="COLL"), facts__yaml=NT4_SP2)
    (tmp_path / "ForwardedEvents.evt").write_bytes(logged_under("A", "B", "A"))
    report = scanned(tmp_path, rules, ScanOptions(verdicts=frozenset({"confirmed", "possible", "exposed"})))
    assert (report.host, verdicts(report)) == ("COLL", [(Q162396, "exposed", 0)])
    assert [item.kind for item in report.warnings] == ["identity_mismatch"]
    assert "COLL, A, B" in report.warnings[0].message
    reports = scan_machines(find([tmp_path]).sources, rules, ScanOptions(), folder="F")
    assert {item.host: verdicts(item) for item in reports} == {
        "F/COLL": [(Q162396, "exposed", 0)],
        "F/A": [(Q162396, "possible", 2)],
        "F/B": [(Q162396, "possible", 1)],
    }


def test_evidence_of_another_machine_stays_apart(tmp_path, rules):
    write(tmp_path, SysEvent__Evt=evt(DHCP), name__reg=REG.format(name="OTHER"), facts__yaml=NT4_SP2)
    report = scanned(tmp_path, rules)
    assert [(item.kind, item.location.source) for item in report.warnings] == [("identity_mismatch", "name.reg")]
    assert [row.source_file for row in report.evidence] == ["SysEvent.Evt", "facts.yaml"]
    assert [item.source_file for item in report.skipped] == ["name.reg"]


def test_nothing_at_all(tmp_path, rules):
    report = scanned(tmp_path, rules, default_name="nobody")
    assert (report.host, report.findings, report.evidence) == ("nobody", (), ())


def logged(number, *strings, provider="Service Control Manager", channel="System", **more):
    """A record of Windows 10."""
    time = f"2024-03-01T08:00:{number % 60:02}Z"
    return SampleEvent(
        provider=provider, event_id=number, time=time, channel=channel, computer="PC", strings=strings, **more
    )


def start_changed(service):
    return logged(7040, "Something", "demand start", "auto start", service)


ASKING = """\
title: A service that is said to start by itself
id: 6f0c1d3a-2a94-4be1-8d75-0d2f5a3b7c11
logsource: {product: windows, service: system}
detection:
    selection:
        Provider_Name: Service Control Manager
        EventID: 7000
        Data1: This one
    condition: selection
level: low
known_issue:
    kind: failure
    when: {service.messenger.start: 2}
    cause: Nothing.
    remedy: [Wait.]
"""


@pytest.mark.parametrize(
    ("event", "kept"),
    [
        (logged(7000, "This one"), {False, True}),  # the rule detects it
        (logged(7000, "Another one"), set()),  # it has the rule's id, and nothing else of it
        (start_changed("Messenger"), {False, True}),  # the rule asks for this start type
        (start_changed("Spooler"), {True}),  # no rule asks for that one
        (start_changed("BITS"), set()),  # Windows switches it all day
        (logged(4377, provider="NtServicePack"), {True}),
        (logged(6009, "10.0", "19045", "", "Multiprocessor Free", "0", provider="EventLog"), {False, True}),
    ],
    ids=lambda value: None if isinstance(value, set) else f"{value.event_id} {value.strings[-1:]}",
)
@pytest.mark.parametrize("every_fact", [False, True])
def test_what_nobody_can_use_is_not_kept(tmp_path, event, kept, every_fact):
    write(tmp_path, SysEvent__Evt=saved_log([logged(7036), event]), asking__yml=ASKING)
    asking = load_rules([tmp_path / "asking.yml"], fact_known=is_known).rules
    with surveyed(find([tmp_path]).sources, asking, ScanOptions(every_fact=every_fact)) as survey:
        (log,) = survey.host.evidence.logs
        assert [item.event_id for item in log.events] == [event.event_id] * (every_fact in kept)
        assert log.summary.records == 2


def test_the_rules_ask_for_what_they_can_match(rules):
    query = query_of(rules)
    assert query.accepts("System", "Dhcp", None, 1008)
    assert not query.accepts("System", "Dhcp", None, 1003)


def test_the_same_evidence_gives_the_same_report(tmp_path, rules):
    write(tmp_path, SysEvent__Evt=evt(OTHER, DHCP), facts__yaml=NT4_SP2)
    assert scanned(tmp_path, rules) == scanned(tmp_path, rules)

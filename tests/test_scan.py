"""One host: from files to its part of the report."""

import pytest
from evidence_files import DHCP, NT4_SP2, OTHER, evt, write
from host_builder import event, log

from evtscan.detection import catalogue
from evtscan.detection.loader import load_rules
from evtscan.facts.catalogue import is_known
from evtscan.scan import ScanOptions, each_once, query_of, scan, scan_machines
from evtscan.sources import find
from evtscan.wintypes import parse_time


@pytest.fixture(scope="module")
def rules():
    return load_rules([catalogue.folder()], fact_known=is_known).rules


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
    assert verdicts(scanned(tmp_path, rules)) == [(Q162396, "confirmed", 2)]


def test_records_that_differ_in_anything_are_not_the_same():
    one = log(event(1, source="a"), event(2, source="a"), source="a")
    other = log(event(1, source="b"), event(2, source="b", minute=9), event(3, "Other", source="b"), source="b")
    assert [(item.location.source, item.sequence) for item in each_once([one, other])] == [
        ("a", 1),
        ("a", 2),
        ("b", 2),
        ("b", 3),
    ]


def test_one_file_may_repeat_itself():
    assert len(list(each_once([log(event(1), event(1))]))) == 2


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


def test_nothing_at_all(tmp_path, rules):
    report = scanned(tmp_path, rules, default_name="nobody")
    assert (report.host, report.findings, report.evidence) == ("nobody", (), ())


def test_the_query_asks_for_the_rules_and_for_facts(rules):
    query = query_of(rules)
    assert query.accepts("System", "Dhcp", None, 1008)
    assert query.accepts("System", "EventLog", None, 6009)
    assert not query.accepts("System", "Dhcp", None, 1003)


def test_the_same_evidence_gives_the_same_report(tmp_path, rules):
    write(tmp_path, SysEvent__Evt=evt(OTHER, DHCP), facts__yaml=NT4_SP2)
    assert scanned(tmp_path, rules) == scanned(tmp_path, rules)

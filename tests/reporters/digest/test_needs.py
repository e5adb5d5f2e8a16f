from dataclasses import replace

from sample_reports import DHCP, finding, ranked

from evtscan.base.model.finding import MissingFact, Verdict
from evtscan.report.model import HostReport
from evtscan.reporters.digest.needs import Needs
from evtscan.reporters.digest.summary import ReportedFinding


def judged(*missing, host="a", verdict=Verdict.POSSIBLE, rule=DHCP, **fields):
    gaps = tuple(MissingFact(fact=fact, how_to_get=way) for fact, way in missing)
    return ReportedFinding(HostReport(host=host), finding(verdict, rule, host=host, missing=gaps, **fields), rule)


def told(items):
    return [(need.fact, need.ways, need.findings, need.alone, need.hosts) for need in ranked(Needs(), items)]


def test_facts_by_the_findings_that_they_would_decide():
    version = ("os.version", "export the version")
    items = [
        judged(("component.ras", "export the services")),
        judged(version, host="b"),
        judged(version, ("component.ras", "ask"), host="b"),
        judged(version, host="c"),
    ]
    assert told(items) == [
        ("os.version", ("export the version",), [1, 2, 3], 2, ("b", "c")),
        ("component.ras", ("export the services", "ask"), [0, 2], 1, ("a", "b")),
    ]


def test_a_fact_without_a_way_and_one_with_two():
    assert told([judged(("os.version", ""))]) == [("os.version", (), [0], 1, ("a",))]
    two = judged(("file.a and b.exe.version", "look"), ("file.a and b.exe.version", "ask"))
    assert told([two]) == [("file.a and b.exe.version", ("look", "ask"), [0], 1, ("a",))]


def test_an_instruction_about_no_fact_is_a_need_of_its_own():
    items = [
        judged(("", "export the log")),
        judged(("os.version", "look"), ("", "ask whether it was hot")),
        judged(("", "export the log"), host="b"),
    ]
    assert told(items) == [
        ("", ("export the log",), [0, 2], 2, ("a", "b")),
        ("", ("ask whether it was hot",), [1], 0, ("a",)),
        ("os.version", ("look",), [1], 0, ("a",)),
    ]


def test_only_what_is_open_and_calls_for_action_waits_for_anything():
    lacking = (("os.version", "look"),)
    closed = [
        judged(*lacking, verdict=Verdict.CONFIRMED),
        judged(*lacking, verdict=Verdict.EXCLUDED),
        judged(*lacking, rule=replace(DHCP, kind="notice")),
        judged(*lacking, status="accepted"),
    ]
    assert told(closed) == []
    assert told([*closed, judged(*lacking)])[0][2] == [4]

from dataclasses import replace

from sample_reports import DHCP, finding, ranked

from evtscan.base.model.finding import Verdict
from evtscan.report.model import HostReport
from evtscan.reporters.digest.needs import Needs
from evtscan.reporters.digest.summary import ReportedFinding


def judged(missing=(), ways=(), host="a", verdict=Verdict.POSSIBLE, rule=DHCP, **fields):
    lacking = {"missing_facts": tuple(missing), "how_to_get": tuple(ways)} | fields
    return ReportedFinding(HostReport(host=host), finding(verdict, rule, host=host, **lacking), rule)


def told(items):
    return [(need.fact, need.ways, need.findings, need.alone, need.hosts) for need in ranked(Needs(), items)]


def test_facts_by_the_findings_that_they_would_decide():
    items = [
        judged(["component.ras"], ["component.ras: export the services"]),
        judged(["os.version"], ["os.version: export the version"], host="b"),
        judged(["os.version", "component.ras"], ["os.version: export the version", "component.ras: ask"], host="b"),
        judged(["os.version"], ["os.version: export the version"], host="c"),
    ]
    assert told(items) == [
        ("os.version", ("export the version",), [1, 2, 3], 2, ("b", "c")),
        ("component.ras", ("export the services", "ask"), [0, 2], 1, ("a", "b")),
    ]


def test_one_instruction_for_several_facts():
    facts = ["a.b", "c.d", "e.f"]
    assert told([judged(facts, ["a.b, c.d and e.f: look: there"])]) == [
        (fact, ("look: there",), [0], 0, ("a",)) for fact in facts
    ]


def test_an_instruction_that_names_no_fact_is_for_what_no_other_is_for():
    assert told([judged(["os.service_pack"], ["Compare the driver: it tells."])]) == [
        ("os.service_pack", ("Compare the driver: it tells.",), [0], 1, ("a",))
    ]
    assert told([judged(["os.version"], [])]) == [("os.version", (), [0], 1, ("a",))]


def test_what_is_about_no_fact_is_a_need_of_its_own():
    items = [
        judged([], ["export the log"]),
        judged(["os.version"], ["os.version: look", "ask whether it was hot"]),
        judged([], ["export the log"], host="b"),
    ]
    assert told(items) == [
        ("", ("export the log",), [0, 2], 2, ("a", "b")),
        ("", ("ask whether it was hot",), [1], 0, ("a",)),
        ("os.version", ("look",), [1], 0, ("a",)),
    ]


def test_only_what_is_open_and_calls_for_action_waits_for_anything():
    lacking = (["os.version"], ["os.version: look"])
    closed = [
        judged(*lacking, verdict=Verdict.CONFIRMED),
        judged(*lacking, verdict=Verdict.EXCLUDED),
        judged(*lacking, rule=replace(DHCP, kind="notice")),
        judged(*lacking, status="accepted"),
    ]
    assert told(closed) == []
    assert told([*closed, judged(*lacking)])[0][2] == [4]

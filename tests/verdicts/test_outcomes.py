"""What the matches of a rule come to: the verdict, what is missing, and the words of the event."""

import pytest
from host_builder import event, evidence, facts_file, log
from rules_with_context import asks

from evtscan.base.model.rule import RuleInfo
from evtscan.detection.match.engine import detect
from evtscan.detection.model.condition import All, Test
from evtscan.detection.model.rule import Doubt, KnownIssue, Logsource, Rule
from evtscan.facts.host import Host
from evtscan.verdicts.judging import judge

VERSION = Test(field="os.version", values=("4.0",), text="os.version is 4.0")
PACK = Test(field="os.service_pack", values=(2,), text="os.service_pack is 2")


def rule(*when, known=True, **issue):
    return Rule(
        info=RuleInfo(id="r", title="A rule", level="low", remedy=("Patch.",), workaround=("Wait.",)),
        detection=asks(1),
        logsource=Logsource(channels=("System",)),
        known_issue=KnownIssue(when=All(when), **issue) if known else None,
    )


def finding(made, *parts, unseen=True):
    host = Host(evidence(*parts))
    events = [item for one in host.evidence.logs for item in one.events]
    (outcome,) = judge(host, "HOST", [made], detect([made], events), unseen=unseen)
    return outcome.finding


SEEN, UNSEEN = log(event(5, event_id=1), last=9), log(event(5, event_id=2), last=9)


@pytest.mark.parametrize(
    ("parts", "verdict"),
    [
        ((SEEN,), "detected"),
        ((UNSEEN,), "clear"),
        ((), "not_assessed"),
        ((log(event(5, event_id=2), last=9, filtered=True),), "not_assessed"),
        ((log(source="App.evt", channel="Application", last=9),), "not_assessed"),
    ],
)
def test_a_plain_rule(parts, verdict):
    assert finding(rule(known=False), *parts).verdict == verdict


@pytest.mark.parametrize(
    ("facts", "seen", "verdict"),
    [
        ({"os_version": "4.0"}, SEEN, "confirmed"),
        ({"os_version": "4.0"}, UNSEEN, "exposed"),
        ({"os_build": 1381}, SEEN, "possible"),
        ({"os_build": 1381}, UNSEEN, "clear"),
    ],
)
def test_a_known_issue(facts, seen, verdict):
    assert finding(rule(VERSION, report_exposed=True), seen, facts_file(**facts)).verdict == verdict


def test_the_remedy_ends_with_the_workaround():
    assert finding(rule(VERSION), SEEN, facts_file(os_version="4.0")).remedy == ("Patch.", "Until then: Wait.")


def test_each_missing_fact_has_its_way_and_is_collectable():
    found = finding(rule(VERSION, PACK), SEEN, facts_file(os_build=1381))
    assert [(item.fact, item.collectable, bool(item.how_to_get)) for item in found.missing] == [
        ("os.version", True, True),
        ("os.service_pack", True, True),
    ]


def test_a_doubted_fact_has_the_ways_of_its_doubt():
    doubt = Doubt(when=All((VERSION,)), about="os.service_pack", reason="x", missing=("Look.", "Ask."))
    facts = facts_file(os_version="4.0", os_service__pack=2)
    found = finding(rule(VERSION, PACK, doubts=(doubt,)), SEEN, facts)
    assert [(item.fact, item.how_to_get, item.collectable) for item in found.missing] == [
        ("os.service_pack", "Look.", False),
        ("os.service_pack", "Ask.", False),
    ]


def test_a_fact_that_evidence_leaves_open_is_not_to_be_collected_again():
    facts = [facts_file("a.yaml", os_service__pack=2), facts_file("b.yaml", os_service__pack=3)]
    found = finding(rule(PACK), SEEN, *facts)
    assert [(item.fact, item.collectable) for item in found.missing] == [("os.service_pack", False)]


def test_the_last_event_is_worded():
    made = rule(VERSION, says="{disk} failed")
    seen = log(event(5, event_id=1, disk="C:"), event(6, event_id=1, disk="D:"), last=9)
    assert finding(made, seen, facts_file(os_version="4.0")).event_says == "D: failed"

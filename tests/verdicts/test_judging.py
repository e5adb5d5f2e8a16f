# ruff: noqa: E501 - tables read best with one case on a line
"""What matches mean on a host: every verdict, its reason, and the one that wins."""

import pytest
from host_builder import FakeRegistry, at, booted, event, event_log, evidence, facts_file, localised, log
from msgspec.structs import replace

from evtscan.base.model.rule import RuleInfo
from evtscan.detection.match.engine import detect
from evtscan.detection.model.condition import All, Any, Not, Operator, Test, Unobservable
from evtscan.detection.model.rule import Doubt, KnownIssue, Logsource, Rule
from evtscan.facts.host import Host
from evtscan.verdicts.judging import judge

VERSION = Test(field="os.version", values=("4.0",), text="os.version is 4.0")
PACK = Test(field="os.service_pack", values=(2,), text="os.service_pack is 2")
RAS = Test(field="component.ras", values=(True,), text="component.ras is true")
BUILD = Test(field="os.build", values=(1381,), text="os.build is 1381")
NOT_PATCHED = Not(
    Test(field="os.service_pack", values=(3,), text="os.service_pack is at least 3", operator=Operator.AT_LEAST)
)
OLD_FILE = Test(field="file.a.date", values=("<1997-05-01",), text="file.a.date", operator=Operator.IN_RANGE)
NEW_FILE = Test(field="file.a.date", values=(">=1997-05-01",), text="file.a.date", operator=Operator.IN_RANGE)


def detection(event_id=1008, **fields):
    tests = [
        Test(field="Provider_Name", values=("Dhcp",), text="Provider_Name is Dhcp"),
        Test(field="EventID", values=(event_id,), text=f"EventID is {event_id}"),
    ]
    tests += [Test(field=name, values=(value,), text=f"{name} is {value}") for name, value in fields.items()]
    return All(tuple(tests))


def rule(*when, rule_id="r1", article="Q1", fields=(), lookalikes=(), **issue):
    return Rule(
        info=RuleInfo(
            id=rule_id,
            title=f"Title of {rule_id}",
            level="medium",
            article=article,
            remedy=("Patch.",),
            workaround=("Wait.",),
            lookalikes=lookalikes,
        ),
        detection=detection(**dict(fields)),
        logsource=Logsource(channels=("System",)),
        known_issue=KnownIssue(when=All(when), **issue),
    )


DHCP = rule(VERSION, PACK, RAS, report_exposed=True, report_excluded=True)
AFFECTED = {"os_version": "4.0", "os_service__pack": 2, "component_ras": True}


def outcomes(rules, *parts, strict=False, **more):
    host = Host(evidence(*parts))
    events = [item for item_log in host.evidence.logs for item in item_log.events]
    return judge(host, "HOST", rules, detect(rules, events), strict_facts=strict, **more)


def finding(rules, *parts, strict=False, **more):
    found = outcomes(rules if isinstance(rules, list) else [rules], *parts, strict=strict, **more)
    assert len(found) == 1
    return found[0].finding


def sessions(*events):
    """A log with starts at 100, 200 and 300, and its last record at 400; nothing about its service pack."""
    starts = (event(number, "Microsoft-Windows-Kernel-General", 12) for number in (100, 200, 300))
    return log(*starts, *events, last=400)


# ------------------------------------------------------------------------------------------------ the verdicts


def test_confirmed():
    found = finding(DHCP, log(event(5), event(8)), facts_file(**AFFECTED))
    assert (found.verdict, found.basis, found.count, found.record_ids) == ("confirmed", "stated", 2, (5, 8))
    assert found.reason == (
        "Dhcp 1008 was logged twice while every condition held: Windows version 4.0; Service Pack 2; RAS is installed."
    )
    assert found.remedy == ("Patch.", "Until then: Wait.")
    assert (found.first_seen, found.last_seen) == (str(at(5)), str(at(8)))
    assert (found.os, found.service_pack, found.computer) == ("Windows NT 4.0", "2", "NTBOX")
    assert found.missing_facts == ()


def test_a_carried_value_makes_it_carried_and_counts_the_restarts():
    found = finding(DHCP, sessions(event(150)), facts_file(**AFFECTED))
    assert (found.verdict, found.basis) == ("confirmed", "carried")
    assert "Service Pack 2 (carried back over 2 restarts from facts.yaml)" in found.reason


def test_one_match_on_stated_facts_is_enough_for_stated():
    found = finding(DHCP, sessions(event(150), event(350)), facts_file(**AFFECTED))
    assert (found.basis, found.count) == ("stated", 2)


def test_strict_facts_refuse_what_is_carried():
    found = finding(DHCP, sessions(event(150)), facts_file(**AFFECTED), strict=True)
    assert found.verdict == "possible"
    assert found.missing_facts == ("os.version", "os.service_pack", "component.ras")
    assert "which --strict-facts does not accept" in found.reason


def test_possible_names_what_is_missing_and_how_to_get_it():
    found = finding(DHCP, log(event(5)), facts_file(os_version="4.0"))
    assert (found.verdict, found.basis) == ("possible", "stated")
    assert found.reason == (
        "Dhcp 1008 was logged once. The service pack is not known (nothing collected states it); whether RAS is "
        "installed is not known (nothing collected states it). What is known fits: Windows version 4.0."
    )
    assert found.missing_facts == ("os.service_pack", "component.ras")
    assert [way.partition(":")[0] for way in found.how_to_get] == ["os.service_pack", "component.ras"]
    assert r"SOFTWARE\Microsoft\Windows NT\CurrentVersion" in found.how_to_get[0]
    assert r"SYSTEM\CurrentControlSet\Services" in found.how_to_get[1]


def test_of_what_is_known_by_now_only_the_time_is_missing():
    facts = facts_file(os_version="4.0", component_ras=True, os_service__pack=[(6, 120), (2, 390)])
    found = finding(DHCP, sessions(event(50)), facts)
    assert (found.verdict, found.missing_facts) == ("possible", ("os.service_pack",))
    assert "Service Pack 6 is stated in facts.yaml only 1 restart later and may have come in between" in found.reason
    assert found.how_to_get == (
        "os.service_pack: write in a facts.yaml beside the evidence from when on it had which value "
        "(os.service_pack: [{value: …, from: …}])",
    )


def test_what_the_evidence_leaves_open_is_not_to_be_collected_again():
    services = r"SYSTEM\CurrentControlSet\Services"
    rras = FakeRegistry({services: {}, services + r"\Router": {"Start": 2}}, whole=[services])
    found = finding(rule(VERSION, RAS), log(event(5)), rras, facts_file(os_version="4.0"))
    assert found.missing_facts == ("component.ras",)
    assert found.how_to_get == (
        "component.ras: the evidence leaves it open; find it out and write it in a facts.yaml beside the evidence "
        "(component.ras: …)",
    )


def test_a_value_that_would_make_it_false_is_not_carried_back():
    later = facts_file(os_version="4.0", os_service__pack=2, component_ras=[(False, 50 + 1440 * 10)])
    found = finding(rule(VERSION, RAS), sessions(event(150)), later)
    assert found.verdict == "resolved"
    assert "may have held" in found.reason
    assert "RAS is not installed, required: component.ras is true" in found.reason


def test_an_unobservable_condition_allows_no_more_than_possible():
    found = finding(rule(VERSION, Unobservable("a program uses MSG_OOB")), log(event(5)), facts_file(os_version="4.0"))
    assert found.verdict == "possible"
    assert "No evidence of this host shows it: a program uses MSG_OOB" in found.reason
    assert found.how_to_get == ("ask whether this is so: a program uses MSG_OOB",)
    assert found.missing_facts == ()


def test_a_candidate_match_is_possible_at_best():
    unclear = replace(event(5), unreadable=frozenset({"Data"}))
    found = finding(rule(VERSION, fields={"Data1": "x"}), log(unclear), facts_file(os_version="4.0"))
    assert found.verdict == "possible"
    assert found.reason.startswith("Dhcp 1008 may have been logged once. Whether it is this event is open: Data1")
    assert found.how_to_get == (
        "export the log in its own format (.evt or .evtx), which carries every field of the event",
    )


def test_exposed():
    found = finding(DHCP, log(event(5, "Other", 1)), facts_file(**AFFECTED))
    assert (found.verdict, found.count, found.basis) == ("exposed", 0, "stated")
    assert found.reason.endswith(f"The event is not in System.evt ({at(1)} to {at(5)}, whole).")
    assert found.remedy == ("Patch.", "Until then: Wait.")


def test_exposed_only_where_the_rule_says_so():
    assert finding(rule(VERSION), log(), facts_file(os_version="4.0")).verdict == "clear"


def test_a_host_that_fell_back_is_exposed_although_the_event_was_excluded():
    facts = facts_file(os_version="4.0", component_ras=True, os_service__pack=[(3, 120), (2, 390)])
    found = finding(DHCP, sessions(event(150)), facts)
    assert found.verdict == "exposed"
    assert "was logged once, but at a time when they did not all hold" in found.reason


def test_excluded_names_the_false_condition_and_what_else_logs_it():
    spoken = rule(VERSION, PACK, report_excluded=True, lookalikes=("a", "b"))
    found = finding(spoken, log(event(5)), facts_file(os_version="4.0", os_service__pack=6))
    assert (found.verdict, found.basis, found.remedy) == ("excluded", "stated", ())
    assert found.reason == (
        "Dhcp 1008 was logged once, but Q1 does not explain it: Service Pack 6, required: os.service_pack is 2. "
        "What else logs it: a; b."
    )


def test_a_condition_under_not_is_worded_as_it_counts():
    found = finding(rule(NOT_PATCHED, report_excluded=True), log(event(5)), facts_file(os_service__pack=6))
    assert "Service Pack 6, required: not: os.service_pack is at least 3" in found.reason
    held = finding(rule(NOT_PATCHED), log(event(5)), facts_file(os_service__pack=2))
    assert held.reason.endswith("while every condition held: Service Pack 2.")


@pytest.mark.parametrize("fact", ["os_version", "os_build", "os_product"])
def test_another_system_is_not_applicable(fact):
    product = Test(field="os.product", values=("NT",), text="os.product is NT")
    found = finding(
        rule(VERSION, BUILD, product, PACK),
        log(event(5)),
        facts_file(**{fact: {"os_version": "5.0", "os_build": 2195, "os_product": "2000"}[fact]}),
    )
    assert found.verdict == "not_applicable"
    assert "the rule is not about such a host" in found.reason


def test_an_alternative_about_this_system_that_fails_otherwise_excludes():
    other = Test(field="os.version", values=("3.5",), text="os.version is 3.5")
    found = finding(
        rule(Any((other, All((VERSION, PACK))))), log(event(5)), facts_file(os_version="4.0", os_service__pack=6)
    )
    assert found.verdict == "excluded"
    assert "does not explain it: Service Pack 6, required: os.service_pack is 2." in found.reason


def test_unless_the_rule_reports_what_it_excludes():
    assert finding(DHCP, log(event(5)), facts_file(os_version="5.0")).verdict == "excluded"


@pytest.mark.parametrize(
    ("parts", "verdict"),
    [
        ([log()], "clear"),
        ([log(wrapped=True)], "clear"),
        ([log(filtered=True)], "not_assessed"),
        ([log(records=0, first_sequence=None, last_sequence=None)], "not_assessed"),
        ([log(channel="Application")], "not_assessed"),
        ([log(channel=None)], "clear"),
        ([], "not_assessed"),
    ],
)
def test_not_seen(parts, verdict):
    assert finding(DHCP, *parts).verdict == verdict


# ------------------------------------------------------------------------------------------------------ resolved


def patched(*more):
    """Service Pack 2 until the start at 200, Service Pack 6 from then on."""
    return facts_file(os_version="4.0", component_ras=True, os_service__pack=[(2, 120), (6, 200), *more])


RESOLVED = {
    "a full session after the change": ([event(150)], "no longer do: Service Pack 6 (carried forward over 1 restart from facts.yaml), required: os.service_pack is 2."),
    "logged once more": ([event(150), event(250)], "Logged once more after the change: check that the fix reached the file."),
    "logged twice more": ([event(150), event(250), event(350)], "Logged twice more after the change: check that the fix reached the file."),
    "logged often": ([event(150), *map(event, range(250, 260))], "Logged 10 more times after the change: check that the fix reached the file."),
}  # fmt: skip


@pytest.mark.parametrize(("events", "ends"), RESOLVED.values(), ids=RESOLVED)
def test_resolved(events, ends):
    found = finding(DHCP, sessions(*events), patched())
    assert found.verdict == "resolved"
    assert found.count == 1
    assert found.reason.startswith("Dhcp 1008 was logged once while the conditions held, and they no longer do:")
    assert found.reason.endswith(ends)
    assert found.remedy == ()


def test_too_early_to_tell():
    facts = facts_file(os_version="4.0", component_ras=True, os_service__pack=[(2, 120), (6, 320)])
    found = finding(DHCP, sessions(event(150)), facts)
    assert found.verdict == "resolved"
    assert found.reason.endswith("Fix seen, too early to tell: the log covers no full boot session after it.")


def test_a_fix_seen_only_after_the_log_is_too_early_to_tell():
    facts = facts_file(os_version="4.0", component_ras=True, os_service__pack=[(2, 120), (6, 400 + 1440 * 3)])
    found = finding(DHCP, sessions(event(150)), facts)
    assert (found.verdict, found.service_pack) == ("resolved", "6")
    assert "too early to tell" in found.reason


def test_an_unknown_condition_is_not_over():
    log_of_unpatched = log(event(50), event_log(100, 6005), event_log(200, 6005), last=300)
    facts = facts_file(os_version="4.0", component_ras=True, os_service__pack=[(6, 20), (2, 150)])
    assert finding(DHCP, log_of_unpatched, facts).verdict == "exposed"
    only_bound = [log(event(150), event_log(100, 6005), last=300), facts_file(os_version="4.0", component_ras=True)]
    found = finding(DHCP, *only_bound)
    assert (found.verdict, found.service_pack) == ("possible", "0…3")
    assert "Service Pack 3 at most, because the host started without event 6009" in found.reason


def test_below_service_pack_4_first_and_6_later_is_resolved():
    events = [event_log(100, 6005), event(150), booted(200), event_log(201, 6005), event_log(300, 6006)]
    found = finding(DHCP, log(*events, last=400), facts_file(component_ras=True))
    assert (found.verdict, found.service_pack) == ("resolved", "6")
    assert "may have held" in found.reason


def test_a_bound_excludes_by_itself_and_is_stated():
    events = [event_log(100, 6005), event(150), event_log(180, 6006)]
    found = finding(DHCP, log(*events, last=200), facts_file(os_version="4.0", component_ras=True), strict=True)
    assert (found.verdict, found.basis, found.service_pack) == ("excluded", "stated", "4 or more")
    assert "Service Pack 4 or later, because Windows NT 4.0 writes event 6006" in found.reason


def test_what_only_rises_limits_the_time_before():
    at_least_4 = Test(field="os.service_pack", values=(4,), text=">=4", operator=Operator.AT_LEAST)
    found = finding(rule(at_least_4, report_excluded=True), sessions(event(150)), facts_file(os_service__pack=2))
    assert (found.verdict, found.basis) == ("excluded", "carried")
    assert "Service Pack 2 at most (carried back over 2 restarts from facts.yaml)" in found.reason


def test_a_later_value_leaves_the_time_before_open():
    found = finding(rule(PACK), sessions(event(150)), facts_file(os_service__pack=6), facts_file(os_version="4.0"))
    assert found.verdict == "resolved"
    assert found.explanation.truth.value == "false"


# -------------------------------------------------------------------------------------------------------- doubts

REAPPLY = Doubt(
    when=All((NEW_FILE,)), about="os.service_pack", reason="seems new", missing=("Compare.",), remedy=("Redo.",)
)


def test_a_doubt_makes_what_is_known_unknown_and_gives_its_own_advice():
    doubtful = rule(VERSION, PACK, doubts=(REAPPLY,))
    facts = {"os_version": "4.0", "os_service__pack": 2}
    found = finding(doubtful, log(event(5)), facts_file(**facts, file_a_date="1998-01-01"))
    assert (found.verdict, found.missing_facts) == ("possible", ("os.service_pack",))
    assert found.how_to_get == ("os.service_pack: Compare.",)
    assert found.remedy == ("Redo.", "Until then: Wait.")
    assert "Service Pack 2, which is in doubt: seems new" in found.reason
    assert finding(doubtful, log(event(5)), facts_file(**facts, file_a_date="1996-01-01")).verdict == "confirmed"
    assert finding(doubtful, log(event(5)), facts_file(**facts)).verdict == "confirmed"


def test_a_doubt_holds_for_what_is_only_bounded():
    at_least_3 = Test(field="os.service_pack", values=(3,), text=">=3", operator=Operator.AT_LEAST)
    doubt = Doubt(when=All((at_least_3, OLD_FILE)), about="os.service_pack", reason="an old file")
    events = [event(5), event_log(9, 6006)]
    facts = facts_file(os_version="4.0", file_a_date="1996-01-01")
    found = finding(rule(PACK, doubts=(doubt,)), log(*events), facts)
    assert found.verdict == "possible"
    assert "Service Pack 4 or later" in found.reason
    assert "which is in doubt: an old file" in found.reason


def test_what_is_doubted_now_is_not_over():
    old = Doubt(when=All((OLD_FILE,)), about="os.service_pack", reason="an old file", missing=("Compare.",))
    facts = {"os_version": "4.0", "os_service__pack": [(2, 120), (6, 220)]}
    assert finding(rule(VERSION, PACK, doubts=(old,)), sessions(event(150)), facts_file(**facts)).verdict == "resolved"
    doubted = finding(
        rule(VERSION, PACK, doubts=(old,)), sessions(event(150)), facts_file(**facts, file_a_date=[("1996-01-01", 380)])
    )
    assert doubted.verdict == "possible"


# ----------------------------------------------------------------------------------------- rules among each other


def test_an_excluded_event_that_another_rule_explains_is_not_applicable():
    rules = [rule(PACK, rule_id="one", article="Q1"), rule(VERSION, rule_id="two", article="Q2")]
    found = outcomes(rules, log(event(5)), facts_file(os_version="4.0", os_service__pack=6))
    assert [(item.finding.rule_id, item.finding.verdict) for item in found] == [
        ("one", "not_applicable"),
        ("two", "confirmed"),
    ]
    assert found[0].finding.reason == "Dhcp 1008 was logged once, which is explained by Q2."


def test_only_the_events_without_a_better_explanation_are_reported():
    rules = [rule(PACK, rule_id="one", article="Q1"), rule(VERSION, rule_id="two", article="Q2", fields={"Data1": "x"})]
    found = outcomes(
        rules, log(event(5, Data1="x"), event(6, Data1="y")), facts_file(os_version="4.0", os_service__pack=6)
    )
    assert (found[0].finding.verdict, found[0].finding.record_ids) == ("excluded", (6,))


def test_precedence_takes_the_event_from_the_other_rule():
    rules = [rule(VERSION, rule_id="one", article="Q1"), rule(VERSION, rule_id="two", article="Q2", precedence=("Q1",))]
    found = outcomes(rules, log(event(5)), facts_file(os_version="4.0"))
    assert [item.finding.verdict for item in found] == ["not_applicable", "confirmed"]
    assert found[0].finding.reason == "Dhcp 1008 was logged once, which is explained by Q2."
    other_host = outcomes(
        [rule(VERSION, rule_id="one", article="Q1"), rule(PACK, rule_id="two", article="Q2", precedence=("one",))],
        log(event(5)),
        facts_file(os_version="4.0", os_service__pack=6),
    )
    assert [item.finding.verdict for item in other_host] == ["confirmed", "not_applicable"]


def test_exposed_although_the_event_was_logged_and_is_explained_by_another_rule():
    exposed = rule(VERSION, rule_id="one", article="Q1", report_exposed=True)
    found = outcomes(
        [exposed, rule(VERSION, rule_id="two", article="Q2", precedence=("Q1",))],
        log(event(5)),
        facts_file(os_version="4.0"),
    )
    assert found[0].finding.reason == (
        "Every condition holds now: Windows version 4.0. Dhcp 1008 was logged once, which is explained by Q2."
    )


def test_a_plain_rule_whose_event_another_rule_explains_is_not_applicable():
    found = outcomes([plain(), rule(VERSION, precedence=("P",))], log(event(5)), facts_file(os_version="4.0"))
    assert (found[0].finding.verdict, found[0].finding.reason) == (
        "not_applicable",
        "Dhcp 1008 was logged once, which is explained by Q1.",
    )


def test_of_rules_that_name_each_other_none_is_silenced():
    rules = [
        rule(VERSION, rule_id="one", article="Q1", precedence=("Q2",)),
        rule(VERSION, rule_id="two", article="Q2", precedence=("Q1",)),
    ]
    found = outcomes(rules, log(event(5)), facts_file(os_version="4.0"))
    assert [item.finding.verdict for item in found] == ["confirmed", "confirmed"]


def test_of_rules_that_name_each_other_in_a_circle_none_is_silenced():
    over = {"one": ("Q2",), "two": ("Q3",), "three": ("Q1", "Q4"), "four": ()}
    rules = [
        rule(VERSION, rule_id=name, article=f"Q{number}", precedence=named)
        for number, (name, named) in enumerate(over.items(), 1)
    ]
    found = outcomes(rules, log(event(5)), facts_file(os_version="4.0"))
    assert [item.finding.verdict for item in found] == ["confirmed", "confirmed", "confirmed", "not_applicable"]
    found = outcomes(rules[:2] + rules[3:], log(event(5)), facts_file(os_version="4.0"))
    assert [item.finding.verdict for item in found] == ["confirmed", "not_applicable", "confirmed"]


def test_a_rule_about_another_windows_silences_none():
    foreign = rule(VERSION, rule_id="one", article="Q1", precedence=("Q2",))
    found = outcomes(
        [foreign, rule(RAS, rule_id="two", article="Q2")], log(event(5)), facts_file(os_version=[("5.0", 20)])
    )
    assert [item.finding.verdict for item in found] == ["not_applicable", "possible"]


@pytest.mark.parametrize(
    ("one", "verdict"), [(rule(VERSION), "clear"), (rule(VERSION, report_exposed=True), "exposed")]
)
def test_what_the_filters_leave_out_was_logged_all_the_same(one, verdict):
    found = finding(one, log(event(5)), facts_file(os_version="4.0"), admits=lambda event: False)
    assert found.verdict == verdict
    assert found.reason.endswith("Dhcp 1008 was logged once, but the filters of this run leave it out.")


def test_a_host_that_may_have_run_another_windows_before_the_log_says_which():
    foreign = rule(VERSION, rule_id="one", article="Q1")
    found = finding(foreign, log(event(5), event(50)), facts_file(os_version=[("5.0", 20)]))
    assert found.verdict == "not_applicable"
    assert (found.verdict, found.count) == ("not_applicable", 2)


def test_a_possible_match_silences_no_confirmed_one():
    rules = [rule(VERSION, rule_id="one", article="Q1"), rule(PACK, rule_id="two", article="Q2", precedence=("Q1",))]
    found = outcomes(rules, log(event(5)), facts_file(os_version="4.0"))
    assert [item.finding.verdict for item in found] == ["confirmed", "possible"]


def test_an_article_gives_one_finding():
    rules = [rule(PACK, rule_id="one", article="Q1"), rule(VERSION, rule_id="two", article="Q1")]
    (found,) = outcomes(rules, log(event(5)), facts_file(os_version="4.0"))
    assert (found.finding.rule_id, found.finding.verdict) == ("two", "confirmed")
    assert [item.match.rule.info.id for item in found.matches] == ["one", "two"]


def test_one_finding_for_each_entity():
    found = outcomes(
        [rule(VERSION, entity=("Data1",))], log(event(5, Data1="C:"), event(6, Data1="D:"), event(7, Data1="C:")),
        facts_file(os_version="4.0"),
    )  # fmt: skip
    assert [(item.finding.entity, item.finding.count) for item in found] == [("C:", 2), ("D:", 1)]
    assert len({item.finding.finding_id for item in found}) == 2


def plain():
    return Rule(info=RuleInfo(id="p", title="P", level="low"), detection=detection(), logsource=Logsource())


def test_a_plain_rule_detects():
    assert finding(plain(), log(event(5))).verdict == "detected"
    assert finding(plain(), log(event(5))).reason == "Dhcp 1008 was logged once."
    assert finding(plain(), log()).verdict == "clear"


def test_matches_come_in_the_order_of_the_time_line_whatever_their_files_are_called():
    newer = log(event(150, source="a"), event_log(140, 6005, source="a"), source="a", first=101, last=200)
    older = log(event(50, source="z"), source="z", last=100)
    facts = facts_file(os_version="4.0", component_ras=True, os_service__pack=[(2, 20), (6, 145)])
    found = finding(DHCP, newer, older, facts)
    assert (found.verdict, found.record_ids) == ("resolved", (50,))


# ------------------------------------------------------------------------------------------------- the finding


@pytest.mark.parametrize(
    ("record", "days", "activity"), [(250, 30, "active"), (50, 30, "quiet"), (50, 0, "active"), (350, 30, "active")]
)
def test_activity(record, days, activity):
    last = at(400 + days * 1440)
    starts = [event(number, "Microsoft-Windows-Kernel-General", 12) for number in (100, 200, 300)]
    found = finding(rule(), log(*starts, event(record), last=400, last_time=last))
    assert found.activity == activity


@pytest.mark.parametrize(("days", "activity"), [(5, "active"), (400, "quiet")])
def test_activity_goes_by_days_where_no_log_shows_a_start(days, activity):
    assert finding(rule(), log(event(5), last=9, last_time=at(5 + days * 1440))).activity == activity


@pytest.mark.parametrize(("days", "activity"), [(5.9, "active"), (6.5, "unknown"), (7.3, "quiet")])
def test_activity_of_a_local_time_is_what_it_is_in_every_zone(days, activity):
    """The event lies ten hours before the log whose end is known, if its zone is that of Greenwich."""
    one = event(501, source="list.txt", minute=-600)
    times = {"first_time": at(-900), "last_time": at(-600)}
    listed = localised(log(one, source="list.txt", first=501, last=510, **times))
    starts = [event_log(number, 6005) for number in (100, 200, 300)]
    found = finding(rule(), log(*starts, last=400, last_time=at(days * 1440)), listed)
    assert (found.verdict, found.activity) == ("confirmed", activity)


@pytest.mark.parametrize(("hours", "activity"), [(167, "active"), (169, "quiet")])
def test_the_local_times_of_one_log_are_of_one_zone(hours, activity):
    starts = [event_log(number, 6005, minute=60) for number in (100, 200, 300)]
    listed = localised(log(event(50, minute=60), *starts, last=400, last_time=at(60 + hours * 60)))
    assert finding(rule(), listed).activity == activity


def test_coverage_of_every_log_in_which_the_event_would_stand():
    logs = [
        log(event(5), wrapped=True),
        log(source="old.evt", first_time=at(-500), last_time=at(-400), lost=1),
        log(source="App.evt", channel="Application", first_time=at(-9999)),
    ]
    found = finding(rule(), *logs)
    assert (found.coverage_from, found.coverage_to) == (str(at(-500)), str(at(5)))
    assert found.complete == "wrapped; damaged"
    assert found.source_files == ("System.evt",)


def test_the_identity_of_a_finding_is_host_article_and_entity():
    one = finding(DHCP, log(event(5)), facts_file(**AFFECTED))
    other = finding(DHCP, log(event(5), event(6)), FakeRegistry({}))
    assert one.finding_id == other.finding_id == "d1ba877b364309a9"


def test_a_finding_stays_the_same_when_another_rule_of_its_article_becomes_the_worst():
    rules = [rule(PACK, rule_id="one", article="Q1"), rule(VERSION, rule_id="two", article="Q1", fields={"Data1": "x"})]
    facts = facts_file(os_version="4.0")
    before, after = finding(rules, log(event(5)), facts), finding(rules, log(event(5), event(6, Data1="x")), facts)
    assert [(item.rule_id, item.verdict) for item in (before, after)] == [("one", "possible"), ("two", "confirmed")]
    assert before.finding_id == after.finding_id

"""Correlations on a host: members of several rules and logs, in order, with the time between them so far as known."""

import dataclasses

import pytest
from histories import WINDOW, collected, histories
from host_builder import MINUTE, at, event, event_log, evidence, localised, log
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from rules_with_context import SYSTEM, asks

from evtscan.base.model.finding import Verdict
from evtscan.base.model.log import ClockStep
from evtscan.base.model.rule import RuleInfo
from evtscan.detection.match.engine import detect
from evtscan.detection.model.condition import All, Any, Not, Operator, Test
from evtscan.detection.model.context import Beside, SameBoot
from evtscan.detection.model.derive import Derived, How
from evtscan.detection.model.rule import (
    Comparison,
    Correlation,
    CorrelationType,
    KnownIssue,
    Logsource,
    Rule,
    Selection,
    Threshold,
)
from evtscan.evidence.reading import Reading
from evtscan.facts.host import Host
from evtscan.report.assembling import assemble
from evtscan.report.timeline import rows_of
from evtscan.verdicts.judging import judge

APPLICATION = Logsource(channels=("Application",))


def base(name, event_id, logsource=SYSTEM, **fields):
    return Rule(
        info=RuleInfo(id=name, title=name, level="low"),
        detection=asks(event_id, **fields),
        logsource=logsource,
        name=name,
        silent=True,
    )


ONE, TWO, IN_APPLICATION = base("one", 1), base("two", 2), base("app", 2, APPLICATION)


def correlation(
    *members, kind="temporal", number=None, comparison="gte", timespan=10, condition=None, issue=None, **more
):
    issue = {"when": All(())} | (issue or {})
    return Rule(
        info=RuleInfo(id="both", title="Both", level="low", article="Q7"),
        detection=Any(()),
        logsource=Logsource(),
        known_issue=KnownIssue(**issue),
        selections=more.pop("selections", {}),
        correlation=Correlation(
            type=CorrelationType(kind),
            references=tuple(member.name for member in members),
            timespan=timespan * MINUTE,
            threshold=None
            if condition
            else Threshold(comparison=Comparison(comparison), number=len(members) if number is None else number),
            condition=condition,
            members=members,
            **more,
        ),
    )


def matched(name):
    return Test(field=name, values=(True,), text=f"{name} matched", operator=Operator.EXISTS)


def one(sequence, **more):
    return event(sequence, event_id=1, **more)


def two(sequence, **more):
    return event(sequence, event_id=2, **more)


def app(sequence, **more):
    return event(sequence, event_id=2, source="App.evt", channel="Application", **more)


def app_log(*events, **more):
    return log(*events, source="App.evt", channel="Application", **more)


def outcomes(rules, *parts, **options):
    host = Host(evidence(*parts))
    rules = [rules] if isinstance(rules, Rule) else rules
    return judge(host, "HOST", rules, detect(rules, [e for item in host.evidence.logs for e in item.events]), **options)


def finding(rules, *parts, **options):
    (found,) = outcomes(rules, *parts, **options)
    return found.finding


def test_a_group_is_one_finding_with_all_of_its_events():
    found = finding(correlation(ONE, TWO), log(one(5), two(9), one(50)))
    assert (found.verdict, found.count, found.record_ids, found.event_ids) == ("confirmed", 2, (5, 9), (1, 2))
    assert (found.first_seen, found.last_seen) == (str(at(5)), str(at(9)))
    assert found.reason == "Dhcp 1 and Dhcp 2 were logged twice."


def test_groups_of_one_rule_are_one_finding():
    (outcome,) = outcomes(correlation(ONE, TWO), log(one(5), two(9), one(50), two(51)))
    assert outcome.finding.record_ids == (5, 9, 50, 51)
    assert [[item.sequence for item in judged.match.events] for judged in outcome.matches] == [[5, 9], [50, 51]]
    assert [judged.event.sequence for judged in outcome.matches] == [9, 51]


def test_a_report_has_a_row_for_each_event():
    host = Host(evidence(log(one(5), two(9), one(12))))
    rules = [correlation(ONE, TWO), correlation(ONE, kind="event_count", number=2)]
    rules[1] = dataclasses.replace(rules[1], info=dataclasses.replace(rules[1].info, id="often", article="Q8"))
    events = [item for found in host.evidence.logs for item in found.events]
    report = assemble("H", host, Reading(), judge(host, "H", rules, detect(rules, events)))
    assert [(row.rule_id, row.record_id, row.verdict) for row in report.matches] == [
        ("both", 5, "confirmed"),
        ("often", 5, "confirmed"),
        ("both", 9, "confirmed"),
        ("both", 12, "confirmed"),
        ("often", 12, "confirmed"),
    ]


def test_a_time_line_has_a_row_for_each_group():
    host = Host(evidence(log(one(5), two(9))))
    rules = [correlation(ONE, TWO)]
    events = [item for found in host.evidence.logs for item in found.events]
    (row,) = [row for row in rows_of(host, judge(host, "H", rules, detect(rules, events))) if row.verdict]
    assert (row.time, row.text) == (str(at(9)), "Dhcp 2, the last of 2 events, confirmed (Q7: Both)")


def test_fields_that_a_correlation_derives():
    derived = Derived(name="Number", how=How.CAPTURE, of=("Data1",), pattern=r"disk (\d+)")
    issue = {"derive": (derived,), "entity": ("Number",)}
    asked = correlation(ONE, TWO, issue=issue)
    found = finding(asked, log(one(5, Data1="disk 7"), two(6)))
    assert (found.verdict, found.entity) == ("confirmed", "7")


def test_members_of_two_logs():
    assert finding(correlation(ONE, IN_APPLICATION), log(one(5)), app_log(app(9))).source_files == (
        "System.evt",
        "App.evt",
    )
    assert finding(correlation(ONE, IN_APPLICATION), log(one(5)), app_log(app(16))).verdict == "clear"
    ordered = correlation(ONE, IN_APPLICATION, kind="temporal_ordered")
    assert finding(ordered, log(one(5)), app_log(app(9))).verdict == "confirmed"
    assert finding(ordered, log(one(9)), app_log(app(5))).verdict == "clear"
    assert finding(ordered, log(one(5)), app_log(app(7, minute=5))).verdict == "possible"


def test_what_may_be_in_time_is_a_candidate():
    listed = localised(app_log(app(9)))
    found = finding(correlation(ONE, IN_APPLICATION), log(one(5)), listed)
    assert (found.verdict, found.record_ids) == ("possible", (5, 9))
    far = localised(app_log(app(9, minute=3000)))
    assert finding(correlation(ONE, IN_APPLICATION), log(one(5)), far).verdict == "clear"


STEP = ClockStep(sequence=20, before=at(100), after=at(40))


@pytest.mark.parametrize(
    ("before", "behind", "verdict"), [(95, 42, "possible"), (80, 42, "clear"), (95, 60, "clear"), (41, 44, "clear")]
)
def test_across_a_step_of_the_clock(before, behind, verdict):
    logged = log(one(10, minute=before), two(30, minute=behind), last=40, clock_steps=(STEP,))
    found = finding(correlation(ONE, TWO), logged)
    assert found.verdict == verdict
    if verdict == "possible":
        assert (
            "Whether these events belong together is open: the time between the events, or their order" in found.reason
        )
        assert found.how_to_get == ("compare the records by hand, in the order of their numbers",)


def test_record_order_within_a_log():
    ordered = correlation(ONE, TWO, kind="temporal_ordered")
    assert finding(ordered, log(one(5, minute=8), two(6, minute=7), last=20)).verdict == "confirmed"
    assert finding(ordered, log(two(5, minute=8), one(6, minute=9), last=20)).verdict == "clear"


def test_sessions_order_events_of_two_logs_where_the_clock_was_set_back_for_long():
    starts = [event_log(10, 6005, minute=1000), event_log(20, 6005, minute=10)]
    step = ClockStep(sequence=20, before=at(1005), after=at(10))
    logged = log(*starts, one(12, minute=1002), last=30, last_time=at(20), first_time=at(990), clock_steps=(step,))
    ordered = correlation(ONE, IN_APPLICATION, kind="temporal_ordered", timespan=5000)
    assert (
        finding(ordered, logged, app_log(app(40, minute=15), last_time=at(16), first_time=at(12))).verdict == "possible"
    )
    back = correlation(IN_APPLICATION, ONE, kind="temporal_ordered", timespan=5000)
    assert finding(back, logged, app_log(app(40, minute=15), last_time=at(16), first_time=at(12))).verdict == "clear"


def test_a_candidate_member_makes_a_candidate_group():
    asked = base("two", 2, Data1="x")
    unreadable = structs.replace(two(9), unreadable=frozenset({"Data"}))
    found = finding(correlation(ONE, asked), log(one(5), unreadable))
    assert found.verdict == "possible"
    assert "Data1 is not in this evidence, which cannot carry it" in found.reason
    leaves = found.explanation.children[0].children
    assert [(leaf.text, leaf.truth.value, len(leaf.locations)) for leaf in leaves[:2]] == [
        ("one", "true", 1),
        ("two", "true", 1),
    ]


def test_events_are_grouped_by_fields():
    by_user = correlation(ONE, TWO, group_by=("Data1",))
    assert finding(by_user, log(one(5, Data1="x"), two(9, Data1="X"))).verdict == "confirmed"
    assert finding(by_user, log(one(5, Data1="x"), two(9, Data1="y"))).verdict == "clear"
    assert finding(by_user, log(one(5), two(9))).verdict == "clear"
    blind = [structs.replace(item, unreadable=frozenset({"Data"})) for item in (one(5), two(9))]
    assert finding(by_user, log(*blind)).verdict == "possible"


def test_an_event_whose_group_nobody_can_read_may_be_of_any():
    blind = structs.replace(one(7), unreadable=frozenset({"Data"}))
    often = correlation(ONE, kind="event_count", number=3, group_by=("Data1",), issue={"entity": ("Data1",)})
    events = (one(5, Data1="x"), one(6, Data1="x"), blind, one(8, Data1="y"))
    (found,) = outcomes(often, log(*events))
    assert (found.finding.verdict, found.finding.entity, found.finding.record_ids) == ("possible", "x", (5, 6, 7))
    assert "Data1 of System.evt, record 7, offset 0x2bc is not in this evidence" in found.finding.reason
    not_two = {"condition": All((matched("one"), Not(matched("two")))), "group_by": ("Data1",)}
    alone = correlation(ONE, TWO, **not_two)
    assert finding(alone, log(one(5, Data1="x"), two(9, Data1="y"), last=20)).verdict == "confirmed"
    unread = structs.replace(two(9), unreadable=frozenset({"Data"}))
    assert finding(alone, log(one(5, Data1="x"), unread, last=20)).verdict == "possible"


def test_a_group_names_what_a_finding_is_about():
    asked = correlation(
        ONE, TWO, group_by=("user",), aliases={"user": {"one": "A", "two": "B"}}, issue={"entity": ("user",)}
    )
    found = outcomes(asked, log(one(5, A="x"), two(6, B="x"), one(50, A="y"), two(51, B="y"), one(90, A="z")))
    assert [(item.finding.entity, item.finding.record_ids) for item in found] == [("x", (5, 6)), ("y", (50, 51))]


def test_different_values_are_counted():
    asked = correlation(ONE, kind="value_count", number=2, fields=("Data1",))
    assert finding(asked, log(one(5, Data1="x"), one(6, Data1="X"), one(7))).verdict == "clear"
    assert finding(asked, log(one(5, Data1="x"), one(6, Data1="y"))).verdict == "confirmed"
    blind = structs.replace(one(6), unreadable=frozenset({"Data"}))
    assert finding(asked, log(one(5, Data1="x"), blind)).verdict == "possible"


def test_few_events_need_a_log_that_covers_the_timespan():
    asked = correlation(ONE, kind="event_count", comparison="lt", number=2)
    assert finding(asked, log(one(5), last=15)).verdict == "confirmed"
    found = finding(asked, log(one(5), last=14))
    assert (found.verdict, found.how_to_get) == ("possible", ("collect the logs again, or what follows in them",))
    assert f"the logs do not show all of the 10 minutes from {at(5)} on" in found.reason
    assert finding(asked, log(one(5), last=15, holes=1)).verdict == "possible"
    assert finding(asked, log(one(5), one(6), last=16)).verdict == "clear"


def test_a_correlation_of_correlations():
    inner = dataclasses.replace(correlation(ONE, TWO, timespan=2), name="inner", known_issue=None)
    inner = dataclasses.replace(inner, info=dataclasses.replace(inner.info, id="inner"))
    outer = correlation(inner, kind="event_count", number=2, timespan=60)
    found = finding(outer, log(one(5), two(6), one(30), one(40), two(41)))
    assert (found.verdict, found.record_ids) == ("confirmed", (5, 6, 40, 41))


def test_rules_that_only_serve_report_nothing():
    assert [item.finding.rule_id for item in outcomes([ONE, correlation(ONE, TWO)], log(one(5), two(6)))] == ["both"]
    loud = dataclasses.replace(ONE, silent=False)
    found = outcomes([loud, correlation(ONE, TWO)], log(one(5), two(6)))
    assert [(item.finding.rule_id, item.finding.verdict) for item in found] == [
        ("one", "detected"),
        ("both", "confirmed"),
    ]


def test_without_a_known_issue_a_correlation_is_detected():
    plain = dataclasses.replace(correlation(ONE, TWO), known_issue=None)
    assert (finding(plain, log(one(5), two(6))).verdict, finding(plain, log(one(5))).verdict) == ("detected", "clear")


def test_what_stands_around_a_group():
    behind = Beside(name="three", after=True, wanted=False, text="not followed by three")
    three = {"three": Selection(condition=asks(3), logsource=SYSTEM)}
    asked = correlation(ONE, TWO, issue={"context": (behind,)}, selections=three)
    assert finding(asked, log(one(5), event(6, event_id=3), two(7))).verdict == "confirmed"
    assert finding(asked, log(one(5), two(7), event(8, event_id=3))).verdict == "clear"
    before = dataclasses.replace(behind, after=False)
    asked = correlation(ONE, TWO, issue={"context": (before,)}, selections=three)
    assert finding(asked, log(one(5), event(6, event_id=3), two(7))).verdict == "confirmed"
    assert finding(asked, log(event(4, event_id=3), one(5), two(7))).verdict == "clear"


def test_a_group_in_one_boot_session():
    asked = correlation(ONE, TWO, timespan=500, issue={"context": (SameBoot(text="one boot"),)})
    starts = [event_log(number, 6005) for number in (100, 200)]
    assert finding(asked, log(*starts, one(110), two(150), last=300)).verdict == "confirmed"
    assert finding(asked, log(*starts, one(110), two(250), last=300)).verdict == "clear"


def test_a_group_counts_if_one_of_its_events_is_admitted():
    asked = correlation(ONE, TWO)
    for wanted, verdict in ((1, "confirmed"), (2, "confirmed"), (3, "clear")):
        admits = {"admits": lambda item, wanted=wanted: item.event_id == wanted}
        assert finding(asked, log(one(5), two(7)), **admits).verdict == verdict


# ---------------------------------------------------------------------------------------------------- precedence


def specific(event_id, names, rule_id="s"):
    return Rule(
        info=RuleInfo(id=rule_id, title="Specific", level="low", article="Q9"),
        detection=asks(event_id),
        logsource=SYSTEM,
        known_issue=KnownIssue(when=All(()), precedence=names),
    )


@pytest.mark.parametrize("name", ["Q7", "q7", "both", "Both"])
def test_a_rule_is_silenced_by_article_id_or_title(name):
    often = correlation(ONE, kind="event_count", number=2)
    found = outcomes([often, specific(1, (name,))], log(one(5), one(6)))
    assert [item.finding.verdict for item in found] == ["not_applicable", "confirmed"]


def test_a_group_is_silenced_only_if_all_of_its_events_are_explained():
    both = correlation(ONE, TWO)
    found = outcomes([both, specific(1, ("Q7",))], log(one(5), two(6)))
    assert [item.finding.verdict for item in found] == ["confirmed", "confirmed"]


def test_a_group_silences_a_lookalike_on_its_events():
    both = correlation(ONE, TWO, issue={"precedence": ("Q9",)})
    found = outcomes([specific(1, ()), both], log(one(5), two(6), one(50)))
    assert [(item.finding.verdict, item.finding.record_ids) for item in found] == [
        ("confirmed", (50,)),
        ("confirmed", (5, 6)),
    ]


# --------------------------------------------------------------------------------------------- against history


def windows(times, number, within):
    """Every choice of so many of some times that lie within a span."""
    ordered = sorted(times)
    return [
        set(ordered[first:end])
        for first in range(len(ordered))
        for end in range(first + number, len(ordered) + 1)
        if ordered[end - 1] - ordered[first] <= within
    ]


@settings(deadline=None, max_examples=100)
@given(histories(), st.integers(2, 3))
def test_a_group_that_is_certain_is_one_and_none_is_lost(history, number):
    """True minutes are record numbers there; clocks are set back, and logs lack their beginning or end."""
    logged, set_back, kept = history
    parts = [collected(logged, set_back, kept[where], where) for where in (True, False)]
    in_both_logs = dataclasses.replace(ONE, logsource=Logsource())
    asked = correlation(in_both_logs, kind="event_count", number=number, timespan=WINDOW)
    times = [time for time, where, event_id in logged if event_id == 1 and kept[where][0] <= time <= kept[where][1]]
    really = windows(times, number, WINDOW)
    (outcome,) = outcomes(asked, *parts)
    groups = [({item.sequence for item in judged.match.events}, judged.verdict) for judged in outcome.matches]
    for events, verdict in groups:
        if verdict is Verdict.CONFIRMED:
            own = windows(events, number, WINDOW)
            assert all(any(time in window for window in own) for time in events)
    for window in really:
        assert any(window & events for events, _ in groups)
        if not set_back:
            assert any(window <= events and verdict is Verdict.CONFIRMED for events, verdict in groups)


@settings(deadline=None, max_examples=100)
@given(histories())
def test_an_order_that_is_certain_is_one_and_none_is_lost(history):
    logged, set_back, kept = history
    parts = [collected(logged, set_back, kept[where], where) for where in (True, False)]
    asked = correlation(ONE, IN_APPLICATION, kind="temporal_ordered", timespan=WINDOW)
    visible = [row for row in logged if kept[row[1]][0] <= row[0] <= kept[row[1]][1]]
    pairs = [
        (one_time, other)
        for one_time, of_system, number in visible
        for other, of, other_number in visible
        if (of_system, number) == (True, 1) and (of, other_number) == (False, 2) and 0 < other - one_time <= WINDOW
    ]
    (outcome,) = outcomes(asked, *parts)
    for judged in outcome.matches:
        found = {item.sequence for item in judged.match.events}
        if judged.verdict is Verdict.CONFIRMED:
            assert any({*pair} <= found for pair in pairs)
    for pair in pairs:
        assert any({*pair} & {item.sequence for item in judged.match.events} for judged in outcome.matches)
    if not set_back:
        assert bool(pairs) is any(judged.verdict is Verdict.CONFIRMED for judged in outcome.matches)

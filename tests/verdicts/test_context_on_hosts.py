# ruff: noqa: E501 - tables read best with one case on a line
"""What stands around a match: true, false or unknown, in words, and against a history of which all is known."""

import dataclasses

import pytest
from histories import WINDOW, collected, histories
from host_builder import DAY, MINUTE, at, event, event_log, localised, log
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from rules_with_context import around, asks, beside, finding, one, outcomes, rule, two

from evtscan.base.logic import Truth
from evtscan.base.model.log import ClockStep
from evtscan.detection.model.context import ClearedBy, SameBoot
from evtscan.detection.model.rule import Logsource, Selection

HOUR = 60 * MINUTE
APPLICATION = Selection(condition=asks(2), logsource=Logsource(channels=("Application",)))


def app(sequence, **more):
    return event(sequence, event_id=2, source="App.evt", channel="Application", **more)


def app_log(*events, **more):
    return log(*events, source="App.evt", channel="Application", **more)


def answer(entry, *parts, other=None):
    """The truth of an entry around the first match, and what is said of it."""
    found = finding(rule(entry, other=other), *parts).explanation.children[1]
    return found.truth, found.says


FOLLOWED, NOT_FOLLOWED = beside(), beside(wanted=False)
SOON = beside(within=HOUR)
TRUE, FALSE, UNKNOWN = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN

ONE_LOG = {
    "it follows": (FOLLOWED, log(one(5), two(9)), TRUE, f"Dhcp 2 followed at {at(9)}"),
    "it stands before": (FOLLOWED, log(two(3), one(5), last=9), FALSE, "no Dhcp 2 followed, in System.evt"),
    "it is not there": (FOLLOWED, log(one(5), last=9), FALSE, "no Dhcp 2 followed, in System.evt"),
    "records that may be missing": (FOLLOWED, log(one(5), last=9, holes=1), UNKNOWN, "whether Dhcp 2 followed is not known: System.evt does not hold every record (holes)"),
    "a part of a log": (FOLLOWED, log(one(5), last=9, filtered=True), UNKNOWN, "whether Dhcp 2 followed is not known: System.evt does not hold every record (filtered)"),
    "found in a part of a log": (FOLLOWED, log(one(5), two(9), filtered=True), TRUE, f"Dhcp 2 followed at {at(9)}"),
    "in time": (SOON, log(one(5), two(65)), TRUE, f"Dhcp 2 followed at {at(65)}"),
    "too late": (SOON, log(one(5), two(66)), FALSE, "no Dhcp 2 followed within 1 hour, in System.evt"),
    "the log ends too early": (SOON, log(one(5), last=64), UNKNOWN, "whether Dhcp 2 followed within 1 hour is not known: System.evt ends 59 minutes after it"),
    "the log ends just late enough": (SOON, log(one(5), last=65), FALSE, "no Dhcp 2 followed within 1 hour, in System.evt"),
    "the log ends with it": (SOON, log(one(5)), UNKNOWN, "whether Dhcp 2 followed within 1 hour is not known: System.evt ends together with it"),
    "it precedes": (beside(after=False, within=HOUR), log(two(5), one(65)), TRUE, f"Dhcp 2 preceded it at {at(5)}"),
    "it precedes too early": (beside(after=False, within=HOUR), log(two(4), one(65)), FALSE, "no Dhcp 2 preceded it within 1 hour, in System.evt"),
    "the log begins too late": (beside(after=False, within=HOUR), log(one(65), first=30), UNKNOWN, "whether Dhcp 2 preceded it within 1 hour is not known: System.evt begins 35 minutes before it"),
    "the log was cleared before": (beside(after=False, within=HOUR), log(one(65), first=30, cleared=True), UNKNOWN, f"whether Dhcp 2 preceded it within 1 hour is not known: the log was cleared before {at(30)}"),
    "to the beginning of the log": (beside(after=False), log(one(65), first=30), FALSE, "no Dhcp 2 preceded it, in System.evt"),
    "record order, not time": (SOON, log(one(5, minute=100), two(9, minute=98), last_time=at(400)), TRUE, f"Dhcp 2 followed at {at(98)}"),
}  # fmt: skip


@pytest.mark.parametrize(("entry", "logged", "truth", "says"), ONE_LOG.values(), ids=ONE_LOG)
def test_in_one_log(entry, logged, truth, says):
    assert answer(entry, logged) == (truth, says)
    opposite = dataclasses.replace(entry, wanted=False)
    assert answer(opposite, logged) == (~truth, says)


def test_what_supports_a_match_is_told_and_decides_nothing():
    supported = rule(supported_by=(beside(after=False, within=HOUR), beside(within=HOUR)))
    with_it = finding(supported, log(two(3), one(5)))
    assert (with_it.verdict, with_it.count) == ("confirmed", 1)
    assert with_it.reason.endswith(f" In support: Dhcp 2 preceded it at {at(3)}.")
    assert with_it.explanation.children[-1].says == f"Dhcp 2 preceded it at {at(3)}"
    without = finding(supported, log(one(500), two(3), filtered=True))
    assert without.verdict == "confirmed"
    assert "In support" not in without.reason


def test_the_match_is_none_of_its_own_neighbours():
    again = rule(
        beside(after=False, wanted=False, within=7 * DAY),
        other=Selection(condition=asks(1), logsource=Logsource(channels=("System",))),
    )
    found = finding(
        again, log(one(DAY // MINUTE * 8), one(DAY // MINUTE * 9), one(DAY // MINUTE * 20), last_time=at(30_000))
    )
    assert (found.verdict, found.record_ids) == ("confirmed", (DAY // MINUTE * 8, DAY // MINUTE * 20))


STEP = ClockStep(sequence=20, before=at(100), after=at(40))
STEPPED = {
    "time behind a step is not certain": (SOON, log(one(10, minute=90), two(30, minute=45), clock_steps=(STEP,), last=40, last_time=at(200)), UNKNOWN),
    "at least so much has passed": (SOON, log(one(10, minute=39), two(30, minute=45), clock_steps=(STEP,), last=40, last_time=at(200)), FALSE),
    "order behind a step is certain": (FOLLOWED, log(one(10, minute=90), two(30, minute=45), clock_steps=(STEP,), last=40), TRUE),
    "absence across a step is not": (SOON, log(one(10, minute=90), clock_steps=(STEP,), last=40, last_time=at(200)), UNKNOWN),
    "the time was over before the step": (SOON, log(one(10, minute=40), clock_steps=(STEP,), last=40, last_time=at(50)), FALSE),
    "behind the step": (SOON, log(one(30, minute=45), clock_steps=(STEP,), last=40, last_time=at(200)), FALSE),
    "before a step, backwards": (beside(after=False, within=HOUR), log(one(30, minute=45), clock_steps=(STEP,), last=40), UNKNOWN),
    "long behind a step, backwards": (beside(after=False, within=HOUR), log(one(30, minute=100), clock_steps=(STEP,), last=40), FALSE),
    "logged late": (SOON, log(one(21, minute=45), clock_steps=(dataclasses.replace(STEP, until=25),), last=40, last_time=at(300)), UNKNOWN),
}  # fmt: skip


@pytest.mark.parametrize(("entry", "logged", "truth"), STEPPED.values(), ids=STEPPED)
def test_a_step_of_the_clock(entry, logged, truth):
    assert answer(entry, logged)[0] is truth


TWO_LOGS = {
    "it follows": (FOLLOWED, [app_log(app(9), first_time=at(0))], TRUE),
    "it stands before": (FOLLOWED, [app_log(app(3), last=9)], FALSE),
    "at the same second": (FOLLOWED, [app_log(app(5), last=9)], UNKNOWN),
    "no such log": (FOLLOWED, [], UNKNOWN),
    "the log begins after it": (FOLLOWED, [app_log(app(50), first=50, last=60)], TRUE),
    "the log begins after it, and has none": (FOLLOWED, [app_log(first=50, last=60)], UNKNOWN),
    "the log ends before it": (FOLLOWED, [app_log(last=4)], UNKNOWN),
    "in time": (SOON, [app_log(app(65), last=70)], TRUE),
    "too late": (SOON, [app_log(app(66), last=70)], FALSE),
    "it ends too early": (SOON, [app_log(last=64)], UNKNOWN),
    "it ends late enough": (SOON, [app_log(last=65)], FALSE),
    "it lacks records": (SOON, [app_log(last=70, lost=1)], UNKNOWN),
    "backwards": (beside(after=False, within=HOUR), [app_log(first_time=at(-60), last=9)], FALSE),
    "backwards, not far enough": (beside(after=False, within=HOUR), [app_log(first_time=at(-50), last=9)], UNKNOWN),
    "in a local time that may be earlier": (FOLLOWED, [localised(app_log(app(9), last=20))], UNKNOWN),
    "in a local time that cannot be earlier": (FOLLOWED, [localised(app_log(app(9, minute=900), last=9, last_time=at(900)))], TRUE),
    "absent from a log of local times that reaches far": (SOON, [localised(app_log(first_time=at(-2000), last=9, last_time=at(2000)))], FALSE),
    "absent from a log of local times that may end": (SOON, [localised(app_log(first_time=at(-2000), last=9, last_time=at(200)))], UNKNOWN),
    "a step that it shows": (SOON, [app_log(last=70, clock_steps=(ClockStep(sequence=30, before=at(40), after=at(20)),))], UNKNOWN),
    "a step that it shows at another time": (SOON, [app_log(last=700, clock_steps=(ClockStep(sequence=300, before=at(400), after=at(300)),))], FALSE),
}  # fmt: skip


@pytest.mark.parametrize(("entry", "logs", "truth"), TWO_LOGS.values(), ids=TWO_LOGS)
def test_in_another_log(entry, logs, truth):
    assert answer(entry, log(one(5), last=2000), *logs, other=APPLICATION)[0] is truth


def test_what_is_missing_says_how_to_get_it():
    found = finding(rule(dataclasses.replace(SOON, wanted=False)), log(one(5), last=30))
    assert found.verdict == "possible"
    assert (
        found.reason
        == "Dhcp 1 was logged once. Whether Dhcp 2 followed within 1 hour is not known: System.evt ends 25 minutes after it."
    )
    assert found.how_to_get == (f"collect the log “System” again, or what follows, up to {at(65)}",)
    assert (found.missing_facts, found.explanation.truth) == ((), Truth.UNKNOWN)
    other = finding(rule(FOLLOWED, other=APPLICATION), log(one(5)))
    assert other.reason.endswith("Whether Dhcp 2 followed is not known: no log “Application” was collected.")
    assert other.how_to_get == ("collect the log “Application” of this host",)


def test_a_match_that_is_none_is_clear_and_says_why():
    found = finding(rule(NOT_FOLLOWED), log(one(5), two(9)))
    assert (found.verdict, found.count) == ("clear", 0)
    assert (
        found.reason
        == f"Dhcp 1 was logged once, but not as the rule asks: Dhcp 2 followed at {at(9)}, required: beside."
    )
    assert [str(place) for place in found.explanation.children[1].locations] == ["System.evt, record 9, offset 0x384"]
    (outcome,) = outcomes(rule(NOT_FOLLOWED), log(one(5), two(9)))
    assert outcome.matches == ()


def test_only_the_matches_that_are_some_count():
    found = finding(rule(dataclasses.replace(SOON, wanted=False)), log(one(5), two(9), one(100), last=200))
    assert (found.verdict, found.record_ids) == ("confirmed", (100,))
    assert (
        found.reason
        == "Dhcp 1 was logged once while every condition held: no Dhcp 2 followed within 1 hour, in System.evt."
    )
    assert [str(place) for place in found.explanation.children[1].locations] == ["System.evt, record 200"]


def test_the_same_fields():
    same = beside(same=[("Data1", "Data1"), ("A", "B")])
    assert answer(same, log(one(5, Data1="x", A=1), two(9, Data1="X", B=1)))[0] is TRUE
    assert answer(same, log(one(5, Data1="x", A=1), two(9, Data1="y", B=1)))[0] is FALSE
    assert answer(same, log(one(5, Data1="x", A=1), two(9, Data1="x", A=1)))[0] is FALSE
    assert answer(same, log(one(5, Data1="x"), two(9, Data1="x")))[0] is FALSE
    assert answer(same, log(one(5, Data1="x", A=1), two(7, Data1="y", B=1), two(9, Data1="x", B=1)))[0] is TRUE
    unreadable = structs.replace(two(9), unreadable=frozenset({"Data"}))
    truth, says = answer(same, log(one(5, Data1="x", A=1), unreadable))
    assert (truth, says) == (
        UNKNOWN,
        "whether Dhcp 2 followed with the same Data1 and A is not known: Data1 and A is not in this evidence",
    )
    blind = structs.replace(one(5), unreadable=frozenset({"Data"}))
    assert answer(same, log(blind, two(9, Data1="x", B=1)))[0] is UNKNOWN
    assert answer(same, log(blind, last=9))[0] is FALSE


def test_an_event_that_may_be_the_one_leaves_it_open():
    other = Selection(condition=asks(2, Data1="x"), logsource=Logsource(channels=("System",)))
    unreadable = structs.replace(two(9), unreadable=frozenset({"Data"}))
    truth, says = answer(NOT_FOLLOWED, log(one(5), unreadable), other=other)
    assert (truth, says) == (
        UNKNOWN,
        "whether Dhcp 2 followed is not known: Data1 is not in this evidence, which cannot carry it",
    )
    assert answer(NOT_FOLLOWED, log(one(5), unreadable, two(10, Data1="x")), other=other)[0] is FALSE


def boots(*events, first=1, last=400, **more):
    """A log with starts at 100, 200 and 300."""
    return log(*(event_log(number, 6005) for number in (100, 200, 300)), *events, first=first, last=last, **more)


SAME_BOOT, SAME_BOOT_BEFORE = beside(same_boot=True), beside(after=False, same_boot=True)
IN_BOOTS = {
    "in the same one": (SAME_BOOT, boots(one(110), two(150)), TRUE),
    "in the next one": (SAME_BOOT, boots(one(110), two(250)), FALSE),
    "in none, to the end of the log": (SAME_BOOT, boots(one(310)), FALSE),
    "within a time that ends with the session": (beside(same_boot=True, within=500 * MINUTE), boots(one(110)), FALSE),
    "within a time that the last session does not reach": (beside(same_boot=True, within=500 * MINUTE), boots(one(310)), UNKNOWN),
    "before it": (SAME_BOOT_BEFORE, boots(two(110), one(150)), TRUE),
    "before the start": (SAME_BOOT_BEFORE, boots(two(90), one(150)), FALSE),
    "a start may be missing": (SAME_BOOT, boots(one(110), two(150), holes=1), UNKNOWN),
}  # fmt: skip


@pytest.mark.parametrize(("entry", "logged", "truth"), IN_BOOTS.values(), ids=IN_BOOTS)
def test_only_in_the_same_boot_session(entry, logged, truth):
    assert answer(entry, logged)[0] is truth


def test_the_session_of_a_record_of_another_log_is_that_of_its_time():
    assert answer(SAME_BOOT, boots(one(110)), app_log(app(150), last=400), other=APPLICATION)[0] is TRUE
    assert answer(SAME_BOOT, boots(one(110)), app_log(app(250), last=400), other=APPLICATION)[0] is FALSE
    assert answer(SAME_BOOT, boots(one(110)), app_log(first=100, last=150), other=APPLICATION)[0] is UNKNOWN
    assert answer(SAME_BOOT, boots(one(110)), app_log(first=100, last=200), other=APPLICATION)[0] is FALSE


def test_a_log_that_goes_on_in_another_file_is_one_log():
    old, new = (
        log(one(50), last=100, source="a.evt"),
        log(two(150, source="b.evt"), first=101, last=200, source="b.evt"),
    )
    assert answer(FOLLOWED, old, new)[0] is TRUE
    assert (
        answer(SOON, log(one(90, source="a.evt"), last=100, source="a.evt"), log(first=101, last=200, source="b.evt"))[
            0
        ]
        is FALSE
    )
    after_a_gap = log(first=150, last=200, source="b.evt")
    truth, says = answer(FOLLOWED, log(one(90, source="a.evt"), last=100, source="a.evt"), after_a_gap)
    assert (truth, says) == (
        UNKNOWN,
        "whether Dhcp 2 followed is not known: records are missing between a.evt and b.evt",
    )
    cleared = log(first=1, last=20, first_time=at(120), last_time=at(140), cleared=True, source="b.evt")
    truth, says = answer(SOON, log(one(90, source="a.evt"), last=100, source="a.evt"), cleared)
    assert (truth, says) == (
        UNKNOWN,
        f"whether Dhcp 2 followed within 1 hour is not known: the log was cleared after {at(100)}",
    )


# ------------------------------------------------------------------------------------------------ what is over


def test_an_event_that_clears_another_one_resolves_it():
    cleared = rule(cleared_by=ClearedBy(name="other", text="cleared by other"))
    found = finding(cleared, log(one(5), two(9)))
    assert (found.verdict, found.count, found.basis) == ("resolved", 1, "stated")
    assert (
        found.reason == f"Dhcp 1 was logged once while the conditions held, and it is over: Dhcp 2 followed at {at(9)}."
    )
    assert [(leaf.text, leaf.truth) for leaf in found.explanation.children[1:]] == [("cleared by other", TRUE)]
    assert finding(cleared, log(one(5), two(9), one(12))).verdict == "confirmed"
    assert finding(cleared, log(two(4), one(5))).verdict == "confirmed"
    (outcome,) = outcomes(cleared, log(one(5), two(9), one(12)))
    assert [item.verdict.value for item in outcome.matches] == ["resolved", "confirmed"]
    assert outcome.finding.reason == f"Dhcp 1 was logged once. Once more it was over: Dhcp 2 followed at {at(9)}."
    assert outcome.finding.record_ids == (12,)


def test_it_clears_what_has_the_same_fields():
    cleared = rule(cleared_by=ClearedBy(name="other", same=(("Data1", "Data1"),), text="cleared"))
    found = finding(cleared, log(one(5, Data1="x"), one(6, Data1="y"), two(9, Data1="x")))
    assert (found.verdict, found.record_ids) == ("confirmed", (6,))
    by_entity = rule(cleared_by=ClearedBy(name="other", same=(("Data1", "Data1"),), text="c"), entity=("Data1",))
    both = outcomes(by_entity, log(one(5, Data1="x"), one(6, Data1="y"), two(9, Data1="x")))
    assert [(item.finding.entity, item.finding.verdict) for item in both] == [("x", "resolved"), ("y", "confirmed")]


def test_what_may_clear_it_does_not():
    other = Selection(condition=asks(2, Data1="x"), logsource=Logsource(channels=("System",)))
    cleared = rule(cleared_by=ClearedBy(name="other", text="cleared"), other=other)
    unreadable = structs.replace(two(9), unreadable=frozenset({"Data"}))
    assert finding(cleared, log(one(5), unreadable)).verdict == "confirmed"


# ------------------------------------------------------------------------------------------------ other things


def test_an_experimental_rule_gives_possible_at_most():
    found = finding(rule(status="experimental"), log(one(5)))
    assert found.verdict == "possible"
    assert found.reason == "Dhcp 1 was logged once. The rule is experimental: nobody has checked it against a source."
    assert found.how_to_get == ("compare what the rule says with its references and with this host",)
    assert finding(rule(status="stable"), log(one(5))).reason == "Dhcp 1 was logged once."


def test_a_candidate_is_explained_in_the_tree():
    unreadable = structs.replace(one(5), unreadable=frozenset({"Data"}))
    found = finding(rule(fields={"Data1": "x"}), log(unreadable))
    assert (found.verdict, found.explanation.truth) == ("possible", UNKNOWN)
    leaves = found.explanation.children[0].children
    assert [(leaf.fact, leaf.truth) for leaf in leaves] == [
        ("Provider_Name", TRUE),
        ("EventID", TRUE),
        ("Data1", UNKNOWN),
    ]


def test_a_filter_takes_nothing_from_what_stands_around_a_match():
    only_ones = {"admits": lambda item: item.event_id == 1}
    assert finding(rule(NOT_FOLLOWED), log(one(5), two(9)), **only_ones).verdict == "clear"
    assert finding(rule(FOLLOWED), log(one(5), two(9)), **only_ones).verdict == "confirmed"
    assert finding(rule(FOLLOWED), log(one(5), two(9)), admits=lambda item: item.event_id == 2).verdict == "clear"


def test_a_single_event_stands_in_one_boot_session():
    assert finding(rule(SameBoot(text="same boot")), log(one(5))).verdict == "confirmed"


def test_a_search_gives_up_in_the_end():
    crowd = [structs.replace(two(10 + number, minute=60), time=None) for number in range(1500)]
    truth, says = answer(SOON, log(one(5), *crowd, last_time=at(2000)))
    assert truth is UNKNOWN
    assert "the time between it and" in says


# --------------------------------------------------------------------------------------------- against history


def truth_of(logged, time, *, after, within, in_system):
    """Whether a Dhcp 2 really stood in that log on that side of a time."""
    apart = [other - time if after else time - other for other, of, number in logged if of is in_system and number == 2]
    return any(distance > 0 and (within is None or distance <= within) for distance in apart)


@settings(deadline=None, max_examples=150)
@given(histories(), st.booleans(), st.sampled_from([None, WINDOW]), st.booleans())
def test_what_is_known_is_so(history, after, within, in_system):
    logged, set_back, kept = history
    entry = beside(after=after, within=None if within is None else within * MINUTE)
    other = Selection(condition=asks(2), logsource=Logsource(channels=("System" if in_system else "Application",)))
    parts = [collected(logged, set_back, kept[where], where) for where in (True, False)]
    first, last = kept[in_system]
    for found, leaf in around(rule(entry, other=other), *parts):
        time = found.event.sequence
        visible = logged if within else [row for row in logged if row[1] is not in_system or first <= row[0] <= last]
        really = truth_of(visible, time, after=after, within=within, in_system=in_system)
        assert leaf.truth in (UNKNOWN, TRUE if really else FALSE)
        assert leaf.locations or leaf.how_to_get
        in_reach = first + (within or 0) <= time <= last - (within or 0)
        if in_system and in_reach and not set_back:
            assert leaf.truth is not UNKNOWN

# ruff: noqa: E501 - tables read best with one case on a line
"""Groups of matches: in words, and against an oracle that tries every window."""

import dataclasses
from itertools import accumulate, combinations, product

import pytest
from example_rules import event
from hypothesis import given, settings
from hypothesis import strategies as st

from evtscan.base.logic import Truth
from evtscan.base.model.rule import RuleInfo
from evtscan.detection.match.correlation import Member, groups_of
from evtscan.detection.match.matcher import Match
from evtscan.detection.model.condition import All, Any, Not, Operator, Test
from evtscan.detection.model.rule import Comparison, Correlation, CorrelationType, Logsource, Rule, Threshold

RULE = Rule(info=RuleInfo(id="r", title="t", level="low"), detection=Any(()), logsource=Logsource())
NAMES = ("a", "b", "c")


def correlation(kind="event_count", comparison="gte", number=2, *, rules=1, timespan=10, condition=None):
    return Correlation(
        type=CorrelationType(kind),
        references=NAMES[:rules],
        timespan=timespan,
        threshold=None if condition else Threshold(comparison=Comparison(comparison), number=number),
        condition=condition,
        fields=("F",) if kind == "value_count" else (),
    )


def matched(name):
    return Test(field=name, values=(True,), text=f"{name} matched", operator=Operator.EXISTS)


def line(text, **values):
    """Members out of words: a rule (a, b, c), ``?`` for a candidate, and before it the time since the last, ``~`` before that for an uncertain one."""
    members = []
    for number, word in enumerate(text.split()):
        certain, candidate = "~" not in word, "?" in word
        word = word.strip("~?")
        since, name = int(word[:-1] or 0), word[-1]
        found = Match(RULE, (event(sequence=number),), Truth.UNKNOWN if candidate else Truth.TRUE)
        value = values.get(f"v{number}", ("x",))
        members.append(Member(found, NAMES.index(name), since, certain, value=value))
    return members


class Around:
    """A host whose members stand in the order in which they come."""

    def __init__(self, members, covered=True):
        times = accumulate(member.since for member in members)
        self._times = {id(member): time for member, time in zip(members, times, strict=True)}
        self._covered = covered

    def least(self, one, other):
        return abs(self._times[id(other)] - self._times[id(one)])

    def is_covered(self, member):
        return self._covered


def groups(asked, members, covered=True):
    """Each group as the places of its members, with ``?`` where it is a candidate."""
    found = list(groups_of(asked, members, Around(members, covered)))
    places = [[member.match.event.sequence for member in group.members] for group in found]
    truths = [group.truth for group in found]
    return [
        "".join(map(str, row)) + ("" if holds is Truth.TRUE else "?") for row, holds in zip(places, truths, strict=True)
    ]


A_THEN_B = correlation("temporal_ordered", number=2, rules=2)
IN_WORDS = {
    "enough at once": (correlation(), "a 5a 5a", ["012"]),
    "exactly the timespan": (correlation(), "a 10a", ["01"]),
    "longer than the timespan": (correlation(), "a 11a", []),
    "windows that share an event are one group": (correlation(), "a 10a 10a 10a", ["0123"]),
    "what stands alone belongs to no group": (correlation(), "a 11a 1a 11a 11a 1a", ["12", "45"]),
    "one is enough": (correlation(number=1), "a 11a 10a", ["0", "12"]),
    "more than": (correlation(comparison="gt"), "a 5a 5a", ["012"]),
    "a candidate makes a candidate": (correlation(), "a 5a?", ["01?"]),
    "a candidate beside enough counts no more": (correlation(), "a 1a 1a?", ["01"]),
    "the clock was set in between": (correlation(), "a ~5a", ["01?"]),
    "at least so much time has passed all the same": (correlation(), "a ~11a", []),
    "certain behind the step": (correlation(), "a ~1a 1a", ["12"]),
    "both sides of a step": (correlation(), "a 1a ~1a 1a", ["01", "23"]),
    "each rule": (correlation("temporal", rules=2), "a 5b", ["01"]),
    "in any order": (correlation("temporal", rules=2), "b 5a", ["01"]),
    "one rule only": (correlation("temporal", rules=2), "a 5a", []),
    "two of three rules": (correlation("temporal", rules=3), "a 5c", ["01"]),
    "in order": (A_THEN_B, "a 5b", ["01"]),
    "not in order": (A_THEN_B, "b 5a", []),
    "the nearest first one": (A_THEN_B, "a 1a 1b", ["12"]),
    "what comes behind the last rule is no part": (A_THEN_B, "a 1b 1a", ["01"]),
    "two of the last one share the first one": (A_THEN_B, "a 1b 1b", ["012"]),
    "two pairs": (A_THEN_B, "a 1b 1a 1b", ["01", "23"]),
    "three in order, others in between": (correlation("temporal_ordered", rules=3), "a 1c 1b 1a 1c", ["01234"]),
    "three not in order": (correlation("temporal_ordered", rules=3), "b 1a 1c 1b", []),
    "an extended condition": (correlation("temporal", rules=3, condition=All((matched("a"), Any((matched("b"), matched("c")))))), "a 5c 20a 5b", ["01", "23"]),
    "fewer than": (correlation(comparison="lt"), "a 11a 5a", ["0"]),
    "exactly": (correlation(comparison="eq"), "a 1a 10a 1a 1a 11a 1a", ["01", "56"]),
    "not exactly": (correlation(comparison="neq"), "a 1a 11a", ["2"]),
    "a window opens with the event behind the last one": (correlation(comparison="eq"), "a 10a 1a 10a", ["01", "23"]),
    "a candidate leaves a window open": (correlation(comparison="eq"), "a 1a 1a?", ["012?"]),
    "no number of candidates helps": (correlation(comparison="lt"), "a 1a 1a?", []),
    "not the other": (correlation("temporal", rules=2, condition=All((matched("a"), Not(matched("b"))))), "a 1a 20a 1b", ["01"]),
    "a window that a candidate opens may begin elsewhere": (correlation("temporal", rules=2, condition=All((matched("a"), Not(matched("b"))))), "a? 9b 2a", ["2?"]),
    "until nothing was logged for the timespan": (correlation("temporal", rules=2, condition=All((matched("a"), Not(matched("b"))))), "a? 9b 2a 11a", ["2?", "3"]),
    "a candidate alone is no certain group": (correlation(comparison="neq"), "a?", ["0?"]),
    "perhaps the other": (correlation("temporal", rules=2, condition=All((matched("a"), Not(matched("b"))))), "a 1b?", ["01?"]),
}  # fmt: skip


@pytest.mark.parametrize(("asked", "members", "expected"), IN_WORDS.values(), ids=IN_WORDS)
def test_in_words(asked, members, expected):
    assert groups(asked, line(members)) == expected


def test_values_are_counted_once():
    asked = correlation("value_count", number=2)
    assert groups(asked, line("a 1a 1a", v0=("x",), v1=("x",), v2=("y",))) == ["012"]
    assert groups(asked, line("a 1a 1a", v0=("x",), v1=("x",), v2=("x",))) == []
    assert groups(asked, line("a 1a", v0=("x",), v1=None)) == ["01?"]
    exactly = correlation("value_count", "eq", 1)
    assert groups(exactly, line("a 1a", v0=("x",), v1=("x",))) == ["01"]
    assert groups(exactly, line("a 1a", v0=("x",), v1=None)) == ["01?"]


def test_a_window_with_an_end_that_the_log_does_not_reach_is_open():
    assert groups(correlation(comparison="lt"), line("a"), covered=False) == ["0?"]
    assert groups(correlation(comparison="lt"), line("a 1a"), covered=False) == []
    assert groups(correlation(comparison="neq", number=1), line("a 1a"), covered=False) == ["01"]
    assert groups(correlation(comparison="eq", number=3), line("a 1a"), covered=False) == ["01?"]
    assert groups(correlation(), line("a 1a"), covered=False) == ["01"]


# -------------------------------------------------------------------------------------------------- the oracle

lines = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 2), st.sampled_from("xyz"), st.sampled_from("....?~")), max_size=9
)
thresholds = st.tuples(
    st.sampled_from(["event_count", "value_count", "temporal"]),
    st.sampled_from([one.value for one in Comparison]),
    st.integers(0, 4),
)


def members_of(found):
    return [
        Member(
            Match(RULE, (event(sequence=number),), Truth.UNKNOWN if flag == "?" else Truth.TRUE),
            place, since, flag != "~", value=(value,),
        )
        for number, (since, place, value, flag) in enumerate(found)
    ]  # fmt: skip


def counted(asked, members):
    what = {"event_count": lambda member: id(member), "value_count": lambda member: member.value}
    return len({what.get(asked.type.value, lambda member: member.place)(member) for member in members})


def joined(windows):
    """Sets that share a member as one, until none do."""
    groups = [set(window) for window in windows]
    while pair := next(((one, other) for one, other in combinations(groups, 2) if one & other), None):
        groups.remove(pair[1])
        pair[0].update(pair[1])
    return sorted(map(sorted, groups))


def windows(asked, members, places):
    """Every run of some members that lies within the timespan and meets the condition."""
    times = list(accumulate(member.since for member in members))
    for begin, end in combinations(range(len(places) + 1), 2):
        run = places[begin:end]
        if times[run[-1]] - times[run[0]] <= asked.timespan and asked.threshold.met_by(
            counted(asked, [members[place] for place in run])
        ):
            yield run


@settings(deadline=None, max_examples=100)
@given(lines, thresholds)
def test_rising_conditions_against_every_window(found, threshold):
    kind, comparison, number = threshold
    if comparison not in ("gte", "gt"):
        comparison = "gte"
    asked, members = correlation(kind, comparison, max(number, 1), rules=3), members_of(found)
    breaks = list(accumulate(not member.certain for member in members))
    sure = [place for place, member in enumerate(members) if not member.is_candidate]
    certain = joined(run for run in windows(asked, members, sure) if breaks[run[0]] == breaks[run[-1]])
    rest = [place for place in range(len(members)) if not any(place in group for group in certain)]
    possible = joined(windows(asked, members, rest))
    expected = sorted(
        [(group, Truth.TRUE) for group in certain] + [(group, Truth.UNKNOWN) for group in possible], key=str
    )
    actual = [
        ([member.match.event.sequence for member in group.members], group.truth)
        for group in groups_of(asked, members, Around(members))
    ]
    assert sorted(actual, key=str) == expected


@settings(deadline=None, max_examples=100)
@given(lines, st.integers(2, 3))
def test_an_order_against_every_choice_of_members(found, rules):
    asked = correlation("temporal_ordered", rules=rules, number=rules)
    members = [member for member in members_of(found) if member.place < rules]
    times = list(accumulate(member.since for member in members))
    breaks = list(accumulate(not member.certain for member in members))
    sure = [place for place, member in enumerate(members) if not member.is_candidate]
    shortest = {}
    for chain in combinations(sure, rules):
        first, last = chain[0], chain[-1]
        in_order = [members[place].place for place in chain] == list(range(rules))
        if in_order and times[last] - times[first] <= asked.timespan and breaks[first] == breaks[last]:
            shortest[last] = max(shortest.get(last, 0), first)
    expected = joined([place for place in sure if first <= place <= last] for last, first in shortest.items())
    actual = [group for group in groups_of(asked, members, Around(members)) if group.truth is Truth.TRUE]
    assert [[members.index(member) for member in group.members] for group in actual] == expected


def worlds(window, is_open):
    """What may have been logged in a window: candidates or not, up to a break or beyond, and more where it is open."""
    breaks = list(accumulate(not member.certain for member in window))
    optional = [place for place, member in enumerate(window) if member.is_candidate or breaks[place] != breaks[0]]
    for choice in product((False, True), repeat=len(optional)):
        left_out = {place for place, kept in zip(optional, choice, strict=True) if not kept}
        kept = [member for place, member in enumerate(window) if place not in left_out]
        for more in range(7 if is_open else 1):
            yield kept, more


@settings(deadline=None, max_examples=100)
@given(lines, thresholds, st.booleans())
def test_conditions_with_an_upper_limit_against_every_world(found, threshold, covered):
    kind, comparison, number = threshold
    asked = correlation(kind, comparison, number, rules=3)
    if comparison in ("gte", "gt"):  # with an upper limit, too, it is a range
        upper = Threshold(comparison=Comparison.AT_MOST, number=number + 1)
        limits = Threshold(comparison=Comparison(comparison), number=number, also=upper)
        asked = dataclasses.replace(asked, threshold=limits)
    members = members_of(found)
    members = [
        dataclasses.replace(member, certain=member.certain or place == 0) for place, member in enumerate(members)
    ]
    expected, rest = [], members
    while rest:
        times = list(accumulate(member.since if place else 0 for place, member in enumerate(rest)))
        window = [member for member, time in zip(rest, times, strict=True) if time <= asked.timespan]
        near = rest[1 : len(window) + 1]  # what ends the window may stand in it
        is_open = not covered or not all(member.certain for member in near)
        answers = {asked.threshold.met_by(counted(asked, kept) + more) for kept, more in worlds(window, is_open)}
        if True in answers:
            places = [member.match.event.sequence for member in window]
            expected.append("".join(map(str, places)) + ("?" if False in answers else ""))
        rest = rest[len(window) :]
    actual = groups(asked, members, covered)
    begins_for_sure = all(member.match.truth is Truth.TRUE and member.certain for member in members)
    assert [group.rstrip("?") for group in actual] == [group.rstrip("?") for group in expected]
    assert all(
        group in ((one,) if begins_for_sure else (one, f"{one}?")) for group, one in zip(actual, expected, strict=True)
    )


@settings(deadline=None, max_examples=200)
@given(lines, thresholds)
def test_a_window_with_an_end_that_is_certain_is_one_whatever_the_candidates_are(found, threshold):
    kind, comparison, number = threshold
    asked = correlation(kind, comparison, number, rules=3)
    if comparison in ("gte", "gt"):
        return
    members = [dataclasses.replace(member, certain=True) for member in members_of(found)]
    at = dict(enumerate(accumulate(member.since for member in members)))
    certain = [group for group in groups_of(asked, members, Around(members)) if group.truth is Truth.TRUE]
    optional = [place for place, member in enumerate(members) if member.is_candidate]
    for choice in product((False, True), repeat=len(optional)):
        left_out = {place for place, kept in zip(optional, choice, strict=True) if not kept}
        logged = [place for place in at if place not in left_out]
        opened = {}
        while logged:
            opened[logged[0]] = [place for place in logged if at[place] - at[logged[0]] <= asked.timespan]
            logged = logged[len(opened[logged[0]]) :]
        for group in certain:
            window = opened.get(members.index(group.members[0]), [])
            assert window
            assert asked.threshold.met_by(counted(asked, [members[place] for place in window]))

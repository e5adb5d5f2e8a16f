"""Matches that recur: after a period, after multiples of it, or otherwise."""

import dataclasses

import pytest
from host_builder import MINUTE, at, log
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from rules_with_context import around, finding, one, rule

from evtscan.base.logic import Truth
from evtscan.base.model.log import ClockStep
from evtscan.detection.model.context import Every

TRUE, FALSE, UNKNOWN = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN
HOURLY = Every(period=60 * MINUTE, tolerance=2 * MINUTE, text="every hour")


def truths(*minutes, first=1, last=5000, entry=HOURLY, **more):
    logged = log(*map(one, minutes), first=first, last=last, **more)
    return [leaf.truth for _, leaf in around(rule(entry), logged)]


PERIODS = {
    "every hour": ((100, 160, 220), [TRUE, TRUE, TRUE]),
    "one is left out": ((100, 160, 280), [TRUE, TRUE, TRUE]),
    "give or take": ((100, 162, 220), [TRUE, TRUE, TRUE]),
    "no longer within the tolerance": ((100, 163, 223), [FALSE, FALSE, TRUE]),
    "one at another time": ((100, 160, 190, 220), [TRUE, FALSE, FALSE, FALSE]),
    "several at a time are one beat": ((100, 101, 160, 161, 220), [TRUE, TRUE, TRUE, TRUE, TRUE]),
    "only together": ((100, 101), [FALSE, FALSE]),
    "alone": ((100,), [FALSE]),
}


@pytest.mark.parametrize(("minutes", "expected"), PERIODS.values(), ids=PERIODS)
def test_matches_before_and_behind(minutes, expected):
    assert truths(*minutes) == expected
    assert truths(*minutes, entry=dataclasses.replace(HOURLY, wanted=False)) == [~truth for truth in expected]


@pytest.mark.parametrize(("first", "last", "truth"), [(1, 162, FALSE), (38, 110, FALSE), (39, 161, UNKNOWN)])
def test_alone_in_a_log_that_reaches_a_period_far(first, last, truth):
    assert truths(100, first=first, last=last) == [truth]


def test_words_and_places():
    (_, leaf), *_ = around(rule(HOURLY), log(one(100), one(160), last=5000))
    assert (leaf.says, [place.record for place in leaf.locations]) == ("the next ones are 1 hour away", [160])
    (_, leaf) = around(rule(HOURLY), log(one(100), last=110, first=90))[0]
    assert (
        leaf.says
        == "there is no other match, and System.evt ends 10 minutes after it; System.evt begins 10 minutes before it"
    )
    assert leaf.how_to_get.startswith("collect the log “System” again")


def test_a_step_of_the_clock_leaves_it_open():
    step = ClockStep(sequence=130, before=at(130), after=at(60))
    assert truths(100, 160, 220, clock_steps=(step,)) == [UNKNOWN, UNKNOWN, TRUE]


def test_a_candidate_leaves_it_open():
    logged = log(one(100, Data1="x"), structs.replace(one(160), unreadable=frozenset({"Data"})), last=5000)
    found = around(rule(HOURLY, fields={"Data1": "x"}), logged)
    assert [leaf.truth for _, leaf in found] == [UNKNOWN, UNKNOWN]


def test_each_entity_has_its_own_period():
    hourly = rule(HOURLY, entity=("Data1",))
    events = [one(100, Data1="x"), one(130, Data1="y"), one(160, Data1="x")]
    found = finding(hourly, log(*events[::2], last=5000))
    assert (found.verdict, found.count) == ("confirmed", 2)
    assert [leaf.truth for _, leaf in around(rule(HOURLY), log(*events, last=5000))] == [FALSE, FALSE, FALSE]


@settings(deadline=None, max_examples=60)
@given(st.sets(st.integers(1, 400), min_size=2, max_size=8).map(sorted))
def test_against_the_definition(minutes):
    beats = [[minutes[0]]]
    for minute in minutes[1:]:
        if minute - beats[-1][-1] <= 2:
            beats[-1].append(minute)
        else:
            beats.append([minute])

    def fits(one, other):
        return any(abs(abs(other - one) - 60 * times) <= 2 for times in range(1, 20))

    expected = []
    for place, beat in enumerate(beats):
        near = [beats[other][0] for other in (place - 1, place + 1) if 0 <= other < len(beats)]
        holds = bool(near) and all(fits(beat[0], other) for other in near)
        expected += [TRUE if holds else FALSE] * len(beat)
    assert truths(*minutes) == expected

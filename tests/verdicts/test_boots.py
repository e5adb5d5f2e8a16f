# ruff: noqa: E501 - tables read best with one case on a line
"""Matches and boot sessions: the time since the start, the sessions in which a rule matched, one session for all."""

import pytest
from host_builder import MINUTE, at, event, event_log, localised, log
from rules_with_context import around, finding, one, rule

from evtscan.base.logic import Truth
from evtscan.base.model.log import ClockStep
from evtscan.detection.model.context import Boots, SameBoot, SinceBoot

TRUE, FALSE, UNKNOWN = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN


def boots(*events, last=400, source="System.evt", channel="System", **more):
    """A log with starts at 100, 200 and 300."""
    starts = [event_log(number, 6005) for number in (100, 200, 300)]
    return log(*starts, *events, last=last, **more)


def answer(entry, *parts, sequence=None):
    found = [leaf for match, leaf in around(rule(entry), *parts) if sequence in (None, match.event.sequence)]
    assert all(leaf.locations or leaf.how_to_get for leaf in found)
    return found[0].truth, found[0].says


def at_most(minutes):
    return SinceBoot(at_most=minutes * MINUTE, text="soon")


def at_least(minutes):
    return SinceBoot(at_least=minutes * MINUTE, text="late")


STEP = ClockStep(sequence=120, before=at(120), after=at(60))
SINCE = {
    "soon": (at_most(30), boots(one(130)), TRUE, "30 minutes after the start"),
    "not soon": (at_most(30), boots(one(131)), FALSE, "31 minutes after the start"),
    "late": (at_least(30), boots(one(130)), TRUE, "30 minutes after the start"),
    "not late": (at_least(30), boots(one(129)), FALSE, "29 minutes after the start"),
    "between": (SinceBoot(at_least=10 * MINUTE, at_most=30 * MINUTE, text="t"), boots(one(105)), FALSE, "5 minutes after the start"),
    "before the first start, soon": (at_most(30), boots(one(20)), UNKNOWN, "the log begins after the start"),
    "before the first start, late": (at_least(30), boots(one(20)), UNKNOWN, "the log begins after the start"),
    "before the first start, not soon": (at_most(30), boots(one(50)), FALSE, "more than 49 minutes after the start"),
    "before the first start, late enough": (at_least(30), boots(one(50)), TRUE, "more than 49 minutes after the start"),
    "soon, though a start may be missing": (at_most(30), boots(one(130), holes=1), TRUE, "after the start"),
    "not soon, but a start may be missing": (at_most(30), boots(one(140), holes=1), UNKNOWN, "40 minutes after the start, or another one may be missing"),
    "late, but a start may be missing": (at_least(30), boots(one(140), holes=1), UNKNOWN, "40 minutes after the start, or another one may be missing"),
    "not late, whatever is missing": (at_least(30), boots(one(129), holes=1), FALSE, "after the start"),
    "a step in between": (at_most(30), boots(one(130, minute=70), clock_steps=(STEP,)), UNKNOWN, "the clock was set between the start and the event"),
    "a step in between, and late all the same": (at_least(25), boots(one(130, minute=70), clock_steps=(STEP,)), TRUE, "at least 30 minutes after the start"),
    "a step in between, and not soon all the same": (at_most(25), boots(one(130, minute=70), clock_steps=(STEP,)), FALSE, "at least 30 minutes after the start"),
}  # fmt: skip


@pytest.mark.parametrize(("entry", "logged", "truth", "says"), SINCE.values(), ids=SINCE)
def test_the_time_since_the_start(entry, logged, truth, says):
    assert answer(entry, logged) == (truth, says)


def test_an_event_of_another_log_belongs_to_the_session_of_its_time():
    app = event(7, event_id=1, source="App.evt", channel=None, minute=215)
    assert answer(at_most(30), boots(), log(app, source="App.evt", channel=None, last=50)) == (
        TRUE,
        "15 minutes after the start",
    )
    local = localised(log(app, source="App.evt", channel=None, last=50))
    assert answer(at_most(30), boots(), local) == (UNKNOWN, "the boot session of the event is not known")


def of_last(at_least, number):
    return Boots(at_least=at_least, of_last=number, text="boots")


MANY = {
    "in all of them": (of_last(3, 3), boots(one(110), one(210), one(310)), TRUE, "in 3 of the last 3 boot sessions"),
    "in two of three": (of_last(2, 3), boots(one(110), one(310)), TRUE, "in 2 of the last 3 boot sessions"),
    "more than once in one": (of_last(2, 2), boots(one(310), one(311)), FALSE, "in 1 of the last 2 boot sessions, not more than 1"),
    "not often enough": (of_last(3, 3), boots(one(110), one(310)), FALSE, "in 2 of the last 3 boot sessions, not more than 2"),
    "longer ago": (of_last(2, 2), boots(one(110), one(310)), FALSE, "in 1 of the last 2 boot sessions, not more than 1"),
    "before the log begins": (of_last(2, 5), boots(one(310)), UNKNOWN, "in 1 of the last 5 boot sessions at least; the logs do not show all of them"),
    "the part of a session that is there has none": (of_last(2, 4), boots(one(310)), UNKNOWN, "in 1 of the last 4 boot sessions at least; the logs do not show all of them"),
    "the part of a session that is there has one": (of_last(2, 4), boots(one(50), one(310)), TRUE, "in 2 of the last 4 boot sessions"),
    "even if it were all of those before": (of_last(4, 4), boots(one(310)), FALSE, "in 1 of the last 4 boot sessions, not more than 2"),
    "starts may be missing": (of_last(1, 1), boots(one(310), lost=1), UNKNOWN, "which records belong to one boot session is not known"),
}  # fmt: skip


@pytest.mark.parametrize(("entry", "logged", "truth", "says"), MANY.values(), ids=MANY)
def test_in_how_many_boot_sessions(entry, logged, truth, says):
    assert [leaf for _, leaf in around(rule(entry), logged)][-1].truth is truth
    assert [leaf for _, leaf in around(rule(entry), logged)][-1].says == says


def test_sessions_are_counted_up_to_that_of_the_match():
    found = around(rule(of_last(2, 2)), boots(one(110), one(210)))
    assert [leaf.truth for _, leaf in found] == [UNKNOWN, TRUE]
    assert [str(place) for place in found[1][1].locations] == [
        "System.evt, record 110, offset 0x2af8",
        "System.evt, record 210, offset 0x5208",
    ]


def test_sessions_are_counted_for_each_entity():
    counted = rule(of_last(2, 2), entity=("Data1",))
    found = finding(counted, boots(one(210, Data1="x"), one(310, Data1="x")))
    assert (found.verdict, found.record_ids) == ("confirmed", (310,))
    assert finding(counted, boots(one(310, Data1="x"), one(311, Data1="x"))).verdict == "clear"


@pytest.mark.parametrize(("first", "second", "truth"), [(110, 150, TRUE), (110, 210, FALSE)])
def test_all_events_of_a_group_in_one_session(first, second, truth):
    from evtscan.base.model.evidence import Evidence
    from evtscan.detection.match.matcher import Match
    from evtscan.facts.host import Host
    from evtscan.verdicts.boots import in_one_boot
    from evtscan.verdicts.chronology import Chronology

    events = (one(first), one(second))
    for logged, expected in ((boots(*events), truth), (boots(*events, holes=1), UNKNOWN if truth is TRUE else FALSE)):
        chronology = Chronology(Host(Evidence(logs=(logged,))))
        match = Match(rule(), events, TRUE)
        assert in_one_boot(SameBoot(text="same"), match, chronology).truth is expected

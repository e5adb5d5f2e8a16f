"""The nearest other event beside a match, in its own log and in others."""

import pytest
from host_builder import MINUTE, event, evidence, log
from rules_with_context import SYSTEM, asks, beside, two

from evtscan.base.logic import Truth
from evtscan.detection.match.matcher import Sighting
from evtscan.detection.model.rule import Selection
from evtscan.facts.host import Host
from evtscan.verdicts import sought
from evtscan.verdicts.chronology import Chronology
from evtscan.verdicts.sought import Sought

MATCH = event(50, event_id=1)


def seek(entry, *found, truth=Truth.TRUE, match=MATCH, more=()):
    chronology = Chronology(Host(evidence(log(MATCH, *found, last=200), *more)))
    selection = Selection(condition=asks(2), logsource=SYSTEM)
    sightings = [Sighting(selection, item, truth) for item in found]
    return Sought(entry, sightings, chronology).seek(match)


@pytest.mark.parametrize(("after", "sequence"), [(True, 51), (False, 40)])
def test_the_nearest_on_the_side_that_is_asked_for(after, sequence):
    found = seek(beside(after=after), two(30), two(40), two(51), two(90))
    assert (found.truth, found.sighting.event.sequence) == (Truth.TRUE, sequence)


def test_none_on_that_side():
    assert seek(beside(after=True), two(40)).truth is Truth.FALSE
    assert seek(beside(after=False), two(60)).truth is Truth.FALSE


@pytest.mark.parametrize(("sequence", "truth"), [(60, Truth.TRUE), (61, Truth.FALSE)])
def test_the_end_of_the_time_is_included(sequence, truth):
    assert seek(beside(within=10 * MINUTE), two(sequence)).truth is truth


def test_fields_that_must_be_the_same():
    entry = beside(same=(("disk", "disk"),))
    match = event(50, event_id=1, disk="C:")
    assert seek(entry, two(60, disk="D:"), match=match).truth is Truth.FALSE
    assert seek(entry, two(60, disk="c:"), match=match).truth is Truth.TRUE
    assert seek(entry, two(60, disk="C:"), match=event(50, event_id=1)).truth is Truth.FALSE


def test_a_candidate_of_unknown_truth_leaves_it_open():
    assert seek(beside(), two(60), truth=Truth.UNKNOWN).truth is Truth.UNKNOWN


def test_after_too_many_candidates_nothing_is_known(monkeypatch):
    monkeypatch.setattr(sought, "MOST_TRIED", 3)
    far = beside(same_boot=False, after=True, within=1)
    assert seek(far, *(two(number) for number in range(60, 64))).truth is Truth.FALSE
    undecided = seek(beside(), *(two(number) for number in range(60, 64)), truth=Truth.UNKNOWN)
    assert undecided.truth is Truth.UNKNOWN

# ruff: noqa: E501 - tables read best with one case on a line
"""What is known of a fact at a record: the design's sentences as small time lines, and all of it against an oracle."""

from dataclasses import replace

import pytest
from facts_oracle import Said, oracle
from host_builder import at, booted, event, event_log, evidence, facts_file, log
from hypothesis import given, settings
from hypothesis import strategies as st

from evtscan.base.model.fact import Basis, Bound
from evtscan.base.model.source import Location
from evtscan.facts.history.statement import Statement, Undecided
from evtscan.facts.history.timeline import FactTimeline, Placed, Point, SessionBound
from evtscan.facts.host import Host

PACK = "os.service_pack"
"""Changes across a restart, and rises."""
ROLE = "host.role"
"""Changes across a restart, and does not rise."""
FIXES = "hotfix"
"""Changes at any time."""

INF = float("inf")


def says(session, sequence, value):
    """An event that states a value."""
    statement = Statement(
        name="", value=value, location=Location(source="log", record=sequence), event=event(max(int(sequence), 1))
    )
    return Placed(statement=statement, session=session, sequence=sequence)


def begins(session, sequence, value):
    """An event that says that a value began with it."""
    placed = says(session, sequence, value)
    return replace(placed, statement=replace(placed.statement, since=True))


def snapshot(session, sequence, value, *, dated=True, source="reg"):
    statement = Statement(name="", value=value, location=Location(source=source), taken=at(sequence) if dated else None)
    if not dated:
        return Placed(statement=statement, session=session, sequence=INF, assumed=True)
    return Placed(statement=statement, session=session, sequence=sequence, ticks=at(sequence).ticks)


def bound(low, high, basis=Basis.STATED):
    return SessionBound(bound=Bound(low, high), basis=basis, locations=(Location(source="log", record=99),), why="6005")


def summary(known):
    """Basis and value in short, with what limits it."""
    limit = (known.limit.bound.low, known.limit.bound.high) if known.limit else None
    return (known.basis.name, known.value, limit)


STATED = {
    "across a restart: holds before the record that states it": (PACK, [says(1, 50, 6)], (1, 10), ("STATED", 6)),
    "across a restart: and after it": (PACK, [says(1, 50, 6)], (1, 60), ("STATED", 6)),
    "any other: from its record on": (FIXES, [says(1, 50, ("Q1",))], (1, 50), ("STATED", ("Q1",))),
    "any other: not before it": (FIXES, [says(1, 50, ("Q1",))], (1, 49), ("CARRIED_BACK", ("Q1",))),
    "a snapshot speaks for its whole session": (FIXES, [snapshot(1, 50, ("Q1",))], (1, 10), ("STATED", ("Q1",))),
    "a snapshot: not for what is before another value": (FIXES, [says(1, 50, ("Q1",)), snapshot(1, 70, ("Q2",))], (1, 40), ("CARRIED_BACK", ("Q1",))),
    "a snapshot: for what is before the same value": (FIXES, [says(1, 50, ("Q1",)), snapshot(1, 70, ("Q1",))], (1, 40), ("STATED", ("Q1",))),
    "a snapshot: not for what is before its beginning": (FIXES, [begins(1, 50, ("Q1",)), snapshot(1, 70, ("Q1",))], (1, 40), ("UNKNOWN", None)),
    "a beginning: nor in a session that is not known": (FIXES, [begins(1, 50, ("Q1",)), snapshot(1, 70, ("Q1",))], (None, 0), ("UNKNOWN", None)),
    "two values, before the second": (PACK, [says(1, 50, 6), says(1, 70, 3)], (1, 69), ("STATED", 6)),
    "two values: the later holds from its record on": (PACK, [says(1, 50, 6), says(1, 70, 3)], (1, 70), ("STATED", 3)),
    "two values, before both": (PACK, [says(1, 50, 6), says(1, 70, 3)], (1, 1), ("STATED", 6)),
    "forward from the last session that states it": (PACK, [says(0, 5, 2), says(1, 50, 3)], (4, 1), ("CARRIED_FORWARD", 3)),
    "forward goes before back": (PACK, [says(0, 5, 2), says(2, 50, 3)], (1, 1), ("CARRIED_FORWARD", 2)),
    "back from the first session that states it": (PACK, [says(2, 50, 3), says(3, 50, 6)], (1, 1), ("CARRIED_BACK", 3)),
    "nothing": (PACK, [], (1, 1), ("UNKNOWN", None)),
    "known to be absent is a value": (FIXES, [snapshot(1, 5, None)], (1, 9), ("STATED", None)),
    "an undecided one is unknown": (PACK, [snapshot(1, 5, Undecided("RRAS"))], (1, 9), ("UNKNOWN", None)),
    "what is decided goes before what is not": (ROLE, [says(1, 5, "x"), snapshot(1, 6, Undecided("?"))], (1, 9), ("STATED", "x")),
}  # fmt: skip


@pytest.mark.parametrize(("name", "placed", "point", "expected"), STATED.values(), ids=STATED)
def test_stated_and_carried(name, placed, point, expected):
    assert summary(FactTimeline(name, placed).at(Point(*point)))[:2] == expected


def test_a_carried_value_counts_the_restarts_and_names_its_place():
    timeline = FactTimeline(PACK, [says(2, 50, 3)])
    forward, back = timeline.at(Point(5, 1)), timeline.at(Point(0, 1))
    assert (forward.restarts, back.restarts) == (3, 2)
    assert back.locations == (Location(source="log", record=50),)


@pytest.mark.parametrize(
    ("name", "value", "at_most"), [(PACK, 3, True), ("os.version", "4.0", True), (ROLE, "server", False)]
)
def test_what_only_rises_is_an_upper_limit_before(name, value, at_most):
    timeline = FactTimeline(name, [says(2, 50, value)])
    assert timeline.at(Point(1, 1)).at_most is at_most
    assert timeline.at(Point(3, 1)).at_most is False


SNAPSHOTS = {
    "the later one wins": ([snapshot(1, 5, 2), snapshot(1, 9, 3)], (1, INF), ("STATED", 3)),
    "and the other is history": ([snapshot(1, 5, 2), snapshot(1, 9, 3)], (1, 7), ("STATED", 2)),
    "both without time": ([snapshot(1, 0, 2, dated=False), snapshot(1, 0, 3, dated=False)], (1, 7), ("UNKNOWN", None)),
    "one without time": ([snapshot(1, 5, 2), snapshot(1, 0, 3, dated=False)], (1, INF), ("UNKNOWN", None)),
    "of the same time": ([snapshot(1, 5, 2), snapshot(1, 5, 3)], (1, INF), ("UNKNOWN", None)),
    "of the same time, and a later one": ([snapshot(1, 5, 2), snapshot(1, 5, 3), snapshot(1, 8, 4)], (1, INF), ("STATED", 4)),
    "agreeing without time": ([snapshot(1, 0, 3, dated=False), snapshot(1, 0, 3, dated=False)], (1, 7), ("STATED", 3)),
    "in different sessions": ([snapshot(1, 5, 2), snapshot(3, 0, 3, dated=False)], (3, INF), ("STATED", 3)),
    "unknown is carried": ([snapshot(1, 0, 2, dated=False), snapshot(1, 0, 3, dated=False)], (2, 7), ("UNKNOWN", None)),
}  # fmt: skip


@pytest.mark.parametrize(("placed", "point", "expected"), SNAPSHOTS.values(), ids=SNAPSHOTS)
def test_snapshots_that_disagree(placed, point, expected):
    assert summary(FactTimeline(PACK, placed).at(Point(*point)))[:2] == expected


def test_the_report_says_that_snapshots_disagree():
    timeline = FactTimeline(
        PACK, [snapshot(1, 0, 2, dated=False, source="a.reg"), snapshot(1, 0, 3, dated=False, source="b.reg")]
    )
    (warning,) = timeline.warnings()
    assert (warning.kind, warning.location.source) == ("conflict", "a.reg")
    assert "2 (a.reg) and 3 (b.reg)" in warning.message
    assert "2 (a.reg) and 3 (b.reg)" in timeline.at(Point(1, 1)).why


def test_who_says_from_when_on_each_value_held_settles_it():
    def began(minute, value):
        statement = Statement(name="", value=value, location=Location(source="y"), taken=at(minute), since=True)
        return Placed(statement=statement, session=-1, sequence=0, ticks=at(minute).ticks)

    rivals = [snapshot(1, INF, 1, dated=False), snapshot(1, INF, 2, dated=False)]
    timeline = FactTimeline(PACK, [*rivals, began(1, 1), began(2, 2)])
    assert (timeline.conflicts, len(timeline.placed)) == ([], 4)
    assert summary(timeline.at(Point(1, 5))) == ("STATED", 2, None)


def test_names_that_differ_in_case_agree():
    timeline = FactTimeline("host.name", [snapshot(1, 5, "NTBOX"), snapshot(1, 5, "ntbox")])
    assert timeline.conflicts == []


BOUNDS = {
    "narrows what is unknown": ([], {1: bound(0, 3)}, (1, 9), ("UNKNOWN", None, (0, 3))),
    "ends an earlier value that it does not admit": ([says(0, 5, 6)], {1: bound(0, 3)}, (1, 9), ("UNKNOWN", None, (0, 3))),
    "which stays ended": ([says(0, 5, 6)], {1: bound(0, 3)}, (2, 9), ("UNKNOWN", None, (0, 3))),
    "lets a value carry on that it admits": ([says(0, 5, 3)], {1: bound(0, 3)}, (1, 9), ("CARRIED_FORWARD", 3, (0, 3))),
    "4 and more ends 0…3": ([says(0, 5, 3)], {1: bound(4, None)}, (1, 9), ("UNKNOWN", None, (4, None))),
    "a later value that it does not admit is not carried back": ([says(2, 5, 6)], {1: bound(0, 3)}, (1, 9), ("UNKNOWN", None, (0, 3))),
    "a later value that it admits is": ([says(2, 5, 2)], {1: bound(0, 3)}, (1, 9), ("CARRIED_BACK", 2, (0, 3))),
    "after the end comes what is stated later": ([says(0, 5, 6), says(3, 5, 2)], {1: bound(0, 3)}, (2, 9), ("CARRIED_BACK", 2, (0, 3))),
    "what is stated goes before it": ([says(1, 5, 6)], {1: bound(0, 3)}, (1, 9), ("STATED", 6, (0, 3))),
    "what is stated in a session whose start speaks against it holds from there": ([says(1, 50, 6)], {1: bound(0, 3)}, (1, 9), ("UNKNOWN", None, (0, 3))),
    "a later statement replaces it": ([says(2, 5, 5)], {1: bound(0, 3)}, (3, 9), ("CARRIED_FORWARD", 5, None)),
    "ends an earlier value in the session of the next one": ([says(0, 5, 6), says(3, 50, 6)], {3: bound(0, 3)}, (3, 9), ("UNKNOWN", None, (0, 3))),
    "an earlier session has none": ([], {1: bound(0, 3)}, (0, 9), ("UNKNOWN", None, None)),
}  # fmt: skip


@pytest.mark.parametrize(("placed", "bounds", "point", "expected"), BOUNDS.values(), ids=BOUNDS)
def test_bounds(placed, bounds, point, expected):
    assert summary(FactTimeline(PACK, placed, bounds).at(Point(*point))) == expected


def test_a_bound_of_an_earlier_session_is_carried():
    limit = FactTimeline(PACK, [], {1: bound(0, 3)}).at(Point(3, 1)).limit
    assert (limit.basis, limit.why) == (Basis.CARRIED_FORWARD, "6005, 2 restarts before")


UNKNOWN_SESSION = {
    "all say the same": ([says(0, 5, 2), says(3, 5, 2)], {}, ("CARRIED_BACK", 2)),
    "one says otherwise": ([says(0, 5, 2), says(3, 5, 3)], {}, ("UNKNOWN", None)),
    "a bound says otherwise": ([says(0, 5, 2)], {1: bound(4, None)}, ("UNKNOWN", None)),
    "nothing says anything": ([], {}, ("UNKNOWN", None)),
}


@pytest.mark.parametrize(("placed", "bounds", "expected"), UNKNOWN_SESSION.values(), ids=UNKNOWN_SESSION)
def test_at_a_record_of_no_known_session(placed, bounds, expected):
    known = FactTimeline(PACK, placed, bounds).at(Point(None, 0))
    assert (known.basis.name, known.value) == expected
    assert not known.at_most


# ----------------------------------------------------------------------------------------- against the oracle


sayings = st.lists(
    st.builds(
        Said,
        session=st.integers(0, 4),
        place=st.integers(1, 6),
        value=st.none() | st.integers(0, 6),
        is_snapshot=st.booleans(),
        dated=st.booleans(),
        since=st.booleans(),
    ).filter(lambda item: not (item.is_snapshot and item.since) or (item.dated and item.value is not None)),
    max_size=7,
    unique_by=lambda item: (
        *(item.session, item.when, item.is_snapshot),
        (item.value, item.since) if item.is_snapshot else 0,
    ),
)


@settings(deadline=None, max_examples=500)
@given(
    said=sayings,
    low=st.sets(st.integers(0, 4), max_size=2),
    high=st.sets(st.integers(0, 4), max_size=2),
    session=st.none() | st.integers(0, 4),
    place=st.integers(0, 7),
    whole_session=st.booleans(),
)
def test_against_the_oracle(said, low, high, session, place, whole_session):
    said = [item for item in said if not _clashes(item, said)]
    limits = dict.fromkeys(low, (0, 3)) | dict.fromkeys(high, (4, 99))
    placed = [_placed(item) for item in said]
    bounds = {number: bound(lowest, highest) for number, (lowest, highest) in limits.items()}
    timeline = FactTimeline(PACK if whole_session else FIXES, placed, bounds)
    known = timeline.at(Point(session, place, INF))
    basis, value = oracle(said, limits, whole_session, session, place)
    if value is None:
        basis = "UNKNOWN"
    assert (known.basis.name, known.value) == (basis, value)


def _placed(item):
    value = Undecided("?") if item.value is None else item.value
    if item.is_snapshot:
        placed = snapshot(item.session, item.place, value, dated=item.dated)
    else:
        placed = says(item.session, item.place, value)
    return replace(placed, statement=replace(placed.statement, since=item.since))


def _clashes(item, said):
    """Whether a snapshot is dated to the minute of an event, or of something that began: the design leaves it open."""
    return item.is_snapshot and any(
        other != item
        and (other.session, other.when) == (item.session, item.when)
        and (not other.is_snapshot or other.since or item.since)
        for other in said
    )


# ------------------------------------------------------------------------------------- through a whole host


def test_a_host_whose_pack_was_uninstalled():
    host = Host(
        evidence(log(booted(10), event_log(11, 6005), event_log(50, 6005), last=60), facts_file(os_version="4.0"))
    )
    known = host.known(PACK, host.now)
    assert (known.basis, known.limit.bound) == (Basis.UNKNOWN, Bound(0, 3))


def test_a_dated_beginning_says_nothing_of_the_time_before():
    """A pack installed minutes before the restart that the log shows, noted with its date."""
    began = Statement(name="", value=3, location=Location(source="facts.yaml"), taken=at(50), since=True)
    line = FactTimeline(PACK, [snapshot(0, 5, 2), Placed(statement=began, session=1, sequence=50)])
    assert summary(line.at(Point(1, 10))) == ("CARRIED_FORWARD", 2, None)
    assert summary(line.at(Point(1, 60))) == ("STATED", 3, None)
    alone = FactTimeline(PACK, [Placed(statement=began, session=1, sequence=50)])
    assert summary(alone.at(Point(1, 10))) == ("CARRIED_BACK", 3, None)
    assert alone.at(Point(1, 10)).at_most

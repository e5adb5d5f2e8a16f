"""A set of which some evidence lists all and some only says what came or went: true, false or unknown for each name."""

from dataclasses import dataclass, replace
from enum import Enum

import pytest
from facts_oracle import Said, oracle
from host_builder import at, event
from hypothesis import given, settings
from hypothesis import strategies as st

from evtscan.base.logic import Truth
from evtscan.base.model.fact import Basis
from evtscan.base.model.source import Location
from evtscan.detection.model.condition import Operator, Test
from evtscan.facts.history.sets import KnownSet, SetTimeline, timeline_of
from evtscan.facts.history.statement import Listing, Statement
from evtscan.facts.history.timeline import FactTimeline, Placed, Point
from evtscan.verdicts.conditions import decide

FIXES = "hotfix"
INF = float("inf")


def change(session, sequence, name, listing):
    location = Location(source="System.evt", record=sequence)
    names = name if isinstance(name, tuple) else (name,)
    statement = Statement(name=FIXES, value=names, location=location, event=event(sequence), listing=listing)
    return Placed(statement=statement, session=session, sequence=sequence)


def added(session, sequence, name):
    return change(session, sequence, name, Listing.ADDED)


def removed(session, sequence, name):
    return change(session, sequence, name, Listing.REMOVED)


def listed(session, sequence, *names, source="SOFTWARE", dated=True):
    taken = at(sequence) if dated else None
    statement = Statement(name=FIXES, value=names, location=Location(source=source), taken=taken)
    return Placed(statement=statement, session=session, sequence=sequence if dated else INF, assumed=not dated)


def partly_listed(session, sequence, *names):
    item = listed(session, sequence, *names)
    return replace(item, statement=replace(item.statement, listing=Listing.PART))


def about(placed, name, session, sequence):
    """Basis and answer of the test whether a name is in the set."""
    known = SetTimeline(FIXES, placed).at(Point(session, sequence))
    found = known.about(lambda value: name in value, [name])
    return (found.basis.name, found.basis is not Basis.UNKNOWN and name in found.value)


STATED, FORWARD, BACK, UNKNOWN = (
    ("STATED", True),
    ("CARRIED_FORWARD", True),
    ("CARRIED_BACK", True),
    ("UNKNOWN", False),
)
NOT_STATED, NOT_FORWARD, NOT_BACK = ("STATED", False), ("CARRIED_FORWARD", False), ("CARRIED_BACK", False)

CASES = {
    "added: from its record on": ([added(1, 50, "Q1")], (1, 50), STATED),
    "added: nothing is known before it": ([added(1, 50, "Q1")], (1, 49), UNKNOWN),
    "added: nor in the session before": ([added(1, 50, "Q1")], (0, 9), UNKNOWN),
    "added: nor long before": ([added(5, 50, "Q1")], (0, 9), UNKNOWN),
    "added: carried forward": ([added(1, 50, "Q1")], (4, 90), FORWARD),
    "listed in part: there": ([partly_listed(1, 50, "Q1")], (1, 60), STATED),
    "listed in part: may have been there before": ([partly_listed(1, 50, "Q1")], (0, 9), BACK),
    "listed in part: says nothing of others": ([partly_listed(1, 50, "Q2")], (1, 60), UNKNOWN),
    "listed in part: takes nothing back": ([listed(0, 5, "Q1"), partly_listed(1, 50, "Q2")], (1, 60), FORWARD),
    "listed in part: a later list takes it back": ([partly_listed(0, 5, "Q1"), listed(1, 50)], (1, 60), NOT_STATED),
    "added: says nothing of others": ([added(1, 50, "Q2")], (1, 60), UNKNOWN),
    "added twice": ([added(1, 50, "Q1"), added(3, 80, "Q1")], (2, 60), FORWARD),
    "several names in one record": ([added(1, 50, ("Q2", "Q1"))], (1, 50), STATED),
    "removed": ([removed(1, 50, "Q1")], (1, 50), NOT_STATED),
    "removed: it had been there": ([removed(1, 50, "Q1")], (1, 49), STATED),
    "removed: and in the session before": ([removed(1, 50, "Q1")], (0, 9), BACK),
    "added and removed": ([added(1, 50, "Q1"), removed(2, 70, "Q1")], (3, 90), NOT_FORWARD),
    "removed and added again": ([removed(1, 50, "Q1"), added(2, 70, "Q1")], (3, 90), FORWARD),
    "between": ([removed(1, 50, "Q1"), added(2, 70, "Q1")], (1, 60), NOT_STATED),
    "a list has it": ([listed(1, 50, "Q1")], (1, 60), STATED),
    "a list speaks for its whole session": ([listed(1, 50, "Q1")], (1, 10), STATED),
    "a list lacks it": ([listed(1, 50, "Q2")], (1, 60), NOT_STATED),
    "an empty list": ([listed(1, 50)], (1, 60), NOT_STATED),
    "a list, carried back": ([listed(1, 50, "Q1")], (0, 5), BACK),
    "a list lacks it, carried back": ([listed(1, 50, "Q2")], (0, 5), NOT_BACK),
    "carried back past what came to others": ([added(0, 3, "Q3"), listed(1, 50, "Q2", "Q3")], (0, 5), NOT_BACK),
    "the list after an addition does not speak for the time before": (
        [added(1, 50, "Q1"), listed(1, 70, "Q1")],
        (1, 40),
        UNKNOWN,
    ),
    "the list before an addition does": ([listed(1, 30, "Q2"), added(1, 50, "Q1")], (1, 40), NOT_STATED),
    "a list that lacks what was added takes nothing back": (
        [added(1, 50, "Q1"), listed(2, 70, "Q2")],
        (2, 80),
        FORWARD,
    ),
    "a later list that no longer has it does": (
        [added(1, 50, "Q1"), listed(2, 70, "Q1"), listed(3, 90, "Q2")],
        (3, 95),
        NOT_STATED,
    ),
    "a list after a removal": ([removed(1, 50, "Q1"), listed(2, 70, "Q2")], (2, 80), NOT_STATED),
    "undated lists, one of which may lack what was added": (
        [added(1, 50, "Q1"), listed(1, 0, "Q1", dated=False), listed(1, 0, source="qfe.txt", dated=False)],
        (1, INF),
        STATED,
    ),
    "in the other order": (
        [added(1, 50, "Q1"), listed(1, 0, source="qfe.txt", dated=False), listed(1, 0, "Q1", dated=False)],
        (1, INF),
        STATED,
    ),
    "undated lists that disagree": (
        [listed(1, 0, "Q1", dated=False), listed(1, 0, "Q2", source="qfe.txt", dated=False)],
        (1, INF),
        UNKNOWN,
    ),
    "undated lists that agree on it": (
        [listed(1, 0, "Q1", dated=False), listed(1, 0, "Q1", "Q2", source="qfe.txt", dated=False)],
        (1, INF),
        STATED,
    ),
    "the entries of one list are one list": (
        [listed(1, 0, "Q1", dated=False), listed(1, 0, "Q2", dated=False)],
        (1, INF),
        STATED,
    ),
}


@pytest.mark.parametrize(("placed", "where", "expected"), CASES.values(), ids=CASES)
def test_a_name(placed, where, expected):
    assert about(placed, "Q1", *where) == expected


# ----------------------------------------------------------------------------------------- against the oracle


class Kind(Enum):
    """What a statement says of the name that is asked for."""

    CAME = "a record: it came into the set"
    WENT = "a record: it left the set"
    SHOWN = "a record: it is there"
    LISTED = "a complete list has it"
    LACKING = "a complete list does not"
    PART = "a list of some has it"


RECORDS = (Kind.CAME, Kind.WENT, Kind.SHOWN)


@dataclass(frozen=True)
class Spoken:
    """One statement about the name; ``dated`` counts for lists."""

    session: int
    place: int
    kind: Kind
    dated: bool

    @property
    def when(self):
        return self.place if self.dated or self.kind in RECORDS else INF

    @property
    def moment(self):
        return (self.session, self.when)


def placed_of(item):
    if item.kind is Kind.SHOWN:
        return change(item.session, item.place, "Q1", Listing.PART)
    if item.kind in RECORDS:
        return (added if item.kind is Kind.CAME else removed)(item.session, item.place, "Q1")
    names = ("Q2",) if item.kind is Kind.LACKING else ("Q1", "Q2")
    placed = listed(item.session, item.place, *names, source=item.kind.name, dated=item.dated)
    if item.kind is Kind.PART:
        return replace(placed, statement=replace(placed.statement, listing=Listing.PART))
    return placed


def said_of_the_name(spoken, unlisted):
    """What the statements say of the name, each alone: the time line of one value, which the oracle of those judges."""
    for item in spoken:
        before = [other for other in spoken if other.moment < item.moment and other.kind is not Kind.LACKING]
        last = max(before, key=lambda other: other.moment, default=None)
        if item.kind is Kind.LACKING and unlisted and last is not None and last.kind is Kind.CAME:
            continue  # a list that may lack what came
        if item.kind is Kind.WENT and not any(other.moment < item.moment for other in spoken):
            yield Said(item.session, -1, True, is_snapshot=False, dated=True, since=False)
        yield Said(
            item.session,
            item.place,
            item.kind not in (Kind.WENT, Kind.LACKING),
            is_snapshot=item.kind not in RECORDS,
            dated=item.dated,
            since=item.kind is Kind.CAME,
        )


@settings(deadline=None, max_examples=500)
@given(
    spoken=st.lists(
        st.builds(Spoken, st.integers(0, 3), st.integers(1, 6), st.sampled_from(Kind), st.booleans()),
        max_size=7,
        unique_by=lambda item: item.moment if item.when != INF else (*item.moment, item.kind),
    ),
    fact=st.sampled_from([FIXES, "application"]),
    session=st.none() | st.integers(0, 3),
    place=st.integers(0, 7),
)
def test_a_name_against_the_oracle(spoken, fact, session, place):
    known = SetTimeline(fact, map(placed_of, spoken)).at(Point(session, place, INF))
    found = known.about(lambda value: "Q1" in value, ["Q1"])
    is_in = None if found.basis is Basis.UNKNOWN else "Q1" in found.value
    said = list(said_of_the_name(spoken, unlisted=fact == FIXES))
    basis, expected = oracle(said, {}, False, session, place)
    assert (found.basis.name, is_in) == (basis if expected is not None else "UNKNOWN", expected)


def test_without_a_session_a_name_counts_only_if_nothing_ever_said_otherwise():
    point = Point(None, 0)
    assert SetTimeline(FIXES, [listed(1, 50, "Q1")]).at(point).value == ("Q1",)
    assert SetTimeline(FIXES, [added(1, 50, "Q1")]).at(point).value == ()


def test_the_set_as_a_whole():
    timeline = SetTimeline(FIXES, [added(1, 50, "KB2"), added(2, 70, "kb1"), added(2, 80, "KB2")])
    known = timeline.at(Point(2, 75))
    assert (known.basis, known.value) == (Basis.CARRIED_FORWARD, ("KB2", "kb1"))
    assert known.why == "at least these: no complete list was collected"
    assert timeline.at(Point(1, 10)).basis is Basis.UNKNOWN
    complete = SetTimeline(FIXES, [listed(1, 50, "Q2", "Q1")]).at(Point(1, 60))
    assert (complete.basis, complete.value, complete.why) == (Basis.STATED, ("Q1", "Q2"), "")


def test_points_between_which_nothing_is_stated_know_the_same():
    timeline = SetTimeline(FIXES, [added(1, 50, "Q1"), added(1, 60, "Q2")])
    assert timeline.at(Point(1, 51)) is timeline.at(Point(1, 59))
    assert timeline.at(Point(1, 51)) is not timeline.at(Point(1, 60))


def test_names_are_compared_without_regard_to_case():
    timeline = SetTimeline(FIXES, [added(1, 50, "KB1"), removed(1, 60, "kb1")])
    assert timeline.at(Point(1, 55)).value == ("KB1",)
    assert timeline.at(Point(1, 60)).value == ()


def test_one_warning_for_lists_that_disagree():
    names = [f"Q{number}" for number in range(14)]
    lists = [listed(1, 0, *names, dated=False), listed(1, 0, dated=False, source="qfe.txt")]
    timeline = SetTimeline(FIXES, lists)
    (warning,) = timeline.warnings()
    assert warning.kind == "conflict"
    assert warning.message.startswith("SOFTWARE and qfe.txt disagree on hotfix Q0, Q1, ")
    assert "and 4 more, and which is newer is not known" in warning.message
    assert len(timeline.conflicts) == 14
    assert list(SetTimeline(FIXES, [listed(1, 0, "Q1")]).warnings()) == []


def test_only_sets_have_members():
    assert isinstance(timeline_of(FIXES, [added(1, 5, "Q1")]).at(Point(1, 9)), KnownSet)
    assert type(timeline_of("os.service_pack", [])) is FactTimeline


# ----------------------------------------------------------------------------------------------- conditions


def asks(*values, operator=Operator.IS):
    return Test(field=FIXES, values=values, text="hotfix", operator=operator)


SOME = [added(1, 50, "KB1-v2")]
ALL = [listed(1, 50, "KB1", "KB2")]
LATER = [listed(2, 90, "KB1")]
TESTS = {
    "one of them": (SOME, asks("KB1-v2"), True, Truth.TRUE),
    "by a pattern": (SOME, asks("KB1*"), True, Truth.TRUE),
    "any of several": (SOME, asks("KB7", "KB1-v2"), True, Truth.TRUE),
    "another": (SOME, asks("KB2"), True, Truth.UNKNOWN),
    "removed": ([removed(1, 50, "KB1")], asks("kb1"), True, Truth.FALSE),
    "removed, but a pattern fits others": ([removed(1, 50, "KB1")], asks("KB1*"), True, Truth.UNKNOWN),
    "another, of a complete list": (ALL, asks("KB3"), True, Truth.FALSE),
    "a pattern, of a complete list": (ALL, asks("KB3*"), True, Truth.FALSE),
    "in a later list, where that makes it true": (LATER, asks("KB1"), True, Truth.TRUE),
    "in a later list, negated": (LATER, asks("KB1"), False, Truth.UNKNOWN),
    "not in a later list, negated": (LATER, asks("KB2"), False, Truth.FALSE),
    "not in a later list": (LATER, asks("KB2"), True, Truth.UNKNOWN),
    "there is one": (SOME, asks(True, operator=Operator.EXISTS), True, Truth.TRUE),
    "there is none, but one is known": (SOME, asks(False, operator=Operator.EXISTS), True, Truth.FALSE),
    "there is none": ([listed(1, 50)], asks(None), True, Truth.TRUE),
    "there is none, for all that is known": ([removed(1, 50, "KB1")], asks(None), True, Truth.UNKNOWN),
}


@pytest.mark.parametrize(("placed", "test", "positive", "expected"), TESTS.values(), ids=TESTS)
def test_conditions(placed, test, positive, expected):
    assert decide(test, SetTimeline(FIXES, placed).at(Point(1, 60)), positive).truth is expected


def test_a_reason_names_what_decides():
    timeline = SetTimeline(FIXES, [added(0, 5, "KB1"), added(1, 50, "KB2")])
    answer = decide(asks("KB2"), timeline.at(Point(1, 60)), True)
    assert (answer.says, answer.locations[0].record) == ("hotfixes KB2", 50)
    unknown = decide(asks("KB3"), timeline.at(Point(1, 60)), True)
    assert unknown.says == "the list of hotfixes is not known (no complete list was collected)"
    assert decide(asks("KB1"), timeline.at(Point(1, 60)), True, strict=True).truth is Truth.UNKNOWN


def unsettled_list(session, sequence, *names):
    item = listed(session, sequence, "KB1000001")
    return replace(item, statement=replace(item.statement, unsettled=names))


def test_a_list_that_leaves_a_name_open_says_neither():
    placed = [listed(0, 5, "KB1000001"), unsettled_list(1, 15, "KB1000002")]
    assert about(placed, "KB1000002", 0, 6) == NOT_STATED
    assert about(placed, "KB1000002", 1, 16) == UNKNOWN
    assert about(placed, "KB1000003", 1, 16) == NOT_STATED


def test_what_was_added_stays_where_a_later_list_leaves_it_open():
    assert about([added(0, 5, "KB1000002"), unsettled_list(1, 15, "KB1000002")], "KB1000002", 1, 16) == FORWARD


def test_a_later_list_settles_what_an_earlier_one_left_open():
    placed = [unsettled_list(0, 5, "KB1000002"), listed(1, 15, "KB1000002")]
    assert about(placed, "KB1000002", 1, 16) == STATED

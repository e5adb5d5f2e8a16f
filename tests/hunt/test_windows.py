"""Windows over streams find the same groups as the correlation of a host does over lists."""

from dataclasses import dataclass

import pytest
from example_rules import event
from hypothesis import given, settings
from hypothesis import strategies as st

from evtscan.base.logic import Truth
from evtscan.base.model.rule import RuleInfo
from evtscan.detection.match import correlation as oracle
from evtscan.detection.match.matcher import Match
from evtscan.detection.model.condition import All, Any, Not, Operator, Test
from evtscan.detection.model.rule import Comparison, Correlation, CorrelationType, Logsource, Rule, Threshold
from evtscan.hunt.windows import Member, windows

SPAN = 10
REFERENCES = ("a", "b", "c")
RULE = Rule(info=RuleInfo(id="r", title="R", level="low"), detection=Any(()), logsource=Logsource())


def matched(name):
    return Test(field=name, values=(True,), text=name, operator=Operator.EXISTS)


def correlation(kind, threshold=None, condition=None):
    return Correlation(
        type=kind, references=REFERENCES, timespan=SPAN, threshold=threshold, condition=condition, fields=("x",)
    )


def at_least(number):
    return Threshold(comparison=Comparison.AT_LEAST, number=number)


comparisons = st.sampled_from(Comparison)
single = st.builds(Threshold, comparison=comparisons, number=st.integers(0, 5))
thresholds = single | st.builds(Threshold, comparison=comparisons, number=st.integers(0, 5), also=single)
conditions = st.recursive(
    st.sampled_from(REFERENCES).map(matched),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: All(tuple(parts)))
        | st.lists(inner, min_size=1, max_size=3).map(lambda parts: Any(tuple(parts)))
        | inner.map(Not)
    ),
    max_leaves=5,
)
correlations = (
    st.builds(correlation, st.sampled_from([CorrelationType.EVENT_COUNT, CorrelationType.VALUE_COUNT]), thresholds)
    | st.builds(lambda condition: correlation(CorrelationType.TEMPORAL, condition=condition), conditions)
    | st.just(correlation(CorrelationType.TEMPORAL, at_least(3)))
    | st.just(correlation(CorrelationType.TEMPORAL_ORDERED, at_least(3)))
)
step = st.tuples(st.sampled_from([0, 1, 3, 6, 10, 11]), st.integers(0, 2), st.sampled_from("xyz"))
steps = st.lists(step, max_size=30)


@dataclass
class Timing:
    """A host whose clock runs evenly and whose logs go on for ever."""

    def least(self, one, other):
        raise AssertionError("every distance is certain")

    def is_covered(self, member):
        return True


def expected(asked, members):
    found = []
    for group in oracle.groups_of(asked, members, Timing()):
        assert group.truth is Truth.TRUE
        numbers = [member.match.event.sequence for member in group.members]
        found.append((numbers[0], numbers[-1], len(numbers)))
    return found


@settings(max_examples=600, deadline=None)
@given(correlations, steps)
def test_the_same_groups(asked, sequence):
    ticks, ours, theirs = 0, [], []
    for number, (step, place, value) in enumerate(sequence):
        ticks += step
        ours.append(Member(ticks, place, number, value))
        match = Match(RULE, (event(sequence=number),), Truth.TRUE)
        theirs.append(oracle.Member(match, place, since=step if number else 0, value=(value,)))
    found = [(window.first, window.last, window.count) for window in windows(asked, iter(ours), iter(ours))]
    assert found == expected(asked, theirs)


@pytest.mark.parametrize(
    ("kind", "threshold"),
    [
        (CorrelationType.EVENT_COUNT, at_least(3)),
        (CorrelationType.VALUE_COUNT, at_least(3)),
        (CorrelationType.VALUE_COUNT, Threshold(comparison=Comparison.AT_MOST, number=3)),
        (CorrelationType.TEMPORAL, at_least(3)),
        (CorrelationType.TEMPORAL_ORDERED, at_least(3)),
    ],
)
def test_memory_does_not_grow_with_the_members(kind, threshold):
    import tracemalloc

    def peak(number):
        def members():
            return (Member(at // 1000, at % 2, at, at) for at in range(number))

        tracemalloc.start()
        for _ in windows(correlation(kind, threshold), members(), members()):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(1000)
    assert peak(40_000) < peak(4000) + 10_000

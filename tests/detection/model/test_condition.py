"""The condition tree: three-valued truth, complete explanations, and what a result rests on."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtscan.base.logic import Truth
from evtscan.base.model.finding import Explanation, NodeKind
from evtscan.detection.model.condition import (
    All,
    Any,
    Condition,
    Not,
    Test,
    Unobservable,
    conjunction,
    disjunction,
    evaluate,
    truth_of,
)
from evtscan.detection.model.condition import tests_in as leaves_of

T, F, U = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN


def named(name: str) -> Test:
    return Test(field=name, values=(1,), text=name)


def answers(truths: dict[str, Truth], carried: str = ""):
    def leaf(test: Test, positive: bool) -> Explanation:
        result = truths[test.field]
        basis = "" if result is U else "carried" if test.field in carried else "stated"
        return Explanation(text=test.text, truth=result, basis=basis, fact=test.field)

    return leaf


def truth_by_enumeration(condition: Condition, truths: dict[str, Truth]) -> set[bool]:
    """What a condition comes to in each world in which the unknown tests are true or false."""
    unknown = [name for name, value in truths.items() if value is U]
    results = set()
    for choice in product([True, False], repeat=len(unknown)):
        world = {name: value is T for name, value in truths.items()} | dict(zip(unknown, choice, strict=True))
        results.add(_classical(condition, world))
    return results


def _classical(condition: Condition, world: dict[str, bool]) -> bool:
    match condition:
        case Test():
            return world[condition.field]
        case All(children):
            return all(_classical(child, world) for child in children)
        case Any(children):
            return any(_classical(child, world) for child in children)
        case Not(child):
            return not _classical(child, world)
    raise AssertionError(condition)


conditions = st.recursive(
    st.sampled_from("abcd").map(named),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda found: All(tuple(found))),
        st.lists(inner, max_size=3).map(lambda found: Any(tuple(found))),
        inner.map(Not),
    ),
    max_leaves=8,
)
truths_of_all = st.fixed_dictionaries({name: st.sampled_from([T, F, U]) for name in "abcd"})


@settings(deadline=None, max_examples=100)
@given(conditions, truths_of_all)
def test_a_known_result_holds_in_every_world_that_the_unknown_leaves_open(condition, truths):
    result = evaluate(condition, answers(truths)).truth
    if result is not U:
        assert truth_by_enumeration(condition, truths) == {result is T}


@settings(deadline=None, max_examples=100)
@given(conditions, truths_of_all)
def test_the_short_way_and_the_thorough_one_agree(condition, truths):
    assert truth_of(condition, lambda test: truths[test.field]) is evaluate(condition, answers(truths)).truth


@settings(deadline=None, max_examples=100)
@given(conditions, truths_of_all)
def test_every_test_stands_in_the_explanation(condition, truths):
    def leaves(node: Explanation) -> list[str]:
        return [node.fact] if node.fact else [fact for child in node.children for fact in leaves(child)]

    assert leaves(evaluate(condition, answers(truths))) == [test.field for test in leaves_of(condition)]


def test_unknown_is_neither_true_nor_false():
    a, b = named("a"), named("b")
    known = {"a": U, "b": T}
    assert evaluate(Not(a), answers(known)).truth is U
    assert evaluate(All((a, b)), answers(known)).truth is U
    assert evaluate(Any((a, b)), answers(known)).truth is T
    assert evaluate(All((a, Not(b))), answers(known)).truth is F


def test_unobservable_is_unknown_and_says_what_to_ask():
    found = evaluate(All((named("a"), Unobservable("ask whether a program does it"))), answers({"a": T}))
    assert (found.truth, found.basis) == (U, "")
    assert (found.children[1].text, found.children[1].truth) == ("ask whether a program does it", U)


def test_a_leaf_learns_whether_it_stands_under_an_odd_number_of_negations():
    seen = {}

    def leaf(test: Test, positive: bool) -> Explanation:
        seen[test.field] = positive
        return Explanation(text=test.text, truth=T)

    evaluate(All((named("a"), Not(Any((named("b"), Not(named("c"))))))), leaf)
    assert seen == {"a": True, "b": False, "c": True}
    evaluate(Not(named("a")), leaf, positive=False)
    assert seen["a"] is True


@pytest.mark.parametrize(
    ("join", "truths", "carried", "basis"),
    [
        (All, (T, T), "a", "carried"),  # each true child is needed
        (All, (T, T), "", "stated"),
        (All, (F, F), "a", "stated"),  # one false child that is stated suffices
        (All, (F, F), "ab", "carried"),
        (All, (F, T), "b", "stated"),  # the true child does not matter
        (All, (F, T), "a", "carried"),
        (All, (T, U), "a", ""),
        (Any, (T, T), "a", "stated"),
        (Any, (T, T), "ab", "carried"),
        (Any, (T, F), "b", "stated"),
        (Any, (F, F), "a", "carried"),
        (Any, (F, F), "", "stated"),
        (Any, (U, F), "b", ""),
    ],
)
def test_a_result_is_carried_unless_stated_children_suffice_for_it(join, truths, carried, basis):
    condition = join((named("a"), named("b")))
    known = dict(zip("ab", truths, strict=True))
    assert evaluate(condition, answers(known, carried)).basis == basis
    assert evaluate(Not(condition), answers(known, carried)).basis == basis


def test_no_children_hold_and_nothing_was_assumed():
    assert evaluate(All(()), answers({})) == Explanation(text="all of", kind=NodeKind.ALL, truth=T, basis="stated")
    assert evaluate(Any(()), answers({})) == Explanation(text="any of", kind=NodeKind.ANY, truth=F, basis="stated")


def test_a_single_child_stands_for_itself():
    a, b = named("a"), named("b")
    assert conjunction(a) is a
    assert disjunction(b) is b
    assert conjunction(a, b) == All((a, b))
    assert disjunction() == Any(())

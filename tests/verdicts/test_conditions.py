# ruff: noqa: E501 - tables read best with one case on a line
"""One test of a condition against what is known of a fact."""

import pytest

from evtscan.base.logic import Truth
from evtscan.base.model.fact import Basis, Bound, Known, Limit
from evtscan.base.model.finding import Explanation, NodeKind
from evtscan.base.model.source import Location
from evtscan.detection.model.condition import Operator, Test
from evtscan.verdicts.conditions import decide, deciding, every_test

IS_2 = Test(field="os.service_pack", values=(2,), text="is 2")
AT_LEAST_4 = Test(field="os.service_pack", values=(4,), text=">= 4", operator=Operator.AT_LEAST)
VERSION_4 = Test(field="os.version", values=("4.0",), text="is 4.0")
VERSION_6_UP = Test(field="os.version", values=(">=6.0",), text=">= 6.0", operator=Operator.IN_RANGE)
BELOW_4 = Limit(bound=Bound(0, 3), basis=Basis.STATED, why="6005")
FROM_4 = Limit(bound=Bound(4, None), basis=Basis.STATED, why="6006")


def known(basis, value=None, limit=None, at_most=False, name="os.service_pack"):
    return Known(
        name=name,
        basis=basis,
        value=value,
        limit=limit,
        at_most=at_most,
        restarts=2,
        locations=(Location(source="a.reg"),),
        why="nothing collected states it" if basis is Basis.UNKNOWN else "",
    )


STATED, FORWARD, BACK, UNKNOWN = Basis.STATED, Basis.CARRIED_FORWARD, Basis.CARRIED_BACK, Basis.UNKNOWN
CASES = [
    (IS_2, known(STATED, 2), True, ("TRUE", STATED, "Service Pack 2")),
    (IS_2, known(STATED, 3), True, ("FALSE", STATED, "Service Pack 3")),
    (IS_2, known(STATED, 3, FROM_4), True, ("FALSE", STATED, "Service Pack 3")),
    (IS_2, known(FORWARD, 3), True, ("FALSE", FORWARD, "Service Pack 3 (carried forward over 2 restarts from a.reg)")),
    (IS_2, known(FORWARD, 6, FROM_4), True, ("FALSE", STATED, "Service Pack 4 or later, because 6006")),
    (IS_2, known(BACK, 2, at_most=True), True, ("TRUE", BACK, "Service Pack 2 (carried back over 2 restarts from a.reg)")),
    (IS_2, known(BACK, 2, at_most=True), False, ("UNKNOWN", UNKNOWN, None)),
    (IS_2, known(BACK, 3, at_most=True), True, ("UNKNOWN", UNKNOWN, None)),
    (IS_2, known(BACK, 3, at_most=True), False, ("FALSE", BACK, None)),
    (IS_2, known(BACK, 1, at_most=True), True, ("FALSE", BACK, "Service Pack 1 at most (carried back over 2 restarts from a.reg)")),
    (AT_LEAST_4, known(BACK, 2, BELOW_4, at_most=True), True, ("FALSE", STATED, "Service Pack 3 at most, because 6005")),
    (AT_LEAST_4, known(BACK, 6, FROM_4, at_most=True), False, ("TRUE", STATED, None)),
    (IS_2, known(UNKNOWN, limit=BELOW_4), True, ("UNKNOWN", UNKNOWN, "the service pack is not known (nothing collected states it; Service Pack 3 at most, because 6005)")),
    (IS_2, known(UNKNOWN, limit=FROM_4), True, ("FALSE", STATED, "Service Pack 4 or later, because 6006")),
    (IS_2, known(UNKNOWN), True, ("UNKNOWN", UNKNOWN, "the service pack is not known (nothing collected states it)")),
    (VERSION_4, known(BACK, "5.0", at_most=True, name="os.version"), True, ("UNKNOWN", UNKNOWN, None)),
    (VERSION_6_UP, known(BACK, "5.0", at_most=True, name="os.version"), True, ("FALSE", BACK, None)),
    (VERSION_4, known(BACK, "3.51", at_most=True, name="os.version"), True, ("FALSE", BACK, None)),
]  # fmt: skip


@pytest.mark.parametrize(("test", "what", "positive", "expected"), CASES)
def test_decide(test, what, positive, expected):
    answer = decide(test, what, positive)
    truth, basis, says = expected
    assert (answer.truth.name, answer.basis) == (truth, basis)
    assert says is None or answer.says == says


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (known(STATED, 2), "TRUE"),
        (known(FORWARD, 2), "UNKNOWN"),
        (known(BACK, 2), "UNKNOWN"),
        (known(FORWARD, 6, FROM_4), "FALSE"),
        (known(UNKNOWN, limit=Limit(bound=Bound(4, None), basis=FORWARD)), "UNKNOWN"),
    ],
)
def test_strict_facts_take_only_what_is_stated(what, expected):
    assert decide(IS_2, what, True, strict=True).truth.name == expected


def leaf(text, truth):
    return Explanation(text=text, truth=truth)


def node(text, truth, *children):
    return Explanation(text=text, truth=truth, kind=NodeKind(text.removesuffix(" of")), children=children)


T, F, U = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN


@pytest.mark.parametrize(
    ("explanation", "expected"),
    [
        (node("all of", F, leaf("a", T), leaf("b", F), leaf("c", U)), ["b"]),
        (node("all of", U, leaf("a", T), leaf("c", U)), ["c"]),
        (node("any of", T, leaf("a", T), leaf("b", F)), ["a"]),
        (node("all of", F, node("not", F, leaf("a", T)), leaf("b", T)), ["not a"]),
        (node("all of", F, node("not", F, node("any of", T, leaf("a", T), leaf("b", F)))), ["not a"]),
        (leaf("a", F), ["a"]),
    ],
)
def test_the_tests_that_decide(explanation, expected):
    assert [("not " if item.negated else "") + item.leaf.text for item in deciding(explanation)] == expected


def test_every_test_counts_with_its_own_sign():
    explanation = node("all of", T, node("not", T, leaf("a", F)), leaf("b", T), leaf("b", T))
    assert [(item.leaf.text, item.truth) for item in every_test(explanation)] == [("a", T), ("b", T)]

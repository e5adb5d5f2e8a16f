from itertools import product

import pytest

from evtscan.base.logic import Truth, all_of, any_of, truth

T, F, U = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN


@pytest.mark.parametrize(
    ("truths", "conjunction", "disjunction"),
    [
        ((), T, F),
        ((T,), T, T),
        ((U,), U, U),
        ((F,), F, F),
        ((T, U), U, T),
        ((U, F), F, U),
        ((T, F), F, T),
        ((T, U, F), F, T),
        ((U, U), U, U),
    ],
)
def test_how_truths_combine(truths, conjunction, disjunction):
    assert all_of(truths) is conjunction
    assert any_of(truths) is disjunction


def test_not_unknown_is_unknown():
    assert [~item for item in (T, F, U)] == [F, T, U]


def test_de_morgan():
    for pair in product((T, F, U), repeat=2):
        assert ~all_of(pair) is any_of(~item for item in pair)


def test_a_truth_is_no_bool():
    with pytest.raises(TypeError, match="three values"):
        bool(T)


def test_truth_of_a_bool():
    assert [truth(item) for item in (True, False, None)] == [T, F, U]

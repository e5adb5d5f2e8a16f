"""Words of findings."""

import pytest
from host_builder import event

from evtscan.base.wording import listing, sentence, times
from evtscan.verdicts import wording


@pytest.mark.parametrize(
    ("number", "often", "more"),
    [
        (1, "once", "once more"),
        (2, "twice", "twice more"),
        (3, "3 times", "3 more times"),
        (1200, "1,200 times", "1,200 more times"),
    ],
)
def test_how_often(number, often, more):
    assert (times(number), wording.more_times(number)) == (often, more)


def test_what_was_logged_names_each_source_and_number_once():
    events = [event(1), event(2, "DHCP"), event(3)]
    assert wording.logged(events) == "Dhcp 1008 and DHCP 1008 were logged 3 times"
    assert wording.logged(events[:1], certain=False) == "Dhcp 1008 may have been logged once"


@pytest.mark.parametrize(
    ("words", "expected"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_joined(words, expected):
    assert listing(words) == expected


def test_listed_says_everything_once():
    assert wording.listed(["a", "", "b", "a"]) == "a; b"


def test_a_sentence_has_a_capital_and_one_full_stop():
    assert [sentence(text) for text in ("the pack", "The pack.", "")] == ["The pack.", "The pack.", "."]

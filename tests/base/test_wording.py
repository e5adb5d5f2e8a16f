"""Words that sentences share."""

import pytest

from evtscan.base.wording import counted, data_text, listing, short_entity, shortened


@pytest.mark.parametrize(
    ("entity", "shown"),
    [
        ("C:", "C:"),
        (r"\\Device\\Harddisk0\\DR0", r"\\Device\\Harddisk0\\DR0"),
        ("9f" * 32, "9f" * 8 + "…"),
        ("key QUJD" + "QUJD" * 20 + "==", "key QUJDQUJDQUJDQUJD…"),
        ("a b " * 50, ("a b " * 50)[:79] + "…"),
    ],
)
def test_an_entity_for_a_reader(entity, shown):
    assert short_entity(entity) == shown


def test_data_on_one_line():
    data = {"a": "x", "b": ["y", "z"], "c": {"d": 1}}
    assert data_text(data, 100) == "a=x; b=y, z; c={d: 1}"
    assert data_text(data, 5) == "a=x;…"
    assert shortened("abc", 3) == "abc"


def test_counts_and_lists():
    assert (counted(1, "host"), counted(1200, "host")) == ("1 host", "1,200 hosts")
    assert listing(["a", "b", "c"]) == "a, b and c"

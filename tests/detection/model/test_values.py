"""What single values are."""

import pytest

from evtscan.detection.model.values import instant_of, number_of, scalars_of, text_of


@pytest.mark.parametrize(
    ("value", "number"),
    [("12", 12), (" -3 ", -3), ("0x1F", 31), ("2.50", 2.5), (True, None), ("", None), ("1e3", None), ("1.2.3", None)],
)
def test_numbers_are_spelt_in_decimal_or_hexadecimal(value, number):
    assert number_of(value) == number


@pytest.mark.parametrize(
    ("value", "scalars"),
    [
        (None, []),
        ("", [""]),
        ([], []),
        (["a", ["b", None], {"x": "c", "y": ("d",)}], ["a", "b", "c", "d"]),
        (False, [False]),
    ],
)
def test_the_single_values_in_a_value(value, scalars):
    assert list(scalars_of(value)) == scalars


def test_text_as_windows_spells_it():
    assert [text_of(value) for value in (True, False, 7, 0.5, "x")] == ["true", "false", "7", "0.5", "x"]


def test_times():
    assert str(instant_of("2022-11-08")) == "2022-11-08T00:00:00Z"
    assert str(instant_of("2022-11-08T10:00:00.5+01:00")) == "2022-11-08T09:00:00.5Z"
    assert [instant_of(value) for value in ("5.0", "2022-13-01", "", None, 5, "1600-01-01")] == [None] * 6

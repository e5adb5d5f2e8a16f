"""Error codes as events write them, and their texts."""

import pytest

from evtscan.base.errorcodes import HRESULT, NTSTATUS, WIN32, code_of, error_text


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("5", 5),
        ("%%5", 5),
        ("0x80070005", 0x80070005),
        ("-2147024891", 0x80070005),
        (-2147024891, 0x80070005),
        ("C000006D", 0xC000006D),
        ("0xffffffff80070005", 0x80070005),
        ("12345678901", None),
        ("five", None),
        ("00000005", 5),
        (True, None),
        (None, None),
        (["5"], None),
        ("9" * 5000, None),
    ],
)
def test_codes_in_every_spelling(value, code):
    assert code_of(value) == code


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("%%1722", WIN32[1722]),
        ("0x800706ba", WIN32[1722]),
        ("2147944122", WIN32[1722]),
        ("0xc0000022", NTSTATUS[0xC0000022]),
        ("0xd0000022", NTSTATUS[0xC0000022]),
        ("0x80240034", HRESULT[0x80240034]),
        ("0", ""),
        ("0x80079999", ""),
        ("Spooler", ""),
    ],
)
def test_texts_of_codes_by_facility(value, text):
    assert error_text(value) == text


def test_texts_are_fragments_of_sentences():
    for table in (WIN32, NTSTATUS, HRESULT):
        assert all(text and text == text.strip() and not text.endswith(".") for text in table.values())

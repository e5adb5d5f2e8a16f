import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtscan.base.safetext import prose, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain – Ünïcode 日本", "plain – Ünïcode 日本"),
        ("a\r\nb\nc\rd\te", r"a\nb\nc\nd\te"),
        ("\x1b[31m\x9b0m\x7f\x00", r"\x1b[31m\x9b0m\x7f\x00"),
        ("gpj.\u202eexe\u2066\u200f", r"gpj.\u202eexe\u2066\u200f"),
        ("a\u2028b\x85c", r"a\u2028b\x85c"),
        ("NTWS07\u200b\ufeff\xad", r"NTWS07\u200b\ufeff\xad"),
        ("tag \U000e0041", r"tag \U000e0041"),
        ("می\u200cشود 👩\u200d💻", "می\u200cشود 👩\u200d💻"),  # joiners
        ("\ud83d", r"\ud83d"),
        (r"C:\new", r"C:\new"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


@settings(deadline=None, max_examples=100)
@given(st.text(st.characters(codec=None)))
def test_visible_is_one_printable_line_of_utf8(text: str) -> None:
    shown = visible(text)
    assert len(shown.splitlines()) <= 1
    assert shown.encode("utf-8").decode("utf-8") == shown
    assert not any(ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for character in shown)
    assert visible(shown) == shown


def test_prose_folds_white_space() -> None:
    assert prose("  one\n   two\tthree\x07 ") == r"one two three\x07"

import pytest

from evtscan.parsers.logs import eventtypes
from evtscan.parsers.logs.accounts import USER_FIELDS, sid_of


@pytest.mark.parametrize(
    ("word", "name", "level", "keywords"),
    [
        ("Error", "Error", 2, "0x80000000000000"),
        ("WARNING", "Warning", 3, "0x80000000000000"),
        ("Information", "Information", 4, "0x80000000000000"),
        ("Success Audit", "Audit Success", 0, "0xa0000000000000"),
        ("FailureAudit", "Audit Failure", 0, "0x90000000000000"),
        ("AUDIT FAILURE", "Audit Failure", 0, "0x90000000000000"),
        ("Error event", "Error", 2, "0x80000000000000"),
        ("None", "Success", 4, "0x80000000000000"),
    ],
)
def test_words(word: str, name: str, level: int, keywords: str) -> None:
    found = eventtypes.of_word(word)
    assert (found.name, found.level, found.keywords, found.unreadable) == (name, level, keywords, frozenset())


def test_what_is_not_known() -> None:
    assert eventtypes.of_word("Fehler") is eventtypes.UNKNOWN
    assert eventtypes.of_number(3) is eventtypes.UNKNOWN
    assert eventtypes.UNKNOWN.unreadable == {"EventType", "Level", "Keywords"}


def test_levels() -> None:
    words = ("Critical", "error", "Warning", "Information", "Verbose", "4", "Audit Success", "Fehler", "", "99999")
    assert [eventtypes.level_of_word(word) for word in words] == [1, 2, 3, 4, 5, 4, None, None, None, None]


@pytest.mark.parametrize(
    ("name", "sid", "open_fields"),
    [
        ("N/A", None, frozenset()),
        ("", None, frozenset()),
        ("SYSTEM", "S-1-5-18", frozenset()),
        (r"NT AUTHORITY\NETWORK SERVICE", "S-1-5-20", frozenset()),
        (r"LAB\system", None, USER_FIELDS),
        (r"LAB\somebody", None, USER_FIELDS),
        ("S-1-5-21-1", "S-1-5-21-1", frozenset()),
    ],
)
def test_accounts(name: str, sid: str | None, open_fields: frozenset[str]) -> None:
    assert sid_of(name) == (sid, open_fields)


def test_a_type_of_a_record_that_nobody_knows_goes_by_its_number() -> None:
    assert eventtypes.of_record(1) == eventtypes.of_number(1)
    assert eventtypes.of_record(7) == eventtypes.EventType("7", 4, "0x80000000000000")

"""Words and numbers for the type of an event → type, level and keywords as Windows converts them."""

from dataclasses import dataclass
from functools import lru_cache

_NAMES = {
    0: "Success",
    1: "Error",
    2: "Warning",
    4: "Information",
    8: "Audit Success",
    16: "Audit Failure",
}
_LEVELS = {0: 4, 1: 2, 2: 3, 4: 4, 8: 0, 16: 0}
_CLASSIC = "0x80000000000000"
_KEYWORDS = {8: "0xa0000000000000", 16: "0x90000000000000"}

_WORDS = {
    "error": 1,
    "warning": 2,
    "information": 4,
    "success": 0,
    "none": 0,
    "successaudit": 8,
    "auditsuccess": 8,
    "failureaudit": 16,
    "auditfailure": 16,
}
_LEVEL_WORDS = {"critical": 1, "error": 2, "warning": 3, "information": 4, "verbose": 5}


@dataclass(frozen=True, slots=True)
class EventType:
    """The type of a classic event, and the level and keywords that Windows gives it on conversion to EVTX.

    ``unreadable`` contains the fields that are unknown because an export has an unknown word.
    """

    name: str | None
    level: int | None
    keywords: str | None
    unreadable: frozenset[str] = frozenset()


UNKNOWN = EventType(None, None, None, frozenset({"EventType", "Level", "Keywords"}))
_OF_NUMBER = {
    number: EventType(name, _LEVELS[number], _KEYWORDS.get(number, _CLASSIC)) for number, name in _NAMES.items()
}


def of_number(number: int) -> EventType:
    """Return the type with this number (MS-EVEN 2.2.2), or ``UNKNOWN``."""
    return _OF_NUMBER.get(number, UNKNOWN)


@lru_cache(maxsize=64)
def of_record(number: int) -> EventType:
    """Return the type of a ``.evt`` record.

    The name of a type that MS-EVEN does not define is its number, and its level is information.
    """
    return _OF_NUMBER.get(number) or EventType(str(number), _LEVEL_WORDS["information"], _CLASSIC)


def of_word(word: str) -> EventType:
    """Return the type that viewers and tools print as this English word, in any case; or ``UNKNOWN``.

    >>> of_word("Failure Audit").name, of_word("ERROR").level, of_word("Error event").level
    ('Audit Failure', 2, 2)
    """
    number = _WORDS.get(word.casefold().removesuffix(" event").replace(" ", ""))
    return UNKNOWN if number is None else of_number(number)


def level_of_word(word: str) -> int | None:
    """Return the level that Vista and later print as this English word or number, or None."""
    word = word.strip().casefold()
    return int(word) if word.isascii() and word.isdigit() and len(word) < 4 else _LEVEL_WORDS.get(word)

"""``context``, ``supported_by`` and ``cleared_by`` of a known issue → the conditions on events around a match.

``evtscan.verdicts`` evaluates them on a host, with regard to the time that its logs cover.
"""

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from evtscan.base.wintypes import TICKS_PER_SECOND
from evtscan.detection.model.section import Section


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Another event must be after the match (``after``) or before it; if not ``wanted``, there must be no such event.

    ``name`` is the name of a selection or rule. ``within`` is in ticks; without it, the search goes to the end or the
    beginning of the log. ``same`` pairs a field of the match with a field of the other event that must be equal.
    ``text`` is the condition in readable form.
    """

    name: str
    after: bool
    text: str
    wanted: bool = True
    within: int | None = None
    same_boot: bool = False
    same: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SinceBoot:
    """The time since the start of the boot session must be within limits (ticks)."""

    text: str
    at_least: int | None = None
    at_most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Boots:
    """The rule must have matched in ``at_least`` of the last ``of_last`` boot sessions, up to that of the match."""

    text: str
    at_least: int
    of_last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Every:
    """The previous and the next match must be at multiples of a period (ticks); if not ``wanted``, one must not be."""

    text: str
    period: int
    tolerance: int
    wanted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SameBoot:
    """All events of a match must be in one boot session."""

    text: str


Around = Beside | SinceBoot | Boots | Every | SameBoot
"""One condition on what stands around a match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearedBy:
    """An event after a match which states that the problem is over."""

    name: str
    text: str
    same: tuple[tuple[str, str], ...] = ()


DEFAULT_TOLERANCE: Final = 60 * TICKS_PER_SECOND
MOST_BOOTS: Final = 1000

_UNITS: Final[Mapping[str, int]] = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"(\d{1,6})([smhdw])\Z")


def parse_duration(text: str) -> int:
    """Return the ticks of a duration in Sigma's notation.

    >>> parse_duration("24h") // TICKS_PER_SECOND
    86400

    Raises:
        ValueError: if the text is not a duration.
    """
    match = _DURATION.match(text)
    if match is None or not int(match[1]):
        raise ValueError(f"{text!r} is no duration such as 30s, 15m, 24h, 7d or 2w")
    return int(match[1]) * _UNITS[match[2]] * TICKS_PER_SECOND


# -------------------------------------------------------------------------------------------------- reading


def context_of(issue: Section, named: Container[str] | None, key: str = "context") -> tuple[Around, ...]:
    """Read ``context``: a list of entries, each with one condition and its options.

    ``named`` are the selections of the rule; None if the names are those of other rules, which may be in any file.
    """
    found = []
    for section in issue.sections(key):
        kinds = [key for key in section.data if key in _KINDS and key != _SAME_BOOT]
        if not kinds and _SAME_BOOT in section.data:
            kinds = [_SAME_BOOT]
        if len(kinds) != 1:
            section.problem(f"one condition an entry, one of {', '.join(_KINDS)}")
            continue
        found.append(_KINDS[kinds[0]](section, kinds[0]))
        if isinstance(found[-1], Beside):
            _check_name(section, kinds[0], named)
    return tuple(found)


def supported_by_of(issue: Section, named: Container[str] | None) -> tuple[Beside, ...]:
    """Read ``supported_by``: events near a match that do not change its verdict but are mentioned in the report."""
    entries = context_of(issue, named, "supported_by")
    found = tuple(entry for entry in entries if isinstance(entry, Beside) and entry.wanted)
    if len(found) < len(entries):
        issue.problem("takes nothing but followed_by and preceded_by", "supported_by")
    return found


def cleared_by_of(issue: Section, named: Container[str] | None) -> ClearedBy | None:
    """Read ``cleared_by``; ``named`` as in ``context_of``."""
    if "cleared_by" not in issue.data:
        return None
    section = issue.section("cleared_by")
    section.only(("event", "same"))
    name = section.text("event")
    _check_name(section, "event", named)
    same = _same(section)
    return ClearedBy(name=name, text=f"cleared by {name}{_shown_same(same)}", same=same)


def names_in(context: Iterable[Around], cleared_by: ClearedBy | None) -> Iterator[str]:
    """The selections, or rules, that ``context`` (or ``supported_by``) and ``cleared_by`` name."""
    yield from (entry.name for entry in context if isinstance(entry, Beside))
    if cleared_by is not None:
        yield cleared_by.name


def _check_name(section: Section, key: str, named: Container[str] | None) -> None:
    name = section.text(key)
    if not name or (named is not None and name not in named):
        section.problem(f"there is no selection {name!r} in the detection" if name else "needs a name", key)


def _beside(section: Section, key: str) -> Around:
    section.only((key, "within", "same", _SAME_BOOT))
    same, same_boot = _same(section), section.flag(_SAME_BOOT)
    words = key.replace("_", " ")
    parts = [f"{words} {section.text(key)}{_shown_same(same)}"]
    if "within" in section.data:
        parts.append(f"within {section.text('within')}")
    if same_boot:
        parts.append("in the same boot session")
    return Beside(
        name=section.text(key),
        after=key.endswith("followed_by"),
        wanted=not key.startswith("not_"),
        within=_duration(section, "within"),
        same_boot=same_boot,
        same=same,
        text=" ".join(parts),
    )


def _since_boot(section: Section, key: str) -> Around:
    section.only((key,))
    limits = section.section(key)
    limits.only(("at_least", "at_most"))
    if not limits.data:
        section.problem("needs a limit, such as {at_most: 30m}", key)
    shown = " and ".join(f"at {name.removeprefix('at_')} {limits.text(name)}" for name in limits.data)
    return SinceBoot(
        at_least=_duration(limits, "at_least"),
        at_most=_duration(limits, "at_most"),
        text=f"{shown} since the start",
    )


def _boots(section: Section, key: str) -> Around:
    section.only((key,))
    numbers = section.section(key)
    numbers.only(("at_least", "of_last"))
    at_least, of_last = _count(numbers, "at_least"), _count(numbers, "of_last")
    if at_least > of_last:
        numbers.problem("cannot be more than of_last", "at_least")
    return Boots(at_least=at_least, of_last=of_last, text=f"in at least {at_least} of the last {of_last} boot sessions")


def _every(section: Section, key: str) -> Around:
    section.only((key, "tolerance"))
    period, tolerance = _duration(section, key), _duration(section, "tolerance") or DEFAULT_TOLERANCE
    if period is not None and 2 * tolerance >= period:
        section.problem("must be less than half of the period, or every time would do", "tolerance")
    shown = section.text("tolerance") or "1m"
    return Every(
        period=period or 0,
        tolerance=tolerance,
        wanted=key == "every",
        text=f"{'' if key == 'every' else 'not '}every {section.text(key)}, give or take {shown}",
    )


def _same_boot(section: Section, key: str) -> Around:
    section.only((key,))
    if section.data[key] is not True:
        section.problem("can only be true", key)
    return SameBoot(text="all events in one boot session")


_SAME_BOOT: Final = "same_boot"
"""Where it stands beside another key, it is an option of that."""

_KINDS: Final[Mapping[str, Callable[[Section, str], Around]]] = {
    "followed_by": _beside,
    "preceded_by": _beside,
    "not_followed_by": _beside,
    "not_preceded_by": _beside,
    "since_boot": _since_boot,
    "boots": _boots,
    "every": _every,
    "not_every": _every,
    _SAME_BOOT: _same_boot,
}
"""The key that says what an entry is about."""


def _duration(section: Section, key: str) -> int | None:
    if key not in section.data:
        return None
    try:
        return parse_duration(section.text(key))
    except ValueError as error:
        section.problem(str(error), key)
        return None


def _count(section: Section, key: str) -> int:
    value: Any = section.data.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_BOOTS:
        section.problem(f"must be a number from 1 to {MOST_BOOTS}", key)
        return 1
    return value


def _same(section: Section) -> tuple[tuple[str, str], ...]:
    """Read pairs of fields; ``FIELD=OTHER`` if the field has another name in the other event."""
    pairs = []
    for place, text in enumerate(section.texts("same")):
        field, equals, other = (part.strip() for part in text.partition("="))
        if not field or (equals and not other):
            section.problem("must be FIELD, or FIELD=OTHER where the other event calls it so", "same", place)
        pairs.append((field, other or field))
    return tuple(pairs)


def _shown_same(same: tuple[tuple[str, str], ...]) -> str:
    shown = ", ".join(field if field == other else f"{field}={other}" for field, other in same)
    return f" with the same {shown}" if shown else ""

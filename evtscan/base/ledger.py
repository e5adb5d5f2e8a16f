"""What every ledger is made of: lists that are cut short with the number of what is left out, each with its label."""

from bisect import insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from evtscan.base.model.source import SkippedFile
from evtscan.base.safetext import prose

NAMES_SHOWN = 5
"""How many names a line lists before it counts the rest."""

DAMAGE = frozenset({"bad_chunk", "bad_header", "bad_record", "damaged_member", "truncated", "unreadable"})
"""Kinds of warnings that say that a file is damaged, whether or not records are known to be lost."""

LINES_SHOWN = 20
"""How many lines a part of the ledger has before it counts the rest."""

_LABEL_WIDTH = 9


@dataclass(slots=True)
class Names:
    """The first names of many in their order, and how many there are."""

    first: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, name: str) -> None:
        """Take one more."""
        self.count += 1
        insort(self.first, name)
        del self.first[NAMES_SHOWN:]


@dataclass(slots=True)
class Lines:
    """The first lines of many, and how many there are."""

    first: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, line: str) -> None:
        """Take one more, unless it is said already."""
        if line in self.first:  # what is said of several hosts is said of each
            return
        self.count += 1
        if self.count <= LINES_SHOWN:
            self.first.append(line)

    def part(self, label: str) -> list[str]:
        """These lines as one part of the ledger."""
        return part(label, self.first, self.count)


def skipped_part(skipped: Iterable[SkippedFile]) -> list[str]:
    """The part of the ledger about files that were passed over, by reason."""
    names: dict[str, Names] = {}
    for item in skipped:
        names.setdefault(item.reason, Names()).add(item.source_file)
    return part("skipped", by_reason(names))


def by_reason(skipped: Mapping[str, Names]) -> list[str]:
    """A line for each reason, the commonest first, with the names of what was passed over for it."""
    most_first = sorted(skipped.items(), key=lambda item: (-item[1].count, item[0]))
    return [f"{names.count:,} {reason}: {_listed(names)}" for reason, names in most_first]


def _listed(names: Names) -> str:
    more = names.count - len(names.first)
    return ", ".join(names.first) + (f" and {more:,} more" if more else "")


def part(label: str, lines: Sequence[str], count: int | None = None) -> list[str]:
    """One part of the ledger: its name beside the first of its lines, which may be only the first of ``count``."""
    shown = [prose(line) for line in lines[:LINES_SHOWN]]
    more = (len(lines) if count is None else count) - len(shown)
    if more > 0:
        shown.append(f"and {more:,} more")
    labels = [label] + [""] * len(shown)
    return [f"{name:<{_LABEL_WIDTH}} {line}" for name, line in zip(labels, shown, strict=False)]

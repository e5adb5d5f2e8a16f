"""The ledger at the end of a run: one line for each topic or, if detailed, a list of limited length with a count."""

from bisect import insort
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from evtscan.base.errors import Problem
from evtscan.base.model.source import ExtractionWarning, SkippedFile
from evtscan.base.safetext import prose

NAMES_SHOWN = 5
"""How many names a line lists; further ones are counted."""

DAMAGE = frozenset({"bad_chunk", "bad_header", "bad_record", "damaged_member", "truncated", "unreadable"})
"""Kinds of warnings about a damaged file, whether or not records are known to be lost."""

LINES_SHOWN = 20
"""How many lines a part of the detailed ledger has; further ones are counted."""

_LABEL_WIDTH = 9
_KINDS_SHOWN = 4


@dataclass(slots=True)
class Names:
    """The first of many names in alphabetical order, and the total number of names."""

    first: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, name: str) -> None:
        """Add a name."""
        self.count += 1
        insort(self.first, name)
        del self.first[NAMES_SHOWN:]

    def __str__(self) -> str:
        more = self.count - len(self.first)
        return ", ".join(self.first) + (f" and {more:,} more" if more else "")


@dataclass(slots=True)
class Lines:
    """The first of many lines, and the total number of lines."""

    first: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, line: str) -> None:
        """Add a line, unless it is among the kept lines already."""
        if line in self.first:  # one warning can be about several hosts
            return
        self.count += 1
        if self.count <= LINES_SHOWN:
            self.first.append(line)

    def part(self, label: str) -> list[str]:
        """Return these lines as a part of the detailed ledger."""
        return part(label, self.first, self.count)


@dataclass(slots=True)
class Warnings:
    """Warnings of a run: counts by kind, and the first warnings as lines."""

    kinds: Counter[str] = field(default_factory=Counter)
    lines: Lines = field(default_factory=Lines)

    def add(self, warning: ExtractionWarning, prefix: str = "") -> None:
        """Add a warning; ``prefix`` precedes the name of its file."""
        place = f"{prefix}{warning.location}: " if warning.location.source else ""
        before = self.lines.count
        self.lines.add(f"{place}{warning.message}")
        self.kinds[warning.kind] += self.lines.count - before

    def part(self, *, detailed: bool) -> list[str]:
        """Return the part of the ledger about warnings."""
        if detailed or self.lines.count == 1:
            return self.lines.part("warnings")
        if not self.lines.count:
            return []
        shown = [f"{count:,} {kind}" for kind, count in self.kinds.most_common(_KINDS_SHOWN)]
        more = ", …" if len(self.kinds) > _KINDS_SHOWN else ""
        return part("warnings", [f"{self.lines.count:,} ({', '.join(shown)}{more}); -v lists them"])


def skipped_part(skipped: Iterable[SkippedFile], *, detailed: bool = True) -> list[str]:
    """Return the part of the ledger about skipped files, by reason."""
    names: dict[str, Names] = {}
    for item in skipped:
        names.setdefault(item.reason, Names()).add(item.source_file)
    return reasons_part(names, detailed=detailed)


def reasons_part(skipped: Mapping[str, Names], *, detailed: bool) -> list[str]:
    """Return the part of the ledger about skipped files, given as names for each reason."""
    lines = by_reason(skipped)
    if detailed or len(lines) < 2:
        return part("skipped", lines)
    counts = sorted(skipped.items(), key=lambda item: (-item[1].count, item[0]))[:_KINDS_SHOWN]
    more = "; …" if len(skipped) > _KINDS_SHOWN else ""
    return part(
        "skipped", ["; ".join(f"{names.count:,} {reason}" for reason, names in counts) + f"{more}; -v names them"]
    )


def by_reason(skipped: Mapping[str, Names]) -> list[str]:
    """Return a line for each reason, the most frequent first, with the names of the skipped files."""
    most_first = sorted(skipped.items(), key=lambda item: (-item[1].count, item[0]))
    return [f"{names.count:,} {reason}: {names}" for reason, names in most_first]


def warning_count(problems: Sequence[Problem]) -> str:
    """The number of problems of rules that loaded, to follow other counts; empty if there are none."""
    noun = "warning" if len(problems) == 1 else "warnings"
    return f", {len(problems):,} {noun} about rules (-v lists them)" if problems else ""


def by_problem(problems: Iterable[Problem]) -> list[str]:
    """A line for each problem of rules, the commonest first, with the first files."""
    names: dict[str, Names] = {}
    for problem in problems:
        reason = f"{problem.key}: {problem.message}" if problem.key else problem.message
        names.setdefault(reason, Names()).add(problem.file)
    return by_reason(names)


def damaged_part(files: Sequence[tuple[str, int, int]], count: int | None = None, *, detailed: bool) -> list[str]:
    """Return the part of the ledger about damaged files, given as name, records read and records lost.

    ``files`` may be only the first of ``count`` files.
    """
    number = len(files) if count is None else count
    if detailed or number < 2:
        return part("damaged", [f"{name}: {read:,} records read, {lost:,} lost" for name, read, lost in files], number)
    names = ", ".join(name for name, _, _ in files[:NAMES_SHOWN])
    more = f" and {number - NAMES_SHOWN:,} more" if number > NAMES_SHOWN else ""
    return part("damaged", [f"{number:,} files: {names}{more}"])


def part(label: str, lines: Sequence[str], count: int | None = None) -> list[str]:
    """Return one part of the ledger: a label, and ``lines``, which may be only the first of ``count`` lines."""
    shown = [prose(line) for line in lines[:LINES_SHOWN]]
    more = (len(lines) if count is None else count) - len(shown)
    if more > 0:
        shown.append(f"and {more:,} more")
    labels = [label] + [""] * len(shown)
    return [f"{name:<{_LABEL_WIDTH}} {line}" for name, line in zip(labels, shown, strict=False)]

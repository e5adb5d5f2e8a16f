"""Lines of a text export → its records and the lines between them: common code of all text formats.

A format (a ``Dialect`` of ``textlog``) splits its file into parts (``Part``). If a record has several lines, ``blocks``
finds its first and last line.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from evtscan.parsers.logs.exportrecords import Record
from evtscan.parsers.shared.textlines import is_prompt

LONGEST_TEXT = 1 << 17
"""Maximum number of characters of one record: far more than a record of a log can contain (64 KiB)."""

_MOST_WORDS = 8


@dataclass(slots=True, kw_only=True)
class Entry(Record):
    """One record as printed: its first line, the fields that identify and number it, its times as text.

    ``utc`` means that the times are UTC although their text does not show it. ``content`` returns the data and adds the
    missing fields of ``system`` (level, task, user …); it is called only for selected records.
    """

    offset: int = 0  # text has lines
    time: str
    time_written: str = ""
    utc: bool = False


@dataclass(slots=True)
class Flaw:
    """Lines that should be a record but cannot be parsed, or unexpected lines."""

    line: int
    kind: str
    message: str
    lost: int = 0


@dataclass(slots=True)
class NextOutput:
    """Marks the beginning of another output that was appended to the previous one."""


Part = Entry | Flaw | NextOutput


# --------------------------------------------------------------------------------- records that are several lines


Head = TypeVar("Head")
"""The parsed first line of a record, in the type that the format defines."""


@dataclass(slots=True)
class Block(Generic[Head]):
    """One record: the number of its first line, the parsed first line, and the lines after it.

    ``cut`` means that lines beyond the limit were discarded.
    """

    line: int
    head: Head
    lines: list[str]
    cut: bool = False

    @property
    def flaw(self) -> str:
        """A description of the lost part of the record; empty if it is complete."""
        return f"its text is longer than {LONGEST_TEXT} characters, and the rest is left out" if self.cut else ""


@dataclass(slots=True)
class Interlude:
    """A line between records that ends the previous record, or the first of several lines that follow such a line."""

    line: int
    text: str


def blocks(
    lines: Iterable[tuple[int, str]], head: Callable[[str, str], Head | None], interrupts: Callable[[str], bool]
) -> Iterator[Block[Head] | Interlude]:
    """Split lines into records and the lines between them; blank lines between records are skipped.

    ``head`` receives a line and the next line, and returns the parsed line if a record begins there. ``interrupts``
    returns whether a line ends the previous record without starting a record, as a prompt does in every format.
    """
    block: Block[Head] | None = None
    size = 0
    quiet = False
    for number, line, following in _with_next(lines):
        if (found := head(line, following)) is not None:
            if block is not None:
                yield block
            block, size, quiet = Block(number, found, []), len(line), False
        elif is_prompt(line) or interrupts(line):
            if block is not None:
                yield block
            block, quiet = None, False
            yield Interlude(number, line)
        elif block is None:
            if not quiet and line.strip():
                quiet = True
                yield Interlude(number, line)
        elif size <= LONGEST_TEXT:
            block.lines.append(line)
            size += len(line) + 1
        else:
            block.cut = True
    if block is not None:
        yield block


def between(interlude: Interlude, broken: Callable[[str], bool]) -> Part:
    """Interpret a line between records: a prompt starts another output; a ``broken`` line is a damaged record."""
    if is_prompt(interlude.text):
        return NextOutput()
    if broken(interlude.text):
        message = f"this line begins like a record and is none: {interlude.text[:80]!r}"
        return Flaw(interlude.line, "bad_record", message, lost=1)
    return Flaw(interlude.line, "stray_lines", f"what begins here belongs to no record: {interlude.text[:80]!r}")


def heads_within(line: int, count: int) -> Iterator[Flaw]:
    """Yield a warning if ``count`` lines within the record at ``line`` look like first lines of records."""
    if count:
        message = f"within the text of this record begin {count} more that are damaged, or it quotes them"
        yield Flaw(line, "bad_record", message, lost=count)


def _with_next(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str, str]]:
    waiting: tuple[int, str] | None = None
    for item in lines:
        if waiting is not None:
            yield *waiting, item[1]
        waiting = item
    if waiting is not None:
        yield *waiting, ""


@dataclass(slots=True)
class Words:
    """Words of a file that are not English and cannot be interpreted."""

    what: str
    seen: dict[str, None] = field(default_factory=dict)

    def add(self, word: str) -> None:
        """Add a word."""
        if len(self.seen) < _MOST_WORDS:
            self.seen.setdefault(word[:40])

    def notes(self) -> Iterator[tuple[str, str]]:
        """Yield one warning that lists the words."""
        if self.seen:
            listed = ", ".join(self.seen)
            yield "foreign_words", f"{self.what} in words that are not English ({listed}): what they mean is not known"

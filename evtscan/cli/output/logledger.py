"""The ledger of ``dump`` and ``metrics``: what was read of each log, for the last lines of a run and its exit code."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from evtscan.base.errors import OutputError
from evtscan.base.ledger import DAMAGE, Warnings, damaged_part, part, skipped_part
from evtscan.base.model.source import ExtractionWarning, SkippedFile, Source
from evtscan.base.streams import is_closed_pipe


@dataclass(slots=True)
class _File:
    """The result of reading one log."""

    records: int = 0
    lost: int = 0
    unreadable: bool = False
    damaged: bool = False


@contextmanager
def writing_stdout() -> Iterator[BinaryIO]:
    """Yield standard output as a binary stream.

    Raises:
        OutputError: if it cannot be written.
        BrokenPipeError: if its reader has ended.
    """
    try:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    except OSError as error:
        if is_closed_pipe(error):
            raise BrokenPipeError from error
        raise OutputError(f"standard output: cannot be written ({error.strerror or error})") from error


class LogLedger:
    """Collects the results of reading logs, the skipped files, and the warnings (the first ones and their number)."""

    def __init__(self) -> None:
        self._files: dict[str, _File] = {}
        self._skipped: list[SkippedFile] = []
        self._warnings = Warnings()
        self._archive_damaged = False

    def read(self, name: str, records: int = 0, lost: int = 0) -> None:
        """Add the records that were read from a log, or from a part of it."""
        file = self._files.setdefault(name, _File())
        file.records += records
        file.lost += lost
        file.damaged |= lost > 0

    def skip(self, items: Iterable[SkippedFile]) -> None:
        """Add skipped files."""
        self._skipped.extend(items)

    def skip_rest(self, sources: Iterable[Source]) -> None:
        """Add those of these files that are not logs: files for which nothing else was added."""
        rest = [source for source in sources if source.name not in self._files]
        self.skip(SkippedFile(source_file=source.name, reason=_why_not(source)) for source in rest)

    def warn(self, warning: ExtractionWarning) -> None:
        """Add a warning; if a file with several parts cannot be read, only the first such warning counts."""
        location = warning.location
        is_damage = warning.records_lost > 0 or warning.kind in DAMAGE
        if warning.kind == "unreadable":
            file = self._files.setdefault(location.source, _File())
            if file.unreadable:
                return
            file.unreadable = True
        if location.source in self._files:
            self._files[location.source].damaged |= is_damage
        else:
            self._archive_damaged |= is_damage
        self._warnings.add(warning)

    @property
    def any_read(self) -> bool:
        """Whether at least one log could be read."""
        return any(not file.unreadable or file.records for file in self._files.values())

    @property
    def is_damaged(self) -> bool:
        """Whether some of the evidence is damaged or could not be read."""
        return self._archive_damaged or any(file.damaged for file in self._files.values())

    def lines(self, also: Sequence[str] = (), *, detailed: bool = False) -> list[str]:
        """Return the ledger as lines of text, safe to print; ``also`` is inserted after the records."""
        read = sum(not file.unreadable or file.records > 0 for file in self._files.values())
        seen = len(self._files) + len(self._skipped)
        records = sum(file.records for file in self._files.values())
        lost = sum(file.lost for file in self._files.values())
        damaged = [(name, file.records, file.lost) for name, file in self._files.items() if file.damaged]
        return [
            *part("files", [f"{seen:,} seen, {read:,} read, {seen - read:,} skipped"]),
            *skipped_part(self._skipped, detailed=detailed),
            *damaged_part(damaged, detailed=detailed),
            *part("records", [f"{records:,} read, {lost:,} lost"]),
            *also,
            *self._warnings.part(detailed=detailed),
        ]


def _why_not(source: Source) -> str:
    try:
        return "not an event log" if source.path.stat().st_size else "empty"
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"

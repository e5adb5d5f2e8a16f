"""``-o`` of commands with one output: standard output, or a file that is never left partially written."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, TypeVar

from evtscan.base.outfiles import STDOUT, refuse_existing, replacing
from evtscan.cli.options import groups
from evtscan.cli.options.option import OUTPUT, option
from evtscan.cli.output import terminal

if TYPE_CHECKING:
    from rich.console import Console

F = TypeVar("F", bound=Enum)


@dataclass(frozen=True, kw_only=True)
class OutputFile:
    """The output of a command: a file or standard output."""

    output: Annotated[
        str,
        option("-o", "--output", section=OUTPUT, metavar="FILE", help="Output file, in UTF-8; - is standard output."),
    ] = STDOUT
    clobber: groups.Clobber = False

    @property
    def is_stdout(self) -> bool:
        """Whether the output goes to standard output."""
        return self.output == STDOUT

    def check(self) -> None:
        """Check before the run that the file can be written.

        Raises:
            OutputError: if it cannot be written, or exists and may not be replaced.
        """
        if not self.is_stdout:
            refuse_existing([Path(self.output)], clobber=self.clobber)

    def format_of(self, chosen: F | None, default: F) -> F:
        """Return the format to write: the chosen one, else the one of the file's suffix, else the default."""
        suffix = "" if self.is_stdout else Path(self.output).suffix.lower().removeprefix(".")
        return chosen or next((item for item in type(default) if item.value == suffix), default)

    @contextmanager
    def stream(self) -> Iterator[BinaryIO]:
        """Open the output for bytes.

        Raises:
            OutputError: if it cannot be written.
        """
        if self.is_stdout:
            yield sys.stdout.buffer
            return
        with replacing(Path(self.output), clobber=self.clobber) as stream:
            yield stream

    @contextmanager
    def console(self, *, no_color: bool) -> Iterator["Console"]:
        """Open the output for text: the console, or a file without colour.

        Raises:
            OutputError: if it cannot be written.
        """
        if self.is_stdout:
            yield terminal.console(no_color=no_color)
            return
        with self.stream() as stream:
            text = io.TextIOWrapper(stream, "utf-8", errors="backslashreplace", newline="\n")
            console = terminal.console(no_color=True)
            console.file = text
            yield console
            text.flush()
            text.detach()

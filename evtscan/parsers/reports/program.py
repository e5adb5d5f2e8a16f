"""The description of a program whose text output is read as a system report, with its recognition and its parser.

``PROGRAM`` at the end of each module of this folder is such a row; ``programs`` contains the table.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from evtscan.base.model.inventory import Inventory
from evtscan.parsers.reports.section import Section


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A row of ``PROGRAMS``; for the first five fields see ``Format``.

    ``begins`` is a pattern for a line that only this program prints: its output begins at that line, anywhere in a
    file. ``may_begin`` is a pattern for a first line that other programs print too. ``begins_once``: the line occurs
    once in each report, so a second such line begins another report. ``commands`` are the commands at a prompt that run
    the program, in lower case. ``has_shape`` recognises the first lines of a file if the output is in a language whose
    first line is not known. Patterns must match in linear time; they are applied to at most 4,096 characters of a line.
    """

    name: str
    title: str
    keeps: str
    loses: str
    known_by: str
    begins: str
    may_begin: str = ""
    begins_once: bool = False
    commands: tuple[str, ...] = ()
    has_shape: Callable[[list[str]], bool] | None = None
    parse: Callable[[Section], Iterator[Inventory]]

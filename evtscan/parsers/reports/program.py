"""A program whose text output is read as a system report: its description, how its output is recognised, its parser.

``PROGRAM`` at the end of each module of this folder is such a row; ``programs`` has the table.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from evtscan.base.model.inventory import Inventory
from evtscan.parsers.reports.section import Section


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A row of ``PROGRAMS``; for the first five fields see ``Format``.

    ``begins`` is a pattern for a line that only this program prints: its output begins there, wherever the line is.
    ``may_begin`` is a pattern for such a line that other programs print too. ``begins_once``: the line comes once in
    each report, so that another one begins another report. ``commands`` are the commands at a prompt that run the
    program, in lower case. ``has_shape`` recognises the first lines of a file where the output is in a language of
    which no such line is known. Patterns must match in linear time; they see no more than 4,096 characters of a line.
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

"""The options that recur, and the values that people type into them."""

import glob
import os
import re
from collections.abc import Callable, Sequence
from datetime import tzinfo
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evtscan.base.errors import UsageError
from evtscan.base.model.query import ReadOptions
from evtscan.base.wintypes import TICKS_PER_SECOND, Instant, parse_time
from evtscan.cli.options.helptext import EVENTS, OUTPUT, READING, REPORTED, RULES, WORK

if TYPE_CHECKING:
    from evtscan.messages import MessagesFrom


class DecoderName(Enum):
    """Decoders of EVTX."""

    COLUMNS = "columns"
    REFERENCE = "reference"


Paths = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH...", help="Files, folders and archives of evidence; * stands for any name.", show_default=False
    ),
]


def expand_rule_paths(paths: list[Path] | None) -> list[Path] | None:
    """Expand patterns among rule paths; a path that does not exist stays, and is reported when rules are loaded."""
    return None if paths is None else [file for path in paths for file in (_matching(str(path)) or [path])]


RulePaths = Annotated[
    list[Path] | None,
    typer.Option(
        "-r",
        "--rules",
        metavar="PATH",
        callback=expand_rule_paths,
        help="Rule file or folder to use instead of the catalogue; * stands for any name. Repeatable.",
        show_default=False,
        rich_help_panel=RULES,
    ),
]
NoRuleCache = Annotated[
    bool,
    typer.Option(
        "--no-rule-cache",
        help="Compile the rules, and keep nothing of them in the user's cache folder.",
        rich_help_panel=RULES,
    ),
]
Jobs = Annotated[
    int,
    typer.Option(
        "-j", "--jobs", metavar="N", min=0, help="Worker processes; 0 for as many as pay off.", rich_help_panel=WORK
    ),
]
Clobber = Annotated[bool, typer.Option("-C", "--clobber", help="Replace outputs that exist.", rich_help_panel=OUTPUT)]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Print errors only.", rich_help_panel=OUTPUT)]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Say what is being done.", rich_help_panel=OUTPUT)]
Detailed = Annotated[
    bool,
    typer.Option(
        "-v",
        "--verbose",
        help="Say what is being done, and print every finding in full also where there are several hosts.",
        rich_help_panel=OUTPUT,
    ),
]
All = Annotated[
    bool,
    typer.Option(
        "--all", help="Also report what was not found, does not apply or could not be judged.", rich_help_panel=REPORTED
    ),
]
Strict = Annotated[
    bool,
    typer.Option("--strict", help="Exit with 3 if evidence is damaged or could not be read.", rich_help_panel=REPORTED),
]
StrictFacts = Annotated[
    bool,
    typer.Option(
        "--strict-facts",
        help="Accept no fact that is carried over from another boot session.",
        rich_help_panel=REPORTED,
    ),
]
NewOnly = Annotated[
    bool,
    typer.Option(
        "--new-only",
        help="Leave out what is known from the earlier report, or accepted (not in JSON).",
        rich_help_panel=REPORTED,
    ),
]
NoColor = Annotated[
    bool, typer.Option("--no-color", help="Print without colour (as with NO_COLOR).", rich_help_panel=OUTPUT)
]
Since = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="TIME",
        help="Only events at or after this time, such as 2024-01-31 or 2024-01-31T09:00 (UTC without a zone).",
        rich_help_panel=EVENTS,
    ),
]
Until = Annotated[
    str | None, typer.Option("--to", metavar="TIME", help="Only events before this time.", rich_help_panel=EVENTS)
]
IncludeIds = Annotated[
    str | None,
    typer.Option(
        "--include-eid", metavar="IDS", help="Only these event ids: 1008 or 1000-1009,4199.", rich_help_panel=EVENTS
    ),
]
ExcludeIds = Annotated[
    str | None, typer.Option("--exclude-eid", metavar="IDS", help="Not these event ids.", rich_help_panel=EVENTS)
]

Newest = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="SPAN",
        help="Only events of the last 30d (12h, 2w), counted back from the end of their log.",
        rich_help_panel=EVENTS,
        show_default=False,
    ),
]
Providers = Annotated[
    list[str] | None,
    typer.Option(
        "--provider",
        metavar="NAME",
        help="Only events of this provider (source). Repeatable.",
        show_default=False,
        rich_help_panel=EVENTS,
    ),
]
Channels = Annotated[
    list[str] | None,
    typer.Option(
        "--channel",
        metavar="NAME",
        help="Only events of this channel (log). Repeatable.",
        show_default=False,
        rich_help_panel=EVENTS,
    ),
]
ExcludeRules = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude-rule",
        metavar="RULE",
        help="Leave out this rule, by its id, title or article. Repeatable.",
        rich_help_panel=RULES,
        show_default=False,
    ),
]
Hash = Annotated[
    bool,
    typer.Option(
        "--hash",
        help="Note the SHA-256 of each evidence file in evidence.csv and report.json.",
        rich_help_panel=READING,
    ),
]
Raw = Annotated[
    bool,
    typer.Option(
        "--raw", help="CSV: leave text as it is that a spreadsheet would run as a formula.", rich_help_panel=OUTPUT
    ),
]
Excel = Annotated[
    bool,
    typer.Option(
        "--excel",
        help="CSV for Excel: with a byte order mark, and times that it reads as times.",
        rich_help_panel=OUTPUT,
    ),
]
DisplayZone = Annotated[
    str,
    typer.Option(
        "--timezone",
        metavar="ZONE",
        help="Zone of the times on the console: Europe/Berlin or +02:00 (UTC without).",
        rich_help_panel=OUTPUT,
    ),
]

Recover = Annotated[
    bool,
    typer.Option(
        "--recover",
        help="Also take records from slack space (deleted, or of an earlier use of the file), marked as recovered.",
        rich_help_panel=READING,
    ),
]
Reference = Annotated[
    DecoderName,
    typer.Option(
        "--decoder",
        metavar="NAME",
        help="Decoder of EVTX: columns, or reference, which is python-evtx, and slow.",
        rich_help_panel=READING,
    ),
]
SourceZone = Annotated[
    str,
    typer.Option(
        "--source-timezone",
        metavar="ZONE",
        help="Zone of local times in text exports: +02:00, Europe/Berlin, or Europe/Berlin@2001-03-14 for the offset "
        "of that day, with which viewers of NT to 2003 print all times.",
        rich_help_panel=READING,
    ),
]

Messages = Annotated[
    str,
    typer.Option(
        "--messages",
        metavar="PATH",
        help="Message texts: a folder of the host's message files, or a winevt-rc or winevt-kb database. They render "
        "events of their own version of Windows only; PATH@5.1 says of which they are if they do not.",
        rich_help_panel=READING,
    ),
]

_SPAN = re.compile(r"\s*(\d{1,6})\s*([hdw])\s*\Z", re.IGNORECASE)
_HOURS = {"h": 1, "d": 24, "w": 7 * 24}
_RANGE = re.compile(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?\Z")


def ranges(text: str | None, option: str, digits: int = 5) -> tuple[range, ...] | None:
    """Read a list of numbers and ranges, such as ``1008,4190-4199``; None stays None.

    Raises:
        UsageError: if it is not one.
    """
    if text is None:
        return None
    found = []
    for part in text.split(","):
        match = _RANGE.match(part)
        if match is None or any(len(number) > digits for number in match.groups("")):
            raise UsageError(f"{option} {text}: give numbers and ranges, such as 1008 or 1000-1009,4199")
        if int(match[2] or match[1]) < int(match[1]):
            raise UsageError(f"{option} {text}: the range {part.strip()} ends before it begins")
        found.append(range(int(match[1]), int(match[2] or match[1]) + 1))
    return tuple(found)


def numbers(text: str | None, option: str) -> frozenset[int] | None:
    """The same as a set.

    Raises:
        UsageError: if it is no list of numbers.
    """
    found = ranges(text, option)
    return None if found is None else frozenset(number for part in found for number in part)


def time(text: str | None, option: str) -> Instant | None:
    """Read a time; None stays None.

    Raises:
        UsageError: if it is not one.
    """
    try:
        return None if text is None else parse_time(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from error


def period(since: str | None, until: str | None) -> tuple[Instant | None, Instant | None]:
    """Read ``--from``, which is inclusive, and ``--to``, which is not; None stays None.

    Raises:
        UsageError: if one is no time, or no time lies between them.
    """
    first, end = time(since, "--from"), time(until, "--to")
    if first is not None and end is not None and first.ticks >= end.ticks:
        raise UsageError(f"--from {since} --to {until}: no time lies between them; --to is the first that is left out")
    return first, end


def span(text: str | None, option: str) -> int | None:
    """Read a span of time, such as ``30d``, as ticks; None stays None.

    Raises:
        UsageError: if it is not one.
    """
    if text is None:
        return None
    match = _SPAN.match(text)
    if match is None:
        raise UsageError(f"{option} {text}: give hours, days or weeks, such as 12h, 30d or 2w")
    return int(match[1]) * _HOURS[match[2].lower()] * 3600 * TICKS_PER_SECOND


def names(texts: Sequence[str] | None) -> frozenset[str]:
    """Names to compare without regard to case."""
    return frozenset(text.casefold() for text in texts or ())


def display_zone(text: str) -> tzinfo | None:
    """The zone of times that are printed; None if it is not told.

    Raises:
        UsageError: if there is no such zone.
    """
    from evtscan.reporters.text.zonedtimes import zone_of

    return zone_of(text) if text else None


def shown_in(zone: tzinfo | None) -> Callable[[str], str]:
    """How to print a text for people: with its times in a zone, if one is told."""
    if zone is None:
        return str
    from evtscan.reporters.text.zonedtimes import text_in_zone

    return partial(text_in_zone, zone=zone)


def read_options(recover: bool, decoder: DecoderName, zone: str, *, hashed: bool = False) -> ReadOptions:
    """How to read logs.

    Raises:
        UsageError: if the zone is none.
    """
    if zone:
        from evtscan.parsers.logs.sourcezone import source_zone

        source_zone(zone)  # says what is wrong with it before any work is done
    return ReadOptions(recover=recover, reference=decoder is DecoderName.REFERENCE, zone=zone, hashed=hashed)


def messages_from(text: str) -> "MessagesFrom | None":
    """Where messages come from; None if that was not asked for.

    Raises:
        UsageError: if there is nothing there.
        EvidenceError: if it holds no messages.
    """
    if not text:
        return None
    from evtscan.messages import messages_from
    from evtscan.report.hostmessages import message_tables

    place = messages_from(text)
    message_tables(place)  # says what is wrong with it before any work is done
    return place


def expand(texts: Sequence[str]) -> list[Path]:
    """Expand ``*``, ``?`` and ``**`` in paths: the shells of Windows leave that to the program.

    Raises:
        UsageError: if a path does not exist, or no file matches a pattern.
    """
    paths: list[Path] = []
    for text in texts:
        found = _matching(text)
        if not found:
            why = "no file matches this pattern" if _is_pattern(text) else "there is no such file or folder"
            raise UsageError(f"{text}: {why}")
        paths.extend(found)
    return paths


def _matching(text: str) -> list[Path]:
    """The existing path with this name, else the paths that match the pattern, sorted."""
    if os.path.exists(text):  # noqa: PTH110 - Path.exists raises where a name is too long
        return [Path(text)]
    if not _is_pattern(text):
        return []
    # brackets are first taken as part of a name: log[1]*.evtx
    found = glob.glob(text.replace("[", "[[]"), recursive=True) or glob.glob(text, recursive=True)  # noqa: PTH207
    return [Path(item) for item in sorted(found)]


def _is_pattern(text: str) -> bool:
    return any(sign in text for sign in "*?[")

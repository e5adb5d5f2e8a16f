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

from evtscan.errors import UsageError
from evtscan.model import ReadOptions
from evtscan.wintypes import TICKS_PER_SECOND, Instant, parse_time

if TYPE_CHECKING:
    from evtscan.messages import MessagesFrom


class DecoderName(Enum):
    """Decoders of EVTX."""

    COLUMNS = "columns"
    REFERENCE = "reference"


Paths = Annotated[list[str], typer.Argument(help="Files and folders of evidence.", show_default=False)]
RulePaths = Annotated[
    list[Path] | None,
    typer.Option(
        "-r", "--rules", help="Rule file or folder to use instead of the catalogue. Repeatable.", show_default=False
    ),
]
NoRuleCache = Annotated[
    bool,
    typer.Option("--no-rule-cache", help="Compile the rules, and keep nothing of them in the user's cache folder."),
]
Jobs = Annotated[int, typer.Option("-j", "--jobs", min=0, help="Worker processes; 0 for as many as pay off.")]
Clobber = Annotated[bool, typer.Option("-C", "--clobber", help="Replace outputs that exist.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Print errors only.")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Log what is being done.")]
All = Annotated[bool, typer.Option("--all", help="Also report rules that were not seen or do not apply.")]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 3 if evidence is damaged or could not be read.")]
StrictFacts = Annotated[
    bool, typer.Option("--strict-facts", help="Accept no fact that is carried over from another boot session.")
]
NewOnly = Annotated[
    bool,
    typer.Option("--new-only", help="Leave out what is known from the earlier report, or accepted (not in JSON)."),
]
NoColor = Annotated[bool, typer.Option("--no-color", help="Print without colour (as with NO_COLOR).")]
Since = Annotated[
    str | None,
    typer.Option("--from", metavar="TIME", help="Only events from this time on may match (UTC without zone)."),
]
Until = Annotated[str | None, typer.Option("--to", metavar="TIME", help="Only events before this time may match.")]
IncludeIds = Annotated[
    str | None,
    typer.Option("--include-eid", metavar="IDS", help="Only these event ids may match: 1008 or 1000-1009,4199."),
]
ExcludeIds = Annotated[str | None, typer.Option("--exclude-eid", metavar="IDS", help="These event ids may not match.")]

Newest = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="SPAN",
        help="Only events of the last 30d (12h, 2w) may match, counted back from the end of their log.",
        show_default=False,
    ),
]
Providers = Annotated[
    list[str] | None,
    typer.Option("--provider", help="Only events of this provider may match. Repeatable.", show_default=False),
]
Channels = Annotated[
    list[str] | None,
    typer.Option("--channel", help="Only events of this channel may match. Repeatable.", show_default=False),
]
ExcludeRules = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude-rule",
        metavar="RULE",
        help="Leave out this rule, by its id, title or article. Repeatable.",
        show_default=False,
    ),
]
Hash = Annotated[bool, typer.Option("--hash", help="Note the SHA-256 of each evidence file in evidence.csv.")]
Raw = Annotated[bool, typer.Option("--raw", help="CSV: do not neutralise what a spreadsheet would run.")]
Excel = Annotated[
    bool, typer.Option("--excel", help="CSV for Excel: with a byte order mark, and times that it reads as times.")
]
DisplayZone = Annotated[
    str,
    typer.Option(
        "--timezone", metavar="ZONE", help="Zone of the times on the console: Europe/Berlin or +02:00 (UTC without)."
    ),
]

Recover = Annotated[bool, typer.Option("--recover", help="Also take records from slack space, marked as recovered.")]
Reference = Annotated[
    DecoderName, typer.Option("--decoder", help="Decoder of EVTX; reference is python-evtx, and slow.")
]
SourceZone = Annotated[
    str,
    typer.Option(
        "--source-timezone",
        metavar="ZONE",
        help="Zone of local times in text exports: +02:00, Europe/Berlin, or Europe/Berlin@2001-03-14 for the offset "
        "of that day, with which viewers of NT to 2003 print all times.",
    ),
]

Messages = Annotated[
    str,
    typer.Option(
        "--messages",
        metavar="PATH",
        help="Message texts: a folder of the host's message files, or a winevt-rc or winevt-kb database. They render "
        "events of their own version of Windows only; PATH@5.1 says of which they are if they do not.",
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
    from evtscan.reporters.zonedtimes import zone_of

    return zone_of(text) if text else None


def shown_in(zone: tzinfo | None) -> Callable[[str], str]:
    """How to print a text for people: with its times in a zone, if one is told."""
    if zone is None:
        return str
    from evtscan.reporters.zonedtimes import text_in_zone

    return partial(text_in_zone, zone=zone)


def read_options(recover: bool, decoder: DecoderName, zone: str, *, hashed: bool = False) -> ReadOptions:
    """How to read logs.

    Raises:
        UsageError: if the zone is none.
    """
    if zone:
        from evtscan.parsers.sourcezone import source_zone

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
    from evtscan.hostmessages import message_tables
    from evtscan.messages import messages_from

    place = messages_from(text)
    message_tables(place)  # says what is wrong with it before any work is done
    return place


def expand(texts: Sequence[str]) -> list[Path]:
    """Expand ``*``, ``?`` and ``**`` in paths, for shells that leave that to the program.

    Raises:
        UsageError: if a path does not exist, or nothing fits a pattern.
    """
    paths: list[Path] = []
    for text in texts:
        if os.path.exists(text):  # noqa: PTH110 - Path.exists raises where a name is too long
            paths.append(Path(text))
        elif any(sign in text for sign in "*?["):
            found = sorted(glob.glob(text, recursive=True))  # noqa: PTH207 - takes an absolute pattern as it is
            if not found:
                raise UsageError(f"{text}: nothing fits this pattern")
            paths.extend(Path(item) for item in found)
        else:
            raise UsageError(f"{text}: there is no such file or folder")
    return paths

"""The options about logs and printing that several commands share: single options, then groups (dataclasses)."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evtscan.base.model.query import ReadOptions
from evtscan.cli.options.option import EVENTS, OUTPUT, PERFORMANCE, READING, RESULTS, option

if TYPE_CHECKING:
    from evtscan.messages import MessagesFrom
    from evtscan.reporters.tables.csv import Dialect


class DecoderName(Enum):
    """The decoders of EVTX."""

    COLUMNS = "columns"
    REFERENCE = "reference"


# ------------------------------------------------------------------------------------- single arguments and options

Paths = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH...", help="Files, folders and archives of evidence; * and ? are wildcards.", show_default=False
    ),
]
Jobs = Annotated[
    int, option("-j", "--jobs", section=PERFORMANCE, metavar="N", min=0, help="Worker processes; 0 = automatic.")
]
Clobber = Annotated[bool, option("-C", "--clobber", section=OUTPUT, help="Replace existing output files.")]
Verbose = Annotated[bool, option("-v", "--verbose", section=OUTPUT, help="Print more details of the run.")]
VerboseFindings = Annotated[
    bool,
    option(
        "-v",
        "--verbose",
        section=OUTPUT,
        help="Print every finding in full, every condition, every warning, and details of the run.",
    ),
]
Strict = Annotated[
    bool, option("--strict", section=RESULTS, help="Exit with code 3 if evidence is damaged or could not be read.")
]
SourceZone = Annotated[
    str,
    option(
        "--source-timezone",
        section=READING,
        metavar="ZONE",
        help="Time zone of local times in text exports: +02:00, Europe/Berlin, or Europe/Berlin@2001-03-14 for the "
        "offset of that day (viewers of Windows NT to 2003 print all times with the offset of the day of the export).",
    ),
]
Messages = Annotated[
    str,
    option(
        "--messages",
        section=READING,
        metavar="PATH",
        help="Source of message texts: a folder of the host's message files, or a winevt-rc or winevt-kb database. "
        "Used for events of the same Windows version only; PATH@5.1 names the version if the files do not.",
    ),
]
DisplayZone = Annotated[
    str,
    option(
        "--timezone",
        section=OUTPUT,
        metavar="ZONE",
        help="Time zone of the times on the console: Europe/Berlin or +02:00; default UTC.",
    ),
]


# ------------------------------------------------------------------------------------------------------------ groups


@dataclass(frozen=True, kw_only=True)
class Screen:
    """Options for printing on the screen."""

    quiet: Annotated[bool, option("-q", "--quiet", section=OUTPUT, help="Print errors only.")] = False
    no_color: Annotated[bool, option("--no-color", section=OUTPUT, help="Print without colour (as with NO_COLOR).")] = (
        False
    )
    log_file: Annotated[
        Path | None,
        option(
            "--log-file",
            section=OUTPUT,
            metavar="FILE",
            help="Append the log of the run to this file: command line, ledger, errors, exit code, with times.",
            show_default=False,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class CsvStyle:
    """Options for writing CSV."""

    raw: Annotated[
        bool,
        option("--raw", section=OUTPUT, help="CSV: do not neutralise text that a spreadsheet would run as a formula."),
    ] = False
    excel: Annotated[
        bool,
        option("--excel", section=OUTPUT, help="CSV for Excel: byte order mark, and times that Excel reads as times."),
    ] = False

    @property
    def dialect(self) -> "Dialect":
        """Return the dialect of CSV."""
        from evtscan.reporters.tables.csv import Dialect

        return Dialect(raw=self.raw, excel=self.excel)


@dataclass(frozen=True, kw_only=True)
class EventFilter:
    """Options that select events."""

    from_: Annotated[
        str | None,
        option(
            "--from",
            section=EVENTS,
            metavar="TIME",
            help="Only events at or after this time: 2024-01-31 or 2024-01-31T09:00 (UTC unless it has an offset).",
        ),
    ] = None
    to: Annotated[str | None, option("--to", section=EVENTS, metavar="TIME", help="Only events before this time.")] = (
        None
    )
    since: Annotated[
        str | None,
        option(
            "--since",
            section=EVENTS,
            metavar="SPAN",
            help="Only events of the last 12h, 30d or 2w of each log, counted from its last record.",
            show_default=False,
        ),
    ] = None
    include_eid: Annotated[
        str | None,
        option("--include-eid", section=EVENTS, metavar="IDS", help="Only these event ids: 1008 or 1000-1009,4199."),
    ] = None
    exclude_eid: Annotated[
        str | None, option("--exclude-eid", section=EVENTS, metavar="IDS", help="All but these event ids.")
    ] = None
    provider: Annotated[
        list[str] | None,
        option(
            "--provider",
            section=EVENTS,
            metavar="NAME",
            help="Only events of this provider (source). Repeatable.",
            show_default=False,
        ),
    ] = None
    channel: Annotated[
        list[str] | None,
        option(
            "--channel",
            section=EVENTS,
            metavar="NAME",
            help="Only events of this channel (log). Repeatable.",
            show_default=False,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Options for reading logs."""

    recover: Annotated[
        bool,
        option(
            "--recover",
            section=READING,
            help="Also read records from slack space (deleted, or of an earlier use of the file), marked as recovered.",
        ),
    ] = False
    decoder: Annotated[
        DecoderName,
        option(
            "--decoder",
            section=READING,
            metavar="NAME",
            help="Decoder of EVTX: columns (fast), or reference (python-evtx, slow).",
        ),
    ] = DecoderName.COLUMNS
    source_timezone: SourceZone = ""

    def options(self, *, hashed: bool = False) -> ReadOptions:
        """Return the options of the readers; ``hashed`` also requests the SHA-256 of each file.

        Raises:
            UsageError: if the time zone is unknown.
        """
        return read_options(
            self.source_timezone, recover=self.recover, reference=self.decoder is DecoderName.REFERENCE, hashed=hashed
        )


def read_options(zone: str, *, recover: bool = False, reference: bool = False, hashed: bool = False) -> ReadOptions:
    """Return the options of the readers with these values.

    Raises:
        UsageError: if the time zone is unknown.
    """
    if zone:
        from evtscan.parsers.logs.sourcezone import source_zone

        source_zone(zone)  # reports an invalid zone before any work is done
    return ReadOptions(recover=recover, reference=reference, zone=zone, hashed=hashed)


def messages_from(text: str) -> "MessagesFrom | None":
    """Return the source of message texts that ``--messages`` names; None for an empty text.

    Raises:
        UsageError: if the file or folder does not exist.
        EvidenceError: if it contains no messages.
    """
    if not text:
        return None
    from evtscan.messages import messages_from
    from evtscan.report.hostmessages import message_tables

    source = messages_from(text)
    message_tables(source)  # reports an invalid source before any work is done
    return source

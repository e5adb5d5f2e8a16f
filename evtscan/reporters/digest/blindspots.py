"""One host of a report → its blind spots: parts of the evidence in which evtscan could detect little or nothing.

A problem that was not found there may still exist.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from evtscan.base.model.source import EvidenceRow
from evtscan.base.wintypes import TICKS_PER_SECOND, parse_time
from evtscan.report.model import HostReport
from evtscan.reporters.digest.files import damaged_files

SHORT_DAYS = 7
"""A main log that covers less than this may have lost what happened a week ago."""

MAIN_CHANNELS = ("System", "Application", "Security")
"""The logs that every Windows has; of others many are short by nature."""

_DAY = 86_400 * TICKS_PER_SECOND
_FAILED, _UNREADABLE = ("host_failed", "host_timeout"), "unreadable"

KINDS = {
    "failed": ("Host not read", "The scan of the host did not come to an end: nothing is known of it."),
    "no log": ("No event log", "No log was collected: nothing that is logged can be found."),
    "no System log": ("No System log", "Most documented problems show in the System log, and boot sessions do."),
    "unreadable": ("File not readable", "Collect the file again."),
    "damaged": ("Damaged", "A part of the file cannot be read: copy or export it again."),
    "cleared": ("Cleared", "What was logged before somebody cleared the log is gone."),
    "filtered": ("Filtered", "The file holds a part of a log: what is not in it may have been logged all the same."),
    "holes": ("Records missing", "Records are missing in the middle of the log."),
    "short": ("Too short", f"The log covers less than {SHORT_DAYS} days: make it larger, or collect it more often."),
}
"""Kinds of blind spots, gravest first: a heading, and what follows from it."""


@dataclass(frozen=True, slots=True)
class BlindSpot:
    """A part of a host's evidence that could not be assessed; ``source_file`` is empty for the host as a whole."""

    kind: str
    source_file: str
    text: str


def blind_spots(host: HostReport) -> list[BlindSpot]:
    """Yield the blind spots of a host, most serious first."""
    order = list(KINDS)
    return sorted(
        [*_of_host(host), *_of_files(host)], key=lambda spot: (order.index(spot.kind), spot.source_file, spot.text)
    )


def _of_host(host: HostReport) -> Iterator[BlindSpot]:
    failed = [warning.message for warning in host.warnings if warning.kind in _FAILED]
    yield from (BlindSpot("failed", "", message) for message in failed)
    logs = [row for row in host.evidence if row.records is not None]
    if not logs and not failed:
        yield BlindSpot("no log", "", "no file of this host is an event log that evtscan reads")
    known = [row for row in logs if row.channels]
    if logs and len(known) == len(logs) and not any("System" in row.channels for row in logs):
        channels = dict.fromkeys(channel for row in known for channel in row.channels)
        yield BlindSpot("no System log", "", f"only {', '.join(list(channels)[:5])}{' …' if len(channels) > 5 else ''}")


def _of_files(host: HostReport) -> Iterator[BlindSpot]:
    for warning in host.warnings:
        if warning.kind == _UNREADABLE:
            yield BlindSpot("unreadable", warning.location.source, warning.message)
    for row in damaged_files(host):
        records = f"{row.lost:,} record{'' if row.lost == 1 else 's'}"
        lost = f"{records} lost" if row.lost else "see the warnings of the host"
        yield BlindSpot("damaged", row.source_file, lost)
    for row in host.evidence:
        if row.records is not None:
            yield from (BlindSpot(kind, row.source_file, text) for kind, text in _of_log(row))


def _of_log(row: EvidenceRow) -> Iterator[tuple[str, str]]:
    begins = f"begins {row.first_time}" if row.first_time else "holds no record"
    if row.cleared:
        yield "cleared", begins
    if row.filtered:
        yield "filtered", f"{row.records:,} records"
    if row.holes:
        yield "holes", f"{row.holes:,} gap{'' if row.holes == 1 else 's'} in the record numbers"
    days = _days(row)
    is_main = not row.channels or any(channel in MAIN_CHANNELS for channel in row.channels)
    if is_main and days is not None and days < SHORT_DAYS:
        yield "short", f"{row.first_time} to {row.last_time}"


def _days(row: EvidenceRow) -> float | None:
    """Return the number of days that a log covers; None if unknown, for example after the clock was set back."""
    if row.first_time.endswith("Z") is not row.last_time.endswith("Z"):
        return None
    try:
        ticks = parse_time(row.last_time).ticks - parse_time(row.first_time).ticks
    except (ValueError, OverflowError):
        return None
    return ticks / _DAY if ticks >= 0 else None

"""What was read of one folder → one reading for each machine whose logs lie in it at overlapping times."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from evtscan.model import ExtractionWarning, Location, Log
from evtscan.parsers.evidence import Reading


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine of a folder: the first label of its name as its logs print it, and what was read of it."""

    label: str
    reading: Reading


def divide(reading: Reading) -> list[Machine]:
    """Tell machines apart that share a folder; a folder of one machine stays whole, with an empty label.

    Logs of different names are different machines only if their times overlap: else it is one that was renamed. What
    names no machine cannot be assigned then and counts for none, with a warning.
    """
    groups: dict[str, list[Log]] = {}
    for log in reading.logs:
        if log.summary.computers:
            groups.setdefault(label_of(log.summary.computers[-1]).casefold(), []).append(log)
    if not _any_overlap(list(groups.values())):
        return [Machine("", reading)]
    names = [label_of(logs[0].summary.computers[-1]) for logs in groups.values()]
    parts = [Machine(name, _part(reading, logs)) for name, logs in zip(names, groups.values(), strict=True)]
    first = parts[0].reading
    first.skipped.extend(reading.skipped)
    first.warnings.extend(_unassigned(reading, groups.values(), names))
    return parts


def label_of(name: str) -> str:
    """The first label of a computer name."""
    return name.partition(".")[0]


def _any_overlap(groups: Sequence[Sequence[Log]]) -> bool:
    spans = [
        [(log.summary.first_time, log.summary.last_time) for log in logs if log.summary.first_time] for logs in groups
    ]
    return any(
        first[0] is not None
        and second[0] is not None
        and first[0] <= (second[1] or second[0])
        and second[0] <= (first[1] or first[0])
        for place, one in enumerate(spans)
        for other in spans[place + 1 :]
        for first in one
        for second in other
    )


def _part(reading: Reading, logs: Sequence[Log]) -> Reading:
    names = {log.source.name for log in logs}
    return Reading(
        logs=list(logs),
        rows=[row for row in reading.rows if row.source_file in names],
        warnings=[warning for warning in reading.warnings if warning.location.source in names],
    )


def _unassigned(reading: Reading, groups: Iterable[Sequence[Log]], names: Sequence[str]) -> Iterator[ExtractionWarning]:
    assigned = {log.source.name for logs in groups for log in logs}
    machines = " and ".join(names)
    for row in reading.rows:
        if row.source_file not in assigned:
            yield ExtractionWarning(
                location=Location(source=row.source_file),
                kind="identity_mismatch",
                message=(
                    f"{row.source_file} was left out: the logs beside it come from {machines} at the same time, and it "
                    "names none of them. Give each machine a folder of its own"
                ),
            )

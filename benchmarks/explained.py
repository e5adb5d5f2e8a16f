"""The share of errors and warnings in logs that rules of the catalogue explain, and what they do not explain.

    python benchmarks/explained.py [PATH ...] [--corpus FOLDER] [--channels System Application] [--left 60]

Without paths, the System and Application logs of the corpus (.evtx and .evt). Each file is scanned on its own. A record
of level critical, error or warning is explained if a known issue matches it with any verdict but ``excluded``; plain
detections do not count. A kind is a channel, provider and event id, explained if more than half of its records are.

Prints the shares by level (errors include critical), for each file and in all, then the unexplained kinds, commonest
first, with one example of their data.
"""

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from select_evtx import corpus_folder

from evtscan.api.events import iter_events
from evtscan.base.errors import EvidenceError
from evtscan.base.model.event import Event
from evtscan.base.model.query import Query
from evtscan.base.model.source import Source
from evtscan.detection.load import catalogue
from evtscan.detection.load.loader import load_rules
from evtscan.detection.model.rule import Rule
from evtscan.facts.catalogue.names import is_known
from evtscan.scan import ScanOptions, scan

ERRORS, WARNINGS = "errors", "warnings"
_LEVELS = {1: ERRORS, 2: ERRORS, 3: WARNINGS}
Kind = tuple[str, str, int]


@dataclass
class Counts:
    """Records of one level by kind, and those of them that rules explain, with an example of what is left."""

    seen: Counter[Kind] = field(default_factory=Counter)
    explained: Counter[Kind] = field(default_factory=Counter)
    examples: dict[Kind, str] = field(default_factory=dict)

    def add(self, event: Event, explained: bool) -> None:
        """Count one record."""
        kind = (event.channel or "", event.provider, event.event_id)
        self.seen[kind] += 1
        if explained:
            self.explained[kind] += 1
        else:
            self.examples.setdefault(kind, str(dict(event.data))[:200])

    def add_all(self, other: "Counts") -> None:
        """Add what was counted in another file."""
        self.seen.update(other.seen)
        self.explained.update(other.explained)
        self.examples = {**other.examples, **self.examples}

    def shares(self) -> str:
        """Explained records and kinds of all, with percentages."""
        kinds = sum(2 * self.explained[kind] > count for kind, count in self.seen.items())
        return f"{_share(self.explained.total(), self.seen.total())} records, {_share(kinds, len(self.seen))} kinds"

    def left(self) -> Iterator[tuple[int, Kind, str]]:
        """Unexplained records by kind, most first."""
        for kind, count in (self.seen - self.explained).most_common():
            yield count, kind, self.examples.get(kind, "")


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole}" + (f" ({part / whole:.0%})" if whole else "")


def measure(path: Path, rules: list[Rule], channels: frozenset[str]) -> dict[str, Counts]:
    """The counts of one log by level; empty if the file has no records of these channels."""
    found: dict[str, Counts] = defaultdict(Counts)
    events = [
        event
        for event in iter_events(path, Query(levels=frozenset(_LEVELS)))
        if event.level in _LEVELS and (not channels or (event.channel or "").casefold() in channels)
    ]
    if not events:
        return found
    report = scan([Source(path, path.name)], rules, ScanOptions())
    explained = {row.offset for row in report.matches if row.verdict not in ("excluded", "detected")}
    for event in events:
        found[_LEVELS[event.level or 0]].add(event, event.location.offset in explained)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="*", type=Path)
    parser.add_argument("--corpus", type=Path, default=corpus_folder())
    parser.add_argument("--channels", nargs="*", default=["System", "Application"])
    parser.add_argument("--left", type=int, default=60)
    given = parser.parse_args()
    paths = given.paths or sorted(
        path for path in given.corpus.glob("evt*/*") if path.suffix.lower() in (".evt", ".evtx")
    )
    channels = frozenset(map(str.casefold, given.channels))
    rules = list(load_rules([catalogue.folder()], fact_known=is_known).rules)
    total: dict[str, Counts] = {ERRORS: Counts(), WARNINGS: Counts()}
    for path in paths:
        try:
            counted = measure(path, rules, channels)
        except EvidenceError as error:
            print(f"{path.name}: not read: {error}")
            continue
        for level, counts in counted.items():
            total[level].add_all(counts)
        if counted:
            print(f"{path.name}: " + "; ".join(f"{level}: {counted[level].shares()}" for level in sorted(counted)))
    for level, counts in total.items():
        print(f"\n{level}: {counts.shares()}")
        for number, (channel, provider, event_id), example in list(counts.left())[: given.left]:
            print(f"  {number:6} {channel}  {provider} {event_id}  {example}")


if __name__ == "__main__":
    main()

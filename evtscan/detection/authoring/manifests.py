"""The events that the message manifests of Windows define, for the providers that rules of the catalogue use.

``manifests.csv`` in this folder is made from a table of all manifests (columns ``provider, event_id, version, level,
fields, builds``; fields as ``Type Name`` separated by commas, builds as ``FIRST-LAST``):

    python -m evtscan.detection.authoring.manifests event-manifests.csv.xz

It contains two kinds of rows: one for each provider with the ids of all its events (``event_ids`` such as ``1-5 9``,
the other columns empty), and one for each version of an event that a rule names, with the names of its fields.
"""

import csv
import lzma
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

TABLE: Final = "manifests.csv"
_COLUMNS: Final = ("provider", "event_ids", "version", "level", "fields", "builds")
LEVELS: Final[Mapping[str, int]] = {"Critical": 1, "Error": 2, "Warning": 3, "Informational": 4, "Verbose": 5}
"""The numbers of the levels that a manifest names; ``Always`` and none are left out: the log then states another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventVersion:
    """One version of an event in a manifest; ``level`` is Windows' number, None if the manifest does not define it."""

    version: int
    level: int | None
    fields: frozenset[str]
    builds: range

    def is_in(self, build: int) -> bool:
        """Whether a host of this build has this version of the event."""
        return build in self.builds


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider: the ids of all its events, and the versions of the events that rules name."""

    name: str
    event_ids: frozenset[int]
    versions: Mapping[int, tuple[EventVersion, ...]]


def provider_of(name: str) -> Provider | None:
    """The provider of this name (case does not matter); None if the table does not have it."""
    return _providers().get(name.casefold())


def builds() -> tuple[int, ...]:
    """Return the first and last builds of the versions of events, in order; the manifests are from these builds."""
    versions = (one for provider in _providers().values() for found in provider.versions.values() for one in found)
    return tuple(sorted({end for one in versions for end in (one.builds.start, one.builds.stop - 1)}))


@cache
def _providers() -> Mapping[str, Provider]:
    text = (files("evtscan.detection.authoring") / TABLE).read_text(encoding="utf-8")
    ids: dict[str, frozenset[int]] = {}
    versions: dict[str, dict[int, list[EventVersion]]] = defaultdict(lambda: defaultdict(list))
    for row in csv.DictReader(text.splitlines()):
        if row["builds"]:
            versions[row["provider"]][int(row["event_ids"])].append(
                EventVersion(
                    version=int(row["version"]),
                    level=LEVELS.get(row["level"]),
                    fields=frozenset(row["fields"].split()),
                    builds=_range(row["builds"]),
                )
            )
        else:
            ids[row["provider"]] = frozenset(one for part in row["event_ids"].split() for one in _range(part))
    return {
        name.casefold(): Provider(
            name=name,
            event_ids=found,
            versions={event_id: tuple(rows) for event_id, rows in versions[name].items()},
        )
        for name, found in ids.items()
    }


def _range(text: str) -> range:
    """The numbers of ``7`` or ``7-9``."""
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


# --------------------------------------------------------------------------------------------------------- making it


def reduced(manifests: Iterable[Mapping[str, str]], used: Iterable[tuple[str, int]]) -> Iterator[tuple[str, ...]]:
    """The rows of ``manifests.csv`` that rules with these pairs of provider and id need, out of all manifests."""
    pairs = {(name.casefold(), event_id) for name, event_id in used}
    providers = {name for name, _ in pairs}
    kept = [row for row in manifests if row["provider"].casefold() in providers]
    ids: dict[str, set[int]] = defaultdict(set)
    for row in kept:
        ids[row["provider"]].add(int(row["event_id"]))
    for name in sorted(ids, key=str.casefold):
        yield name, " ".join(_runs(sorted(ids[name]))), "", "", "", ""
        for row in sorted(kept, key=lambda row: (int(row["event_id"]), int(row["version"] or 0), row["builds"])):
            if row["provider"] == name and (name.casefold(), int(row["event_id"])) in pairs:
                fields = " ".join(part.split()[-1] for part in row["fields"].split(",") if part.strip())
                yield name, row["event_id"], row["version"] or "0", row["level"], fields, row["builds"]


def _runs(numbers: list[int]) -> Iterator[str]:
    """Ascending numbers as ``1-3``, ``7``."""
    start = previous = numbers[0]
    for number in [*numbers[1:], -1]:
        if number != previous + 1:
            yield str(start) if start == previous else f"{start}-{previous}"
            start = number
        previous = number


def main(source: Path) -> None:
    """Write ``manifests.csv`` from a table of all manifests, for the current rules of the catalogue."""
    from evtscan.detection.load import catalogue
    from evtscan.detection.load.loader import load_rules

    rules = load_rules([catalogue.folder()], fact_known=lambda name: True).rules
    used = {
        (selector.provider, selector.event_id)
        for rule in rules
        for selector in rule.query().selectors or ()
        if selector.provider is not None and selector.event_id is not None
    }
    data = lzma.decompress(source.read_bytes()) if source.suffix == ".xz" else source.read_bytes()
    rows = list(reduced(csv.DictReader(data.decode("utf-8-sig").splitlines()), used))
    with Path(__file__).with_name(TABLE).open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows(rows)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

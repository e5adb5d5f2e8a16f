"""Evidence of a host in memory: events in a few words, logs whose summary fits them, registries and facts."""

from dataclasses import replace
from pathlib import Path

from msgspec import structs

from evtscan.base.model.event import Event
from evtscan.base.model.evidence import Evidence
from evtscan.base.model.fact import FactEntry, FactsFile
from evtscan.base.model.log import Log, LogSummary
from evtscan.base.model.registry import RegistryKey, RegistryValue
from evtscan.base.model.source import Location, Source
from evtscan.base.wintypes import TICKS_PER_SECOND, Instant, parse_time

MINUTE = 60 * TICKS_PER_SECOND
DAY = 1440 * MINUTE
START = parse_time("1998-03-01T00:00:00Z").ticks


def at(minute: float) -> Instant:
    """The time so many minutes after the beginning of every log here."""
    return Instant(START + int(minute * MINUTE), 0)


def event(
    sequence,
    provider="Dhcp",
    event_id=1008,
    *,
    source="System.evt",
    channel="System",
    minute=None,
    computer="NTBOX",
    **data,
):
    return Event(
        location=Location(source=source, offset=sequence * 100, record=sequence),
        sequence=sequence,
        header_id=sequence,
        record_id=sequence,
        event_id=event_id,
        provider=provider,
        channel=channel,
        time=at(sequence if minute is None else minute),
        computer=computer,
        data=data,
    )


def event_log(sequence, event_id, **more):
    return event(sequence, "EventLog", event_id, **more)


def booted(sequence, pack="Service Pack 6", version="4.0", **more):
    """Event 6009."""
    return event_log(sequence, 6009, Data1=version, Data2="1381", Data3=pack, Data4="Uniprocessor Free", **more)


def log(*events, source="System.evt", channel="System", first=1, last=None, **summary):
    """A log with these selected events; its records go from ``first`` to ``last`` (the last event), one a minute."""
    last = last if last is not None else max((item.sequence for item in events), default=first)
    values = {
        "format": "evt",
        "channel": channel,
        "computers": ("NTBOX",),
        "records": last - first + 1,
        "first_sequence": first,
        "last_sequence": last,
        "first_time": at(first),
        "last_time": at(last),
    } | summary
    placed = sorted(events, key=lambda item: item.sequence)
    return Log(source=Source(Path(source), source), summary=LogSummary(**values), events=tuple(placed))


def local(minute: float) -> Instant:
    """That time as a clock of an unknown zone prints it."""
    return Instant(at(minute).ticks, 0, local=True)


def localised(one, hours=0):
    """A log with the times that a machine so many hours east of UTC prints."""

    def printed(time):
        return Instant(time.ticks + hours * 60 * MINUTE, 0, local=True)

    events = tuple(structs.replace(item, time=printed(item.time)) for item in one.events)
    summary = replace(one.summary, first_time=printed(one.summary.first_time), last_time=printed(one.summary.last_time))
    return replace(one, events=events, summary=summary)


def facts_file(source="facts.yaml", **named):
    """A facts.yaml; ``_`` in a name stands for a dot, ``__`` for an underscore; a list holds (value, minute)."""
    entries = []
    for word, value in named.items():
        name = word.replace("__", "\0").replace("_", ".").replace("\0", "_")
        for one, minute in value if isinstance(value, list) else [(value, None)]:
            since = None if minute is None else at(minute)
            entries.append(FactEntry(name=name, value=one, location=Location(source=source, key=name), since=since))
    return FactsFile(source=source, entries=tuple(entries))


class FakeRegistry:
    """Keys as ``{path: {value name: data}}``; ``whole`` lists keys that are held in full with all below them."""

    format = "reg"

    def __init__(self, keys, whole=(), taken=None, source="export.reg"):
        self.source, self.taken, self.warnings = source, taken, []
        self._keys = {path.lower(): (path, values) for path, values in keys.items()}
        self._whole = [path.lower() for path in whole]

    def key(self, path):
        found = self._keys.get(path.lower())
        if found is None:
            return None
        shown, values = found
        location = Location(source=self.source, key=shown)
        names = [name for name, _ in self._keys.values() if name.lower().startswith(f"{path.lower()}\\")]
        below = {name[len(path) + 1 :].split("\\")[0] for name in names}
        return RegistryKey(
            path=shown,
            values={
                name.lower(): RegistryValue(name=name, data=data, location=location) for name, data in values.items()
            },
            subkeys=tuple(sorted(below)),
            whole=self.covers(path),
            location=location,
        )

    def covers(self, path):
        return any(path.lower() == whole or path.lower().startswith(whole + "\\") for whole in self._whole)


def evidence(*parts):
    """Evidence of logs, registries and facts files, in any order."""
    return Evidence(
        logs=tuple(part for part in parts if isinstance(part, Log)),
        registries=tuple(part for part in parts if isinstance(part, FakeRegistry)),
        facts_files=tuple(part for part in parts if isinstance(part, FactsFile)),
    )

"""The evidence of one folder → the evidence of each machine in it; nothing is merged on a guess.

Evidence joins a machine through a name of that machine's chain, or because it names no machine; evidence that names
another machine is kept apart, with a warning.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from evtscan.base.model.fact import FactsFile
from evtscan.base.model.inventory import Inventory
from evtscan.base.model.log import Log
from evtscan.base.model.registry import Registry
from evtscan.base.model.source import SkippedFile
from evtscan.evidence.forwarded import label_of
from evtscan.evidence.imagenames import is_image_name
from evtscan.evidence.reading import Reading, newest_name, shortened

_NAME_FACT = "host.name"
_CONTROL = r"SYSTEM\CurrentControlSet\Control\ComputerName"
_TCPIP = r"SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
_NAME_VALUES = (
    (rf"{_CONTROL}\ComputerName", "computername"),
    (rf"{_CONTROL}\ActiveComputerName", "computername"),
    (_TCPIP, "hostname"),
    (_TCPIP, "nv hostname"),
)
"""Registry values with the name of the host; the first is its name from the next restart on."""
_NETBIOS_LENGTH = 15
_KIND = "identity_mismatch"


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine of a folder: the first label of its name in its logs, and its evidence.

    The label is empty if the folder has no other machine.
    """

    label: str
    reading: Reading


def machines_in(reading: Reading) -> list[Machine]:
    """Separate machines that share a folder.

    Logs under different, unconnected names are separate machines if their times overlap, or if they were forwarded.
    Otherwise the folder belongs to the machine that most of its logs name.
    """
    machines = _machines(reading)
    together = _listed([machine.label for machine in machines])
    for machine in machines if len(machines) > 1 else []:
        machine.reading.warn(
            machine.reading.logs[0].source.name,
            _KIND,
            f"the folder holds logs of {together} from the same time, which are reported as hosts of their own. Give "
            "each machine a folder of its own",
        )
    return machines


def single_out(reading: Reading, wanted: str = "") -> Reading:
    """Return the evidence of one machine: ``wanted``, or the machine that most logs name."""
    first, *others = _machines(reading, wanted)
    for machine in others:
        for row in machine.reading.rows:
            if row.source_file not in {own.source_file for own in first.reading.rows}:
                reason = f"comes from {machine.label}, which is another machine"
                first.reading.skipped.append(SkippedFile(source_file=row.source_file, reason=reason))
    if others:
        together = _listed([first.label, *(machine.label for machine in others)])
        first.reading.warn(
            others[0].reading.logs[0].source.name,
            _KIND,
            f"the logs come from {together} at the same time, and only {first.label} is judged: “evtscan audit FOLDER” "
            "judges each folder in FOLDER as a host of its own, and --host NAME chooses one machine",
        )
        first.reading.warnings.insert(0, first.reading.warnings.pop())  # it explains the others, which may be many
    return first.reading


def name_in(reading: Reading) -> str:
    """The computer that a reading names: by its logs, else by its registry, reports or facts, else nothing."""
    names = [newest_name(log) for log in reading.logs]
    names += [name for item in _items(reading) if not item.logs for name in item.names]
    return next((name for name in names if name), "")


# -------------------------------------------------------------------------------------------- who names whom


@dataclass(frozen=True, slots=True)
class _Item:
    """A piece of evidence with the names that it gives its host, the newest first."""

    source: str
    names: tuple[str, ...]
    logs: tuple[Log, ...] = ()
    registries: tuple[Registry, ...] = ()
    inventories: tuple[Inventory, ...] = ()
    facts_files: tuple[FactsFile, ...] = ()


@dataclass(slots=True)
class _Group:
    """Evidence with connected names: probably of one machine."""

    items: list[_Item] = field(default_factory=list)

    @property
    def label(self) -> str:
        """Return the name in the newest record of its first log, else in its first piece of evidence."""
        return next(label_of(name) for item in self.items for name in item.names)

    @property
    def keys(self) -> set[str]:
        """The names, as they compare."""
        return {_key(name) for item in self.items for name in item.names}

    @property
    def own_logs(self) -> list[Log]:
        """Return its logs, without those that a collector received from it."""
        return [log for item in self.items for log in item.logs if not log.forwarded]

    @property
    def is_logged(self) -> bool:
        return any(item.logs for item in self.items)

    @property
    def weight(self) -> tuple[int, int, int]:
        """The number of pieces of evidence about it."""
        records = sum(log.summary.records for item in self.items for log in item.logs)
        return (len(self.own_logs), len(self.items), records)


def _items(reading: Reading) -> Iterator[_Item]:
    for log in reading.logs:
        yield _Item(log.source.name, _names_of_log(log), logs=(log,))
    for registry in reading.registries:
        yield _Item(registry.source, tuple(_names_of_registry(registry)), registries=(registry,))
    for source, inventories in groupby(reading.inventories, key=lambda inventory: inventory.source):
        yield from _items_of_file(source, list(inventories))
    for facts in reading.facts_files:
        stated = (str(entry.value).strip() for entry in facts.entries if entry.name == _NAME_FACT and entry.value)
        yield _Item(facts.source, tuple(filter(None, stated)), facts_files=(facts,))


def _items_of_file(source: str, inventories: Sequence[Inventory]) -> Iterator[_Item]:
    """Assign the reports of one file: a report without a name is of the host of the one before it, else after it."""
    local = [tuple(_names_of_report(inventory)) for inventory in inventories if not inventory.remote]
    names = next(filter(None, local), ())
    for inventory in inventories:
        own = tuple(_names_of_report(inventory)) or names
        names = names if inventory.remote else own
        yield _Item(source, own, inventories=(inventory,))


def _names_of_report(inventory: Inventory) -> Iterator[str]:
    if inventory.computer:
        yield inventory.computer
    for registry in inventory.registries:
        yield from _names_of_registry(registry)


def _names_of_log(log: Log) -> tuple[str, ...]:
    """The chain of names of a log, newest first; empty for a log of an installation image."""
    chain = dict.fromkeys((newest_name(log), *reversed(log.summary.computers)))
    return tuple(name for name in chain if name and not is_image_name(name))


def _names_of_registry(registry: Registry) -> Iterator[str]:
    for path, value_name in _NAME_VALUES:
        key = registry.key(path)
        value = key.values.get(value_name) if key is not None else None
        if value is not None and isinstance(value.data, str) and (name := value.data.strip(" \0")):
            yield name


def _key(name: str) -> str:
    return label_of(name).casefold()


class _Aliases:
    """Groups names that belong to one machine."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}

    def root(self, key: str) -> str:
        """The name by which the group of a machine is identified."""
        while (parent := self._parents.setdefault(key, key)) != key:
            key = parent
        return key

    def connect(self, keys: Sequence[str]) -> None:
        """Connect names as those of one machine."""
        for key in keys:
            self._parents[self.root(key)] = self.root(keys[0])

    def connect_netbios(self) -> None:
        """Connect a NetBIOS name with the host name that it abbreviates to 15 characters.

        If several host names begin with it, it is not connected.
        """
        for short in [key for key in self._parents if len(key) == _NETBIOS_LENGTH]:
            longer = {self.root(key) for key in self._parents if len(key) > len(short) and key.startswith(short)}
            if len(longer) == 1:
                self.connect([*longer, short])


def _groups(items: Iterable[_Item]) -> list[_Group]:
    """Evidence by machine, in the order in which the machines are first named."""
    named = [item for item in items if item.names]
    names = _Aliases()
    for item in named:
        names.connect([_key(name) for name in item.names])
    for one, other in _continuations(named):
        names.connect([_key(one.names[0]), _key(other.names[0])])
    names.connect_netbios()
    groups: dict[str, _Group] = {}
    for item in named:
        groups.setdefault(names.root(_key(item.names[0])), _Group()).items.append(item)
    return list(groups.values())


def _continuations(items: Iterable[_Item]) -> Iterator[tuple[_Item, _Item]]:
    """Pairs of logs of which the later one continues the record numbers of the other, in the same channel.

    A local time is later only if it is later in every zone.
    """
    logs = [(item, log.summary) for item in items for log in item.logs if not log.forwarded]
    ends = {(summary.channel, summary.last_sequence): (item, summary) for item, summary in logs if summary.channel}
    for item, summary in logs:
        before = ends.get((summary.channel or "", (summary.first_sequence or 0) - 1))
        if before is None or before[1].last_time is None or summary.first_time is None:
            continue
        if summary.first_time.earliest >= before[1].last_time.latest:
            yield before[0], item


# ------------------------------------------------------------------------------------------- machine by machine


def _machines(reading: Reading, wanted: str = "") -> list[Machine]:
    """The machines of a folder; the first is the wanted one, else the one that most of the folder is about."""
    items = list(_items(reading))
    groups = _groups(items)
    if len(groups) < 2:
        return [Machine("", reading)]
    owners = [group for group in groups if group.own_logs]
    main = max(groups, key=lambda group: (_key(wanted) in group.keys, group.is_logged, group.weight))
    chosen = owners if _overlap({str(number): group.own_logs for number, group in enumerate(owners)}) else [main]
    chosen += [group for group in groups if group.is_logged and not group.own_logs and group is not main]
    chosen.sort(key=lambda group: group is not main)
    nameless = [item for item in items if not item.names]
    hosts = [group for group in chosen if group.own_logs] if owners else chosen
    if len(hosts) == 1:
        hosts[0].items += nameless
    parts = [_part(reading, group.items) for group in chosen]
    taken = {id(item) for group in chosen for item in group.items}
    apart = {item.source: item.names for item in items if id(item) not in taken}
    _tell_rest(reading, parts, apart, [group.label for group in chosen])
    if len(chosen) == 1:
        return [Machine("", parts[0])]
    return [Machine(group.label, part) for group, part in zip(chosen, parts, strict=True)]


def _part(reading: Reading, items: Sequence[_Item]) -> Reading:
    """The evidence of one machine."""
    names = {item.source for item in items}
    return Reading(
        logs=[log for item in items for log in item.logs],
        registries=[registry for item in items for registry in item.registries],
        inventories=[inventory for item in items for inventory in item.inventories],
        facts_files=[facts for item in items for facts in item.facts_files],
        rows=[row for row in reading.rows if row.source_file in names],
        warnings=[warning for warning in reading.warnings if warning.location.source in names],
    )


def _tell_rest(
    reading: Reading, parts: Sequence[Reading], apart: Mapping[str, Sequence[str]], labels: Sequence[str]
) -> None:
    """Add the warnings and rows of evidence that no machine has to the first machine."""
    first = parts[0]
    assigned = {row.source_file for part in parts for row in part.rows}
    first.skipped.extend(reading.skipped)
    for row in reading.rows:
        if row.source_file in assigned:
            continue
        if row.source_file not in apart:  # a file of which nothing was wanted
            first.rows.append(row)
            continue
        names = list(dict.fromkeys(map(label_of, apart[row.source_file])))
        if names:
            why = f"it is from {shortened(names)}, the other files are from {_listed(labels)}"
            way = (
                f"Give {shortened(names)} a folder of its own, or use --host-from computer; if it is the same machine, "
                "state both names as host.name in a facts.yaml, with the time from which each held (from:)"
            )
        else:
            why = f"it has no name of a host, and the logs beside it are from {_listed(labels)}, at the same time"
            way = "Give each machine a folder of its own"
        first.skipped.append(SkippedFile(source_file=row.source_file, reason=why))
        first.warn(row.source_file, _KIND, f"left out: {why}. {way}")
    first.warnings.extend(warning for warning in reading.warnings if warning.location.source not in assigned)


def _listed(labels: Sequence[str]) -> str:
    """``A``, ``A and B``, ``A, B, C, D, E and 12 more``."""
    return " and ".join(labels) if len(labels) < 3 else shortened(labels)


def _overlap(groups: Mapping[str, Sequence[Log]]) -> bool:
    """Whether logs of different groups overlap in time; logs with local times only if they overlap in every zone."""
    spans = sorted(
        (log.summary.first_time.latest, (log.summary.last_time or log.summary.first_time).earliest, key)
        for key, logs in groups.items()
        for log in logs
        if log.summary.first_time is not None
    )
    if any(_lies_within(span, spans) for span in spans if span[1] < span[0]):
        return True
    spans = [span for span in spans if span[0] <= span[1]]
    ends: dict[str, int] = {}  # of the two groups that reach furthest: one of them is another group than the next log's
    for begins, end, key in spans:
        if any(begins < other_end for other, other_end in ends.items() if other != key):
            return True
        ends[key] = max(end, ends.get(key, end))
        ends = dict(sorted(ends.items(), key=lambda item: -item[1])[:2])
    return False


def _lies_within(short: tuple[int, int, str], spans: Iterable[tuple[int, int, str]]) -> bool:
    """Whether a log of local times is within the span of another group's log, in every time zone.

    It is a log shorter than the uncertainty of its zone. It is given as the last moment at which it can begin, and the
    first at which it can end, which is earlier.
    """
    begins, end, key = short
    return any(begins < other_end and other_begins < end for other_begins, other_end, other in spans if other != key)

"""A folder → the hosts of an audit, each with its files."""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from evtscan.base.errors import UsageError
from evtscan.base.model.fact import FactsFile
from evtscan.base.model.query import Query
from evtscan.base.model.source import SkippedFile, Source
from evtscan.base.winpaths import extended
from evtscan.evidence.forwarded import label_of
from evtscan.evidence.machines import name_in
from evtscan.evidence.reading import read
from evtscan.intake.archives import is_collection, opened, stem
from evtscan.intake.paths import FoundFiles, absolute, find, find_in, is_folder
from evtscan.parsers.stated.fleetfile import Fleet

LOOSE = "(loose files)"
"""The name of the host for files outside of host folders that name no computer."""
RUN_FOLDER = "run"
"""The folder for finished hosts in the output folder of an audit."""
STATE_FILE = "audit.json"
"""The file that identifies a run folder."""

HOST_FIELD = "{host}"
"""The placeholder for the host's name in a pattern of paths."""

_NOTHING = Query(frozenset())
"""A query that reads the name of a log's computer and no events."""


@dataclass(frozen=True, slots=True)
class FileState:
    """Identifies the state of a file: its size in bytes, and a mark such as the time of the last change."""

    size: int
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPlan:
    """One host of an audit: its name, its files, and the facts of an inventory.

    ``states`` has the state of each source at planning time. ``remote`` is the address of the folder from which the
    files must be fetched; their paths are then relative to it.
    """

    name: str
    sources: tuple[Source, ...]
    skipped: tuple[SkippedFile, ...] = ()
    stated: tuple[FactsFile, ...] = ()
    states: tuple[FileState, ...] = ()
    remote: str = ""

    @property
    def size(self) -> int:
        """Total size of the files in bytes."""
        return sum(state.size for state in self.states)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostsFrom:
    """How a folder is divided into hosts.

    ``by`` is ``folder`` (each folder ``depth`` levels down is a host), ``computer`` (files are grouped by the computer
    that they name), or a pattern of paths with ``{host}``, in which ``*`` matches anything except a slash.
    """

    by: str = "folder"
    depth: int = 1

    def __post_init__(self) -> None:
        if self.by not in ("folder", "computer") and self.by.count(HOST_FIELD) != 1:
            raise UsageError(
                f"--host-from {self.by}: give folder, computer, or a pattern of paths with {HOST_FIELD} in it, such as "
                f"“{HOST_FIELD}_*.evtx”"
            )
        if self.depth != 1 and self.by != "folder":
            raise UsageError("--depth goes with --host-from folder only")


BY_FOLDER = HostsFrom()


def plan(folder: Path, hosts_from: HostsFrom = BY_FOLDER, *, leave_out: Set[str] = frozenset()) -> list[HostPlan]:
    """Return the hosts in a folder: each first-level folder or archive is one, loose files are grouped by computer.

    ``hosts_from`` selects another division. Files and folders in ``leave_out`` (absolute paths) are ignored, output
    folders of earlier audits are skipped.

    Raises:
        UsageError: if the folder cannot be listed.
    """
    if hosts_from.by == "folder":
        plans = _by_folder(folder, hosts_from.depth, leave_out)
    else:
        _listed(folder)  # raises if it cannot be listed
        found = find([folder], leave_out=leave_out)
        plans = list(_by_computer(found) if hosts_from.by == "computer" else _by_pattern(found, hosts_from.by))
    return [replace(item, states=tuple(map(state_of, item.sources))) for item in plans]


def state_of(source: Source) -> FileState:
    """Return the state of a local file; if it cannot be read, its mark is the error number."""
    try:
        status = os.stat(source.path)  # noqa: PTH116 - for a hundred thousand files
    except OSError as error:
        return FileState(0, f"errno {error.errno}")
    return FileState(status.st_size, str(status.st_mtime_ns))


def with_inventory(plans: Sequence[HostPlan], fleet: Fleet) -> tuple[list[HostPlan], list[str]]:
    """Add the facts of an inventory to each host; return the hosts, and the names in the inventory without a host.

    A host matches by its name, by the last part of it (hosts in deeper folders) or by its first label, in any case.
    """
    found: set[str] = set()
    result = []
    for item in plans:
        keys = [key for key in _names_of(item) if key in fleet.facts]
        found.update(keys[:1])
        result.append(replace(item, stated=(fleet.facts[keys[0]],)) if keys else item)
    return result, [name for key, name in fleet.names.items() if key not in found]


def _names_of(item: HostPlan) -> Iterator[str]:
    name = item.name.casefold()
    last = name.rpartition("/")[2]
    yield from (name, last, label_of(last).casefold())


# ---------------------------------------------------------------------------------------------------- by folder


def _by_folder(folder: Path, depth: int, leave_out: Set[str]) -> list[HostPlan]:
    hosts: list[HostPlan] = []
    loose: list[str] = []
    passed_over: list[SkippedFile] = []
    waiting = [("", 1)]
    while waiting:
        prefix, level = waiting.pop()
        for entry in _listed(folder / prefix) if level == 1 else _listed_or_skipped(folder, prefix, passed_over):
            name = prefix + entry.name
            if absolute(entry) in leave_out:
                continue
            if not is_folder(entry):
                loose.append(name)
            elif _is_output(entry):
                passed_over.append(SkippedFile(source_file=name, reason="output of an earlier audit"))
            elif level < depth:
                waiting.append((f"{name}/", level + 1))
            else:
                found = find([Path(entry.path)], leave_out=leave_out)
                hosts.append(HostPlan(name=name, sources=found.sources, skipped=found.skipped))
    hosts.sort(key=lambda host: host.name)
    return [*hosts, *_loose(find_in(folder, sorted(loose)), tuple(passed_over), hosts)]


def _listed(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(extended(folder)) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be listed ({error.strerror or error})") from error


def _listed_or_skipped(folder: Path, prefix: str, skipped: list[SkippedFile]) -> list[os.DirEntry[str]]:
    try:
        return _listed(folder / prefix)
    except UsageError as error:
        reason = str(error.__cause__.strerror) if isinstance(error.__cause__, OSError) else str(error)
        reason = f"cannot be opened ({reason})"
        skipped.append(SkippedFile(source_file=prefix.rstrip("/"), reason=reason, unreadable=True))
        return []


def _is_output(entry: os.DirEntry[str]) -> bool:
    return os.path.isfile(os.path.join(entry.path, RUN_FOLDER, STATE_FILE))  # noqa: PTH113, PTH118 - for each host


def _loose(found: FoundFiles, passed_over: tuple[SkippedFile, ...], hosts: Sequence[HostPlan]) -> Iterator[HostPlan]:
    """Return hosts for the archives and files outside of host folders."""
    folders = {host.name.casefold() for host in hosts}
    archives = [source for source in found.sources if is_collection(source)]
    hosts_of_archives = list(hosts_of_files(archives, folders))
    yield from hosts_of_archives
    own = set(archives)
    others = FoundFiles(tuple(source for source in found.sources if source not in own), (*passed_over, *found.skipped))
    taken = folders | {host.name.casefold() for host in hosts_of_archives}
    yield from grouped(others, computer_of, taken)


def hosts_of_files(archives: Sequence[Source], folders: Set[str]) -> Iterator[HostPlan]:
    """Return each archive as a host, named without suffix unless a folder or another archive has that name."""
    stems = Counter(stem(source.name).casefold() for source in archives)
    for source in archives:
        name = stem(source.name)
        is_free = name.casefold() not in folders and stems[name.casefold()] == 1
        yield HostPlan(name=name if is_free else source.name, sources=(source,))


# ------------------------------------------------------------------------------------- by what the files say


def grouped(found: FoundFiles, name_of: Callable[[Source], str], taken: Set[str] = frozenset()) -> Iterator[HostPlan]:
    """Group files by the computer that they name; files without a name, and skipped files, are a group of their own.

    A group whose name is in ``taken`` (of a folder or an archive) is not merged with it.
    """
    yield from _groups(((source, name_of(source)) for source in found.sources), found.skipped, taken)


def _groups(
    named: Iterable[tuple[Source, str]], skipped: tuple[SkippedFile, ...], taken: Set[str] = frozenset()
) -> Iterator[HostPlan]:
    groups: dict[str, list[Source]] = {}
    names: dict[str, str] = {}
    for source, name in named:
        key = name.casefold()
        names.setdefault(key, f"{name} {LOOSE}" if key in taken else name or LOOSE)
        groups.setdefault(key, []).append(source)
    if skipped:
        groups.setdefault("", [])
        names.setdefault("", LOOSE)
    for key, sources in sorted(groups.items()):
        yield HostPlan(name=names[key], sources=tuple(sources), skipped=() if key else skipped)


def computer_of(source: Source) -> str:
    """Return the first label of the computer name in a file or an archive; empty if there is none."""
    if state_of(source).size == 0:
        return ""
    with opened([source]) as files:
        return label_of(name_in(read(files.sources, _NOTHING)))


def _by_computer(found: FoundFiles) -> Iterator[HostPlan]:
    """Group all files by computer; a file without a name belongs to the only computer of its folder."""
    named = [(source, computer_of(source)) for source in found.sources]
    of_folder: dict[PurePosixPath, set[str]] = {}
    for source, name in named:
        if name:
            of_folder.setdefault(PurePosixPath(source.name).parent, set()).add(name.casefold())
    spelt = {name.casefold(): name for _, name in reversed(named)}

    def owner(source: Source, name: str) -> str:
        owners = of_folder.get(PurePosixPath(source.name).parent, set())
        return name or (spelt[next(iter(owners))] if len(owners) == 1 else "")

    yield from _groups(((source, owner(source, name)) for source, name in named), found.skipped)


def _by_pattern(found: FoundFiles, pattern: str) -> Iterator[HostPlan]:
    """Group files by the part of their path that matches ``{host}``; case is ignored."""
    fits = re.compile(_expression(pattern), re.IGNORECASE).match
    named = [(source, fits(source.name)) for source in found.sources]
    yield from _groups(((source, match[1] if match else "") for source, match in named), found.skipped)


def _expression(pattern: str) -> str:
    parts = {"*": "[^/]*", HOST_FIELD: "([^/]+)"}
    pieces = re.split(r"(\*|\{host\})", pattern.strip("/"))
    return "".join(parts.get(piece) or re.escape(piece) for piece in pieces) + r"(?:/|\Z)"

r"""A SYSTEM or SOFTWARE hive (regf 1.2 to 1.6) → registry keys, each read on request.

The kind of hive is recognised by its keys, never by its name: SYSTEM has control sets, SOFTWARE has the installed
version in ``Microsoft\Windows NT\CurrentVersion`` (a user's hive has that key too, without the values).
``CurrentControlSet`` exists only in a running system; ``Select\Current`` names the control set that it refers to.

A hive contains all of its keys, so a missing key does not exist, except below a part that cannot be read, and except
for the keys that Windows keeps in memory only. A hive that was not closed is updated, in memory, from the logs in its
folder; without them it is read without these updates, with a warning.

The time of a hive is the last write of its header or of its newest key, whichever is later.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from evtscan.base.errors import EvidenceError, NotEvidenceError
from evtscan.base.model.registry import RegistryKey, RegistryValue
from evtscan.base.model.source import ExtractionWarning, Location, Source
from evtscan.base.wintypes import Instant
from evtscan.parsers.registry.hive.base_block import SIZE, BaseBlock
from evtscan.parsers.registry.hive.cells import CellError, Cells, KeyNode
from evtscan.parsers.registry.hive.replay import Replayed, replay
from evtscan.parsers.registry.regdata import decode_data

MAX_SIZE = 512 << 20
MAX_LOG_SIZE = 64 << 20
MAX_WARNINGS = 100

_CURRENT = "currentcontrolset"
_CONTROL_SET = re.compile(r"controlset\d{3}")
_CURRENT_VERSION = ("microsoft", "windows nt", "currentversion")
_ONLY_OF_THE_HOST = ("currentversion", "currentbuildnumber", "currentbuild", "systemroot", "csdversion")
_IN_MEMORY_ONLY = (
    ("system", _CURRENT, "control", "computername", "activecomputername"),
    ("system", _CURRENT, "control", "hivelist"),
)


def read_registry(source: Source) -> "Hive":
    """Open a SYSTEM or SOFTWARE hive.

    Raises:
        NotEvidenceError: if it is a hive's log or a hive of another kind.
        EvidenceError: if the file cannot be read or is too large, its version is not supported, or its root key is
            unreadable.
    """
    raw = _read(source, MAX_SIZE)
    base = BaseBlock.parse(raw)
    if base is None:
        raise EvidenceError(f"{source.name}: cut off in its first block ({len(raw)} bytes); collect it again")
    if base.file_type != 0 or raw[512:516] in (b"HvLE", b"DIRT"):
        raise NotEvidenceError(f"{source.name}: a hive's log, which is read together with its hive, not by itself")
    _check_version(source.name, base)
    if not base.dirty:
        return Hive(source.name, raw, base)
    logs, unreadable = _logs_beside(source)
    hive = Hive(source.name, raw, base, replay(raw, logs, MAX_SIZE) if logs else None)
    for problem in unreadable:
        hive.warn(0, "dirty_hive", f"one of its logs could not be used: {problem}")
    return hive


def _check_version(name: str, base: BaseBlock) -> None:
    version = f"{base.major}.{base.minor}"
    if (base.major, base.minor) in ((1, 0), (1, 1)):
        raise EvidenceError(
            f"{name}: a hive of NT 3.1 or 3.5 (regf {version}), which is not read; save its keys as text with REGEDT32"
        )
    if base.major != 1 or not 2 <= base.minor <= 6:
        raise EvidenceError(
            f"{name}: regf {version} is not a version that can be read (1.2 to 1.6); export the keys as .reg"
        )


def _read(source: Source, limit: int) -> bytes:
    try:
        with source.open() as stream:
            raw = stream.read(limit + 1)
    except OSError as error:
        raise EvidenceError(f"{source.name}: cannot be read ({error.strerror or error})") from error
    if len(raw) > limit:
        raise EvidenceError(f"{source.name}: larger than {limit >> 20} MiB; export the keys that are needed as .reg")
    return raw


def _logs_beside(source: Source) -> tuple[list[bytes], list[str]]:
    """Return the logs of a hive, and the problems in reading them.

    A log is in the same folder and has the hive's name plus ``.LOG``, ``.LOG1`` or ``.LOG2``, in any case.
    """
    wanted = {f"{source.path.name}{suffix}".lower() for suffix in (".log", ".log1", ".log2")}
    logs: list[bytes] = []
    problems: list[str] = []
    try:
        paths = sorted(path for path in source.path.parent.iterdir() if path.name.lower() in wanted and path.is_file())
    except OSError:
        return [], []
    for path in paths:
        try:
            logs.append(_read(Source(path, path.name), MAX_LOG_SIZE))
        except EvidenceError as error:
            problems.append(str(error))
    return logs, problems


@dataclass(frozen=True, slots=True)
class _Children:
    """The subkeys of a key: cell by lower-case name, names as written, and whether all of them could be read."""

    cells: dict[str, int]
    names: tuple[str, ...]
    complete: bool


class Hive:
    """The registry keys of one hive (see ``model.Registry``). ``replayed`` counts the log entries that were applied."""

    format = "regf"

    def __init__(self, source: str, raw: bytes, base: BaseBlock, replayed: Replayed | None = None) -> None:
        self.source = source
        self.warnings: list[ExtractionWarning] = []
        self.replayed = replayed.entries if replayed else 0
        held = replayed.hive if replayed else raw
        self._cells = Cells(memoryview(held)[SIZE:], base.minor)
        stated = replayed.written if replayed else base.written if base.checksum_fits else 0
        # Windows 8.1 and later leave the header's time as it came with the image, or empty
        written = max(stated, self._cells.newest_write())
        self.taken = Instant(written) if written else None
        self._children: dict[int, _Children] = {}
        self._nodes: dict[int, KeyNode] = {}
        self._warned: set[str] = set()
        if base.dirty and not replayed:
            self.warn(0, "dirty_hive", _why_dirty(base))
        if replayed and replayed.left:
            self.warn(0, "dirty_hive", f"{replayed.left} entries of its logs do not follow on the others: not used")
        if len(held) < SIZE + base.bins_size:
            self.warn(len(held), "truncated", f"{SIZE + base.bins_size - len(held)} bytes are missing at its end")
        self._root = self._root_key(base)
        self._kind = self._hive_kind()
        self._control_set = self._current_control_set() if self._kind == "system" else None

    def key(self, path: str) -> RegistryKey | None:
        """Return the key with this canonical path; None if the hive does not have it or it cannot be read."""
        way = self._own_path(path)
        nodes = self._walk(way) if way is not None else []
        if way is None or len(nodes) <= len(way):
            return None
        node, names = nodes[-1], [node.name for node in nodes[1:]]
        below = self._below(node)
        values, complete = self._read_values(node, names)
        return RegistryKey(
            path=path,
            values=values,
            subkeys=below.names,
            whole=complete and below.complete and not _in_memory_only(path),
            location=self._location(SIZE + node.offset, names),
            last_written=Instant(node.written) if node.written else None,
        )

    def covers(self, path: str) -> bool:
        """Return whether the hive would contain this key if it existed.

        This is true for keys of this hive, unless they are damaged or Windows keeps them in memory only.
        """
        way = self._own_path(path)
        if way is None or _in_memory_only(path):
            return False
        nodes = self._walk(way)
        below = self._below(nodes[-1])
        return below.complete and (len(nodes) <= len(way) or self._read_values(nodes[-1], [])[1])

    # --------------------------------------------------------------------------------------- what it is

    def _root_key(self, base: BaseBlock) -> KeyNode:
        try:
            return self._cells.key(base.root)
        except CellError as error:
            message = f"{self.source}: its root key at offset 0x{error.offset:x} cannot be read: the cell {error}"
            raise EvidenceError(f"{message}; collect it again") from error

    def _hive_kind(self) -> str:
        names = self._below(self._root).cells
        if any(_CONTROL_SET.fullmatch(name) for name in names) or "select" in names:
            return "system"
        nodes = self._walk(_CURRENT_VERSION)
        if len(nodes) > len(_CURRENT_VERSION):
            values = self._cells.values(nodes[-1])
            if any(value.name.lower() in _ONLY_OF_THE_HOST for value in values if not isinstance(value, CellError)):
                return "software"
        if self.warnings:
            problem = f"{self.warnings[-1].message} (offset 0x{self.warnings[-1].location.offset:x})"
            raise EvidenceError(f"{self.source}: damaged, so that nothing tells which hive it is: {problem}")
        raise NotEvidenceError(f"{self.source}: a registry hive, but neither SYSTEM nor SOFTWARE")

    def _current_control_set(self) -> str | None:
        names = self._below(self._root).cells
        select = self._walk(("Select",))
        values = self._read_values(select[1], ("Select",))[0] if len(select) > 1 else {}
        if "current" in values and isinstance(number := values["current"].data, int):
            return f"controlset{number:03}"
        sets = [name for name in names if _CONTROL_SET.fullmatch(name)]
        if len(sets) == 1:
            return sets[0]
        self.warn(
            0,
            "unknown_control_set",
            f"nothing tells which of {len(sets)} control sets is the current one: none is read",
        )
        return None

    def _own_path(self, path: str) -> list[str] | None:
        """Convert a canonical path to key names below this hive's root; None if the path is not in this hive."""
        hive, *way = (part for part in path.split("\\") if part)
        if hive.lower() != self._kind:
            return None
        if self._kind == "system" and way and way[0].lower() == _CURRENT:
            if self._control_set not in self._below(self._root).cells:
                return None
            way[0] = self._control_set
        return way

    # ------------------------------------------------------------------------------------ keys and values

    def _walk(self, way: Sequence[str]) -> list[KeyNode]:
        """Return the root key and the keys below it along the path, up to the first that is missing."""
        nodes = [self._root]
        for name in way:
            cell = self._below(nodes[-1]).cells.get(name.lower())
            if cell is None:
                break
            if (node := self._nodes.get(cell)) is None:
                node = self._nodes[cell] = self._cells.key(cell)
            nodes.append(node)
        return nodes

    def _below(self, node: KeyNode) -> _Children:
        """Return the subkeys of a key; they are listed once and cached."""
        if (known := self._children.get(node.offset)) is None:
            cells: dict[str, int] = {}
            names: list[str] = []
            complete = True
            for child in self._cells.subkeys(node):
                if isinstance(child, CellError):
                    complete = False
                    self._warn_of(child, f"a key below {node.name!r}")
                elif cells.setdefault(child.name.lower(), child.offset) == child.offset:
                    names.append(child.name)
            known = self._children[node.offset] = _Children(cells, tuple(names), complete)
        return known

    def _read_values(self, node: KeyNode, names: Sequence[str]) -> tuple[dict[str, RegistryValue], bool]:
        values: dict[str, RegistryValue] = {}
        complete = True
        for value in self._cells.values(node):
            if isinstance(value, CellError):
                complete = False
                self._warn_of(value, f"a value of {node.name!r}")
            else:
                values.setdefault(
                    value.name.lower(),
                    RegistryValue(
                        name=value.name,
                        data=decode_data(value.kind, value.data),
                        location=self._location(value.offset, (*names, value.name or "(Default)")),
                    ),
                )
        return values, complete

    # -------------------------------------------------------------------------------- places and warnings

    def _location(self, offset: int, names: Sequence[str]) -> Location:
        return Location(source=self.source, offset=offset, key="\\".join((self._kind.upper(), *names)))

    def _warn_of(self, error: CellError, what: str) -> None:
        self.warn(
            error.offset, "bad_cell", f"{what} cannot be read: the cell {error}; what is missing there is unknown"
        )

    def warn(self, offset: int, kind: str, message: str) -> None:
        """Add a warning unless it was added before: keys are read again for each query."""
        told = f"{offset} {message}"
        if told in self._warned or len(self.warnings) >= MAX_WARNINGS:
            return
        self._warned.add(told)
        self.warnings.append(
            ExtractionWarning(location=Location(source=self.source, offset=offset), kind=kind, message=message)
        )


def _in_memory_only(path: str) -> bool:
    parts = tuple(part for part in path.lower().split("\\") if part)
    return any(parts[: len(known)] == known for known in _IN_MEMORY_ONLY)


def _why_dirty(base: BaseBlock) -> str:
    reason = "the checksum of its first block is wrong"
    if base.checksum_fits:
        reason = f"sequence numbers {base.primary} and {base.secondary}"
    return f"was not closed ({reason}), and no log beside it fits: read as it stands; collect its logs with it"

"""The run folder of an audit: what is finished is kept there, so that no host is read twice for nothing.

    OUT/run/audit.json       whose run this is, the findings of the last one that was finished, and its outputs
    OUT/run/lock             held while an audit is at work here
    OUT/run/hosts/*.jsonl    one file a host: a line that says what it was made of, then its reports, a line each

Every file is written under a temporary name and renamed, so that whoever stops an audit, and however, leaves whole
files only. A host's result counts as long as all that it was made of is the same: its files by size and time, the
rules, the options and evtscan itself.
"""

import hashlib
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import overload

import msgspec
from filelock import FileLock, Timeout

from evtscan import __version__
from evtscan.audit.changes import Known
from evtscan.audit.hosts import FAILED, TIMED_OUT, Finished
from evtscan.audit.plan import STATE_FILE, HostPlan
from evtscan.base.errors import EvidenceError, OutputError
from evtscan.base.outfiles import replace_file
from evtscan.base.winpaths import extended, plain
from evtscan.report.model import HostReport
from evtscan.reporters.json.report import host_from_json

FORM = 1
"""The newest form of a run folder that this version reads, and the one that it writes."""

_TRIED_AGAIN = frozenset({FAILED, TIMED_OUT, "unreadable"})
"""Kinds of warnings of a host that the next run reads again, for they need not come of what its files hold."""

_HOSTS = "hosts"
_LOCK = "lock"


@dataclass(frozen=True, slots=True)
class FileMark:
    """By which an output is known to be as it was written."""

    size: int
    changed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """What ``audit.json`` holds.

    ``evidence`` is a digest of where the evidence lies. ``findings`` has the findings of each host up to the last run
    that was finished, and ``finished`` what that run was made of; ``outputs`` are the files that it wrote, by name:
    None for one that was about to be written.
    """

    form: int = FORM
    evtscan: str = __version__
    evidence: str
    finished: str = ""
    findings: Known = field(default_factory=dict)
    outputs: dict[str, FileMark | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredName:
    """Whose report a line of a host's file is."""

    host: str
    computer: str


@dataclass(frozen=True, slots=True)
class _Head:
    """The first line of a host's file."""

    form: int
    key: str
    plan: str
    again: bool
    reports: tuple[StoredName, ...]


@dataclass(frozen=True, slots=True)
class _Form:
    form: int


class RunFolder:
    """The finished hosts of one audit, in a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._folder = extended(path)
        self._heads: dict[str, _Head] = {}

    # ------------------------------------------------------------------------------------------------------- state

    def state(self) -> RunState | None:
        """What is known of earlier runs here; None if this is no run folder, or one that nobody can read.

        Raises:
            OutputError: if a later evtscan wrote it.
        """
        file = self._folder / STATE_FILE
        try:
            content = file.read_bytes()
            form = msgspec.json.decode(content, type=_Form).form
            if form <= FORM:
                return msgspec.json.decode(content, type=RunState)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            return None
        raise OutputError(
            f"{self.path / STATE_FILE}: written by a later evtscan (form {form}; this one reads forms up to {FORM}). "
            "Update evtscan, or give another folder with -o"
        )

    def write_state(self, state: RunState) -> None:
        """Replace what is known of earlier runs.

        Raises:
            OutputError: if it cannot be written.
        """
        self._write(self._folder / STATE_FILE, msgspec.json.format(msgspec.json.encode(state), indent=1))

    def is_blank(self, state: RunState) -> bool:
        """Whether the audit that began here came to nothing, as one does whose evidence cannot be listed."""
        return not state.finished and not state.outputs and not any((self._folder / _HOSTS).glob("*.jsonl"))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other audits out; the lock ends with the process, however that ends.

        Raises:
            OutputError: if another audit is at work here, or the folder cannot be made.
        """
        with _naming(self.path):
            (self._folder / _HOSTS).mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._folder / _LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:  # before other errors of the system, of which it is one
            raise OutputError(
                f"{self.path.parent}: another audit is writing here; wait for it, or give another folder with -o"
            ) from error
        except (OSError, NotImplementedError) as error:
            raise OutputError(
                f"{self.path}: cannot be locked ({error}); give a folder on another disk with -o"
            ) from error
        try:
            yield
        finally:
            lock.release()

    # ------------------------------------------------------------------------------------------------------- hosts

    def has(self, plan: HostPlan, key: str) -> bool:
        """Whether the result of a host is here, made of what ``key`` stands for."""
        head = self._head(self._file(plan))
        if head is None or head.form != FORM or head.key != key or head.plan != _plain(plan.name) or head.again:
            return False
        self._heads[plan.name] = head
        return True

    def put(self, finished: Finished, key: str) -> tuple[HostReport, ...]:
        """Keep the result of a host, and return its reports.

        Raises:
            OutputError: if it cannot be written.
        """
        reports = tuple(host_from_json(report, finished.plan.name) for report in finished.reports)
        planned = {item.source_file for item in finished.plan.skipped}  # which a key stands for, with the reason
        warnings = [warning for report in reports for warning in report.warnings]
        again = any(item.kind in _TRIED_AGAIN and item.location.source not in planned for item in warnings)
        names = tuple(StoredName(report.host, report.computer) for report in reports)
        head = _Head(FORM, key, _plain(finished.plan.name), again, names)
        lines = (msgspec.json.encode(head), *finished.reports)
        self._write(self._file(finished.plan), b"\n".join(lines) + b"\n")
        self._heads[finished.plan.name] = head
        return reports

    def keep_only(self, plans: Iterable[HostPlan]) -> None:
        """Forget hosts that are not planned any more, and what a run that was stopped left half written."""
        kept = {self._file(plan).name for plan in plans}
        with suppress(OSError):
            for entry in os.scandir(self._folder / _HOSTS):
                if entry.name not in kept:
                    os.unlink(entry.path)  # noqa: PTH108 - one of thousands
            for file in self._folder.glob("*.tmp"):
                file.unlink()

    def stored(self, plans: Iterable[HostPlan]) -> "StoredHosts":
        """The results of these hosts, all of which must be here."""
        places = [
            _Place(name.host, name.computer, self._file(plan), line)
            for plan in plans
            for line, name in enumerate(self._heads[plan.name].reports, 1)
        ]
        return StoredHosts(sorted(places, key=lambda place: place.host))

    def _head(self, file: Path) -> _Head | None:
        try:
            with open(file, "rb") as stream:  # noqa: PTH123 - for each of thousands
                return msgspec.json.decode(stream.readline(), type=_Head)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            return None

    def _file(self, plan: HostPlan) -> Path:
        name = hashlib.blake2b(plan.name.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
        return self._folder / _HOSTS / f"{name}.jsonl"

    def _write(self, file: Path, content: bytes) -> None:
        temporary = file.with_name(f"{file.stem}-{secrets.token_hex(4)}.tmp")
        with _naming(self.path):
            try:
                with open(temporary, "xb") as stream:  # noqa: PTH123 - for each of thousands
                    stream.write(content)
                replace_file(temporary, file)
            except BaseException:
                with suppress(OSError):
                    temporary.unlink()
                raise


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the report of a host stands: the line of a file, counted from 0."""

    host: str
    computer: str
    file: Path
    line: int


class StoredHosts(Sequence[HostReport]):
    """The hosts of a report in order of their names, each read from the run folder when it is looked at.

    None of them is kept in memory: who goes over them twice has them read twice. ``change`` is made to each.
    """

    def __init__(
        self, places: Sequence[_Place], change: Callable[[HostReport], HostReport] = lambda host: host
    ) -> None:
        self._places = places
        self._change = change

    @property
    def names(self) -> tuple[StoredName, ...]:
        """Whose reports these are, without reading them."""
        return tuple(StoredName(place.host, place.computer) for place in self._places)

    def changed(self, change: Callable[[HostReport], HostReport]) -> "StoredHosts":
        """The same hosts, with one more change made to each."""
        first = self._change
        return StoredHosts(self._places, lambda host: change(first(host)))

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[HostReport]:
        return map(self._load, self._places)

    @overload
    def __getitem__(self, place: int) -> HostReport: ...
    @overload
    def __getitem__(self, place: slice) -> "StoredHosts": ...
    def __getitem__(self, place: int | slice) -> "HostReport | StoredHosts":
        if isinstance(place, slice):
            return StoredHosts(self._places[place], self._change)
        return self._load(self._places[place])

    def _load(self, place: _Place) -> HostReport:
        with _naming(plain(place.file)):
            lines = place.file.read_bytes().split(b"\n")
        if place.line >= len(lines):
            raise OutputError(f"{plain(place.file)}: was changed by another program; run the audit again")
        try:
            host = host_from_json(lines[place.line], str(plain(place.file)))
        except EvidenceError as error:  # its first line is whole, so every run would take it for good again
            with _naming(plain(place.file)):
                place.file.unlink()
            raise OutputError(f"{error}; it is removed: run the audit again, which reads this host anew") from error
        return self._change(host)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Turn the system's error into one that says what it means for the run."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror or error}); what is finished is kept, so that the same "
            "command goes on from there"
        ) from error


def _plain(name: str) -> str:
    """A name without what UTF-8 cannot carry."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")

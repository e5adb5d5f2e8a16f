"""The run folder of an audit: it stores finished hosts, so that an unchanged host is not read again.

    OUT/run/audit.json       the evidence, the findings of the last finished run, and its outputs
    OUT/run/lock             locked while an audit uses the folder
    OUT/run/hosts/*.jsonl    one file for each host: a line with the key of its inputs, then its reports, a line each

Every file is written under a temporary name and renamed, so that an audit that is stopped leaves complete files only. A
stored result is valid while all its inputs are the same: its files by size and time, the rules, the options and the
version of evtscan.
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
"""The version of the run folder's format that is written, and the newest that is read."""

_TRIED_AGAIN = frozenset({FAILED, TIMED_OUT, "unreadable"})
"""Kinds of warnings after which the next run reads a host again: their cause may lie outside of its files."""

_HOSTS = "hosts"
_LOCK = "lock"


@dataclass(frozen=True, slots=True)
class FileMark:
    """Identifies an output as unchanged: size in bytes, time of the last change in nanoseconds since 1970."""

    size: int
    changed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """The content of ``audit.json``.

    ``evidence`` is a digest of the path of the evidence. ``findings`` has the findings of each host up to the last
    finished run, ``finished`` the key of that run's inputs. ``outputs`` has the files that it wrote, by digest of their
    path; the value is None for a file that was about to be written. ``problems`` has the kinds of unexplained errors
    and warnings of each host.
    """

    form: int = FORM
    evtscan: str = __version__
    evidence: str
    finished: str = ""
    findings: Known = field(default_factory=dict)
    problems: dict[str, tuple[str, ...]] = field(default_factory=dict)
    outputs: dict[str, FileMark | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredName:
    """The host and the computer of one stored report."""

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
        """Return the state of earlier runs; None if this is no run folder, or if it is damaged.

        Raises:
            OutputError: if a later version of evtscan wrote it.
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
        """Replace the state of earlier runs.

        Raises:
            OutputError: if it cannot be written.
        """
        self._write(self._folder / STATE_FILE, msgspec.json.format(msgspec.json.encode(state), indent=1))

    def is_blank(self, state: RunState) -> bool:
        """Return whether the earlier audit stored nothing, for example because its evidence could not be listed."""
        return not state.finished and not state.outputs and not any((self._folder / _HOSTS).glob("*.jsonl"))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the folder; the lock ends with the process.

        Raises:
            OutputError: if another audit uses the folder, or it cannot be created.
        """
        with _naming(self.path):
            (self._folder / _HOSTS).mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._folder / _LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:  # a subclass of OSError, so it comes first
            raise OutputError(
                f"{self.path.parent}: another audit is using this folder; wait for it, or give another folder with -o"
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
        """Return whether a result of the host with this key of its inputs is stored."""
        head = self._head(self._file(plan))
        if head is None or head.form != FORM or head.key != key or head.plan != _plain(plan.name) or head.again:
            return False
        self._heads[plan.name] = head
        return True

    def put(self, finished: Finished, key: str) -> tuple[HostReport, ...]:
        """Store the result of a host, and return its reports.

        Raises:
            OutputError: if it cannot be written.
        """
        reports = tuple(host_from_json(report, finished.plan.name) for report in finished.reports)
        planned = {item.source_file for item in finished.plan.skipped}  # skipped files are part of the key
        warnings = [warning for report in reports for warning in report.warnings]
        again = any(item.kind in _TRIED_AGAIN and item.location.source not in planned for item in warnings)
        names = tuple(StoredName(report.host, report.computer) for report in reports)
        head = _Head(FORM, key, _plain(finished.plan.name), again, names)
        lines = (msgspec.json.encode(head), *finished.reports)
        self._write(self._file(finished.plan), b"\n".join(lines) + b"\n")
        self._heads[finished.plan.name] = head
        return reports

    def keep_only(self, plans: Iterable[HostPlan]) -> None:
        """Delete results of hosts that no longer exist, and partial files of a stopped run."""
        kept = {self._file(plan).name for plan in plans}
        with suppress(OSError):
            for entry in os.scandir(self._folder / _HOSTS):
                if entry.name not in kept:
                    os.unlink(entry.path)  # noqa: PTH108 - one of thousands
            for file in self._folder.glob("*.tmp"):
                file.unlink()

    def stored(self, plans: Iterable[HostPlan]) -> "StoredHosts":
        """Return the results of these hosts, all of which must be stored."""
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
    """The location of a stored report: the line of a file, counted from 0."""

    host: str
    computer: str
    file: Path
    line: int


class StoredHosts(Sequence[HostReport]):
    """The hosts of a report in the order of their names, each read from the run folder on access.

    No host stays in memory: iterating twice reads each file twice. ``change`` is applied to each host.
    """

    def __init__(
        self, places: Sequence[_Place], change: Callable[[HostReport], HostReport] = lambda host: host
    ) -> None:
        self._places = places
        self._change = change

    @property
    def names(self) -> tuple[StoredName, ...]:
        """The hosts and computers of the reports, without reading the reports."""
        return tuple(StoredName(place.host, place.computer) for place in self._places)

    def changed(self, change: Callable[[HostReport], HostReport]) -> "StoredHosts":
        """Return the same hosts with one more change applied to each."""
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
        except EvidenceError as error:  # its first line is valid, so every run would use it again
            with _naming(plain(place.file)):
                place.file.unlink()
            raise OutputError(f"{error}; it is deleted: run the audit again, which reads this host again") from error
        return self._change(host)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Convert the system's error into one that says what it means for the run."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror or error}); finished hosts are stored: run the same "
            "command again to continue"
        ) from error


def _plain(name: str) -> str:
    """Return a name with escapes for characters that UTF-8 cannot encode."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")

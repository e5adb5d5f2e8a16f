"""Remote files of a host (any address that fsspec supports) → copies in a temporary folder while they are needed."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from evtscan.audit.plan import BY_FOLDER, LOOSE, FileState, HostPlan, HostsFrom, computer_of, grouped, hosts_of_files
from evtscan.base.errors import UsageError
from evtscan.base.model.source import SkippedFile, Source
from evtscan.intake.archives.shelf import is_plain
from evtscan.intake.paths import FoundFiles

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_CHANGED = ("mtime", "LastModified", "last_modified", "modified", "updated", "created")
"""Names under which file systems report the time of the last change."""
_MARKS = ("ETag", "etag", "md5Hash", "generation")
"""Names under which they report a value that changes with the content."""
_ARCHIVES = (".zip", ".7z", ".tar", ".tgz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz")


def is_address(folder: str) -> bool:
    """Return whether this is an address such as ``s3://bucket/hosts``, not a path.

    >>> [is_address(text) for text in ("s3://b/hosts", "file:///hosts", "C:/hosts", "hosts")]
    [True, True, False, False]
    """
    scheme, separator, _ = folder.partition("://")
    return bool(separator) and len(scheme) > 1 and scheme.replace("+", "").isalnum()


def plan_remote(address: str, hosts_from: HostsFrom = BY_FOLDER) -> list[HostPlan]:
    """Return the hosts below an address, as ``plan`` does for a folder: first-level folders, archives, loose files.

    Loose files are fetched to read the names of their computers.

    Raises:
        UsageError: if fsspec, or a package that it needs for the address, is missing, or nothing can be listed.
    """
    if hosts_from != BY_FOLDER:
        raise UsageError("--host-from and --depth need a local or mounted folder; copy or mount the hosts")
    system, root = _file_system(address)
    try:
        listing = system.find(root, detail=True)
    except OSError as error:
        raise UsageError(f"{address}: cannot be listed ({error.strerror or error})") from error
    if not listing:
        raise UsageError(f"{address}: there is no such folder, or no file below it")
    folders: dict[str, list[Source]] = {}
    states: dict[str, FileState] = {}
    for path, info in sorted(listing.items()):
        name = path[len(root) :].lstrip("/")
        states[name] = FileState(int(info.get("size") or 0), _mark(info))
        first, _, rest = name.partition("/")
        folders.setdefault(first if rest else "", []).append(Source(Path(name), rest or name))
    loose = folders.pop("", [])
    plans = [HostPlan(name=name, sources=tuple(sources)) for name, sources in folders.items()]
    plans += _loose(address, loose, states, {name.casefold() for name in folders})
    return [
        replace(
            item, remote=address, states=tuple(states[PurePosixPath(source.path).as_posix()] for source in item.sources)
        )
        for item in plans
    ]


def _loose(address: str, sources: list[Source], states: dict[str, FileState], taken: set[str]) -> Iterator[HostPlan]:
    archives = [source for source in sources if source.name.lower().endswith(_ARCHIVES)]
    yield from hosts_of_files(archives, taken)
    others = FoundFiles(tuple(source for source in sources if source not in archives), ())

    def computer(source: Source) -> str:
        state = states[source.name]
        with fetched(HostPlan(name=LOOSE, sources=(source,), states=(state,), remote=address)) as local:
            return next((computer_of(copy) for copy in local.sources), "")

    yield from grouped(others, computer, taken)


@contextmanager
def fetched(plan: HostPlan) -> Iterator[HostPlan]:
    """Provide the same host with local copies of its files, which are deleted at the end of the context.

    A file that cannot be fetched is skipped, with the reason.
    """
    if not plan.remote:
        yield plan
        return
    system, root = _file_system(plan.remote)
    sources: list[Source] = []
    skipped = list(plan.skipped)
    with tempfile.TemporaryDirectory(prefix="evtscan-", ignore_cleanup_errors=True) as temporary:
        for number, (source, state) in enumerate(zip(plan.sources, plan.states, strict=True)):
            copy = _place(Path(temporary), source, number)
            try:
                system.get_file(f"{root.rstrip('/')}/{source.path.as_posix()}", str(copy))
            except OSError as error:
                reason = f"cannot be fetched ({error.strerror or type(error).__name__})"
                skipped.append(SkippedFile(source_file=source.name, reason=reason, unreadable=True))
                continue
            if state.mark.isdecimal():
                with suppress(OSError, OverflowError):  # the file system does not support such times
                    os.utime(copy, ns=(int(state.mark), int(state.mark)))
            sources.append(Source(copy, source.name))
        yield replace(plan, sources=tuple(sources), skipped=tuple(skipped), remote="")


def _place(folder: Path, source: Source, number: int) -> Path:
    """Return the path of a copy; files of one folder stay together and keep their names if every system allows them."""
    parent = PurePosixPath(source.name).parent.as_posix()
    into = folder / parent.encode().hex()[:200] if parent != "." else folder / "files"
    into.mkdir(parents=True, exist_ok=True)
    plain = into / source.base_name
    return plain if is_plain(source.base_name) and not plain.exists() else into / f"~{number}"


def _file_system(address: str) -> tuple["AbstractFileSystem", str]:
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise UsageError(f'{address}: addresses need the package fsspec: pip install "evtscan[dask]"') from error
    try:
        system, root = url_to_fs(address)
    except (ImportError, ValueError) as error:
        raise UsageError(f"{address}: {error}") from error
    return system, str(root)


def _mark(info: dict[str, Any]) -> str:
    """Return the time of the last change in nanoseconds since 1970, else a mark of the content, else an empty text."""
    for name in _CHANGED:
        value = info.get(name)
        if isinstance(value, datetime):
            return str(round(value.timestamp() * 1e6) * 1000)
        if isinstance(value, int | float):
            return str(round(value * 1e9))
    return next((f"{name} {info[name]}" for name in _MARKS if info.get(name)), "")

"""Rule files → rules, with a cache of compiled rules. Compiling thousands takes seconds, reading the cache does not.

The key of a cache entry is a digest of all its inputs: the rule files, the lists of placeholders that they may use, and
the code that compiles them. So an entry is never out of date, and two runs that write at once write the same content.
If the cache has any problem, the rules are compiled instead; the cache never changes a result.
"""

import hashlib
import logging
import os
import secrets
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from evtscan.base.outfiles import replace_file
from evtscan.base.yamltext import MAX_SIZE
from evtscan.detection.load import placeholders
from evtscan.detection.load.loader import SUFFIXES, RuleSet, load_rules
from evtscan.detection.load.rulepack import UnpackableError, pack, unpack

FOLDER_VARIABLE: Final = "EVTSCAN_CACHE_DIR"
MOST_KEPT: Final = 8
"""How many sets of rules the cache holds; the oldest goes first."""

_MAGIC: Final = b"evtscan rules\n"
_SIZE: Final = 20
"""Bytes of a digest, of which a file has two after the magic: its key and that of what follows."""

logger = logging.getLogger(__name__)


def load_through_cache(
    paths: Sequence[Path], *, fact_known: Callable[[str], bool], folder: Path | None = None
) -> RuleSet:
    """Load rules as ``load_rules`` does, using the cache in ``folder`` (default: the user's cache folder).

    The rules never have lines and cases, whether they come from the cache or not.
    """
    if not all(path.is_dir() or path.is_file() for path in paths):  # a pipe can be read only once
        return load_rules(paths, fact_known=fact_known)
    key = key_of(paths, fact_known)
    file = (folder or cache_folder()) / f"rules-{key.hex()}.bin"
    kept = _read(file, key)
    if kept is not None:
        return kept
    loaded = load_rules(paths, fact_known=fact_known)
    try:
        body = pack(loaded)
    except UnpackableError as error:
        logger.info("the rules are not kept: %s", error)
        return loaded
    if key_of(paths, fact_known) == key:  # else somebody was writing rules, and which of them were loaded is open
        _write(file, _head(key, body) + body)
    return unpack(body)


def cache_folder() -> Path:
    """The user's cache folder: ``EVTSCAN_CACHE_DIR``, else the platform's folder for caches."""
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        return Path(named)
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.home raises where there is none
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "evtscan" / "Cache"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "evtscan"
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "evtscan"


# -------------------------------------------------------------------------------------------------------- key


def key_of(paths: Sequence[Path], fact_known: Callable[[str], bool]) -> bytes:
    """A digest of everything that compiled rules depend on: the files, and evtscan's own code."""
    digest = hashlib.blake2b(digest_size=_SIZE)
    digest.update(_code() + f"{fact_known.__module__}.{fact_known.__qualname__}".encode())
    for path in paths:
        if len(paths) > 1:  # a file that two paths share counts once, and two of one name are called by their folders
            digest.update(os.fsencode(path.resolve()))
        for file, name in _inputs(path):
            content = _content(file)
            digest.update(f"\n{len(name)} {name} {len(content)} ".encode("utf-8", "surrogateescape"))
            digest.update(content)
    return digest.digest()


def _inputs(path: Path) -> Iterator[tuple[str, str]]:
    """Each file that the rules of a path depend on, with its name in the key."""
    if path.is_dir():
        yield from ((found, found[len(str(path)) :]) for found in sorted(_below(path)))
    else:
        yield str(path), path.name
    for file in placeholders.files_for(path.resolve().parent):
        yield str(file), file.name


def _below(folder: Path, suffixes: tuple[str, ...] = SUFFIXES) -> Iterator[str]:
    """Yield the regular files below a folder that have one of these suffixes."""
    waiting = [str(folder)]
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                elif entry.name.lower().endswith(suffixes) and entry.is_file():
                    yield entry.path


def _content(file: str) -> bytes:
    """The content of a file, as far as the loader reads it, or the error that prevents reading."""
    try:
        with open(file, "rb", buffering=0) as stream:  # noqa: PTH123 - for thousands of files
            if os.fstat(stream.fileno()).st_size > 4 * MAX_SIZE:
                return stream.read(4 * MAX_SIZE + 1)
            return stream.readall()
    except OSError as error:
        return f"errno {error.errno}".encode()


@cache
def _code() -> bytes:
    """Return a digest of the code that compiles rules: evtscan's files, and sizes and times of pySigma's files."""
    digest = hashlib.blake2b(sys.version.encode(), digest_size=_SIZE)
    for file in sorted(_below(Path(__file__).parents[2], (".py", ".yaml"))):
        digest.update(_content(file))
    sigma = find_spec("sigma")
    for folder in (sigma and sigma.submodule_search_locations) or ():
        for file in sorted(_below(Path(folder), (".py",))):
            with suppress(OSError):
                status = os.stat(file)  # noqa: PTH116
                digest.update(f"{file} {status.st_size} {status.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    return digest.digest()


# -------------------------------------------------------------------------------------------------------- files


def _read(file: Path, key: bytes) -> RuleSet | None:
    """The rules in a file of the cache; None if the file is missing or damaged."""
    try:
        content = file.read_bytes()
    except OSError:
        return None
    head, body = content[: len(_MAGIC) + 2 * _SIZE], content[len(_MAGIC) + 2 * _SIZE :]
    if head != _head(key, body):
        logger.info("%s is damaged: the rules are compiled again", file)
        return None
    try:
        return unpack(body)
    except ValueError as error:
        logger.info("%s cannot be used (%s): the rules are compiled again", file, error)
        return None


def _head(key: bytes, body: bytes) -> bytes:
    return _MAGIC + key + hashlib.blake2b(body, digest_size=_SIZE).digest()


def _write(file: Path, content: bytes) -> None:
    """Write rules under a temporary name and rename the file, so that no reader finds a partial file."""
    temporary = file.with_name(f"{file.stem}-{secrets.token_hex(6)}.tmp")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content)
        replace_file(temporary, file)
        _forget_oldest(file)
    except OSError as error:
        logger.info("the rules are not kept in %s (%s)", file.parent, error.strerror or error)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _forget_oldest(newest: Path) -> None:
    others = [other for pattern in ("rules-*.bin", "rules-*.tmp") for other in newest.parent.glob(pattern)]
    aged = sorted((other.stat().st_mtime_ns, other) for other in others if other != newest)
    for _, other in aged[: 1 - MOST_KEPT]:
        other.unlink(missing_ok=True)

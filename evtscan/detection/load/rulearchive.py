"""Archives of rules, such as a ZIP release of Sigma rules → temporary folders of rule files."""

import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from evtscan.base.errors import EvidenceError
from evtscan.base.model.source import Source
from evtscan.detection.load import placeholders
from evtscan.detection.load.loader import SUFFIXES
from evtscan.intake.archives import is_collection, unpack
from evtscan.intake.archives.bounds import Limits

LIMITS = Limits(entries=200_000, total=2 << 30, file=16 << 20, depth=1)
"""What an archive of rules may hold: a release of Sigma has 4,000 files and 20 MB."""

_LONGEST = 150  # characters of a path below the folder: Windows allows 260 in all
_FORBIDDEN = re.compile(r'[<>:"|?*\\\x00-\x1f\x7f\ud800-\udfff]')
_DEVICE = re.compile(r"(?:CON|PRN|AUX|NUL|COM\d|LPT\d)(?:\.|\Z)", re.IGNORECASE)


@contextmanager
def unpacked_rules(paths: Iterable[Path]) -> Iterator[list[Path]]:
    """Yield the paths, with a temporary folder of its rule files in place of each archive.

    Rule files have their names in the archive. No file is written outside the folder, and sizes are bounded.

    Raises:
        EvidenceError: if an archive cannot be unpacked in full.
    """
    with ExitStack() as stack:
        found = []
        for path in paths:
            if path.is_file() and is_collection(Source(path, path.name)):
                folder = tempfile.TemporaryDirectory(prefix="evtscan-", ignore_cleanup_errors=True)
                found.append(_unpacked(path, Path(stack.enter_context(folder))))
            else:
                found.append(path)
        yield found


def _unpacked(archive: Path, folder: Path) -> Path:
    members, rules = folder / "members", folder / archive.name
    members.mkdir()
    rules.mkdir()
    result = unpack(archive, members, name=archive.name, limits=LIMITS)
    if result.warnings:
        raise EvidenceError(f"{archive}: {result.warnings[0].message}")
    for number, source in enumerate(result.sources):
        if source.base_name.lower().endswith(SUFFIXES) or source.base_name == placeholders.FILE_NAME:
            place = rules / _safe(source.name.removeprefix(f"{archive.name}!"), number)
            if place.exists():  # two names that differ only in what a system refuses
                place = place.with_name(f"{number} {place.name}")
            place.parent.mkdir(parents=True, exist_ok=True)
            source.path.rename(place)
    return rules


def _safe(name: str, number: int) -> str:
    """The name of a member as a relative path that every system allows."""
    parts = [_FORBIDDEN.sub("_", part).rstrip(". ") for part in name.replace("!", "/").split("/")]
    safe = "/".join(f"_{part}" if _DEVICE.match(part) else part for part in parts if part)
    return safe if safe and len(safe) <= _LONGEST else f"{number}{Path(name).suffix}"

"""Names of logs → names of their dump files that are valid on every system."""

import re
from collections.abc import Iterable

from evtscan.base.winpaths import is_device_name

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f\ud800-\udfff]')
_LONGEST = 200  # bytes: file systems allow 255, and a suffix and a number follow


def file_names(sources: Iterable[str], suffix: str) -> dict[str, str]:
    """Return a file name for the dump of each log: the log's name with its folders, and a number if two would be equal.

    Windows does not allow some characters and the names of devices, and treats names that differ only in case as equal
    (https://learn.microsoft.com/windows/win32/fileio/naming-a-file).
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for source in sources:
        stem = _FORBIDDEN.sub("_", source)
        stem = f"_{stem}" if is_device_name(stem) else stem
        stem = stem.encode()[:_LONGEST].decode(errors="ignore")
        name, number = stem + suffix, 2
        while name.casefold() in taken:
            name, number = f"{stem}~{number}{suffix}", number + 1
        taken.add(name.casefold())
        names[source] = name
    return names

r"""Windows paths in the extended form ``\\?\``, which allows more than 260 characters and has no device names.

Without it Windows opens the device AUX for ``C:\evidence\AUX.zip``, and drops dots and spaces at the end of names
("Naming Files, Paths, and Namespaces", Microsoft Learn). On other systems paths are not changed.
"""

import ntpath
import os
from pathlib import Path

ON_WINDOWS = os.name == "nt"

_EXTENDED, _EXTENDED_UNC, _DEVICE = "\\\\?\\", "\\\\?\\UNC\\", "\\\\.\\"


def extended(path: Path) -> Path:
    """Return the path in extended form on Windows, made absolute; on other systems the path itself."""
    return Path(extended_name(os.path.abspath(path))) if ON_WINDOWS else path  # noqa: PTH100 - not pathlib's own rules


def plain(path: Path) -> Path:
    """Return the path without the prefix of the extended form."""
    return Path(plain_name(str(path))) if ON_WINDOWS else path


def extended_name(name: str) -> str:
    r"""Return an absolute path of Windows in extended form; a device path is not changed.

    >>> [extended_name(name) for name in (r"C:\a", r"\\server\share\a", r"\\?\C:\a", r"\\.\AUX")]
    ['\\\\?\\C:\\a', '\\\\?\\UNC\\server\\share\\a', '\\\\?\\C:\\a', '\\\\.\\AUX']
    """
    if name.startswith((_EXTENDED, _DEVICE)):
        return name
    if name.startswith("\\\\"):
        return _EXTENDED_UNC + name[2:]
    return _EXTENDED + name if ntpath.splitdrive(name)[0] else name


def plain_name(name: str) -> str:
    r"""The inverse of ``extended_name``.

    >>> [plain_name(name) for name in ("\\\\?\\C:\\a", "\\\\?\\UNC\\server\\share\\a", r"C:\a")]
    ['C:\\a', '\\\\server\\share\\a', 'C:\\a']
    """
    if name.startswith(_EXTENDED_UNC):
        return "\\\\" + name[len(_EXTENDED_UNC) :]
    return name.removeprefix(_EXTENDED)


_DEVICES = frozenset({"con", "prn", "aux", "nul", "conin$", "conout$", "clock$"}) | {
    f"{port}{number}" for port in ("com", "lpt") for number in (*range(10), *"¹²³")
}


def is_device_name(name: str) -> bool:
    """Whether Windows treats a file name, with any suffix, as a device.

    >>> [is_device_name(name) for name in ("CON", "nul .evt", "Lpt1.tar.gz", "console.evt")]
    [True, True, True, False]
    """
    return name.partition(".")[0].rstrip(" ").lower() in _DEVICES

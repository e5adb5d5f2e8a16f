"""Parse and compare version texts and service packs."""

import re

_DIGITS = re.compile(r"\d+")
_DOTTED = re.compile(r"\s*v?(\d{1,9}(?:\.\d{1,9}){0,7})\.?\s*\Z", re.IGNORECASE)
_PACK = re.compile(r"service\s+pack\s+(\d{1,3})(?!\d)", re.IGNORECASE)


def os_version(text: str) -> str | None:
    """Return the version of an operating system as MAJOR.MINOR, or None if the text is not a version.

    Leading zeros of the minor part are removed, and trailing zeros after a digit (``3.50`` is 3.5). EventLog 6009
    prints ``5.01.`` and ``5.00.`` (netevent.dll of Windows 2000).

    >>> [os_version(text) for text in ("4.0", "5.01.", "5.00.", "3.50", "3.51", "10.0", "10.00.")]
    ['4.0', '5.1', '5.0', '3.5', '3.51', '10.0', '10.0']
    """
    match = _DOTTED.match(text)
    if match is None or "." not in match[1]:
        return None
    major, minor = match[1].split(".")[:2]
    if len(minor) > 1:
        minor = minor.lstrip("0") if minor.startswith("0") else minor.rstrip("0")
    return f"{int(major)}.{int(minor or '0')}"


_NAMES = {
    "3.1": "Windows NT 3.1",
    "3.5": "Windows NT 3.5",
    "3.51": "Windows NT 3.51",
    "4.0": "Windows NT 4.0",
    "5.0": "Windows 2000",
    "5.1": "Windows XP",
    "5.2": "Windows Server 2003 or XP x64",
    "6.0": "Windows Vista or Server 2008",
    "6.1": "Windows 7 or Server 2008 R2",
    "6.2": "Windows 8 or Server 2012",
    "6.3": "Windows 8.1 or Server 2012 R2",
    "10.0": "Windows 10, Server 2016 or later",
}


def os_name(version: str) -> str:
    """Return the product names of a version of Windows; for an unknown version, ``Windows`` and its number."""
    return _NAMES.get(version, f"Windows {version}")


def service_pack(text: str) -> int | None:
    """Return the number in a CSDVersion text, 0 for an empty text, and None for any other text without a number.

    Kernels with a hotfix append to the text: ``Service Pack 3, RC 1.76`` (Q222507).
    """
    if not text.strip(" \0"):
        return 0
    match = _PACK.search(text)
    return int(match[1]) if match else None


def version_key(text: str) -> tuple[int, ...] | None:
    """Return the sort key of a dotted version: its numbers without trailing zeros, so ``5.0`` equals ``5.0.0``.

    Returns None if the text is not a dotted version.
    """
    match = _DOTTED.match(text)
    if match is None:
        return None
    numbers = [int(part) for part in _DIGITS.findall(match[1])]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)

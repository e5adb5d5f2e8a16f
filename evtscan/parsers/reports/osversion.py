"""The version of Windows as reports print it, in any language → version, build and service pack."""

import re
from dataclasses import dataclass

_NUMBERS = re.compile(r"\d+\.\d+\.(\d+)(?:\.\d+)?\Z")
_PACK = re.compile(r"Service Pack \d{1,3}", re.IGNORECASE)
_ABOUT = re.compile(
    r"\bVersion:? {1,8}(?P<version>\d+\.\d+)[\d.]* {0,8}"
    r"\(Build (?P<build>\d{1,6})(?:(?P<mark>\.| ?: ?|, )(?P<pack>[^()]{0,80}))?\)",
    re.IGNORECASE,
)
_KERNEL = re.compile(r"\b((?:Uni|Multi)processor) (Free|Checked)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PrintedVersion:
    """A printed version; ``service_pack`` is empty if none is printed, and None if it cannot be determined."""

    version: str
    build: str
    service_pack: str | None


def parse_version(text: str) -> PrintedVersion | None:
    """Parse a version as ``systeminfo`` and ``msinfo32`` print it; None if the text is not a version.

    The words are in the language of the host, so only the numbers are used: ``5.1.2600 Service Pack 3 Build 2600``,
    ``10.0.22631 N/A version 22631``.

    >>> parse_version("6.1.7601 Service Pack 1 Build 7601")
    PrintedVersion(version='6.1.7601', build='7601', service_pack='Service Pack 1')
    """
    words = text[:200].split()
    numbers = _NUMBERS.match(words[0]) if words else None
    if numbers is None or len(words) < 3 or words[-1] != numbers[1]:
        return None
    between = " ".join(words[1:-2])
    pack = _PACK.search(between)
    none = not any(character.isdigit() for character in between)
    return PrintedVersion(words[0], numbers[1], pack[0] if pack else "" if none else None)


def parse_about(text: str) -> PrintedVersion | None:
    """Parse a version as ``winver`` and WinMSD print it: ``Version 4.0 (Build 1381: Service Pack 2)``."""
    match = _ABOUT.search(text[:400])
    if match is None:
        return None
    text = (match["pack"] or "").strip()
    if _PACK.search(text):
        pack: str | None = text
    else:  # behind a dot stands the rest of the build number, and no pack
        pack = "" if match["mark"] in (None, ".") else None
    return PrintedVersion(match["version"], match["build"], pack)


def kernel_type(text: str) -> str | None:
    """Return the kernel type in the spelling of the registry: ``Uniprocessor Free``."""
    match = _KERNEL.search(text[:400])
    return f"{match[1].capitalize()} {match[2].capitalize()}" if match else None


def product(text: str) -> str | None:
    """Return the product name without the manufacturer and trademark signs: ``Windows NT Server``."""
    plain = re.sub(r"\((?:R|TM)\)|[®™]", " ", text[:200], flags=re.IGNORECASE)
    words = plain.split()
    if words[:1] == ["Microsoft"]:
        words = words[1:]
    return " ".join(words) if words[:1] == ["Windows"] else None

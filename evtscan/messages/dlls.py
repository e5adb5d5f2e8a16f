"""A folder of a host's message files → message definitions, by the registry entry of a source or by file name.

Message files are DLLs, programs and drivers with a resource of type RT_MESSAGETABLE; from Vista on the texts are in
``NAME.mui`` files in a folder of their language. The version resource of a file states its version of Windows
(``ProductVersion``), and the file is used only for events of that version. A file of another product does not state a
version of Windows.

If no registry was collected, the file of a source is found by name: the file in ``USUAL_FILES``, or a file with the
name of the source (``w32time.dll`` for W32Time). Such a file is reported as an assumption.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from evtscan.base.errors import EvidenceError
from evtscan.base.versions import os_version
from evtscan.messages.messagetable import read_table
from evtscan.messages.store import FoundMessage, MessageKey, Refusal, Role

MAX_SIZE = 64 << 20
MAX_FILES = 20_000
MOST_TABLES = 64
_MOST_LOADED = 64
_SUFFIXES = (".dll", ".exe", ".sys", ".mui", ".drv", ".ocx", ".cpl")
_RESOURCE_DIRECTORY, _MESSAGE_TABLE = 2, 11
_ENGLISH, _NEUTRAL = 0x0409, 0
_OF_ENGLISH = re.compile(r"en-|0409\Z", re.IGNORECASE)
"""Folders of language files: ``en-US`` beside ``NAME.dll`` from Vista on, ``mui\\0409`` on Windows 2000 to 2003."""

USUAL_FILES: Mapping[str, tuple[str, ...]] = {
    "application popup": ("ntdll.dll", "winsrv.dll"),
    "dhcp": ("dhcpcsvc.dll", "dhcpcore.dll"),
    "eventlog": ("netevent.dll",),
    "netbt": ("netevent.dll",),
    "remoteaccess": ("mprmsg.dll",),
    "service control manager": ("netevent.dll", "services.exe"),
    "srv": ("netevent.dll",),
    "tcpip": ("netevent.dll",),
}
"""Message files of sources with a different name (winevt-kb, Windows 2000 to 11)."""

PARAMETER_FILES = ("msobjs.dll", "kernel32.dll")
"""Files with parameter messages, if no registry names them: words of audits, and texts of system errors."""


@dataclass(frozen=True, slots=True)
class MessageFile:
    """One message file: its messages in the preferred language, and its version of Windows.

    ``version`` is None if the file does not state it; ``product`` is set if it belongs to another product.
    """

    name: str
    messages: Mapping[int, str]
    version: str | None = None
    product: str = ""
    flaw: str = ""


class MessageFiles:
    """The message files of a folder, each read at its first use.

    ``version`` is the version of Windows for files that do not state one.
    """

    def __init__(self, folder: Path, version: str | None = None) -> None:
        self.name = folder.name or str(folder)
        self._stated = version
        self._paths = _files_by_name(folder)
        self._loaded: dict[Path, MessageFile] = {}

    def find(self, key: MessageKey) -> FoundMessage | Refusal | None:
        """Return the definition from the first file of the source that has it and is of the same version of Windows."""
        names = key.registered or _usual_names(key)
        refusal = None
        for file in self._files(names):
            if key.identifier not in file.messages:
                refusal = refusal or _flawed(file)
            elif (unfit := self._unfit(file, key.version)) is None:
                return FoundMessage(file.messages[key.identifier], "" if key.registered else file.name)
            else:
                refusal = unfit
        return refusal

    def _files(self, names: Iterable[str]) -> Iterator[MessageFile]:
        for name in names:
            for path in (*self._paths.get(name, ()), *self._paths.get(f"{name}.mui", ())):
                if path not in self._loaded:
                    if len(self._loaded) >= _MOST_LOADED:
                        self._loaded.clear()
                    self._loaded[path] = load(path)
                yield self._loaded[path]

    def _unfit(self, file: MessageFile, version: str) -> Refusal | None:
        if (file.version if not file.product else None) == version:
            return None
        if file.version is not None and not file.product:
            why = f"is of Windows {file.version}, so the events of Windows {version} get no message from it"
            return Refusal("message_version", file.name, why)
        if self._stated == version:
            return None
        whose = f"belongs to {file.product}" if file.product else "does not say of which Windows it is"
        how = f"if the folder is that of a Windows {version}, say so: --messages FOLDER@{version}"
        return Refusal("message_version_unknown", file.name, f"{whose}, so events get no message from it; {how}")


def load(path: Path) -> MessageFile:
    """Read one file; a file that cannot be read has no messages, and its ``flaw`` is the reason."""
    name = path.name.lower()
    try:
        image = _parse(path)
        messages = _messages_of_choice(image)
    except EvidenceError as error:
        return MessageFile(name, {}, flaw=str(error))
    version, product = _product(image)
    return MessageFile(name, messages, version, product)


def _files_by_name(folder: Path) -> dict[str, list[Path]]:
    """Return the files below the folder by lower-case name, folders of English texts first; links are not followed."""
    found: dict[str, list[Path]] = {}
    count = 0
    for root, folders, names in os.walk(folder):
        folders.sort(key=lambda name: (not _OF_ENGLISH.match(name), name))
        for name in sorted(names):
            path = Path(root, name)
            if name.lower().endswith(_SUFFIXES) and not path.is_symlink() and path.is_file():
                found.setdefault(name.lower(), []).append(path)
                count += 1
            if count >= MAX_FILES:
                return found
    return found


def _usual_names(key: MessageKey) -> tuple[str, ...]:
    source = key.provider.lower()
    own = tuple(f"{source}{suffix}" for suffix in (".dll", ".exe", ".sys"))
    event_files = (*USUAL_FILES.get(source, ()), *own)
    return event_files if key.role is Role.EVENT else PARAMETER_FILES


def _flawed(file: MessageFile) -> Refusal | None:
    return Refusal("message_file_unreadable", file.name, file.flaw) if file.flaw else None


def _parse(path: Path) -> Any:
    import pefile

    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_SIZE + 1)
    except OSError as error:
        raise EvidenceError(f"cannot be read ({error.strerror or error})") from error
    if len(raw) > MAX_SIZE:
        raise EvidenceError(f"larger than {MAX_SIZE >> 20} MiB, the limit for a message file")
    try:
        image = pefile.PE(data=raw, fast_load=True)
        image.parse_data_directories(directories=[_RESOURCE_DIRECTORY])
    except Exception as error:
        # pefile raises anything for a broken structure: struct.error, IndexError, UnicodeDecodeError …
        raise EvidenceError(f"cannot be read as a program file ({error}); copy it again") from error
    ends = [section.PointerToRawData + section.SizeOfRawData for section in image.sections]
    if len(ends) < image.FILE_HEADER.NumberOfSections or max(ends, default=0) > len(raw):
        raise EvidenceError(f"a program file that is cut off at {len(raw)} bytes; copy it again")
    return image


def _messages_of_choice(image: Any) -> dict[int, str]:
    """Return the messages in English, else without a language, else in the language with the lowest number."""
    by_language: dict[int, list[Any]] = {}
    for leaf in islice(_leaves(image), MOST_TABLES):
        by_language.setdefault((leaf.id or 0) & 0xFFFF, []).append(leaf.data.struct)
    left = MAX_SIZE  # tables may overlap, and are not to be read without end
    for language in sorted(by_language, key=lambda number: (number != _ENGLISH, number != _NEUTRAL, number)):
        messages: dict[int, str] = {}
        for place in by_language[language]:
            raw = _data(image, place, left)
            left -= len(raw)
            messages |= read_table(raw, language)
        if messages:
            return messages
    return {}


def _leaves(image: Any) -> Iterator[Any]:
    """Yield the message tables of the resource directory, whose levels are type, name, language."""
    for kind in getattr(getattr(image, "DIRECTORY_ENTRY_RESOURCE", None), "entries", ()):
        for entry in getattr(getattr(kind, "directory", None), "entries", ()) if kind.id == _MESSAGE_TABLE else ():
            for leaf in getattr(getattr(entry, "directory", None), "entries", ()):
                if hasattr(leaf, "data"):
                    yield leaf


def _data(image: Any, place: Any, most: int) -> bytes:
    try:
        return bytes(image.get_data(place.OffsetToData, min(place.Size, most))) if most else b""
    except Exception as error:  # pefile: an address outside of all sections
        raise EvidenceError(f"its message table lies outside of the file ({error}); copy it again") from error


def _product(image: Any) -> tuple[str | None, str]:
    """Return the version of Windows of a file, and the name of the product if it is not Windows."""
    fixed = next(iter(getattr(image, "VS_FIXEDFILEINFO", ())), None)
    version = None
    if fixed is not None:
        version = os_version(f"{fixed.ProductVersionMS >> 16}.{fixed.ProductVersionMS & 0xFFFF}")
    name = _product_name(image)
    return version, name if name and "windows" not in name.lower() else ""


def _product_name(image: Any) -> str:
    for group in getattr(image, "FileInfo", ()):
        for part in group:
            for table in getattr(part, "StringTable", ()):
                raw: bytes = table.entries.get(b"ProductName", b"")
                if name := raw.decode("utf-8", "replace").strip("\0 "):
                    return name[:100]
    return ""

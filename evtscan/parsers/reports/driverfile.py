"""A program file copied from the host (driver, library, program) → inventory of that one file.

Its name is the OriginalFilename of its version resource, else the file name. The version is that of VS_FIXEDFILEINFO:
on NT 4.0 the version string is only ``4.00``. The link date is the TimeDateStamp of the PE header (seconds since 1970),
unless the file was linked reproducibly, in which case the field contains a hash. The date is the modification time of
the copy, unless it is before the link date or more than a year after it: then it is the time of the copying, not a date
from the host.

A file inside a copy of the Windows tree keeps its folder, because Windows does not load files that a set-up saved
(``$NtServicePackUninstall$``, ``dllcache``). Other files have no folder.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from evtscan.base.errors import EvidenceError
from evtscan.base.model.inventory import FileEntry, Inventory
from evtscan.base.model.source import Location, Source
from evtscan.parsers.formats import Format, Kind

MAX_SIZE = 64 << 20

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # datetime.fromtimestamp takes no earlier time on Windows
_LAST_PE_HEADER = 1 << 20
_FIRST_LINK, _LAST_LINK = date(1990, 1, 1), date(2100, 1, 1)
_LONGEST_WAY_TO_MARKET = timedelta(days=366)
_RESOURCE, _DEBUG = 2, 6
_REPRODUCIBLE = 16
_OF_WINDOWS = frozenset({"system32", "syswow64", "winsxs", "servicepackfiles", "i386", "dllcache", "lastgood"})
"""Folders of Windows, and of its media, that contain programs and drivers."""


def read_inventory(source: Source) -> tuple[Inventory, ...]:
    """Read one PE file.

    Raises:
        EvidenceError: if the file cannot be read, is larger than 64 MiB, is not a PE file, or is truncated.
    """
    raw, modified = _read(source)
    image = _parse(source, raw)
    if _cut_off(image, len(raw)):
        raise EvidenceError(f"{source.name}: a program file that is cut off at {len(raw)} bytes; copy it again")
    linked = _linked(image)
    version, original = _version(image)
    dated = linked is None or timedelta(0) <= modified - linked <= _LONGEST_WAY_TO_MARKET
    entry = FileEntry(
        location=Location(source=source.name),
        name=(original or source.base_name).lower(),
        folder=_folder(source.name),
        size=len(raw),
        date=modified.isoformat() if dated else None,
        version=version,
        linked=linked.isoformat() if linked else None,
    )
    return (Inventory(source=source.name, format="driver", files=(entry,)),)


def _folder(name: str) -> str | None:
    """Return the folder of an evidence file if its path is inside a copy of the Windows tree, else None."""
    folders = name.replace("!", "/").split("/")[:-1]
    is_tree = any(part.lower() in _OF_WINDOWS or part.startswith("$") for part in folders)
    return "\\".join(folders) if is_tree else None


def _read(source: Source) -> tuple[bytes, date]:
    try:
        with source.open() as stream:
            raw = stream.read(MAX_SIZE + 1)
        modified = (_EPOCH + timedelta(seconds=source.path.stat().st_mtime)).date()
    except (OSError, OverflowError, ValueError) as error:
        raise EvidenceError(f"{source.name}: cannot be read ({error})") from error
    if len(raw) > MAX_SIZE:
        raise EvidenceError(f"{source.name}: larger than {MAX_SIZE >> 20} MiB, the limit for a program file")
    return raw, modified


def _parse(source: Source, raw: bytes) -> Any:
    import pefile

    try:
        image = pefile.PE(data=raw, fast_load=True)
        image.parse_data_directories(directories=[_RESOURCE, _DEBUG])
    except pefile.PEFormatError as error:
        raise EvidenceError(f"{source.name}: begins as a program file and is none ({error}); copy it again") from error
    except Exception as error:
        # pefile raises anything for a broken structure: struct.error, IndexError, UnicodeDecodeError …
        raise EvidenceError(f"{source.name}: a program file that cannot be read ({error}); copy it again") from error
    return image


def _cut_off(image: Any, size: int) -> bool:
    """Return whether the file is truncated: a section is missing or extends beyond the end of the file."""
    ends = [section.PointerToRawData + section.SizeOfRawData for section in image.sections]
    return len(ends) < image.FILE_HEADER.NumberOfSections or max(ends, default=0) > size


def _linked(image: Any) -> date | None:
    if any(entry.struct.Type == _REPRODUCIBLE for entry in getattr(image, "DIRECTORY_ENTRY_DEBUG", ())):
        return None
    linked = (_EPOCH + timedelta(seconds=image.FILE_HEADER.TimeDateStamp)).date()
    return linked if _FIRST_LINK <= linked < _LAST_LINK else None


def _version(image: Any) -> tuple[str | None, str | None]:
    """Return the numeric file version, and the OriginalFilename."""
    fixed = next(iter(getattr(image, "VS_FIXEDFILEINFO", ())), None)
    version = None
    if fixed is not None:
        high, low = fixed.FileVersionMS, fixed.FileVersionLS
        version = f"{high >> 16}.{high & 0xFFFF}.{low >> 16}.{low & 0xFFFF}"
    return version, _original_name(image)


def _original_name(image: Any) -> str | None:
    for group in getattr(image, "FileInfo", ()):
        for part in group:
            for table in getattr(part, "StringTable", ()):
                raw: bytes = table.entries.get(b"OriginalFilename", b"")
                name = raw.decode("utf-8", "replace").strip("\0 ")
                # a language pack's file names its twin in the language-neutral tree
                name = name.removesuffix(".mui").removesuffix(".MUI")
                if name and not set(name) & set('\\/:*?"<>|'):
                    return name
    return None


def is_driver(head: bytes, name: str) -> bool:
    """Return whether this is a Windows program file: ``MZ``, and a PE header at the offset stored at byte 60."""
    if not head.startswith(b"MZ") or len(head) <= 64:
        return False
    offset = int.from_bytes(head[60:64], "little")
    return head[offset : offset + 4] == b"PE\0\0" or len(head) < offset + 4 <= _LAST_PE_HEADER


FORMAT = Format(
    name="driver",
    title="A copied driver or program file (version resource, link date, size)",
    kind=Kind.INVENTORY,
    module="evtscan.parsers.reports.driverfile",
    recognises=is_driver,
    keeps="version, link date and size of one file",
    loses="when it was collected; the date of the copy, where copying made it anew",
    known_by="`MZ`, and the mark of a PE header where that points to",
)

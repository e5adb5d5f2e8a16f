r"""Lists of file versions → inventory: ``filever``, ``sigcheck -c``, PowerShell's VersionInfo as CSV.

--a-- W32i   DRV   ENU     4.0.1381.7117 shp     12,944 12-12-2001 rasarp.sys
Path,Verified,Date,Publisher,…,Product Version,File Version,Machine Type
"FileVersion","FileName",…
"""

import re
from collections.abc import Iterator, Mapping

from evtscan.base.model.inventory import FileEntry, Inventory
from evtscan.parsers.reports.columns import fields_of
from evtscan.parsers.reports.paths import split_path
from evtscan.parsers.reports.program import Program
from evtscan.parsers.reports.section import Draft, Section
from evtscan.parsers.shared.localtime import PrintedTime
from evtscan.parsers.shared.printedtimes import day, printed_date

MAX_FILES = 100_000

_FILEVER = re.compile(
    r"[-a-z]{5}\s{1,4}\S{3,5}\s{1,6}(?:\S{3}\s{1,6})?(?:\S{3}\s{1,6})?(?P<version>\d+(?:\.\d+){1,3})\s{1,6}"
    r"(?:\w{3}\s{1,12})?(?P<size>\d[\d.,]{0,18})\s{1,6}(?P<date>\d{1,4}[-./]\d{1,2}[-./]\d{1,4})\s{1,6}(?P<name>\S.{0,300})\Z"
)
_VERSION = re.compile(r"\d{1,5}(?:\.\d{1,5}){3}")
_TYPE = "#TYPE"
_PATHS = ("path", "filename", "fullname", "name")
_VERSIONS = ("fileversion", "fileversionraw", "version")


def parse(section: Section) -> Iterator[Inventory]:
    """Parse one list."""
    header = next((line for line in section.lines if line.strip() and not line.startswith(_TYPE)), "")
    rows = _from_filever(section) if _FILEVER.match(header[:500]) or "," not in header else _from_csv(section)
    found = [row for _, row in zip(range(MAX_FILES), rows, strict=False)]
    draft = Draft(section, "fileversions")
    orders = draft.orders(time for _, time in found)
    files = []
    for entry, time in found:
        date = day(time, orders) if time is not None else None
        files.append(
            FileEntry(
                location=entry.location,
                name=entry.name,
                folder=entry.folder,
                size=entry.size,
                date=date,
                version=entry.version,
            )
        )
    if files:
        yield draft.inventory(files=files)


def _from_filever(section: Section) -> Iterator[tuple[FileEntry, PrintedTime | None]]:
    for index, line in enumerate(section.lines):
        if (match := _FILEVER.match(line[:500].rstrip())) is not None:
            folder, name = split_path(match["name"])
            size = int(re.sub(r"\D", "", match["size"]))
            entry = FileEntry(
                location=section.place(index), name=name, folder=folder, size=size, version=match["version"]
            )
            yield entry, printed_date(match["date"])


def _from_csv(section: Section) -> Iterator[tuple[FileEntry, PrintedTime | None]]:
    captions: list[str] = []
    for index, line in enumerate(section.lines):
        if not line.strip() or line.startswith(_TYPE):
            continue
        fields = fields_of(line)
        if not captions:
            captions = [re.sub(r"\W", "", field).lower() for field in fields]
            continue
        row = dict(zip(captions, fields, strict=False))
        path = next((row[caption] for caption in _PATHS if row.get(caption)), None)
        version = _first_version(row)
        if path and version:
            folder, name = split_path(path)
            yield FileEntry(location=section.place(index), name=name, folder=folder, version=version), None


def _first_version(row: Mapping[str, str]) -> str | None:
    """Return the numeric version of the file, without a suffix as in ``5.1.2600.5512 (xpsp.080413-2108)``."""
    for caption in _VERSIONS:
        if (match := _VERSION.match(row.get(caption, "").strip())) is not None:
            return match[0]
    return None


PROGRAM = Program(
    name="fileversions",
    title="filever, sigcheck, VersionInfo as CSV",
    keeps="versions of files, sizes and dates where they are printed",
    loses="when the list was made",
    known_by="the columns of filever, or captions of a path and a version",
    begins=r"[-a-z]{5} +(?:W32i|W32-|W16|W64|DOS|----)\s"
    r"|(?i:(?=.{0,2000}\b(?:file ?version|version)\b)(?=.{0,2000}\b(?:path|file ?name|original ?filename)\b)"
    r"\"?[\w ]+\"?(?:,\"?[\w ]+\"?)+$)",
    commands=(
        "filever",
        "sigcheck",
    ),
    parse=parse,
)

"""A ``report.json`` → its report. The hosts of a large file are read one by one, each time they are needed.

A large file is split by its layout: each host begins with a line ``    {`` and ends with a line ``    }``, as
``evtscan.reporters.json.report`` writes them, and no text contains a line break. A file of another layout is read as a
whole.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from io import SEEK_END
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import BinaryIO, overload

import msgspec

from evtscan.base.errors import EvidenceError
from evtscan.report.model import HostReport, Report
from evtscan.reporters.json.report import host_from_json, load, schema_of

LARGE = 32 << 20
"""From how many bytes on a file is not read as a whole; as objects it takes two to three times its size."""

_HOSTS = b'\n  "hosts": [\n'
_FURTHEST = 1 << 12  # where the hosts begin at the latest: before them stand two short fields
_BEGIN = re.compile(rb'\s*\{\s*"(?:%s)"\s*:' % "|".join(field.name for field in fields(Report)).encode())
_NAME = b'    {\n      "host": '
_END = b"\n    }"
_NEXT, _LAST = b",\n", b"\n  ]"


@dataclass(frozen=True, slots=True)
class _Span:
    """The name of a host and its byte range in the file."""

    name: str
    begin: int
    end: int


class SavedHosts(Sequence[HostReport]):
    """The hosts of a saved report in order of their names; they are read from the file on each access."""

    def __init__(self, path: Path, spans: Sequence[_Span], schema: int) -> None:
        self._path, self._schema = path, schema
        self._spans = sorted(spans, key=lambda span: span.name)

    def __len__(self) -> int:
        return len(self._spans)

    def __iter__(self) -> Iterator[HostReport]:
        return self._read(self._spans)

    @overload
    def __getitem__(self, place: int) -> HostReport: ...

    @overload
    def __getitem__(self, place: slice) -> list[HostReport]: ...

    def __getitem__(self, place: int | slice) -> HostReport | list[HostReport]:
        if isinstance(place, slice):
            return list(self._read(self._spans[place]))
        return next(self._read([self._spans[place]]))

    def _read(self, spans: Sequence[_Span]) -> Iterator[HostReport]:
        with _opened(self._path) as stream:
            for span in spans:
                stream.seek(span.begin)
                yield host_from_json(stream.read(span.end - span.begin), str(self._path), self._schema)


def open_report(path: Path, *, whole: bool = False) -> Report:
    """Open a saved report; ``whole`` reads a large file at once, because the file is going to be replaced.

    Raises:
        EvidenceError: if the file cannot be read, or is no report or one of a later form. For a large file, an error in
            a host is raised only when that host is read.
    """
    if not path.is_file():
        raise EvidenceError(f"{path}: no regular file: give a report.json, or the folder that holds it")
    with _opened(path) as stream:
        _check_beginning(stream, str(path))
        found = None if whole else _taken_apart(stream, str(path))
        if found is None:
            stream.seek(0)
            return load(stream.read(), str(path))
    report, spans, schema = found
    return replace(report, hosts=SavedHosts(path, spans, schema))


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise EvidenceError(f"{path}: cannot be read ({error.strerror or error})") from error


def _check_beginning(stream: BinaryIO, name: str) -> None:
    """Reject a large file that does not begin like a report, without reading the rest.

    Raises:
        EvidenceError: if it does not begin with a field of a report.
    """
    if stream.seek(0, SEEK_END) < max(LARGE, 1):
        return
    stream.seek(0)
    if not _BEGIN.match(stream.read(_FURTHEST).removeprefix(BOM_UTF8)):
        raise EvidenceError(f"{name}: not a saved report of evtscan: it does not begin like one")


def _taken_apart(stream: BinaryIO, name: str) -> tuple[Report, list[_Span], int] | None:
    """Split a report into the report without hosts, the byte ranges of the hosts, and the form number.

    None for a small file or another layout.
    """
    if stream.seek(0, SEEK_END) < max(LARGE, 1):
        return None
    with mmap(stream.fileno(), 0, access=ACCESS_READ) as data:
        before = data.find(_HOSTS, 0, _FURTHEST)
        if before < 0:
            return None
        place = before + len(_HOSTS)
        spans = []
        while True:
            span = _span(data, place)
            if span is None:
                return None
            spans.append(span)
            if data[span.end : span.end + len(_LAST)] == _LAST:
                break
            if data[span.end : span.end + len(_NEXT)] != _NEXT:
                return None
            place = span.end + len(_NEXT)
        frame = data[:before] + b'"hosts":[]' + data[spans[-1].end + len(_LAST) :]
    return load(frame, name), spans, schema_of(frame, name)


def _span(data: mmap, begin: int) -> _Span | None:
    """Return the name and byte range of the host that begins here."""
    name_at = begin + len(_NAME)
    if data[begin:name_at] != _NAME:
        return None
    line_end = data.find(b"\n", name_at)
    end = data.find(_END, name_at)
    if line_end < 0 or end < 0:
        return None
    try:
        name = msgspec.json.decode(data[name_at:line_end].removesuffix(b","), type=str)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return _Span(name, begin, end + len(_END))

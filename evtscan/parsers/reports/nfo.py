"""msinfo32's XML report (``.nfo``, XP and later) → inventory.

    <MsInfo><Metadata><Version>8.0</Version><CreationUTC>03/14/09 09:26:53</CreationUTC></Metadata>
    <Category name="System Summary"><Data><Item><![CDATA[OS Name]]></Item><Value><![CDATA[…]]></Value></Data> …

The elements within ``Data`` have names in the language of the host, so they are identified by position. A file with a
document type is rejected, so no entities are expanded; nesting is bounded.
"""

from collections.abc import Iterator
from xml.parsers import expat

from evtscan.base.errors import EvidenceError
from evtscan.base.model.inventory import Inventory
from evtscan.base.model.source import ExtractionWarning, Location, Source
from evtscan.base.text import read_text
from evtscan.base.wintypes import Instant
from evtscan.parsers.formats import Format, Kind
from evtscan.parsers.reports.msinfotables import Table, inventory_of
from evtscan.parsers.reports.section import Draft, Section
from evtscan.parsers.shared.headtext import text_of_head
from evtscan.parsers.shared.localtime import DateOrder
from evtscan.parsers.shared.printedtimes import instant, printed_time

MAX_SIZE = 64 << 20
MAX_DEPTH = 64
MAX_CELL = 4096
_BLOCK = 1 << 16


class _TooDeepError(Exception):
    """The elements are nested deeper than in any real report."""


class _Handler:
    """Collects the rows and the time of creation from the stream of XML elements."""

    def __init__(self, parser: expat.XMLParserType) -> None:
        self.tables: list[Table] = []
        self.created = ""
        self._parser = parser
        self._path: list[str] = []
        self._row: list[str] | None = None
        self._text: list[str] | None = None
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._doctype

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._path) >= MAX_DEPTH:
            raise _TooDeepError
        if name == "Category" and self._row is None:
            if self.tables:
                self.tables[-1].closed = True
            self.tables.append(Table())
        elif name == "Data" and self._row is None:
            self._row = []
        elif self._row is not None or name == "CreationUTC":
            self._text = []
        self._path.append(name)

    def _end(self, name: str) -> None:
        self._path.pop()
        text = "".join(self._text or ())[:MAX_CELL].strip()
        if self._row is not None and self._text is not None:
            self._row.append(text)
        elif name == "CreationUTC":
            self.created = text
        elif name == "Data" and self._row is not None:
            if self.tables:
                self.tables[-1].rows.append((self._parser.CurrentLineNumber - 1, self._row))
            self._row = None
        self._text = None

    def _characters(self, text: str) -> None:
        if self._text is not None and len(self._text) < MAX_CELL:
            self._text.append(text)

    def _doctype(self, *declared: object) -> None:
        raise EvidenceError("has a document type, which no report has; it is not read")


def read_inventory(source: Source) -> tuple[Inventory, ...]:
    """Read one report.

    Raises:
        EvidenceError: if the file cannot be read, is larger than 64 MiB, is not such XML, or has a document type.
    """
    raw = read_text(source, limit=MAX_SIZE).text.lstrip("\ufeff\0 \r\n\t").encode("utf-8", "replace")
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    handler = _Handler(parser)
    warnings = tuple(_parse(source, parser, raw))
    draft = Draft(Section(source.name, "nfo", 1), "nfo", warnings=warnings)
    draft.taken = _created(handler.created)
    inventory = inventory_of(draft, handler.tables)
    if not inventory.places and not inventory.services:
        raise EvidenceError(f"{source.name}: holds nothing of a system report; export it again")
    return (inventory,)


def _parse(source: Source, parser: expat.XMLParserType, raw: bytes) -> Iterator[ExtractionWarning]:
    """Parse the file up to the first XML error, and yield a warning about that error."""
    try:
        for start in range(0, len(raw), _BLOCK):
            parser.Parse(raw[start : start + _BLOCK], False)
        parser.Parse(b"", True)
    except EvidenceError as error:
        raise EvidenceError(f"{source.name}: {error}") from None
    except (expat.ExpatError, _TooDeepError) as error:
        line = parser.CurrentLineNumber
        what = "elements nest too deep" if isinstance(error, _TooDeepError) else expat.ErrorString(error.code)
        yield ExtractionWarning(
            location=Location(source=source.name, line=line),
            kind="truncated",
            message=f"cannot be read from line {line} on ({what}); what stands before it counts. Export it again",
        )


def _created(text: str) -> Instant | None:
    """Return the time of creation, which is always in UTC and month first."""
    time = printed_time(text)
    local = instant(time, (DateOrder.MONTH_FIRST,)) if time is not None else None
    return Instant(local.ticks, local.digits) if local is not None else None


def is_nfo(head: bytes, name: str) -> bool:
    """Return whether this is XML with the root ``MsInfo``."""
    text = text_of_head(head)
    return text.lstrip().startswith("<") and "<MsInfo" in text


FORMAT = Format(
    name="nfo",
    title="msinfo32 report as XML (.nfo)",
    kind=Kind.INVENTORY,
    module="evtscan.parsers.reports.nfo",
    recognises=is_nfo,
    keeps="as the text report",
    loses="as the text report",
    known_by="XML with the root `MsInfo`",
)

"""The decoded form of a record, which all EVTX decoders return, and its conversion to an event."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

from evtscan.base.model.event import Event
from evtscan.base.model.source import Location
from evtscan.base.model.system import SYSTEM_FIELDS
from evtscan.base.wintypes import Instant


class RecordError(ValueError):
    """A decoder cannot read a record; the message gives the reason. The error becomes an extraction warning."""


class EndlessRecordError(RecordError):
    """A record, or all records of a chunk together, exceed the work limit; no other decoder may read the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedRecord:
    """One record as its BinXML states it; None means that the record lacks the field.

    The names are the names of the elements of ``System``. ``keywords`` is text as Windows shows it
    (``0x80000000000000``), ``ticks`` is ``TimeCreated/@SystemTime`` as a FILETIME, ``record_id`` is ``EventRecordID``,
    ``message`` is ``RenderingInfo/Message``, which forwarded events can contain.

    ``data`` contains the elements other than ``System`` and ``RenderingInfo``, in log order, with every leaf as text:

    - ``EventData``: ``Data`` by its ``Name``, without a name ``Data1``, ``Data2`` …, ``Binary`` as upper-case hex;
    - ``UserData`` (and ``DebugData``, ``ProcessingErrorData`` …): nested dicts by element name, ``{ElementName: {…}}``;
    - a repeated name, or an array, is a list; an empty element is ``""``;
    - attributes other than ``Data/@Name`` are under ``#attributes``, text next to children or attributes is under
      ``#text``; ``xmlns`` is dropped.

    ``notes`` describe values that could not be shown as Windows shows them (an unknown value type is kept as hex).
    """

    event_id: int
    provider: str = ""
    provider_guid: str | None = None
    event_source_name: str | None = None
    qualifiers: int | None = None
    version: int | None = None
    level: int | None = None
    task: int | None = None
    opcode: int | None = None
    keywords: str | None = None
    ticks: int | None = None
    record_id: int | None = None
    activity_id: str | None = None
    related_activity_id: str | None = None
    process_id: int | None = None
    thread_id: int | None = None
    channel: str | None = None
    computer: str | None = None
    user_id: str | None = None
    message: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def to_event(
    decoded: DecodedRecord, *, source_name: str, offset: int, header_id: int, header_ticks: int, recovered: bool
) -> Event:
    """Build the event of a decoded record and its position in the file.

    ``offset`` is the record's offset in the file, in bytes. ``header_id`` and ``header_ticks`` come from the record's
    header; ``header_ticks`` is the event's time if ``System`` has none.
    """
    return Event(
        location=Location(source=source_name, offset=offset, record=header_id),
        sequence=header_id,
        time=Instant(header_ticks if decoded.ticks is None else decoded.ticks),
        header_id=header_id,
        recovered=recovered,
        data=decoded.data,
        message=decoded.message,
        **{name: getattr(decoded, name) for name in _SHARED},
    )


_SHARED = tuple(field.name for field in SYSTEM_FIELDS if field.name != "time")
"""The fields of System that ``DecodedRecord`` and ``Event`` have under the same name."""


def build_events(columns: Mapping[str, Iterable[Any]]) -> list[Event]:
    """Build events from columns of field values; a missing column yields the field's default."""
    given = (columns[name] if name in columns else repeat(_DEFAULTS[name]) for name in Event.__struct_fields__)
    return list(map(Event, *given))


_DEFAULTS = dict(zip(reversed(Event.__struct_fields__), reversed(Event.__struct_defaults__), strict=False))

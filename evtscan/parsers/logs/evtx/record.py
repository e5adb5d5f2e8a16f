"""The decoded form of one record, common to all EVTX decoders, and its conversion to an event."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

from evtscan.base.model.event import Event
from evtscan.base.model.source import Location
from evtscan.base.model.system import SYSTEM_FIELDS
from evtscan.base.wintypes import Instant


class RecordError(ValueError):
    """One record that a decoder cannot read; the message says why. It becomes an extraction warning."""


class EndlessRecordError(RecordError):
    """A record, or the records of a chunk together, unfold to more than they can hold: no decoder should go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedRecord:
    """One record as its BinXML states it; None means that the record lacks the field.

    The names are those of the elements of ``System``. ``keywords`` is text as Windows shows it (``0x80000000000000``),
    ``ticks`` is ``TimeCreated/@SystemTime`` as a FILETIME, ``record_id`` is ``EventRecordID``, ``message`` is
    ``RenderingInfo/Message`` of events that were forwarded with their texts.

    ``data`` contains the elements beside ``System`` (and ``RenderingInfo``), in log order, every leaf as text:

    - ``EventData``: ``Data`` by its ``Name``, without a name ``Data1``, ``Data2`` …, ``Binary`` as upper-case hex;
    - ``UserData`` (and ``DebugData``, ``ProcessingErrorData`` …): nested dicts by element name, ``{ElementName: {…}}``;
    - a repeated name, or an array, is a list; an empty element is ``""``;
    - attributes other than ``Data/@Name`` are under ``#attributes``, text beside children or attributes under
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
    """Join a decoded record with its place in the file.

    ``offset`` is the record's, in bytes from the start of the file; ``header_id`` and ``header_ticks`` come from the
    record's header, whose time serves where ``System`` has none.
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
    """Make events from columns; a field that has none has its default in all of them."""
    given = (columns[name] if name in columns else repeat(_DEFAULTS[name]) for name in Event.__struct_fields__)
    return list(map(Event, *given))


_DEFAULTS = dict(zip(reversed(Event.__struct_fields__), reversed(Event.__struct_defaults__), strict=False))

"""Detect EVTX logs that a newer Windows converted from a ``.evt`` file, by their records.

A converted record has only the fields of the old format: it has Qualifiers, and no Version, Opcode, Correlation,
Execution or provider GUID, and its ``TimeCreated`` is a whole second. The classic event sources of Vista and later
write such records too, but the record headers then contain the time of writing with fractions of a second. A converter
does not have these fractions: it writes the whole second, or the time of the conversion.

The format of a log never proves which version of Windows wrote its events; a converted log is an obvious example.
"""

from evtscan.base.model.system import SYSTEM_FIELDS
from evtscan.base.wintypes import TICKS_PER_SECOND
from evtscan.parsers.logs.evtx.record import DecodedRecord

_DAY = 86_400 * TICKS_PER_SECOND


def was_converted(ends: tuple[tuple[DecodedRecord, int], tuple[DecodedRecord, int]], headers_whole: bool) -> bool:
    """Return whether a log was converted from ``.evt``.

    ``ends`` are the oldest and the newest record, each with the time in its header (FILETIME). ``headers_whole``: the
    times in the headers of all records are whole seconds.
    """
    if not all(_has_classic_shape(record) for record, _ in ends):
        return False
    return headers_whole or all(record.ticks is not None and ticks - record.ticks > _DAY for record, ticks in ends)


_NEWER_FIELDS = (
    *("version", "opcode", "provider_guid", "event_source_name"),
    *(field.name for field in SYSTEM_FIELDS if field.element in ("Correlation", "Execution")),
)
"""Fields of System that a record of ``.evt`` cannot have."""


def _has_classic_shape(record: DecodedRecord) -> bool:
    """Whether a record has only fields that a ``.evt`` record can have."""
    newer = (getattr(record, name) for name in _NEWER_FIELDS)
    whole_second = record.ticks is None or record.ticks % TICKS_PER_SECOND == 0
    return record.qualifiers is not None and whole_second and all(value is None for value in newer)

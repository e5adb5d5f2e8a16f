"""Events → bytes of an ``.evtx`` log (Vista and later): chunks, BinXML templates, tables and checksums.

Layout: libyal, "Windows XML Event Log (EVTX)"; BinXML: MS-EVEN6 2.2.12. What neither says (the layout of System in
templates, the hash of the template table) was read off logs that Windows wrote.
"""

import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import md5
from zlib import crc32

from sample_writer.event import (
    Element,
    EventType,
    SampleEvent,
    Scalar,
    Value,
    ValueType,
    pack_guid,
    pack_sid,
    ticks,
)

CHUNK_SIZE = 0x10000
FILE_HEADER_SIZE = 0x1000

_CHUNK_HEADER_SIZE = 512
_STRING_TABLE, _STRING_BUCKETS = 128, 64
_TEMPLATE_TABLE, _TEMPLATE_BUCKETS = 384, 32
_FILE_HEADER = struct.Struct("<8s3QI4H76xI")  # up to the checksum
_CHUNK_HEADER = struct.Struct("<8s4Q4I64xI")
_RECORD_HEADER = struct.Struct("<4sIQQ")
_TEMPLATE_HEADER = struct.Struct("<I16sI")
_NAME_HEADER = struct.Struct("<IHH")
_U32 = struct.Struct("<I")
_CHECKED = 120
"""The checksums of both headers leave out the flags before them."""

_DIRTY = 1
_NONE = 0xFFFF_FFFF_FFFF_FFFF
_ARRAY = 0x80
_ALWAYS = 0xFFFF  # dependency of an element that is there whatever the values are
_FRAGMENT = b"\x0f\x01\x01\x00"
_INSTANCE = b"\x0c\x01"
_END = b"\x00"
_CLASSIC = 0x0080_0000_0000_0000
_AUDIT_FAILURE = 0x0010_0000_0000_0000
_AUDIT_SUCCESS = 0x0020_0000_0000_0000
_TO_CHANNEL = 0x8000_0000_0000_0000
_EVENT_NAMESPACE = "http://schemas.microsoft.com/win/2004/08/events/event"


def evtx_log(
    events: Iterable[SampleEvent],
    *,
    first_record: int = 1,
    header_after: int | None = None,
    newest_in_front: int = 0,
    static_names: bool = True,
) -> bytes:
    """A log of as many chunks as its events need; without events, of one empty chunk.

    Args:
        events: oldest first. Their ``record_number`` is EventRecordID; the numbers in the record headers count from
            ``first_record``, and EventRecordID is the same where it is not given.
        header_after: the header knows only so many chunks, and the log is dirty. None: clean and exact.
        newest_in_front: so many of the newest chunks stand before the oldest one, as in a log that has wrapped.
        static_names: provider and channel stand in the template as text, not among the values. Windows does both.

    Raises:
        ValueError: if an event is classic and has a manifest's data too, or does not fit into a chunk.
    """
    chunks = list(_chunks(events, first_record, static_names))
    following = first_record + sum(chunk.count for chunk in chunks)
    known = len(chunks) if header_after is None else header_after
    known_following = first_record + sum(chunk.count for chunk in chunks[:known])
    body = b"".join(chunk.image() for chunk in chunks[len(chunks) - newest_in_front :])
    body += b"".join(chunk.image() for chunk in chunks[: len(chunks) - newest_in_front])
    header = _FILE_HEADER.pack(
        b"ElfFile\0",
        newest_in_front,
        (newest_in_front or known) - 1 if known else 0,
        following if header_after is None else known_following,
        128,
        1,
        3,
        FILE_HEADER_SIZE,
        known,
        0 if header_after is None else _DIRTY,
    )
    checksum = _U32.pack(crc32(header[:_CHECKED]))
    return (header + checksum).ljust(FILE_HEADER_SIZE, b"\0") + body


def _chunks(events: Iterable[SampleEvent], first_record: int, static_names: bool) -> Iterator["_Chunk"]:
    chunk = _Chunk(first_record, 1)
    for event in events:
        number = chunk.first_record + chunk.count
        if not chunk.append(event, static_names):
            yield chunk
            chunk = _Chunk(number, chunk.first_number + chunk.count)
            if not chunk.append(event, static_names):
                raise _too_large(event)
    yield chunk


def _too_large(event: SampleEvent) -> ValueError:
    return ValueError(f"event {event.provider} {event.event_id} is too large for a chunk")


# -------------------------------------------------------------------------------------------------- templates


@dataclass(frozen=True, slots=True)
class _Slot:
    """A substitution: the place where a value of the row goes."""

    index: int
    type: int
    optional: bool = True

    def __repr__(self) -> str:
        """Without the name of the type, which is no part of the template: its GUID is made of this text."""
        return f"_Slot({self.index}, {int(self.type)}, {self.optional})"


_Content = str | _Slot


@dataclass(frozen=True, slots=True)
class _Node:
    """An element of a template. ``depends`` is the value without which Windows leaves the element out."""

    name: str
    content: tuple["_Content | _Node", ...] = ()
    attributes: tuple[tuple[str, _Content], ...] = ()
    depends: int = _ALWAYS


@dataclass(frozen=True, slots=True)
class _Template:
    """A template: the root of its elements and the GUID that names it."""

    root: _Node
    guid: bytes
    values: struct.Struct  # size and type of every value

    @classmethod
    def of(cls, root: _Node, count: int) -> "_Template":
        digest = md5(repr(root).encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()
        return cls(root, digest, struct.Struct(f"<I{'HBx' * count}"))


_Key = tuple[str, str | None, str | None, str, str]
_Row = list[tuple[int, bytes]]
_NULL = (0, b"")


@lru_cache(maxsize=4096)
def _event_template(names: _Key, converted: bool, user_data: bool, static_names: bool) -> _Template:
    """The template of an event: its System element as Windows lays it out, and a slot for what the event says."""
    provider, guid, source, channel, computer = names
    if static_names:
        named: dict[str, _Content | None] = {"Name": provider, "Guid": guid, "EventSourceName": source}
        named_channel: _Content = channel
        related, payload = 18, 19
    else:
        named = {"Name": _Slot(14, ValueType.STRING), "Guid": _Slot(15, ValueType.GUID), "EventSourceName": source}
        named_channel = _Slot(16, ValueType.STRING)
        related, payload = 13, 17
    attributes = tuple((name, content) for name, content in named.items() if content is not None)
    version = _Node("Version", (_Slot(11, ValueType.UINT8),), depends=11)
    opcode = _Node("Opcode", (_Slot(1, ValueType.UINT8),), depends=1)
    activities = (("ActivityID", _Slot(7, ValueType.GUID)), ("RelatedActivityID", _Slot(related, ValueType.GUID)))
    ids = (("ProcessID", _Slot(8, ValueType.UINT32)), ("ThreadID", _Slot(9, ValueType.UINT32)))
    qualifiers = (("Qualifiers", _Slot(4, ValueType.UINT16)),)
    time = (("SystemTime", _Slot(6, ValueType.FILETIME)),)
    live = not converted
    system = [
        _Node("Provider", attributes=attributes),
        _Node("EventID", (_Slot(3, ValueType.UINT16),), qualifiers, depends=3),
        *([version] if live else []),
        _Node("Level", (_Slot(0, ValueType.UINT8),), depends=0),
        _Node("Task", (_Slot(2, ValueType.UINT16),), depends=2),
        *([opcode] if live else []),
        _Node("Keywords", (_Slot(5, ValueType.HEX64),), depends=5),
        _Node("TimeCreated", attributes=time),
        _Node("EventRecordID", (_Slot(10, ValueType.UINT64),), depends=10),
        *([_Node("Correlation", attributes=activities), _Node("Execution", attributes=ids)] if live else []),
        _Node("Channel", (named_channel,), depends=_ALWAYS if static_names else 16),
        _Node("Computer", (computer,)),
        _Node("Security", attributes=(("UserID", _Slot(12, ValueType.SID)),)),
    ]
    slot = _Slot(payload, ValueType.BINXML)
    said: _Node | _Slot = _Node("UserData", (slot,), depends=payload) if user_data else slot
    root = _Node(
        "Event",
        (_Node("System", tuple(system)), said),
        (("xmlns", _EVENT_NAMESPACE),),
        depends=_ALWAYS if user_data else payload,
    )
    return _Template.of(root, payload + 1)


_CLASSIC_TEMPLATE = _Template.of(
    _Node(
        "EventData",
        (
            _Node("Data", (_Slot(0, ValueType.STRING | _ARRAY),), depends=0),
            _Node("Binary", (_Slot(2, ValueType.BINARY),), depends=2),
        ),
    ),
    3,
)


_Declared = tuple[int, bool]


def _declared(value: Value) -> _Declared:
    """Type of the slot for a value, and whether the value is optional: no other slot of real logs holds null."""
    return value.type | (_ARRAY if isinstance(value.content, tuple) else 0), value.content is None


@lru_cache(maxsize=4096)
def _data_template(signature: tuple[tuple[str | None, _Declared], ...], binary: bool) -> _Template:
    """The template of EventData with one ``Data`` for each name and type, and a ``Binary`` if there is one."""
    nodes = [
        _Node("Data", (_Slot(index, *declared),), (("Name", name),) if name is not None else ())
        for index, (name, declared) in enumerate(signature)
    ]
    count = len(nodes)
    if binary:
        nodes.append(_Node("Binary", (_Slot(count + 1, ValueType.BINARY),), depends=count + 1))
        count += 2  # the value before it is the length
    return _Template.of(_Node("EventData", tuple(nodes)), count)


@lru_cache(maxsize=4096)
def _user_template(shape: Element) -> _Template:
    """The template of UserData; in ``shape`` every content is empty, so that events of one shape share it."""
    count = 0

    def node(element: Element) -> _Node:
        nonlocal count
        content: tuple[_Content | _Node, ...] = ()
        if element.value is not None:
            content = (_Slot(count, *_declared(element.value)),)
            count += 1
        children = tuple(node(child) for child in element.children)
        return _Node(element.name, content + children, element.attributes)

    root = node(shape)
    return _Template.of(root, count)


def _shape(element: Element) -> Element:
    value = element.value
    if value is not None and value.content is not None:
        value = Value(() if isinstance(value.content, tuple) else "", value.type)
    return Element(element.name, value, tuple(map(_shape, element.children)), element.attributes)


def _values_of(element: Element) -> Iterator[Value]:
    if element.value is not None:
        yield element.value
    for child in element.children:
        yield from _values_of(child)


# ----------------------------------------------------------------------------------------------------- values


def _number(layout: str) -> Callable[[Scalar], bytes]:
    return struct.Struct(layout).pack


def _filetime(time: Scalar) -> bytes:
    return struct.pack("<Q", _ticks(time))


def _systemtime(time: Scalar) -> bytes:
    moment = datetime(1601, 1, 1) + timedelta(microseconds=_ticks(time) // 10)
    return struct.pack(
        "<8H",
        moment.year,
        moment.month,
        moment.isoweekday() % 7,
        moment.day,
        moment.hour,
        moment.minute,
        moment.second,
        moment.microsecond // 1000,
    )


def _ticks(time: Scalar) -> int:
    if isinstance(time, str | int):
        return ticks(time)
    raise TypeError(f"{time!r} is not a time")


def _text(text: Scalar) -> bytes:
    return str(text).encode("utf-16-le", "surrogatepass")


_ENCODERS: dict[int, Callable[[Scalar], bytes]] = {
    ValueType.STRING: _text,
    ValueType.ANSI: lambda text: str(text).encode("cp1252"),
    ValueType.INT8: _number("<b"),
    ValueType.UINT8: _number("<B"),
    ValueType.INT16: _number("<h"),
    ValueType.UINT16: _number("<H"),
    ValueType.INT32: _number("<i"),
    ValueType.UINT32: _number("<I"),
    ValueType.INT64: _number("<q"),
    ValueType.UINT64: _number("<Q"),
    ValueType.FLOAT: _number("<f"),
    ValueType.DOUBLE: _number("<d"),
    ValueType.BOOL: _number("<I"),
    ValueType.BINARY: lambda data: bytes(data) if isinstance(data, bytes) else str(data).encode(),
    ValueType.GUID: lambda text: pack_guid(str(text)),
    ValueType.SIZE: _number("<Q"),
    ValueType.FILETIME: _filetime,
    ValueType.SYSTEMTIME: _systemtime,
    ValueType.SID: lambda text: pack_sid(str(text)),
    ValueType.HEX32: _number("<I"),
    ValueType.HEX64: _number("<Q"),
}
_TERMINATORS = {ValueType.STRING: b"\0\0", ValueType.ANSI: b"\0"}


def _encoded(value: Value) -> tuple[int, bytes]:
    """Type and bytes of a value; the texts of an array are terminated, a single one is not."""
    if value.content is None:
        return _NULL
    encode = _ENCODERS[value.type]
    if isinstance(value.content, tuple):
        end = _TERMINATORS.get(value.type, b"")
        return value.type | _ARRAY, b"".join(encode(item) + end for item in value.content)
    return value.type, encode(value.content)


def _binary_row(binary: bytes) -> _Row:
    return [(ValueType.UINT32, _U32.pack(len(binary))), (ValueType.BINARY, binary) if binary else _NULL]


def _payload(event: SampleEvent) -> tuple[_Template, _Row]:
    """What the event says, as a nested template and its values."""
    if event.user_data is not None:
        template = _user_template(_shape(event.user_data))
        return template, [_encoded(value) for value in _values_of(event.user_data)]
    if event.data:
        if event.strings:
            raise ValueError(f"event {event.provider} {event.event_id} has strings and named data")
        signature = tuple((data.name, _declared(data.value)) for data in event.data)
        template = _data_template(signature, bool(event.binary))
        row = [_encoded(data.value) for data in event.data]
        return template, row + _binary_row(event.binary) if event.binary else row
    if event.guid is not None and not event.strings and not event.binary:
        return _data_template((), False), []
    strings = _encoded(Value(event.strings)) if event.strings else _NULL
    return _CLASSIC_TEMPLATE, [strings, *_binary_row(event.binary)]


def _level(event: SampleEvent) -> int:
    if event.level is not None:
        return event.level
    if event.event_type in (EventType.AUDIT_SUCCESS, EventType.AUDIT_FAILURE):
        return 0
    return {EventType.ERROR: 2, EventType.WARNING: 3}.get(event.event_type, 4)


def _keywords(event: SampleEvent) -> int:
    if event.keywords is not None:
        return event.keywords
    audit = {EventType.AUDIT_SUCCESS: _AUDIT_SUCCESS, EventType.AUDIT_FAILURE: _AUDIT_FAILURE}.get(event.event_type, 0)
    if event.guid is None:
        return _CLASSIC | audit
    return _TO_CHANNEL | (_CLASSIC if event.event_source_name is not None else 0) | audit


def _converted(event: SampleEvent) -> bool:
    """Whether System has the short form of events that came out of a ``.evt``, or before manifests."""
    ids = (event.version, event.opcode, event.process_id, event.thread_id, event.activity_id, event.related_activity_id)
    return event.guid is None and all(number is None for number in ids)


_U8, _U16, _U64 = struct.Struct("<B"), struct.Struct("<H"), struct.Struct("<Q")


def _optional(type_: ValueType, layout: struct.Struct, number: int | None) -> tuple[int, bytes]:
    return _NULL if number is None else (type_, layout.pack(number))


def _optional_guid(text: str | None) -> tuple[int, bytes]:
    return _NULL if text is None else (ValueType.GUID, pack_guid(text))


def _system_row(event: SampleEvent, number: int, time: int, static_names: bool) -> _Row:
    """The values of System, in the order of ``_event_template``; the payload is still to come."""
    related = _optional_guid(event.related_activity_id)
    row = [
        (ValueType.UINT8, _U8.pack(_level(event))),
        _optional(ValueType.UINT8, _U8, event.opcode),
        (ValueType.UINT16, _U16.pack(event.task)),
        (ValueType.UINT16, _U16.pack(event.event_id)),
        _optional(ValueType.UINT16, _U16, event.qualifiers),
        (ValueType.HEX64, _U64.pack(_keywords(event))),
        (ValueType.FILETIME, _U64.pack(time)),
        _optional_guid(event.activity_id),
        _optional(ValueType.UINT32, _U32, event.process_id),
        _optional(ValueType.UINT32, _U32, event.thread_id),
        (ValueType.UINT64, _U64.pack(number if event.record_number is None else event.record_number)),
        _optional(ValueType.UINT8, _U8, event.version),
        (ValueType.SID, pack_sid(event.user_sid)) if event.user_sid else _NULL,
    ]
    if static_names:
        return [*row, _NULL, _NULL, _NULL, _NULL, _NULL, related]
    names = [(ValueType.STRING, _text(event.provider)), _optional_guid(event.guid)]
    return [*row, related, *names, (ValueType.STRING, _text(event.channel))]


# ----------------------------------------------------------------------------------------------------- chunks


def _hash(units: Iterable[int]) -> int:
    """The hash of both tables of a chunk: over UTF-16 units for names, over 16-bit words for template GUIDs."""
    value = 0
    for unit in units:
        value = (value * 65599 + unit) & 0xFFFFFFFF
    return value


@lru_cache(maxsize=4096)
def _name_hash(name: str) -> int:
    raw = _text(name)
    return _hash(struct.unpack(f"<{len(raw) // 2}H", raw))


def _template_hash(guid: bytes) -> int:
    return _hash(struct.unpack("<8H", guid))


@dataclass(slots=True)
class _Chunk:
    """64 KiB that stand alone: records, and where in them names and templates are defined."""

    first_record: int
    first_number: int
    records: list[bytes] = field(default_factory=list)
    free: int = _CHUNK_HEADER_SIZE
    names: dict[str, int] = field(default_factory=dict)
    templates: dict[bytes, int] = field(default_factory=dict)
    name_heads: list[int] = field(default_factory=lambda: [0] * _STRING_BUCKETS)
    template_heads: list[int] = field(default_factory=lambda: [0] * _TEMPLATE_BUCKETS)
    last: int = 0

    @property
    def count(self) -> int:
        return len(self.records)

    def append(self, event: SampleEvent, static_names: bool) -> bool:
        """Add a record, unless the chunk is too full for it; then the chunk takes no more."""
        heads = list(self.name_heads), list(self.template_heads)
        record = self._record(event, self.first_record + self.count, static_names)
        if self.free + len(record) > CHUNK_SIZE:
            self.name_heads, self.template_heads = heads
            return False
        self.records.append(record)
        self.last = self.free
        self.free += len(record)
        return True

    def image(self) -> bytes:
        body = b"".join(self.records)
        last = self.count - 1
        header = _CHUNK_HEADER.pack(
            b"ElfChnk\0",
            self.first_number,
            self.first_number + last if self.count else _NONE,
            self.first_record,
            self.first_record + last if self.count else _NONE,
            128,
            self.last,
            self.free,
            crc32(body),
            1,
        )
        tables = struct.pack(f"<{_STRING_BUCKETS}I", *self.name_heads)
        tables += struct.pack(f"<{_TEMPLATE_BUCKETS}I", *self.template_heads)
        checksum = _U32.pack(crc32(tables, crc32(header[:_CHECKED])))
        return (header + checksum + tables + body).ljust(CHUNK_SIZE, b"\0")

    def _record(self, event: SampleEvent, number: int, static_names: bool) -> bytes:
        static = static_names or event.event_source_name is not None
        time = ticks(event.time)
        names = (event.provider, event.guid, event.event_source_name, event.channel, event.computer)
        template = _event_template(names, _converted(event), event.user_data is not None, static)
        out = bytearray(_RECORD_HEADER.size)
        out += _FRAGMENT
        nested_size_at = self._instance(out, template, [*_system_row(event, number, time, static), _NULL])
        nested, row = _payload(event)
        if sum(len(raw) for _, raw in row) > CHUNK_SIZE - _CHUNK_HEADER_SIZE:
            raise _too_large(event)
        start = len(out)
        out += _FRAGMENT
        self._instance(out, nested, row)
        out += _END
        struct.pack_into("<HB", out, nested_size_at, len(out) - start, ValueType.BINXML)
        out += _END
        size = (len(out) + 4 + 7) & ~7
        _RECORD_HEADER.pack_into(out, 0, b"**\0\0", size, number, time)
        return bytes(out).ljust(size - 4, b"\0") + _U32.pack(size)

    def _instance(self, out: bytearray, template: _Template, row: _Row) -> int:
        """Write a template instance and its values; return where the size of the last value stands."""
        known = self.templates.get(template.guid)
        here = self.free + len(out) + len(_INSTANCE) + 8
        out += _INSTANCE + template.guid[:4] + _U32.pack(here if known is None else known)
        if known is None:
            self._define(out, template, here)
        out += template.values.pack(len(row), *(part for type_, raw in row for part in (len(raw), type_)))
        last_size_at = len(out) - 4
        out += b"".join(raw for _, raw in row)
        return last_size_at

    def _define(self, out: bytearray, template: _Template, here: int) -> None:
        bucket = _template_hash(template.guid) % _TEMPLATE_BUCKETS
        start = len(out)
        out += bytes(_TEMPLATE_HEADER.size) + _FRAGMENT
        self._element(out, template.root)
        out += _END
        size = len(out) - start - _TEMPLATE_HEADER.size
        _TEMPLATE_HEADER.pack_into(out, start, self.template_heads[bucket], template.guid, size)
        self.template_heads[bucket] = self.templates[template.guid] = here

    def _element(self, out: bytearray, node: _Node) -> None:
        out += struct.pack("<BHI", 0x41 if node.attributes else 0x01, node.depends, 0)
        start = len(out)
        self._name(out, node.name)
        if node.attributes:
            out += bytes(4)
            attributes_at = len(out)
            for left, (name, content) in zip(reversed(range(len(node.attributes))), node.attributes, strict=True):
                out.append(0x46 if left else 0x06)
                self._name(out, name)
                _content(out, content)
            _U32.pack_into(out, attributes_at - 4, len(out) - attributes_at)
        if node.content:
            out.append(0x02)
            for part in node.content:
                if isinstance(part, _Node):
                    self._element(out, part)
                else:
                    _content(out, part)
            out.append(0x04)
        else:
            out.append(0x03)
        _U32.pack_into(out, start - 4, len(out) - start)

    def _name(self, out: bytearray, name: str) -> None:
        """Write the offset of a name, and the name itself where the chunk does not have it yet."""
        known = self.names.get(name)
        here = self.free + len(out) + 4
        out += _U32.pack(here if known is None else known)
        if known is None:
            value = _name_hash(name)
            bucket = value % _STRING_BUCKETS
            raw = _text(name)
            out += _NAME_HEADER.pack(self.name_heads[bucket], value & 0xFFFF, len(raw) // 2) + raw + b"\0\0"
            self.name_heads[bucket] = self.names[name] = here


def _content(out: bytearray, content: _Content) -> None:
    if isinstance(content, _Slot):
        out += struct.pack("<BHB", 0x0E if content.optional else 0x0D, content.index, content.type)
    else:
        raw = _text(content)
        out += struct.pack("<BBH", 0x05, ValueType.STRING, len(raw) // 2) + raw

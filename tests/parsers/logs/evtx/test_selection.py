"""Which rows of a segment a query selects, by columns and by single records."""

import io
import json
import struct

import numpy as np
import pytest
from binxml_builder import ChunkBuilder, Element, Fragment, Substitution, event
from evtx_files import CHUNK, HEADER_BLOCK, closed, log_of
from sample_writer.event import Data, SampleEvent, Value, ValueType
from sample_writer.evtx import evtx_log

from evtscan.base.model.query import EVERYTHING, Query, Selector
from evtscan.base.wintypes import Instant
from evtscan.parsers.logs.evtx import selection
from evtscan.parsers.logs.evtx.columns import Decoder
from evtscan.parsers.logs.evtx.file import read_layout, read_segments
from evtscan.parsers.logs.evtx.record import RecordError
from evtscan.parsers.logs.evtx.records import find_records
from evtscan.parsers.logs.evtx.selection import RecordBatch, Selection, Singly, select
from evtscan.parsers.logs.evtx.wanted import WantedIds

TIME = 130_000_000_000_000_000
SECOND = 10_000_000
STRING, UINT16, SID = 0x01, 0x06, 0x13


def singly(data: bytes, decoder="columns", *, recover: bool = False) -> Singly:
    stream = io.BytesIO(data)
    (segment,) = read_segments(stream, read_layout(stream, "log").chunks)
    records, _ = find_records(segment, "log", recover=recover)
    return Singly(segment, records, "log", decoder)


def selected(data: bytes, query: Query = EVERYTHING, *, columns: bool = True, recover: bool = False) -> Selection:
    one = singly(data, recover=recover)
    opened = Decoder().open(one.segment, one.records) if columns else None
    return select(one, opened, query, WantedIds(query))


def numbers(found: Selection) -> list[int]:
    return [each.header_id for each in found.events()]


def ids(*event_ids: int) -> Query:
    return Query(frozenset(Selector(event_id=number) for number in event_ids))


# ---------------------------------------------------------------------------------------------- queries


ROWS = [  # provider, channel, event id, level, EventRecordID
    ("Alpha", "System", 1, 4, 101),
    ("Beta", "System", 2, 2, 102),
    ("Alpha", "Application", 1, 3, 103),
    ("Alpha", "System", 3, 2, 104),
    ("Beta", "Application", 1, 1, 105),
    ("Gamma", "System", 2, 4, 106),
]


@pytest.fixture(scope="module", params=[True, False], ids=["literal names", "names as values"])
def log(request) -> bytes:
    events = [
        SampleEvent(
            provider=provider,
            channel=channel,
            event_id=event_id,
            level=level,
            record_number=record,
            time=TIME + SECOND * place,
            event_source_name="Old" if provider == "Gamma" else None,
            data=(Data("n", Value(str(place))),),
        )
        for place, (provider, channel, event_id, level, record) in enumerate(ROWS)
    ]
    return evtx_log(events, static_names=request.param)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (EVERYTHING, [1, 2, 3, 4, 5, 6]),
        (ids(1), [1, 3, 5]),
        (ids(2, 3), [2, 4, 6]),
        (ids(0), []),
        (ids(4), []),
        (Query(frozenset()), []),
        (Query(frozenset({Selector(provider="alpha")})), [1, 3, 4]),
        (Query(frozenset({Selector(provider="Alph")})), []),
        (Query(frozenset({Selector(provider="OLD")})), [6]),
        (Query(frozenset({Selector(channel="application")})), [3, 5]),
        (Query(frozenset({Selector(channel="System", provider="Beta")})), [2]),
        (Query(frozenset({Selector(channel="System", event_id=1)})), [1]),
        (Query(frozenset({Selector(provider="Beta", event_id=1), Selector(provider="Alpha", event_id=3)})), [4, 5]),
        (Query(levels=frozenset({2})), [2, 4]),
        (Query(levels=frozenset({1, 3})), [3, 5]),
        (Query(levels=frozenset({0, 5})), []),
        (Query(start=Instant(TIME + 2 * SECOND)), [3, 4, 5, 6]),
        (Query(end=Instant(TIME + 2 * SECOND)), [1, 2]),
        (Query(start=Instant(TIME + SECOND + 1), end=Instant(TIME + 4 * SECOND + 1)), [3, 4, 5]),
        (Query(record_ids=(range(102, 104), range(106, 107))), [2, 3, 6]),
        (Query(record_ids=(range(107, 200),)), []),
        (Query(include_ids=(range(2, 4),)), [2, 4, 6]),
        (Query(include_ids=(range(2, 4),), exclude_ids=(range(3, 4),)), [2, 6]),
        (Query(frozenset({Selector(channel="System")}), levels=frozenset({2}), record_ids=(range(104, 106),)), [4]),
    ],
)
def test_a_query_selects_exactly_its_rows(log, query, expected):
    for columns in (True, False):
        found = selected(log, query, columns=columns)
        assert numbers(found) == expected
        assert (found.unreadable, found.warnings, found.late_warnings) == (0, [], [])
    assert found.groups == []
    by_columns = selected(log, query)
    assert by_columns.singles == {}
    assert by_columns.events() == found.events()
    assert RecordBatch(by_columns).header_id == expected


def test_rows_of_one_group_are_selected_by_their_names():
    """A provider with two names is compared only after the records have been grouped."""
    provider = Element("Provider", Name=Substitution(1, STRING), EventSourceName=Substitution(2, STRING))
    tree = Element("Event", Element("System", provider, Element("EventID", Substitution(0, UINT16))))
    chunk = ChunkBuilder()
    for names in [("A", "Old"), ("B", "Old"), ("A", "New"), ("C", "A")]:
        values = [(STRING, name.encode("utf-16-le")) for name in names]
        chunk.record(Fragment(tree, [(UINT16, b"\1\0"), *values]))
    data = log_of(closed(chunk))
    assert [len(group.rows) for group in selected(data).groups] == [4]
    for wanted, expected in [("a", [1, 3, 4]), ("B", [2]), ("OLD", [1, 2]), ("D", [])]:
        query = Query(frozenset({Selector(provider=wanted, event_id=1)}))
        found = selected(data, query)
        assert (numbers(found), found.singles) == (expected, {})
        assert found.events() == selected(data, query, columns=False).events()


# ---------------------------------------------------------------------------------------------- declined rows


def with_id(number: int, *inside: Element, values=()) -> Fragment:
    """A record whose event id is a value: it has columns."""
    return Fragment(event(*inside, event_id=Substitution(0, UINT16)), [(UINT16, struct.pack("<H", number)), *values])


def field(kind: int) -> Element:
    return Element("EventData", Element("Data", Substitution(1, kind), Name="N"))


@pytest.fixture(scope="module")
def declining() -> bytes:
    """Six records: numbers 2 and 5 have a literal event id, number 4 cannot be read."""
    chunk = ChunkBuilder()
    chunk.record(with_id(7, field(STRING), values=[(STRING, b"a\0")]))
    chunk.record(Fragment(event(event_id="7")))
    chunk.record(with_id(8, field(STRING), values=[(STRING, b"b\0")]))
    chunk.record(b"\x0f\x01\x01\0\x1f" + bytes(30))
    chunk.record(Fragment(event(event_id="8")))
    chunk.record(with_id(7, field(STRING), values=[(STRING, b"c\0")]))
    return log_of(closed(chunk))


@pytest.mark.parametrize(
    ("query", "grouped", "single"),
    [(EVERYTHING, [0, 2, 5], [1, 4]), (ids(7), [0, 5], [1]), (ids(8), [2], [4]), (ids(9), [], [])],
)
def test_declined_rows_are_decoded_singly_with_the_same_result(declining, query, grouped, single):
    found = selected(declining, query)
    assert sorted(row for group in found.groups for row in group.rows.tolist()) == grouped
    assert list(found.singles) == single
    assert found.unreadable == 1
    assert [(w.kind, w.location.record, w.records_lost) for w in found.warnings] == [("bad_record", 4, 1)]
    assert found.events() == selected(declining, query, columns=False).events()
    assert [each.sequence - 1 for each in found.events()] == sorted(grouped + single)


def test_events_have_their_places(declining):
    found = selected(declining).events()
    starts = [HEADER_BLOCK + int(start) for start in singly(declining).records.start]
    assert [each.location.offset for each in found] == [starts[row] for row in (0, 1, 2, 4, 5)]
    assert [each.location.record for each in found] == [1, 2, 3, 5, 6]
    assert {each.location.source for each in found} == {"log"}
    assert [dict(each.data) for each in found] == [{"N": "a"}, {}, {"N": "b"}, {}, {"N": "c"}]
    assert {each.time for each in found} == {Instant(TIME)}


@pytest.fixture(scope="module")
def odd() -> bytes:
    """Three records of one shape, the second with an SID that is cut off."""
    chunk = ChunkBuilder()
    whole = bytes([1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0])
    for number, value in enumerate([whole, b"\1\5", whole]):
        chunk.record(with_id(number, field(SID), values=[(SID, value)]))
    return log_of(closed(chunk))


def test_a_value_that_is_no_text_costs_a_late_warning(odd):
    found = selected(odd)
    assert (found.warnings, found.late_warnings) == ([], [])
    events = found.events()
    assert [each.data["N"] for each in events] == ["S-1-5-18", "0105", "S-1-5-18"]
    assert [(w.kind, w.location.record, w.records_lost) for w in found.late_warnings] == [("odd_value", 2, 0)]
    assert events == selected(odd, columns=False).events()


def test_a_batch_has_such_a_value_too_and_warns_once(odd):
    found = selected(odd)
    batch = RecordBatch(found)
    for _ in range(2):
        assert [json.loads(text) for text in batch.data_json()] == [
            {"N": text} for text in ("S-1-5-18", "0105", "S-1-5-18")
        ]
        assert batch.data() == [{"N": text} for text in ("S-1-5-18", "0105", "S-1-5-18")]
    assert [(w.kind, w.location.record) for w in found.late_warnings] == [("odd_value", 2)]


# ---------------------------------------------------------------------------------------------- single records


@pytest.mark.parametrize("decoder", ["columns", "reference"])
def test_single_records_are_decoded_by_either_decoder(log, decoder):
    one = singly(log, decoder)
    found = [one.event(row) for row in range(len(ROWS))]
    assert [warnings for _, warnings in found] == [[]] * 6
    shown = [(each.provider, each.channel, each.event_id, each.level, each.record_id) for each, _ in found]
    assert shown == ROWS
    assert [each.time.ticks for each, _ in found] == [TIME + SECOND * place for place in range(6)]
    assert [dict(each.data) for each, _ in found] == [{"n": str(place)} for place in range(6)]


def test_a_record_that_cannot_be_read_is_an_error_or_a_warning(declining):
    one = singly(declining)
    with pytest.raises(RecordError):
        one.decode(3)
    decoded, (warning,) = one.event(3)
    assert decoded is None
    place = HEADER_BLOCK + int(one.records.start[3])
    assert (warning.kind, warning.location.offset, warning.location.record) == ("bad_record", place, 4)
    assert warning.records_lost == 1


def test_an_unreadable_record_of_slack_is_not_lost(declining):
    one = singly(declining)
    one.records.recovered[3] = True
    found = Selection(one, None)
    found.take_singly([3], EVERYTHING)
    assert (found.unreadable, found.singles) == (0, {})
    assert [(w.kind, w.records_lost) for w in found.warnings] == [("bad_slack", 0)]


def test_a_kept_record_can_be_decoded_after_its_segment_has_changed(declining):
    one = singly(declining)
    kept = one.kept(5)
    one.segment.bytes[:] = 0
    assert kept.decode().data == {"N": "c"}
    assert (kept.offset, kept.size) == (int(one.records.start[5]), int(one.records.end[5] - one.records.start[5]) + 4)


def test_chunks_are_kept_up_to_a_limit(monkeypatch):
    monkeypatch.setattr(selection, "_MOST_CHUNKS", 2)
    chunks = []
    for number in range(1, 4):
        chunk = ChunkBuilder(number=number - 1)
        chunk.record(with_id(number))
        chunk.number = 1
        chunks.append(closed(chunk, first=number))
    one = singly(log_of(*chunks))
    kept = []
    for row in (0, 1, 0, 2, 0):
        assert one.decode(row).event_id == row + 1
        kept.append(sorted(one._chunks))
    assert kept == [[0], [0, 1], [0, 1], [2], [0, 2]]
    assert one.event(2)[0].location.offset == HEADER_BLOCK + 2 * CHUNK + 0x200


# ---------------------------------------------------------------------------------------------- columns


def test_keep_where_discards_rows_by_position(log):
    for keep, expected in [([], []), ([0], [1]), ([1, 4], [2, 5]), (range(6), [1, 2, 3, 4, 5, 6])]:
        chosen = []

        def choose(columns, keep=keep, chosen=chosen):
            assert columns.data_names == ("n",)
            texts = list(columns.data_texts("n"))
            assert len(columns) == len(texts) == len(columns.column("event_id"))
            chosen.extend(texts)
            return [place for place, text in enumerate(texts) if int(text) in keep]

        found = selected(log)
        found.keep_where(choose)
        assert numbers(found) == expected
        assert sorted(chosen) == ["0", "1", "2", "3", "4", "5"]


def test_keep_where_keeps_records_without_text_columns(declining, odd):
    found = selected(declining)
    found.keep_where(lambda columns: [])
    assert numbers(found) == [2, 5]
    found = selected(odd)
    found.keep_where(lambda columns: list(columns.data_texts("N")) and [])
    assert numbers(found) == [1, 2, 3]
    arrays = evtx_log(
        [SampleEvent(provider="P", event_id=1, time=TIME, data=(Data("n", Value((1, 2), ValueType.UINT8)),))]
    )
    found = selected(arrays)
    found.keep_where(lambda columns: [])
    assert numbers(found) == [1]


def test_a_batch_is_in_record_order(declining):
    batch = RecordBatch(selected(declining))
    events = selected(declining).events()
    assert len(batch) == 5
    assert batch.header_id == [1, 2, 3, 5, 6]
    assert batch.offset == [each.location.offset for each in events]
    assert batch.recovered == [False] * 5
    assert batch.column("event_id") == [7, 7, 8, 8, 7]
    assert batch.column("provider") == ["Test"] * 5
    assert batch.column("ticks") == [TIME] * 5
    assert batch.data() == [dict(each.data) for each in events]
    assert batch.data_json() == ['{"N":"a"}', "{}", '{"N":"b"}', "{}", '{"N":"c"}']
    assert batch.data_types() == {}
    assert np.asarray(batch.values("offset")).tolist() == batch.offset
    assert np.asarray(batch.values("header_id")).tolist() == batch.header_id
    assert batch.values("event_id") == [7, 7, 8, 8, 7]


def test_the_parts_of_a_batch_together_are_the_batch(declining):
    batch = RecordBatch(selected(declining))
    parts = batch.parts()
    assert sum(map(len, parts)) == 5
    assert batch.in_order([part.header_id for part in parts]) == [1, 2, 3, 5, 6]
    assert batch.in_order([part.column("event_id") for part in parts]) == [7, 7, 8, 8, 7]
    assert batch.in_order([part.data_json() for part in parts]) == ['{"N":"a"}', "{}", '{"N":"b"}', "{}", '{"N":"c"}']
    assert {name: kind for part in parts for name, kind in part.data_types().items()} == {"N": STRING}


def test_computers_are_distinct_and_in_order_of_appearance():
    """Every second record has data: the records are of two groups."""
    chunk = ChunkBuilder()
    for place, name in enumerate(["B", "A", "C", "B", "A", "D"]):
        tree = event(*[Element("EventData", Element("Data", "x"))] * (place % 2), event_id=Substitution(0, UINT16))
        tree.content[0].content += (Element("Computer", Substitution(1, STRING)),)
        chunk.record(Fragment(tree, [(UINT16, b"\1\0"), (STRING, name.encode("utf-16-le"))]))
    data = log_of(closed(chunk))
    by_columns = selected(data)
    assert sorted(group.rows.tolist() for group in by_columns.groups) == [[0, 2, 4], [1, 3, 5]]
    assert list(by_columns.computers()) == ["B", "A", "C", "D"]
    assert list(selected(data, columns=False).computers()) == ["B", "A", "C", "D"]

"""Finding records: the chain, which nearly all are, against the search, which takes whatever is whole."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sample_writer.event import SampleEvent
from sample_writer.evt import saved_log

from evtscan.parsers.logs.evt import records
from evtscan.parsers.logs.evt.records import Extent, ExtentReader, find_records

HEADER = 48
EVENTS = [
    SampleEvent(
        provider="Source" * (number % 3 + 1),
        event_id=number,
        time="2001-03-14T10:00:00Z",
        computer="BOX",
        strings=("x" * (number % 7), "LfLe") if number == 11 else ("x" * (number % 7),),
        binary=b"LfLe\0\0" if number == 17 else b"",
    )
    for number in range(1, 31)
]
LOG = saved_log(EVENTS)


@contextmanager
def with_attributes(**values: object) -> Iterator[None]:
    before = {name: getattr(records, name) for name in values}
    try:
        for name, value in values.items():
            setattr(records, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(records, name, value)


def found(data: bytes) -> list[tuple[int, bytes, int, int]]:
    """Address, bytes, number and event id of each record."""
    reader = ExtentReader(io.BytesIO(data), [Extent(0, len(data))])
    return [
        (batch.address + int(start), batch.record(place), int(batch.rows["number"][place]), int(batch.ids[place]))
        for batch in find_records(reader)
        for place, start in enumerate(batch.starts.tolist())
    ]


def searched(data: bytes) -> list[tuple[int, bytes, int, int]]:
    never: Callable[..., None] = lambda *_: None  # noqa: E731
    with with_attributes(_chained=never):
        return found(data)


@pytest.mark.parametrize("segment", [64, 200, 333, 4096])
def test_a_log_is_found_in_segments_of_any_size(segment: int) -> None:
    with with_attributes(SEGMENT_SIZE=segment):
        rows = found(LOG[HEADER:])
    assert [(number, event_id) for _, _, number, event_id in rows] == [(number, number) for number in range(1, 31)]
    assert b"".join(raw for _, raw, _, _ in rows) == LOG[HEADER:-40]


@settings(max_examples=300, deadline=None)
@example(segment=64, flips=[(49, 2)], removed=(56, 4), end=688)  # a record that claims to be longer than segments
@given(
    segment=st.sampled_from([64, 200, 333, 4096]),
    flips=st.lists(st.tuples(st.integers(HEADER, len(LOG) - 1), st.integers(1, 255)), max_size=3),
    removed=st.tuples(st.integers(HEADER, len(LOG) - 1), st.sampled_from([0, 0, 1, 4, 60, 200])),
    end=st.integers(HEADER + 1, len(LOG)),
)
def test_the_chain_is_what_the_search_finds(
    segment: int, flips: list[tuple[int, int]], removed: tuple[int, int], end: int
) -> None:
    data = bytearray(LOG)
    for place, bits in flips:
        data[place] ^= bits
    del data[removed[0] : removed[0] + removed[1]]
    part = bytes(data[HEADER:end])
    with with_attributes(SEGMENT_SIZE=segment):
        assert found(part) == searched(part)


@pytest.mark.parametrize("behind", range(1, 61))
def test_a_record_outside_the_grid_is_not_lost_at_a_seam(behind: int) -> None:
    """One foreign byte before the last record, and a segment that ends so many bytes behind it."""
    last = LOG.rindex(b"LfLe", 0, -40) - 4
    part = LOG[HEADER:last] + b"\0" + LOG[last:-40]
    with with_attributes(SEGMENT_SIZE=last - HEADER + behind):
        assert [number for _, _, number, _ in found(part)] == list(range(1, 31))


def test_an_intact_log_is_a_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    """But where a text of it looks like the signature of a record."""
    searches = []
    search = records._searched
    monkeypatch.setattr(records, "_searched", lambda *given: searches.append(given) or search(*given))
    plain = saved_log([event for event in EVENTS if event.event_id not in (11, 17)])
    assert len(found(plain[HEADER:-40])) == 28
    assert not searches

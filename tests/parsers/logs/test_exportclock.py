"""Steps of the clock that an export shows, whatever the order and the format of its records."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import text_writers
from exportwriters import events_of, evtx_dump, lines, wevtutil
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_writer.event import SampleEvent

from evtscan.base.model.log import ClockStep
from evtscan.base.model.query import EVERYTHING, ReadOptions
from evtscan.base.model.source import Source
from evtscan.base.wintypes import TICKS_PER_SECOND, Instant
from evtscan.parsers import read_log, recognise
from evtscan.parsers.logs import exportclock
from evtscan.parsers.logs.clocksteps import ClockSteps
from evtscan.parsers.logs.exportclock import ExportClock

MINUTE = 60 * TICKS_PER_SECOND
BASE = 10**17


def clock_of(records: Sequence[tuple[int, float]], *, local: bool = False) -> ExportClock:
    clock = ExportClock()
    for sequence, minute in records:
        clock.add("System", sequence, Instant(BASE + round(minute * MINUTE), 0, local))
    return clock


def steps_of(records: Sequence[tuple[int, float]], *, local: bool = False, wall: bool = False) -> list[object]:
    return [
        (step.sequence, (step.before.ticks - BASE) / MINUTE, (step.after.ticks - BASE) / MINUTE, step.before.local)
        for step in clock_of(records, local=local).found(on_a_wall=wall)
    ]


BACK_TWO_HOURS = [(1, 0.0), (2, 200.0), (3, 80.0), (4, 90.0), (5, 99.0)]


@pytest.mark.parametrize("turn", [1, -1], ids=["oldest first", "newest first"])
def test_both_orders_of_a_file(turn: int) -> None:
    assert steps_of(BACK_TWO_HOURS[::turn]) == [(3, 200, 80, False)]


def test_records_in_any_order_by_their_numbers() -> None:
    assert steps_of([BACK_TWO_HOURS[place] for place in (3, 0, 4, 2, 1)]) == [(3, 200, 80, False)]


def test_a_record_that_comes_again_is_no_step() -> None:
    assert steps_of([(1, 0), (2, 600), (1, 0), (3, 601)]) == []


@pytest.mark.parametrize(("back", "expected"), [(60, []), (61, [(2, 100, 39, True)])])
def test_the_hour_that_is_there_twice_in_autumn_is_no_step(back: int, expected: list[object]) -> None:
    assert steps_of([(1, 100), (2, 100 - back)], local=True, wall=True) == expected
    assert steps_of([(1, 100), (2, 40)]) == [(2, 100, 40, False)]


def test_several_logs_in_one_file_show_none() -> None:
    clock = clock_of(BACK_TWO_HOURS)
    clock.add("Application", 1, Instant(BASE))
    assert clock.found(on_a_wall=False) == ()


def test_numbers_and_times_beyond_64_bits_are_left_out() -> None:
    clock = clock_of(BACK_TWO_HOURS)
    clock.add("System", 1 << 65, Instant(BASE))
    clock.add("System", 6, Instant(1 << 65))
    assert len(clock.found(on_a_wall=False)) == 1


def test_the_times_that_are_kept_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exportclock, "_BATCH", 4)
    monkeypatch.setattr(exportclock, "MOST_HELD", 8)
    records = [(number, 10_000.0 + number) for number in range(20, 0, -1)]
    records[2] = (18, 1000.0)
    records[15] = (5, 20_000.0)
    assert [step[0] for step in steps_of(records)] == [18]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 400), max_size=40), st.sampled_from([2, 3, 4096]))
def test_the_steps_are_those_of_the_records_in_order(minutes: list[int], batch: int) -> None:
    records = list(enumerate((float(minute) for minute in minutes), start=1))
    plain = ClockSteps(0)
    plain.add(np.array([BASE + minute * MINUTE for minute in minutes], np.int64), lambda index: index + 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exportclock, "_BATCH", batch)
        assert clock_of(records).found(on_a_wall=False) == plain.found
        assert clock_of(records[::-1]).found(on_a_wall=False) == plain.found


# --------------------------------------------------------------------------------------------- real formats

TIMES = (
    *(f"2001-03-14T08:{minute}:00Z" for minute in range(10, 16)),
    *(f"2001-03-13T09:{minute}:00Z" for minute in range(10, 16)),
)
STEPPED = tuple(
    SampleEvent(
        provider="Dhcp", event_id=1000 + number, time=time, computer="NTBOX", strings=("x",), record_number=number
    )
    for number, time in enumerate(TIMES, start=1)
)
WRITTEN: dict[str, Callable[[Path], str]] = {
    "viewer of NT": lambda _: text_writers.viewer(STEPPED),
    "viewer of NT, comma": lambda _: text_writers.viewer(STEPPED, separator=","),
    "dumpel": lambda _: text_writers.dumpel(STEPPED),
    "PsLogList": lambda _: text_writers.psloglist(STEPPED),
    "Event Viewer, CSV": lambda _: text_writers.event_viewer(STEPPED),
    "Get-WinEvent, CSV": lambda _: text_writers.get_winevent(STEPPED),
    "Log Parser": lambda _: text_writers.log_parser(STEPPED),
    "wevtutil, text": lambda _: text_writers.wevtutil(STEPPED),
    "wevtutil, XML": lambda folder: wevtutil(events_of(STEPPED, folder)),
    "evtx_dump": lambda folder: lines(map(evtx_dump, events_of(STEPPED, folder))),
}


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
def test_an_export_shows_the_step_of_its_log(written: Callable[[Path], str], tmp_path: Path) -> None:
    path = tmp_path / "SysEvent.txt"
    path.write_bytes(written(tmp_path).encode())
    source = Source(path, path.name)
    row = recognise(source)
    assert row is not None
    reader = read_log(row, source, EVERYTHING, ReadOptions())
    by_sequence = {event.sequence: event.event_id for event in reader}
    (step,) = reader.summary.clock_steps
    assert isinstance(step, ClockStep)
    assert by_sequence[step.sequence] == 1007
    assert (str(step.before)[:19], str(step.after)[:19]) == ("2001-03-14T08:15:00", "2001-03-13T09:10:00")

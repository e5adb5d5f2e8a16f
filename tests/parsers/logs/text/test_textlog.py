"""What holds for every text export, whatever its shape."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_writer.event import SampleEvent
from text_writers import (
    STORY,
    Opener,
    dumpel,
    event_viewer,
    get_eventlog,
    get_winevent,
    kinds,
    log_parser,
    psloglist,
    psloglist_rows,
    read,
    viewer,
    viewer_list,
    wevtutil,
)

from evtscan.base.errors import EvidenceError, UsageError
from evtscan.base.model.event import Event
from evtscan.base.model.query import EVERYTHING, Query, Selector
from evtscan.base.model.source import Source
from evtscan.parsers.logs.csv import csvexports
from evtscan.parsers.logs.text import dumpel as dumpel_parser
from evtscan.parsers.logs.text import eventviewer, ntviewer, wevtutiltext
from evtscan.parsers.logs.text import psloglist as psloglist_parser
from evtscan.parsers.logs.text.textrecords import LONGEST_TEXT

Writer = Callable[[tuple[SampleEvent, ...]], str]
SHAPES: dict[str, tuple[Writer, Opener]] = {
    "viewer": (viewer, ntviewer.read_log),
    "viewer list": (viewer_list, ntviewer.read_log),
    "dumpel": (dumpel, dumpel_parser.read_log),
    "psloglist": (psloglist, psloglist_parser.read_log),
    "psloglist -s": (psloglist_rows, psloglist_parser.read_log),
    "wevtutil": (wevtutil, wevtutiltext.read_log),
    "new viewer": (event_viewer, eventviewer.read_log),
    "Get-WinEvent": (get_winevent, csvexports.read_log),
    "Get-EventLog": (get_eventlog, csvexports.read_log),
    "Log Parser": (log_parser, csvexports.read_log),
}
every_shape = pytest.mark.parametrize("shape", SHAPES)


def many(count: int) -> tuple[SampleEvent, ...]:
    """Events an hour apart."""
    return tuple(
        SampleEvent(
            provider=f"Source{number % 3}",
            event_id=1000 + number % 7,
            time=f"2001-03-{1 + number // 24:02}T{number % 24:02}:00:00Z",
            strings=("a", str(number)),
        )
        for number in range(count)
    )


@every_shape
def test_all_events_in_record_order(tmp_path: Path, shape: str) -> None:
    write, read_log = SHAPES[shape]
    samples = many(300)
    events, reader = read(read_log, tmp_path, write(samples))
    assert [(event.provider, event.event_id) for event in events] == [
        (item.provider, item.event_id) for item in samples
    ]
    assert [str(event.time)[:19] for event in events] == [str(item.time)[:19] for item in samples]
    assert reader.summary.records == 300
    assert (reader.summary.first_sequence, reader.summary.last_sequence) == (events[0].sequence, events[-1].sequence)
    assert len({event.sequence for event in events}) == 300
    assert len({event.location.line for event in events}) == 300


@every_shape
def test_a_query_selects_the_same_events(tmp_path: Path, shape: str) -> None:
    write, read_log = SHAPES[shape]
    content = write(many(60))
    everything, _ = read(read_log, tmp_path, content)
    query = Query(frozenset({Selector(None, "source1", 1003)}))
    events, reader = read(read_log, tmp_path, content, query=query)
    assert events == [event for event in everything if event.provider == "Source1" and event.event_id == 1003]
    assert len(events) > 1
    assert reader.summary.records == 60


@every_shape
def test_what_a_format_lacks_is_unreadable(tmp_path: Path, shape: str) -> None:
    """A data field is there, or it counts as unknown: never as absent."""
    write, read_log = SHAPES[shape]
    events, _ = read(read_log, tmp_path, write(STORY))
    assert events[1].data.get("Binary") or {"Data", "Binary"} & events[1].unreadable
    assert events[1].data.get("Data2") or "Data" in events[1].unreadable


@every_shape
def test_a_wrong_zone_is_refused(tmp_path: Path, shape: str) -> None:
    write, read_log = SHAPES[shape]
    with pytest.raises(UsageError, match="Nowhere"):
        read(read_log, tmp_path, write(STORY), zone="Nowhere")


def outcome(read_log: Opener, folder: Path, content: bytes) -> tuple[list[Event], int]:
    """The events of hostile content and how many are said to be lost; what cannot be read at all says so."""
    try:
        events, reader = read(read_log, folder, content)
    except EvidenceError as error:
        return [], str(error).count("SysEvent.txt") * 1000
    assert reader.summary.records == len(events)
    assert all(warning.message for warning in reader.warnings)
    return events, reader.summary.lost


@every_shape
def test_flipped_bytes(tmp_path: Path, shape: str) -> None:
    """One flip takes one record, or two where it is in a quotation mark; more are never lost without a word."""
    write, read_log = SHAPES[shape]
    content = write(many(12)).encode()
    dice = random.Random(shape)
    for flips in (1, 1, 1, 2, 3) * 20:
        damaged = bytearray(content)
        for _ in range(flips):
            damaged[dice.randrange(len(damaged))] ^= 1 << dice.randrange(8)
        events, lost = outcome(read_log, tmp_path, bytes(damaged))
        assert len(events) <= 13
        assert flips > 1 or len(events) + lost >= 10, bytes(damaged)


@every_shape
def test_truncation(tmp_path: Path, shape: str) -> None:
    write, read_log = SHAPES[shape]
    content = write(many(6)).encode()
    dice = random.Random(shape)
    for size in sorted(dice.sample(range(len(content)), 40)):
        events, lost = outcome(read_log, tmp_path, content[:size])
        assert len(events) <= 6
        assert size < len(content) // 2 or len(events) + lost >= 2


@pytest.mark.parametrize("shape", ["viewer", "dumpel", "psloglist", "wevtutil", "new viewer", "Get-EventLog"])
@settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_lines_in_any_order(tmp_path_factory: pytest.TempPathFactory, shape: str, data: st.DataObject) -> None:
    write, read_log = SHAPES[shape]
    lines = write(STORY).splitlines(keepends=True)
    pieces = data.draw(st.lists(st.sampled_from([*lines, "\r\n", '"', "C:\\>x\r\n", "\x1a", "\t,\t,\n"]), max_size=30))
    outcome(read_log, tmp_path_factory.mktemp("any"), "".join(pieces).encode())


@pytest.mark.parametrize("shape", ["viewer", "psloglist", "wevtutil"])
def test_a_text_without_end_is_cut_and_reported(tmp_path: Path, shape: str) -> None:
    write, read_log = SHAPES[shape]
    content = write(STORY[:1]).rstrip() + "\r\n" + "more of it\r\n" * (LONGEST_TEXT // 5)
    (event,), reader = read(read_log, tmp_path, content)
    assert event.message is not None
    assert LONGEST_TEXT - 1000 < len(event.message) < LONGEST_TEXT + 1000
    assert kinds(reader) == ["bad_record"]
    assert "longer than" in reader.warnings[0].message


def test_outputs_without_number_in_one_file(tmp_path: Path) -> None:
    """Of more outputs than are told apart no record is lost."""
    row = viewer(STORY[1:2])
    events, reader = read(ntviewer.read_log, tmp_path, f"C:\\>x\r\n{row}" * 6000)
    assert [event.location.line for event in events[:2]] == [2, 4]
    assert len({event.sequence for event in events}) == 6000
    assert reader.summary.records == 6000


LONG = 100_000
HOSTILE_LINES = {
    "spaces": " " * LONG,
    "block": "[1] a" + " " * LONG + "b",
    "label": "   Type:     a" + " " * LONG + "b",
    "time": "   Time:     a" + " " * LONG + "b",
    "spaced": "3/14/01 9:26:53 AM 1 0 1008 a" + " b" * LONG,
    "spaced row": "3/14/01 9:26:53 AM 1 0 1008 a" + " " * LONG + "b",
    "commas": "3/14/01,9:26:53 AM" + "," * LONG,
    "digits": "1" * LONG,
    "tabs": "x\t1" * LONG,
    "quotes": '"' * LONG,
    "breaks": "The following information was included with the event:" + "\n" * LONG,
}


@pytest.mark.parametrize("line", HOSTILE_LINES)
@every_shape
def test_long_lines_cost_no_more_than_their_length(tmp_path: Path, shape: str, line: str) -> None:
    write, read_log = SHAPES[shape]
    start = "The description for Event ID 1 from source X cannot be found. "
    content = write(STORY).replace("The text", start) + "\r\n" + HOSTILE_LINES[line] + "\r\n"
    following = {"block": "   Type:     ERROR\r\n", "label": "   Time:     x\r\n"}.get(line, "")
    assert len(outcome(read_log, tmp_path, (content + following + write(STORY)).encode())[0]) >= 4


def test_letters_of_a_code_page_are_reported_as_a_guess(tmp_path: Path) -> None:
    content = viewer(STORY, text="Größe für alle").encode("cp850")
    events, reader = read(ntviewer.read_log, tmp_path, content)
    assert events[0].message == "Größe für alle"
    assert kinds(reader) == ["encoding"]
    assert "850" in reader.warnings[0].message


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="cannot be read"):
        ntviewer.read_log(Source(tmp_path / "x.txt", "x.txt"), EVERYTHING)


def test_records_of_one_second_keep_their_order(tmp_path: Path) -> None:
    samples = tuple(SampleEvent(provider="X", event_id=number, time="2001-03-14T09:26:53Z") for number in range(1, 5))
    for write, read_log in (SHAPES["viewer"], SHAPES["dumpel"]):
        events, _ = read(read_log, tmp_path, write(samples))
        assert [event.event_id for event in events] == [1, 2, 3, 4]

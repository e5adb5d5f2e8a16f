"""Errors and warnings counted while a log is read: the same in every format, whatever the query selects."""

from collections import Counter

import pytest
from sample_writer.event import EventType, SampleEvent
from sample_writer.evt import saved_log
from sample_writer.evtx import evtx_log

from evtscan.base.model.problems import PROBLEM_LEVELS, ProblemCounts, ProblemKind
from evtscan.base.model.query import EVERYTHING, PLAIN, Query, ReadOptions, Selector
from evtscan.base.model.source import Location, Source
from evtscan.parsers import read_log, recognise
from evtscan.parsers.logs.evtx import problems

NOTHING = Query(frozenset({Selector(provider="no such provider")}))


def counted(path, query=NOTHING, options=PLAIN):
    source = Source(path, path.name)
    reader = read_log(recognise(source), source, query, options)
    counts = reader.count_problems()
    events = list(reader)
    return counts, events


def expected(path):
    """The oracle: decode every record and count those with a level of a problem."""
    source = Source(path, path.name)
    events = list(read_log(recognise(source), source, EVERYTHING))
    return Counter(
        ProblemKind(event.computer or "", event.channel or "", event.provider, event.event_id, event.level)
        for event in events
        if event.level in PROBLEM_LEVELS
    )


@pytest.mark.parametrize("name", ["plaso-System.evtx", "rs-2-vss_7-System.evtx", "security.evtx"])
def test_real_logs_have_the_counts_that_decoding_every_record_gives(corpus, name):
    path = corpus / "evtx" / name
    counts, _ = counted(path)
    assert {kind: count.count for kind, count in counts.items()} == expected(path)


def test_a_real_evt_has_the_counts_that_decoding_every_record_gives(corpus):
    path = corpus / "evt" / "SysEvent.Evt"
    counts, _ = counted(path)
    assert {kind: count.count for kind, count in counts.items()} == expected(path)
    assert len(counts) > 10


def test_the_reference_decoder_counts_the_same(tmp_path):
    path = tmp_path / "System.evtx"
    path.write_bytes(evtx_log([event(1, 2), event(2, 4), event(3, 3), event(4, 2)]))
    counts, _ = counted(path)
    reference, _ = counted(path, options=ReadOptions(reference=True))
    figures = [(kind.level, count.count, count.location.record) for kind, count in counts.items()]
    assert figures == [(2, 2, 4), (3, 1, 3)]
    assert sorted((kind, count.count) for kind, count in reference.items()) == sorted(
        (kind, count.count) for kind, count in counts.items()
    )


def event(number, level, hour=8, text="", **more):
    return SampleEvent(
        provider="Disk",
        event_id=7,
        level=level,
        time=f"2020-03-{number:02}T{hour:02}:00:00Z",
        computer="PC",
        record_number=number,
        strings=(f"value {number}{text}",),
        event_type=EventType.ERROR if level == 2 else EventType.WARNING if level == 3 else EventType.INFORMATION,
        **more,
    )


@pytest.mark.parametrize("suffix", ["evtx", "evt"])
def test_first_last_and_the_newest_example(tmp_path, suffix):
    path = tmp_path / f"System.{suffix}"
    events = [event(1, 2), event(2, 4), event(3, 2)]
    path.write_bytes(evtx_log(events) if suffix == "evtx" else saved_log(events))
    counts, selected = counted(path)
    assert selected == []
    ((kind, count),) = counts.items()
    assert (kind.provider, kind.event_id, kind.level, kind.computer) == ("Disk", 7, 2, "PC")
    assert (count.count, count.location.record) == (2, 3)
    assert (str(count.first)[:10], str(count.last)[:10]) == ("2020-03-01", "2020-03-03")
    assert count.example() == {"Data1": "value 3"}


def test_kinds_beyond_the_bound_are_only_counted():
    counts = ProblemCounts()
    for number in range(2100):
        counts.add(ProblemKind("", "", "p", number, 2), None, None, Location("x"), None, dict)
    assert (len(counts), counts.omitted) == (2000, 100)
    counts.add(ProblemKind("", "", "p" * 301, 1, 2), None, None, Location("x"), None, dict)
    assert counts.omitted == 101


def test_examples_are_decoded_for_the_most_severe_kinds_and_their_size_is_bounded():
    counts = ProblemCounts()
    for number in range(60):
        level = 3 if number < 30 else 2
        kind = ProblemKind("", "", "p", number, level)
        counts.add(kind, None, None, Location("x"), None, lambda: {"a": "x" * 5000, "b": ["y"]})
    counts.decode_examples()
    examples = {kind.event_id: count.example() for kind, count in counts.items()}
    assert examples[59] == {"a": "x" * 1000, "b": ["y"]}
    assert [number for number, data in examples.items() if not data] == list(range(20, 30))


def test_the_example_of_a_log_of_many_segments_is_the_newest(tmp_path, monkeypatch):
    monkeypatch.setattr(problems, "_MOST_KEPT", 1)
    path = tmp_path / "System.evtx"
    path.write_bytes(evtx_log([event(day, 2, text="x" * 20_000) for day in range(1, 20)]))
    counts, _ = counted(path)
    ((_, count),) = counts.items()
    assert (count.count, count.location.record) == (19, 19)
    assert count.example()["Data1"].startswith("value 19")

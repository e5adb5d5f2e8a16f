"""The same event in several files of a host: what makes it the same, and which copy is kept."""

import time

import pytest
from host_builder import at, event, log
from msgspec.structs import replace

from evtscan.base.wintypes import Instant, parse_time
from evtscan.evidence.copies import each_once, is_copy

HOUR = 60
ONE = event(7, minute=0, computer="NTBOX", Data1="a", Data2="b c")
LIST = replace(ONE, record_id=None, header_id=None, unreadable=frozenset({"Data", "EventRecordID"}), data={})
"""The same as a text list has it."""


def local(minute, digits=0):
    return Instant(at(minute).ticks, digits, local=True)


def kept(*logs):
    return [(one.location.source, one.sequence) for one in each_once(logs).events]


SAME = {
    "all of it": {},
    "the source in other letters": {"provider": "DHCP"},
    "the source as another name of it": {"provider": "Microsoft-Windows-Dhcp", "event_source_name": "dhcp"},
    "the computer with its domain": {"computer": "ntbox.example.com"},
    "no computer": {"computer": None},
    "no record number": {"record_id": None},
    "no time": {"time": None},
    "another channel": {"channel": "Application"},
    "more digits": {"time": Instant(at(0).ticks + 9_999_999, 7)},
    "local time, an hour ahead": {"time": local(HOUR)},
    "local time, a quarter behind": {"time": local(-15)},
    "local time, as far as zones go": {"time": local(14 * HOUR)},
    "no strings": {"data": {}, "unreadable": frozenset({"Data"})},
    "strings with something else between them": {"data": {"Data1": "a", "Data2": "b", "Data3": "c"}},
    "strings by name": {"data": {"Address": "something"}},
    "raw data": {"data": {"Data1": "a", "Data2": "b c", "Binary": "00"}},
}
DIFFERENT = {
    "event id": {"event_id": 1009},
    "source": {"provider": "DhcpServer"},
    "computer": {"computer": "OTHER"},
    "record number": {"record_id": 8},
    "time": {"time": Instant(at(0).ticks + 10_000_000, 0)},
    "time, by an hour": {"time": at(HOUR)},
    "time, by the last digit": {"time": Instant(at(0).ticks, 7)},
    "local time, by minutes": {"time": local(7)},
    "local time, by a second": {"time": Instant(local(HOUR).ticks + 10_000_000, 0, local=True)},
    "local time, beyond all zones": {"time": local(14 * HOUR + 15)},
    "strings": {"data": {"Data1": "a", "Data2": "x"}},
    "a string more": {"data": {"Data1": "a", "Data2": "b c", "Data3": "d"}},
    "neither time nor number": {"time": None, "record_id": None},
}


@pytest.mark.parametrize("difference", SAME.values(), ids=SAME)
def test_copies_agree_in_all_that_both_carry(difference):
    other = replace(ONE, **difference)
    assert is_copy(ONE, other)
    assert is_copy(other, ONE)


@pytest.mark.parametrize("difference", DIFFERENT.values(), ids=DIFFERENT)
def test_records_that_differ_are_no_copies(difference):
    one = replace(ONE, time=Instant(at(0).ticks + 1, 7)) if difference == DIFFERENT["time, by the last digit"] else ONE
    assert not is_copy(one, replace(one, **difference))
    assert not is_copy(replace(one, **difference), one)


@pytest.mark.parametrize("difference", SAME.values(), ids=SAME)
def test_a_copy_counts_once_in_whatever_order_the_files_come(difference):
    one, other = log(ONE, source="a"), log(replace(ONE, **difference), source="b")
    assert [len(each_once(logs).events) for logs in ((one, other), (other, one))] == [1, 1]


def test_records_of_three_files_and_who_repeats_whom():
    first = log(event(1), event(2), source="a")
    second = log(event(2), event(3), event(4), source="b")
    third = log(event(1), event(3), event(4), event(5), source="c")
    found = each_once([first, second, third])
    assert [one.sequence for one in found.events] == [1, 2, 3, 4, 5]
    assert found.copies == {("b", "a"): 1, ("c", "a"): 1, ("c", "b"): 2}


def test_one_file_may_repeat_itself():
    assert len(each_once([log(LIST, LIST, source="a")]).events) == 2
    assert len(each_once([log(LIST, LIST, source="a"), log(LIST, source="b")]).events) == 2
    assert len(each_once([log(LIST, source="a"), log(LIST, LIST, LIST, source="b")]).events) == 3
    assert len(each_once([log(LIST, LIST, source="a"), log(LIST, LIST, source="b"), log(LIST, source="c")]).events) == 2


def test_the_copy_that_carries_most_is_kept():
    binary = log(replace(ONE, location=replace(ONE.location, source="z.evt")), source="z.evt")
    as_list = log(replace(LIST, time=local(HOUR), location=replace(ONE.location, source="a.txt")), source="a.txt")
    assert kept(binary, as_list) == kept(as_list, binary) == [("z.evt", 7)]


@pytest.mark.parametrize(
    "poorer",
    [
        {"unreadable": frozenset({"Data"}), "data": {}},
        {"time": local(HOUR)},
        {"time": None},
        {"unreadable": frozenset({"Task"})},
        {"recovered": True},
    ],
)
def test_what_makes_a_copy_poorer(poorer):
    copy = replace(ONE, location=replace(ONE.location, source="a"), **poorer)
    whole = replace(ONE, location=replace(ONE.location, source="b"))
    assert kept(log(copy, source="a"), log(whole, source="b")) == [("b", 7)]
    assert kept(log(whole, source="b"), log(copy, source="a")) == [("b", 7)]


def test_a_local_time_agrees_across_midnight():
    late = event(1, minute=23 * HOUR + 30)
    printed = replace(late, record_id=None, time=Instant(late.time.ticks, local=True, digits=0))
    ahead = replace(printed, time=local(24 * HOUR + 30))
    assert len(each_once([log(late, source="a"), log(ahead, source="b")]).events) == 1
    behind = replace(event(1, minute=30), record_id=None, time=local(-30))
    assert len(each_once([log(event(1, minute=30), source="a"), log(behind, source="b")]).events) == 1


def test_the_time_it_takes_grows_with_the_events_not_with_their_pairs():
    many = [event(number, minute=number * 15) for number in range(20_000)]  # the same second of every quarter
    lists = [replace(one, record_id=None, time=Instant(one.time.ticks, 0, local=True)) for one in many]
    started = time.process_time()
    assert len(each_once([log(*many, source="a"), log(*lists, source="b")]).events) == 20_000
    assert time.process_time() - started < 20


@pytest.mark.parametrize(
    ("other", "distinct"),
    [
        (lambda number: {}, 4000),
        (lambda number: {"sequence": number + 4000, "record_id": number + 4000}, 8000),
        (lambda number: {"record_id": None}, 4000),
    ],
    ids=["the same", "others", "without numbers"],
)
@pytest.mark.parametrize("newest_first", [False, True])
def test_a_flood_in_one_second_is_no_different(other, distinct, newest_first):
    many = [event(number, minute=0, Data1=str(number)) for number in range(4000)]
    again = [replace(one, **other(one.sequence)) for one in many]
    started = time.perf_counter()
    assert len(each_once([log(*many, source="a"), log(*again[:: -1 if newest_first else 1], source="b")]).events) == (
        distinct
    )
    assert time.perf_counter() - started < 10


def test_a_time_before_the_epoch_of_files_is_a_time_too():
    early = replace(ONE, time=parse_time("1601-01-01T00:00:00Z"))
    printed = replace(early, time=Instant(0, 0, local=True), record_id=None)
    assert len(each_once([log(early, source="a"), log(printed, source="b")]).events) == 1

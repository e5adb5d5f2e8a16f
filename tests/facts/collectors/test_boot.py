# ruff: noqa: E501 - tables read best with one case on a line
"""Boot event 6009, and the computer name at a start."""

import pytest
from host_builder import booted, event, event_log
from msgspec.structs import replace

from evtscan.facts.collectors import boot, names

CASES = {
    "NT 4.0": (("4.0", "1381", "Service Pack 6", "Uniprocessor Free"), ("4.0", 1381, 6, "Uniprocessor Free")),
    "2000": (("5.00.", "2195", "Service Pack 4", "Multiprocessor Free"), ("5.0", 2195, 4, "Multiprocessor Free")),
    "XP": (("5.01.", "2600", "Service Pack 3", "Uniprocessor Free"), ("5.1", 2600, 3, "Uniprocessor Free")),
    "10": (("10.00.", "19041", "", "Multiprocessor Free"), ("10.0", 19041, 0, "Multiprocessor Free")),
    "a tail": (("4.0", "1381", "Service Pack 4, RC 1.2", "x"), ("4.0", 1381, 4, "x")),
    "nothing readable": (("four", "many", "pack", " "), (None, None, None, None)),
    "a build of many digits": (("4.0", "9" * 5000, "Service Pack 6", "x"), ("4.0", None, 6, "x")),
}
NAMES = ("os.version", "os.build", "os.service_pack", "os.kernel_type")


@pytest.mark.parametrize(("strings", "expected"), CASES.values(), ids=CASES)
def test_6009(strings, expected):
    data = {f"Data{place}": text for place, text in enumerate(strings, 1)}
    stated = {item.name: item.value for item in boot.collect([event_log(7, 6009, **data)])}
    assert stated == {name: value for name, value in zip(NAMES, expected, strict=True) if value is not None}


SENTENCES = {
    "NT 4.0": ("Microsoft (R) Windows NT (R) 4.0 1381 Service Pack 4 Uniprocessor Free.", ("4.0", 1381, 4, "Uniprocessor Free")),
    "NT 4.0 as Q196452 has it": ("Microsoft (R) Windows NT 4.0 1381 Service Pack 6 Multiprocessor free", ("4.0", 1381, 6, "Multiprocessor free")),
    "NT 4.0 with a tail": ("Microsoft (R) Windows NT (R) 4.0 1381 Service Pack 4, RC 1.2 Uniprocessor Free.", ("4.0", 1381, 4, "Uniprocessor Free")),
    "2000 without a pack": ("Microsoft (R) Windows 2000 (R) 5.0 2195  Multiprocessor Free.", ("5.0", 2195, 0, "Multiprocessor Free")),
    "2000 over two lines": ("Microsoft (R) Windows 2000 (R) 5.0 2195 Service Pack 4\r\nUniprocessor Free.\r\n", ("5.0", 2195, 4, "Uniprocessor Free")),
    "Vista": ("Microsoft (R) Windows (R) 6.00. 6001 Service Pack 1 Multiprocessor Free.", ("6.0", 6001, 1, "Multiprocessor Free")),
    "11": ("Microsoft (R) Windows (R) 10.00. 22631  Multiprocessor Free.", ("10.0", 22631, 0, "Multiprocessor Free")),
    "cut off": ("Microsoft (R) Windows NT (R) 4.0 1381", ()),
    "another language": ("Microsoft (R) Windows NT (R) 4.0 1381 Service Pack 4 Einzelprozessor.", ()),
    "another sentence": ("It runs Microsoft (R) Windows NT (R) 4.0 1381 Service Pack 4 Uniprocessor Free.", ()),
    "very long": ("Microsoft (R) Windows NT (R) 4.0 1381 " + " " * 500 + "Uniprocessor Free.", ()),
}  # fmt: skip


@pytest.mark.parametrize(("message", "expected"), SENTENCES.values(), ids=SENTENCES)
def test_6009_of_an_export_that_carries_the_message_alone(message, expected):
    one = replace(event_log(7, 6009), message=message)
    assert tuple(item.value for item in boot.collect([one])) == expected


def test_the_strings_of_a_record_go_before_its_message():
    one = replace(booted(7, "Service Pack 6"), message=SENTENCES["NT 4.0"][0])
    assert {item.name: item.value for item in boot.collect([one])}["os.service_pack"] == 6


def test_every_statement_points_to_its_record():
    assert [item.location.record for item in boot.collect([booted(7)])] == [7, 7, 7, 7]


def test_a_6009_without_strings_or_of_another_source_states_nothing():
    assert list(boot.collect([event_log(1, 6009), event(2, "Other", 6009, Data1="4.0")])) == []


def test_each_start_states_the_name_of_the_host():
    events = [event_log(1, 6005, computer="OLD"), event(2), event_log(3, 6006), event_log(9, 6009, computer="NEW")]
    assert [(item.value, item.location.record) for item in names.collect(events)] == [("OLD", 1), ("NEW", 9)]


def test_what_is_collected_is_what_is_declared():
    assert {item.name for item in boot.collect([booted(1)])} == set(boot.PROVIDES)
    assert {item.name for item in names.collect([booted(1)])} == set(names.PROVIDES)

"""Boot event 6009, and the computer name at a start."""

import pytest
from host_builder import booted, event, event_log

from evtscan.facts import boot, names

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

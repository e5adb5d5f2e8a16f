# ruff: noqa: E501 - tables read best with one case on a line
"""Which machines the logs of one folder come from."""

from dataclasses import replace

import pytest
from host_builder import FakeRegistry, at, event, facts_file, localised, log

from evtscan.base.model.inventory import Inventory
from evtscan.base.model.source import EvidenceRow, SkippedFile
from evtscan.evidence import forwarded
from evtscan.evidence.machines import machines_in, name_in, single_out
from evtscan.evidence.reading import Reading

NAME = r"SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName"
ACTIVE = r"SYSTEM\CurrentControlSet\Control\ComputerName\ActiveComputerName"


def one(source, computer, begins, ends, channel="System", **more):
    names = (computer,) if isinstance(computer, str) else computer
    times = {"first_time": at(begins), "last_time": at(ends)}
    return log(source=source, channel=channel, computers=tuple(filter(None, names)), **times, **more)


def told(reading):
    """The readings of a folder, each with the sources that it holds, and what of it was left out."""
    machines = machines_in(reading)
    left_out = [item.location.source for machine in machines for item in machine.reading.warnings]
    return {machine.label: [row.source_file for row in machine.reading.rows] for machine in machines}, left_out


def folder(*parts):
    """A reading of logs, registries, inventories and facts files, with a row for each source."""
    reading = Reading(
        logs=[part for part in parts if hasattr(part, "summary")],
        registries=[part for part in parts if isinstance(part, FakeRegistry)],
        inventories=[part for part in parts if isinstance(part, Inventory)],
        facts_files=[part for part in parts if hasattr(part, "entries")],
    )
    sources = dict.fromkeys(part.source.name if hasattr(part, "summary") else part.source for part in parts)
    reading.rows = [EvidenceRow(source_file=source, size=1, format="x") for source in sources]
    return reading


def hive(source, name):
    return FakeRegistry({NAME: {"ComputerName": name}}, source=source)


ONE_MACHINE = {
    "one name": [one("a", "NT", 0, 9), one("b", "NT", 0, 9)],
    "the same first label, in any case": [one("a", "nt.example.com", 0, 9), one("b", "NT", 0, 9)],
    "a name of the chain": [one("a", ("OLD", "NEW"), 0, 9), one("b", "NEW", 0, 9), one("c", "OLD", 0, 3)],
    "a log that names nobody": [one("a", "", 0, 9), one("b", "TWO", 0, 9)],
    "a log of the image": [one("a", "37L4247F27-26", 0, 9), one("b", "TWO", 0, 9)],
    "record numbers that go on": [one("a", "ONE", 0, 9, last=50), one("b", "TWO", 9, 12, first=51, last=60)],
    "facts that connect two names": [one("a", "ONE", 0, 9), one("b", "TWO", 5, 12), facts_file("f", host_name=[("one", 0), ("two", 9)])],
    "a hive that names nobody": [one("a", "ONE", 0, 9), FakeRegistry({}, source="h")],
    "a hive under the name to come": [one("a", "ONE", 0, 9), FakeRegistry({NAME: {"ComputerName": "NEW"}, ACTIVE: {"ComputerName": "ONE"}})],
    "a report of the same name": [one("a", "ONE.example.com", 0, 9), Inventory(source="r", format="x", computer="one")],
    "a NetBIOS name": [one("a", "averylonghostname01.example.com", 0, 9), hive("h", "AVERYLONGHOSTNA")],
}  # fmt: skip


@pytest.mark.parametrize("parts", ONE_MACHINE.values(), ids=ONE_MACHINE)
def test_evidence_joins_through_a_name_or_because_it_names_nobody(parts):
    reading = folder(*parts)
    (machine,) = machines_in(reading)
    assert (machine.label, machine.reading.warnings) == ("", [])
    assert len(machine.reading.rows) == len(reading.rows)


REPORT = Inventory(source="r", format="x")
APART = {
    "another name at another time": ([one("a", "ONE", 0, 9), one("a2", "ONE", 0, 9), one("b", "TWO", 9, 12)], "b"),
    "numbers that go on earlier": ([one("a", "ONE", 10, 20, last=50), one("b", "TWO", 0, 9, first=51, last=60)], "b"),
    "a hive of another": ([one("a", "ONE", 0, 9), hive("h", "TWO")], "h"),
    "a report of another": ([one("a", "ONE", 0, 9), Inventory(source="r", format="x", computer="TWO")], "r"),
    "reports of another in one file": (
        [one("a", "ONE", 0, 9), REPORT, replace(REPORT, computer="TWO"), REPORT], "r"),
    "registry keys among reports of another": (
        [one("a", "ONE", 0, 9), replace(REPORT, registries=(hive("r", "TWO"),)), REPORT], "r"),
    "facts of another": ([one("a", "ONE", 0, 9), facts_file("f", host_name="TWO")], "f"),
    "a NetBIOS name that fits two": (
        [one("a", ("averylonghostname01", "x"), 0, 9), facts_file("f", host_name=[("averylonghostname02", 0), ("X", 1)]),
         hive("h", "AVERYLONGHOSTNA"), facts_file("g", host_name="averylonghostname03")], "h"),
}  # fmt: skip


@pytest.mark.parametrize(("parts", "left_out"), APART.values(), ids=APART)
def test_what_names_another_machine_stays_apart_with_a_warning(parts, left_out):
    (machine,) = machines_in(folder(*parts))
    assert machine.label == ""
    assert left_out not in [row.source_file for row in machine.reading.rows]
    assert left_out in [item.source_file for item in machine.reading.skipped]
    (warning,) = [item for item in machine.reading.warnings if item.location.source == left_out]
    assert warning.kind == "identity_mismatch"
    assert "facts.yaml" in warning.message


def test_a_report_that_names_nobody_is_of_the_machine_that_its_file_names():
    one_file = [replace(REPORT, computer=name) for name in (None, "ONE", None, "TWO", None)]
    (machine,) = machines_in(folder(one("a", "ONE", 0, 9), *one_file))
    assert [item.computer for item in machine.reading.inventories] == [None, "ONE", None]
    asked = replace(REPORT, computer="TWO", remote=True)
    (machine,) = machines_in(folder(one("a", "ONE", 0, 9), asked, REPORT, one_file[1], asked, REPORT))
    assert [item.computer for item in machine.reading.inventories] == [None, "ONE", None]
    (machine,) = machines_in(folder(one("a", "ONE", 0, 9), *one_file[:1], *one_file[3:]))
    assert machine.reading.inventories == []


MACHINES = {
    "two at the same time": ([one("a", "ONE", 0, 9), one("b", "TWO", 5, 12)], {"ONE": ["a"], "TWO": ["b"]}),
    "one within a long one of the same name": (
        [one("a", "ONE", 0, 9), one("b", "ONE", 1, 2), one("c", "TWO", 8, 9.5)], {"ONE": ["a", "b"], "TWO": ["c"]}),
    "three, of which two overlap": (
        [one("a", "ONE", 0, 9), one("b", "TWO", 1, 2), one("c", "SIX", 20, 30)],
        {"ONE": ["a"], "TWO": ["b"], "SIX": ["c"]}),
}  # fmt: skip


@pytest.mark.parametrize(("parts", "expected"), MACHINES.values(), ids=MACHINES)
def test_logs_of_different_names_at_the_same_time_are_different_machines(parts, expected):
    machines, warned = told(folder(*parts))
    assert machines == expected
    assert len(warned) == len(expected)


DAY = 1440
LOCAL_MACHINES = {
    "at the same time, in every zone": (one("b", "TWO", DAY, 9 * DAY), True),
    "a short one, in every zone": (one("b", "TWO", 5 * DAY, 5 * DAY + 60), True),
    "a short one of the first hours": (one("b", "TWO", 60, 120), False),
    "perhaps at the same time": (one("b", "TWO", 10 * DAY - 60, 20 * DAY), False),
}


@pytest.mark.parametrize(("listed", "apart"), LOCAL_MACHINES.values(), ids=LOCAL_MACHINES)
def test_a_list_of_local_times_is_of_another_machine_only_if_it_overlaps_in_every_zone(listed, apart):
    machines = machines_in(folder(one("a", "ONE", 0, 10 * DAY), localised(listed)))
    assert [machine.label for machine in machines] == (["ONE", "TWO"] if apart else [""])
    assert len(machines_in(folder(one("a", "ONE", 0, 10 * DAY), listed))) == 2


@pytest.mark.parametrize(("begins", "connected"), [(10 * DAY, False), (11 * DAY, True)])
def test_numbers_go_on_in_a_list_of_local_times_only_if_it_is_later_in_every_zone(begins, connected):
    listed = localised(one("b", "TWO", begins, 20 * DAY, first=51, last=60))
    (machine,) = machines_in(folder(one("a", "ONE", 0, 10 * DAY, last=50), listed))
    assert len(machine.reading.logs) == (2 if connected else 1)


def collector():
    """A collector's folder: its own System log, and what two hosts forwarded to it."""
    sent = [
        event(n, computer=name, source="ForwardedEvents.evtx", channel="Security")
        for n, name in enumerate(["A", "B.x.org", "A.x.org", "B"], 1)
    ]
    received = log(*sent, source="ForwardedEvents.evtx", channel="Security")
    return [one("System.evtx", "COLL", 0, 9), *forwarded.split_log(received)]


def test_what_was_forwarded_describes_the_origin_and_never_the_collector():
    reading = folder(*collector(), FakeRegistry({}, source="h"))
    machines = {machine.label: machine.reading for machine in machines_in(reading)}
    assert list(machines) == ["COLL", "A", "B"]
    assert [[item.sequence for item in one.logs[0].events] for one in machines.values()] == [[], [1, 3], [2, 4]]
    assert [row.source_file for row in machines["COLL"].rows] == ["System.evtx", "h"]
    assert [row.source_file for row in machines["B"].rows] == ["ForwardedEvents.evtx"]


def test_what_a_collector_received_from_itself_is_its_own():
    own = forwarded.split_log(log(event(1, computer="coll", source="f"), source="f", channel="ForwardedEvents"))
    (machine,) = machines_in(folder(one("System.evtx", "COLL", 0, 9), *own))
    assert machine.label == ""
    assert [item.forwarded for item in machine.reading.logs] == [False, True]


def test_one_machine_is_singled_out_the_one_that_most_logs_name():
    reading = single_out(folder(one("a", "ONE", 0, 9), one("b", "TWO", 5, 12), one("c", "TWO", 0, 1)))
    assert [row.source_file for row in reading.rows] == ["b", "c"]
    assert [(item.source_file, item.reason) for item in reading.skipped] == [
        ("a", "comes from ONE, which is another machine")
    ]
    (warning,) = reading.warnings
    assert "TWO and ONE" in warning.message
    assert "only TWO is judged: “evtscan audit FOLDER”" in warning.message


def test_what_explains_the_other_warnings_of_a_mixed_folder_goes_first():
    mixed = folder(one("a", "ONE", 0, 9), one("b", "TWO", 5, 12), FakeRegistry({}, source="nameless"))
    assert [(item.kind, item.location.source) for item in single_out(mixed).warnings] == [
        ("identity_mismatch", "b"),
        ("identity_mismatch", "nameless"),
    ]


@pytest.mark.parametrize("name", ["OLD", "new.example.com"])
def test_a_machine_that_is_named_is_singled_out_by_any_of_its_names(name):
    reading = folder(one("a", "ONE", 0, 9), one("b", "ONE", 0, 9), one("c", ("OLD", "NEW"), 9, 12))
    assert [row.source_file for row in single_out(reading, name).rows] == ["c"]
    assert [row.source_file for row in single_out(reading, "somebody").rows] == ["a", "b"]


def test_one_machine_is_singled_out_by_its_name():
    reading = single_out(folder(*collector(), FakeRegistry({}, source="h")), "a")
    assert reading.registries == []  # the hive is the collector's, as far as anybody can know
    assert [row.source_file for row in reading.rows] == ["ForwardedEvents.evtx"]
    assert [item.computer for item in reading.logs[0].events] == ["A", "A.x.org"]


def reading_of_two():
    logs = [one("a", "ONE.example.com", 0, 9), one("b", "two", 5, 12), one("nameless", "", 0, 9)]
    registries = [
        FakeRegistry({NAME: {"ComputerName": "TWO"}}, source="two.reg"),
        FakeRegistry({}, source="other.reg"),
    ]
    facts = [facts_file("one.yaml", host_name="one")]
    sources = ["a", "b", "nameless", "two.reg", "other.reg", "one.yaml"]
    reading = Reading(logs=logs, registries=registries, facts_files=facts)
    reading.rows = [EvidenceRow(source_file=source, size=1, format="x") for source in sources]
    reading.skipped = [SkippedFile(source_file="readme.txt", reason="no evidence")]
    for source in ("b", "nameless", "broken"):
        reading.warn(source, "told", "what the parser said")
    return reading


def test_what_names_a_machine_goes_with_it():
    first, second = machines_in(reading_of_two())
    assert (first.label, second.label) == ("ONE", "two")
    assert [row.source_file for row in first.reading.rows] == ["a", "one.yaml"]
    assert [row.source_file for row in second.reading.rows] == ["b", "two.reg"]
    assert len(second.reading.evidence.registries) == 1


def test_what_names_none_is_left_out_with_a_warning_and_nothing_is_lost():
    machines = machines_in(reading_of_two())
    warned = [(item.kind, item.location.source) for machine in machines for item in machine.reading.warnings]
    assert sorted(warned) == [
        ("identity_mismatch", "a"),
        ("identity_mismatch", "b"),
        ("identity_mismatch", "nameless"),
        ("identity_mismatch", "other.reg"),
        ("told", "b"),
        ("told", "broken"),
        ("told", "nameless"),
    ]
    skipped = [item.source_file for machine in machines for item in machine.reading.skipped]
    assert skipped == ["readme.txt", "nameless", "other.reg"]


def test_a_folder_of_one_machine_stays_whole():
    reading = Reading(logs=[one("a", "NT", 0, 9)])
    (machine,) = machines_in(reading)
    assert (machine.label, machine.reading) == ("", reading)


@pytest.mark.parametrize(
    ("reading", "name"),
    [
        (Reading(logs=[one("a", "NT.example.com", 0, 1)]), "NT.example.com"),
        (Reading(registries=[FakeRegistry({NAME: {"ComputerName": "NT\0"}})]), "NT"),
        (Reading(registries=[FakeRegistry({NAME: {"ComputerName": 5}})]), ""),
        (Reading(facts_files=[facts_file(host_name="NT")]), "NT"),
        (Reading(facts_files=[facts_file(os_version="4.0")]), ""),
    ],
)
def test_the_name_that_a_file_gives(reading, name):
    assert name_in(reading) == name

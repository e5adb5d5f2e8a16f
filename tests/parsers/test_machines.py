# ruff: noqa: E501 - tables read best with one case on a line
"""Which machines the logs of one folder come from."""

import pytest
from host_builder import FakeRegistry, at, facts_file, log

from evtscan.model import EvidenceRow, SkippedFile
from evtscan.parsers.evidence import Reading
from evtscan.parsers.machines import divide, mixed, name_in

NAME = r"SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName"


def one(source, computer, begins, ends, channel="System"):
    names = (computer,) if computer else ()
    return log(source=source, channel=channel, computers=names, first_time=at(begins), last_time=at(ends))


CASES = {
    "one machine": ([("a", "NT", 0, 9), ("b", "NT", 0, 9)], []),
    "two at the same time": ([("a", "ONE", 0, 9), ("b", "TWO", 5, 12)], ["ONE", "TWO"]),
    "renamed": ([("a", "ONE", 0, 9), ("b", "TWO", 9, 12)], []),
    "renamed and back": ([("a", "ONE", 0, 3), ("b", "TWO", 4, 6), ("c", "ONE", 7, 9)], []),
    "one within a long one of the same name": ([("a", "ONE", 0, 9), ("b", "ONE", 1, 2), ("c", "TWO", 8, 9.5)], ["ONE", "TWO"]),
    "the same first label": ([("a", "nt.example.com", 0, 9), ("b", "NT", 0, 9)], []),
    "three, of which two overlap": ([("a", "ONE", 0, 9), ("b", "TWO", 1, 2), ("c", "SIX", 20, 30)], ["ONE", "TWO", "SIX"]),
    "no name": ([("a", "", 0, 9), ("b", "TWO", 0, 9)], []),
}  # fmt: skip


@pytest.mark.parametrize(("logs", "expected"), CASES.values(), ids=CASES)
def test_mixed(logs, expected):
    assert mixed(Reading(logs=[one(*item) for item in logs])) == expected


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
    first, second = divide(reading_of_two())
    assert (first.label, second.label) == ("ONE", "two")
    assert [row.source_file for row in first.reading.rows] == ["a", "one.yaml"]
    assert [row.source_file for row in second.reading.rows] == ["b", "two.reg"]
    assert len(second.reading.evidence.registries) == 1


def test_what_names_none_is_left_out_with_a_warning_and_nothing_is_lost():
    machines = divide(reading_of_two())
    told = [(item.kind, item.location.source) for machine in machines for item in machine.reading.warnings]
    assert sorted(told) == [
        ("identity_mismatch", "a"),
        ("identity_mismatch", "b"),
        ("identity_mismatch", "nameless"),
        ("identity_mismatch", "other.reg"),
        ("told", "b"),
        ("told", "broken"),
        ("told", "nameless"),
    ]
    assert [item.source_file for machine in machines for item in machine.reading.skipped] == ["readme.txt"]


def test_a_folder_of_one_machine_stays_whole():
    reading = Reading(logs=[one("a", "NT", 0, 9)])
    (machine,) = divide(reading)
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

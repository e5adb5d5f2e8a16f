"""The history of a host as rows, and as bars."""

import pytest
from host_builder import FakeRegistry, at, booted, event, event_log, evidence, facts_file, local, log

from evtscan.base.model.log import ClockStep
from evtscan.base.wintypes import TICKS_PER_SECOND
from evtscan.detection.load import catalogue
from evtscan.detection.load.loader import load_rules
from evtscan.detection.match.engine import Engine
from evtscan.evidence.copies import each_once
from evtscan.facts.catalogue.names import is_known
from evtscan.facts.host import Host
from evtscan.report.timeline import MARKS, bars, lasting, rows_of, rows_of_logs, session_rows
from evtscan.survey.host import judge_events
from evtscan.survey.options import ScanOptions


@pytest.fixture(scope="module")
def rules():
    return load_rules([catalogue.folder()], fact_known=is_known).rules


def told(host, outcomes=()):
    return [(row.session, row.kind, row.text) for row in rows_of(host, outcomes)]


def test_starts_stops_and_clock_steps_in_record_order():
    steps = (
        ClockStep(sequence=15, before=at(600), after=at(15)),
        ClockStep(sequence=17, before=at(17), after=at(1), until=18),
        ClockStep(sequence=18, before=at(18), after=at(198)),
    )
    records = [booted(10), event_log(11, 6005), event_log(20, 6006), event_log(30, 6008), event_log(31, 6005)]
    host = Host(evidence(log(*records, last=40, clock_steps=steps)))
    assert [row for row in told(host) if row[1] != "fact"] == [
        (0, "gap", "the log begins at record 1"),
        (1, "start", "started (EventLog 6009, 6005)"),
        (1, "clock step", f"the clock was set back by 9 hours 45 minutes, from {at(600)}"),
        (
            1,
            "clock step",
            f"1 record bears a time 16 minutes earlier than {at(17)} before and after: "
            "logged late, or by a clock soon corrected",
        ),
        (1, "clock step", f"the clock was set forward by 3 hours, from {at(18)}"),
        (1, "stop", "stopped in order (EventLog 6006)"),
        (2, "start", "started, after it had stopped without being shut down (EventLog 6008, 6005)"),
    ]
    places = [(row.sequence, row.location.record) for row in rows_of(host) if row.kind == "clock step"]
    assert places == [(15, 15), (17, 17), (18, 18)]


def test_gaps_between_and_in_logs():
    one = log(event_log(50, 6005, source="a"), source="a", last=100, wrapped=True)
    two = log(source="b", first=120, last=200, holes=2)
    new = log(source="c", first=1, last=20, first_time=at(9000), last_time=at(9020), cleared=True)
    host = Host(evidence(one, two, new))
    assert [row for row in told(host) if row[1] == "gap"] == [
        (0, "gap", "the log begins at record 1 (a: wrapped)"),
        (2, "gap", "19 records are missing: the log goes on at record 120 (b: holes)"),
        (3, "gap", "another log begins, at record 1 (c: cleared)"),
    ]


def test_facts_where_they_change_with_what_bounds_them():
    records = [booted(10), booted(20), event_log(40, 6005), booted(60, "Service Pack 5")]
    export = FakeRegistry({r"SOFTWARE\Microsoft\Windows NT\CurrentVersion": {"CSDVersion": "Service Pack 6"}})
    host = Host(evidence(log(*records, last=70), export))
    packs = [(row.session, row.text) for row in rows_of(host) if "ervice" in row.text]
    assert packs == [
        (1, "Service Pack 6"),
        (
            1,
            "the service pack is 4 or more: Windows NT 4.0 writes event 6009 of EventLog only from Service Pack 4 on",
        ),
        (
            3,
            "the service pack is 0…3: the host started without event 6009 of EventLog, which Windows NT 4.0 writes "
            "from Service Pack 4 on",
        ),
        (4, "Service Pack 5"),
        (
            4,
            "the service pack is 4 or more: Windows NT 4.0 writes event 6009 of EventLog only from Service Pack 4 on",
        ),
        (4, "Service Pack 6 (assumed: not dated)"),
    ]


def test_a_session_that_a_local_time_leaves_open_is_told_as_assumed():
    registry = FakeRegistry(
        {r"SOFTWARE\Microsoft\Windows NT\CurrentVersion": {"CurrentVersion": "4.0"}}, taken=local(90)
    )
    host = Host(evidence(log(event_log(10, 6005, minute=60), last=20), registry))
    (text,) = {text for _, kind, text in told(host) if kind == "fact" and "4.0" in text}
    assert text.endswith("(in this boot session or an earlier one: dated in local time)")


def test_a_short_and_a_long_name_are_no_change():
    names = ["ntbox", "NTBOX.example.com", "NEW", "NEW"]
    records = [event_log(10 * n, 6005, computer=name) for n, name in enumerate(names, 1)]
    assert [row.text for row in rows_of(Host(evidence(log(*records)))) if row.kind == "fact"] == [
        "named ntbox",
        "named NEW",
    ]


def test_records_of_an_image_are_mentioned():
    records = [event_log(10, 6005, computer="MINWINPC"), event_log(20, 6005, computer="NEW")]
    texts = [row.text for row in rows_of(Host(evidence(log(*records))))]
    assert "its oldest records come from an installation image, as their name shows, and are not judged" in texts
    assert "named MINWINPC" not in texts


def test_matches_stand_in_their_sessions_and_those_of_none_at_the_end(rules):
    system = log(event_log(10, 6005), event(20), event_log(30, 6005), event(40), last=50)
    other = event(1, source="x", channel=None, minute=-9000)
    host = Host(
        evidence(system, log(other, source="x", channel=None, first_time=at(-9000)), facts_file(os_version="4.0"))
    )
    events = each_once(host.evidence.logs).events
    rows = rows_of(host, judge_events(host, "H", Engine(rules), ScanOptions(), events))
    matches = [(row.session, row.time, row.verdict) for row in rows if row.kind == "match"]
    assert matches == [
        (1, str(at(20)), "possible"),
        (2, str(at(40)), "possible"),
        (None, str(at(-9000)), "possible"),
    ]
    assert rows[-1].session is None
    assert rows[-1].text.startswith("Dhcp 1008, possible (Q162396: ")


def test_nothing_is_known_of_nothing():
    assert rows_of(Host(evidence())) == []
    assert bars(Host(evidence()), [], 10) == []


# ------------------------------------------------------------------------------------------ rows of a report


def test_boot_sessions_as_rows():
    records = [booted(10), event_log(11, 6005), event_log(20, 6006), event_log(30, 6008), event_log(31, 6005)]
    host = Host(evidence(log(*records, last=40)))
    before, first, second = session_rows(host, 10)
    assert (before.session, before.first, before.last, before.started, before.whole) == (0, 1, 9, "", False)
    assert (first.session, first.begins, first.ends, first.started) == (1, str(at(10)), str(at(30)), "in order")
    assert (second.first, second.last, second.started) == (30, 40, "unclean")
    assert session_rows(host, 2) == [first, second]
    assert session_rows(Host(evidence()), 5) == []


def test_what_the_logs_show_in_the_newest_boot_sessions():
    records = [event_log(number, 6005) for number in range(10, 60, 10)]
    host = Host(evidence(log(*records, event_log(25, 6006), last=60)))

    def shown(sessions, most):
        return [(row.session, row.kind) for row in rows_of_logs(host, sessions, most)]

    starts = [(number, "start") for number in range(1, 6)]
    assert shown(99, 99) == [(0, "gap"), *starts[:2], (2, "stop"), *starts[2:]]
    assert shown(4, 99) == [(2, "start"), (2, "stop"), *starts[2:]]
    assert shown(99, 2) == starts[-2:]
    assert all(row.sequence is not None for row in rows_of_logs(host, 99, 99))


# ----------------------------------------------------------------------------------------------------- bars


def test_a_bar_shares_the_records_of_a_session_out_to_its_cells():
    steps = (ClockStep(sequence=30, before=at(600), after=at(30)),)
    records = [booted(11), event_log(12, 6005), event(25), event_log(50, 6006), event_log(51, 6005)]
    host = Host(evidence(log(*records, last=60, clock_steps=steps)))
    found = bars(host, rows_of(host), 8)
    assert [(line.session, line.begins, line.bar) for line in found] == [
        (0, str(at(1)), "#-------"),
        (1, str(at(11)), "[--~---]"),
        (2, str(at(51)), "[-------"),
    ]
    assert [line.lasts for line in found] == ["10 records, 10 minutes", "40 records", "10 records, 9 minutes"]


def test_of_several_marks_in_a_cell_the_one_that_matters_most_is_shown():
    assert list(MARKS.values()) == ["!", "~", "]", "[", "f", "#"]
    host = Host(evidence(log(booted(1), event_log(2, 6006), last=2)))
    (line,) = bars(host, rows_of(host), 1)
    assert line.bar == "]"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (61, "1 minute 1 second"),
        (3600, "1 hour"),
        (3601, "1 hour"),
        (90_061, "1 day 1 hour"),
        (86_400 * 1675, "1,675 days"),
    ],
)
def test_a_time_span_in_its_two_largest_units(seconds, text):
    assert lasting(seconds * TICKS_PER_SECOND) == text


def test_what_is_said_of_the_names_of_a_set():
    """A program that is configured was not installed, and did not go."""
    events = [
        event(
            place,
            "MsiInstaller",
            number,
            source="App.evt",
            channel="Application",
            Data1="Exchange",
            Data2="6.5",
            Data3="1033",
            Data4="0",
        )
        for place, number in enumerate((1035, 1034, 1033), 1)
    ]
    host = Host(evidence(log(booted(1), last=10), log(*events, source="App.evt", channel="Application")))
    assert [text for _, _, text in told(host) if text.startswith("application ")] == [
        "application Exchange there",
        "application Exchange went",
        "application Exchange came",
    ]

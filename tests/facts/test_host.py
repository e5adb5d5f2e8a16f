"""A host: where records and snapshots belong, what is now, and what it is called."""

import pytest
from host_builder import (
    MINUTE,
    FakeRegistry,
    at,
    booted,
    event,
    event_log,
    evidence,
    facts_file,
    log,
)

from evtscan.base.model.fact import Basis
from evtscan.base.model.log import ClockStep
from evtscan.facts.history.timeline import AFTER_EVERYTHING, Point
from evtscan.facts.host import Host, boot_logs

DAY = 1440
SERVICES = r"SYSTEM\CurrentControlSet\Services"


def known(host, name, point=None):
    found = host.known(name, point or host.now)
    return (found.basis, found.value)


def three_sessions(*more, **summary):
    """A log with starts at 10 and 50 and its last record at 99."""
    return log(event_log(10, 6005), event_log(50, 6005), *more, last=99, **summary)


# ------------------------------------------------------------------------------------------------- snapshots


PLACES = {
    "before the log": (-5, -1),
    "in the first session": (5, 0),
    "at a start": (50, 2),
    "with the last record": (99, 2),
    "a day after it": (99 + DAY, 2),
    "more than a day after it": (99 + DAY + 1, 3),
}


@pytest.mark.parametrize(("minute", "session"), PLACES.values(), ids=PLACES)
def test_a_dated_snapshot_belongs_to_the_session_of_its_time(minute, session):
    host = Host(evidence(three_sessions(), facts_file(os_version=[("4.0", minute)])))
    assert [item.session for item in host.timeline("os.version").placed] == [session]


def test_an_undated_snapshot_is_assumed_to_be_taken_with_the_last_record():
    host = Host(evidence(three_sessions(), facts_file(os_version="4.0")))
    (placed,) = host.timeline("os.version").placed
    assert (placed.session, placed.sequence, placed.assumed) == (2, AFTER_EVERYTHING, True)


def test_two_snapshots_between_the_same_records_keep_the_order_of_their_times():
    host = Host(evidence(three_sessions(), facts_file(os_service__pack=[(3, 80), (2, 70)])))
    assert known(host, "os.service_pack") == (Basis.STATED, 3)
    assert host.warnings == ()


def test_after_a_step_back_a_snapshot_belongs_to_the_session_that_had_begun_last_by_the_clock():
    reset = log(event_log(10, 6005), event_log(50, 6005, minute=-90 * DAY), event_log(70, 6005, minute=70), last=99)
    host = Host(evidence(reset, facts_file(os_version=[("4.0", 20)])))
    assert host.timeline("os.version").placed[0].session == 1


def test_a_snapshot_more_than_a_day_after_the_last_record_belongs_to_the_next_session():
    host = Host(evidence(three_sessions(), facts_file(os_service__pack=[(6, 99 + 2 * DAY)])))
    (placed,) = host.timeline("os.service_pack").placed
    assert (placed.session, placed.sequence) == (3, 0)
    assert host.known("os.service_pack", Point(2, 90)).restarts == 1


def test_asking_for_a_fact_changes_nothing():
    one = FakeRegistry({r"SYSTEM\K": {"v": 1}}, taken=None, source="a.reg")
    other = FakeRegistry({r"SYSTEM\K": {"v": 2}}, taken=None, source="b.reg")
    name = r"registry.SYSTEM\K\v"
    host, told = Host(evidence(three_sessions(), one, other)), Host(evidence(three_sessions(), one, other), [name])
    before = (host.warnings, host.fact_names, host.fact_names_on_request)
    assert host.known(name, host.now).basis is Basis.UNKNOWN
    assert (host.warnings, host.fact_names, host.fact_names_on_request) == before == ((), ["host.name"], [])
    assert [warning.kind for warning in told.warnings] == ["conflict"]


def test_now_is_after_the_last_record():
    assert Host(evidence(three_sessions())).now == Point(2, AFTER_EVERYTHING)


@pytest.mark.parametrize(
    "later",
    [
        facts_file(os_version=[("4.0", 99 + 2 * DAY)]),
        FakeRegistry({}, taken=at(99 + 2 * DAY)),
    ],
)
def test_now_is_after_any_later_snapshot(later):
    assert Host(evidence(three_sessions(), later)).now == Point(3, AFTER_EVERYTHING)


def test_without_logs_snapshots_are_all_there_is():
    host = Host(evidence(facts_file(os_service__pack=[(2, 5), (3, 9)], os_version="4.0")))
    assert known(host, "os.service_pack") == (Basis.STATED, 3)
    assert known(host, "os.version") == (Basis.STATED, "4.0")


@pytest.mark.parametrize(
    ("version", "pack", "kinds"),
    [
        ("10.0", 1, ["doubtful_value"]),
        ("10.0", 0, []),
        ("10.0", None, []),
        ("6.1", 1, []),
        ("4.0", 6, []),
    ],
)
def test_a_service_pack_that_is_stated_for_windows_10_is_doubted(version, pack, kinds):
    host = Host(evidence(facts_file("fleet.csv", os_version=version, os_service__pack=pack)))
    assert [warning.kind for warning in host.warnings] == kinds
    assert known(host, "os.service_pack") == (Basis.STATED, pack)
    if kinds:
        (warning,) = host.warnings
        assert (warning.location.source, warning.location.key) == ("fleet.csv", "os.service_pack")


def test_a_service_pack_is_not_doubted_where_the_version_is_unknown_or_was_an_older_one():
    assert Host(evidence(facts_file(os_service__pack=1))).warnings == ()
    upgraded = facts_file(os_version=[("6.1", 1), ("10.0", 9)], os_service__pack=[(1, 2), (0, 9)])
    assert Host(evidence(upgraded)).warnings == ()


def test_two_exports_without_time_that_disagree_are_reported():
    keys = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
    one = FakeRegistry({keys: {"CSDVersion": "Service Pack 2"}}, source="a.reg")
    other = FakeRegistry({keys: {"CSDVersion": "Service Pack 3"}}, source="b.reg")
    host = Host(evidence(three_sessions(), one, other))
    assert known(host, "os.service_pack") == (Basis.UNKNOWN, None)
    assert [warning.kind for warning in host.warnings] == ["conflict"]


def test_two_places_of_one_export_that_disagree_make_the_fact_unknown():
    keys = {
        r"SOFTWARE\Microsoft\Windows NT\CurrentVersion": {"CSDVersion": "Service Pack 2"},
        r"SYSTEM\CurrentControlSet\Control\Windows": {"CSDVersion": 0x300},
    }
    host = Host(evidence(three_sessions(), FakeRegistry(keys, taken=at(80))))
    assert known(host, "os.service_pack") == (Basis.UNKNOWN, None)


# --------------------------------------------------------------------------------------------------- records


def test_a_record_belongs_to_its_session_by_its_number_and_not_by_its_time():
    host = Host(evidence(three_sessions(event(60, minute=-1000))))
    assert [host.point_of(item).session for item in host.evidence.logs[0].events] == [1, 2, 2]


@pytest.mark.parametrize(("minute", "session"), [(0, None), (5, 0), (30, 1), (90, 2), (99 + DAY + 1, None)])
def test_records_of_another_log_belong_to_the_session_that_covers_their_time(minute, session):
    other = event(1, "App", 1, source="App.evt", channel="Application", minute=minute)
    application = log(other, source="App.evt", channel="Application")
    host = Host(evidence(three_sessions(), application))
    assert host.point_of(other).session == session


def test_records_of_another_log_keep_their_order_among_those_of_the_system_log():
    first, second = (event(n, "App", 1, source="a", channel="Application", minute=60 + n / 10) for n in (1, 2))
    host = Host(evidence(three_sessions(event(60), event(61)), log(first, second, source="a", channel="Application")))
    places = [host.point_of(item).place for item in (first, second)]
    assert (60, 0) < places[0] < places[1] < (61, 0)


def test_what_is_stated_outside_of_every_session_is_left_out_with_one_warning():
    events = [event(n, "RemoteAccess", 1, source="x", minute=-500) for n in (1, 2)]
    host = Host(evidence(three_sessions(), log(*events, source="x", channel="Other")))
    assert known(host, "component.ras") == (Basis.UNKNOWN, None)
    assert [(warning.kind, warning.location.source) for warning in host.warnings] == [("unplaced", "x")]
    assert host.warnings[0].message.startswith("2 events state component.ras")


def test_two_archives_and_the_log_itself_are_one_time_line():
    logs = [
        log(event_log(10, 6005, source="b"), source="b", last=40),
        log(booted(50, source="a"), event_log(51, 6005, source="a"), source="a", first=41, last=80),
        log(event(90, source="c"), source="c", first=81, last=99),
    ]
    host = Host(evidence(*logs))
    assert [(session.first, session.last) for session in host.sessions] == [(1, 9), (10, 49), (50, 99)]
    assert known(host, "os.service_pack", host.point_of(logs[2].events[0])) == (Basis.STATED, 6)


@pytest.mark.parametrize(
    ("logs", "expected"),
    [
        ([log(source="s"), log(source="a", channel="Application")], ["s"]),
        ([log(source="s"), log(event_log(5, 6005), source="u", channel=None)], ["s", "u"]),
        ([log(source="s"), log(source="u", channel=None)], ["s"]),
        ([log(source="a", channel="Application")], ["a"]),
        ([log(source="a", channel="Application"), log(source="u", channel=None)], []),
        ([log(source="s", records=0), log(source="a", channel="Application")], ["a"]),
    ],
)
def test_the_logs_that_divide_time(logs, expected):
    assert [item.source.name for item in boot_logs(logs)] == expected


def test_without_a_system_log_several_logs_are_one_session_in_order_of_time():
    first = event(9, source="a", channel="Application", minute=5)
    second = event(1, source="b", channel="Security", minute=6)
    host = Host(evidence(log(first, source="a", channel="Application"), log(second, source="b", channel="Security")))
    places = [host.point_of(item) for item in (first, second)]
    assert [point.session for point in places] == [0, 0]
    assert places[0].place < places[1].place


# --------------------------------------------------------------------------------------------- a moment, a name


MOMENTS = {
    "before the log": (-5, -1, None),
    "between two records": (30.5, 1, 30),
    "at the end": (99, 2, 99),
    "a day after it": (99 + DAY - 1, 2, 99),
    "more than a day after it": (99 + DAY + 1, 3, None),
}


@pytest.mark.parametrize(("minute", "session", "sequence"), MOMENTS.values(), ids=MOMENTS)
def test_the_place_of_a_time(minute, session, sequence):
    host = Host(evidence(three_sessions(event(30), event(31), event(99))))
    point = host.point_at(at(minute))
    assert point.session == session
    assert sequence is None or point.sequence == sequence


def test_the_place_of_a_record_that_is_not_at_hand():
    host = Host(evidence(three_sessions(event(60)), facts_file(os_service__pack=[(2, -9), (3, 80)])))
    point = host.point_of_record(event(70))
    assert (point.session, point.sequence, point.ticks) == (2, 60, at(70).ticks)
    packs = [known(host, "os.service_pack", host.point_of_record(event(n)))[1] for n in (60, 79, 80, 81)]
    assert (packs, host.point_of_record(event(5)).sequence) == ([2, 2, 3, 3], 0)


def test_a_time_that_two_sessions_showed_has_no_known_place():
    reset = log(event_log(10, 6005), event(40), event_log(50, 6005, minute=20), last=99, last_time=at(80))
    assert Host(evidence(reset)).point_at(at(25)) == Point(None, 0)


def test_without_a_log_every_time_has_its_place():
    host = Host(evidence(facts_file(os_service__pack=[(2, 5), (3, 9)])))
    assert known(host, "os.service_pack", host.point_at(at(6))) == (Basis.STATED, 2)


def from_an_image():
    """A log whose first two records, with a start, come from the image."""
    named = {1: "37L4247F27-26", 2: "37L4247F27-26", 3: "WIN-X", 9: "DC1.example.com", 10: "DC1"}
    events = [event_log(n, 6005, computer=name) for n, name in named.items()]
    return log(*events, computers=tuple(dict.fromkeys(named.values())), newest_computer="DC1")


def test_records_of_an_image_tell_of_no_host():
    host = Host(evidence(from_an_image()))
    assert [host.is_from_image(item) for item in host.evidence.logs[0].events] == [True, True, False, False, False]
    assert host.image_ends == {"System.evt": 3}
    assert host.names == ["DC1", "WIN-X"]
    assert [item.statement.value for item in host.timeline("host.name").placed] == ["WIN-X", "DC1.example.com", "DC1"]


def test_a_host_that_kept_the_name_of_its_image_is_called_so():
    assert Host(evidence(log(event_log(1, 6005, computer="MINWINPC"), computers=("MINWINPC",)))).names == ["MINWINPC"]


def test_the_newest_record_names_the_host_also_where_an_old_name_came_back():
    host = Host(evidence(log(computers=("OLD", "NEW"), newest_computer="OLD")))
    assert host.names == ["OLD", "NEW"]


def test_logs_of_one_file_are_told_apart_by_their_channel():
    system = [event_log(10, 6005, source="f"), event_log(50, 6005, source="f")]
    security = event(30, "Security", 1, source="f", channel="Security", minute=60)
    parts = [log(*system, source="f", last=99), log(security, source="f", channel="Security", first=30)]
    host = Host(evidence(*parts))
    assert [host.point_of(item).session for item in (*system, security)] == [1, 2, 2]
    assert [host.has_own_sessions(item) for item in (*system, security)] == [True, True, False]


def test_two_records_with_a_step_between_them():
    host = Host(evidence(three_sessions(clock_steps=(ClockStep(sequence=60, before=at(600), after=at(60)),))))
    assert host.elapsed(event(55), event(65)).high is None
    assert host.elapsed(event(65), event(66)).high == MINUTE


# ----------------------------------------------------------------------------------------------------- facts


def test_services_are_looked_up_when_asked_for():
    keys = {rf"{SERVICES}\Dhcp": {"Start": 2}}
    host = Host(evidence(FakeRegistry(keys, whole=(SERVICES,))))
    assert known(host, "service.dhcp.start") == (Basis.STATED, 2)
    assert known(host, "service.snmp.start") == (Basis.STATED, None)
    partial = Host(evidence(FakeRegistry(keys)))
    assert known(partial, "service.snmp.start") == (Basis.UNKNOWN, None)


def test_a_single_registry_value():
    keys = {rf"{SERVICES}\Tcpip\Parameters": {"Hostname": "ntbox", "Raw": b"\x01\xff"}}
    host = Host(evidence(FakeRegistry(keys)))
    assert known(host, rf"registry.{SERVICES}\Tcpip\Parameters\Hostname") == (Basis.STATED, "ntbox")
    assert known(host, rf"registry.{SERVICES}\Tcpip\Parameters\Raw") == (Basis.STATED, "01FF")


def test_names_newest_first_each_once():
    renamed = three_sessions(event_log(70, 6005, computer="NEW.example.com"), computers=("MID", "new"))
    older = log(source="old", first_time=at(-900), last_time=at(-800), computers=("OLD", "mid"))
    assert Host(evidence(older, renamed)).names == ["NEW.example.com", "MID", "OLD"]


def test_a_stated_name_goes_first():
    assert Host(evidence(three_sessions(), facts_file(host_name="Real"))).names == ["Real", "NTBOX"]


def test_facts_in_the_order_of_the_catalogue():
    host = Host(evidence(facts_file(component_ras=True, os_version="4.0", file_a_date="1997-01-01")))
    assert host.fact_names == ["os.version", "component.ras", "file.a.date"]

"""Components: told by their services, events and features; absent only where all services are at hand."""

import pytest
from host_builder import FakeRegistry, at, booted, event, evidence, facts_file, log

from evtscan.base.model.evidence import Evidence
from evtscan.base.model.fact import Basis
from evtscan.base.model.inventory import Inventory, ServiceEntry
from evtscan.base.model.source import Location
from evtscan.facts.catalogue.components import COMPONENTS
from evtscan.facts.catalogue.displaynames import service_name
from evtscan.facts.collectors import presence
from evtscan.facts.history.statement import Undecided
from evtscan.facts.host import Host

SERVICES = r"SYSTEM\CurrentControlSet\Services"
SETUP = {"source": "Setup.evtx", "channel": "Setup"}


def keys(*names):
    return {rf"{SERVICES}\{name}": {} for name in names}


def told(statements):
    """What statements say, by fact; each fact is stated once."""
    values = [(item.name, "undecided" if isinstance(item.value, Undecided) else item.value) for item in statements]
    assert len(dict(values)) == len(values)
    return dict(values)


def in_registry(held, whole=()):
    return told(presence.collect_registry(FakeRegistry(held, whole)))


# ------------------------------------------------------------------------------------------------- RAS

REGISTRIES = {
    "RasArp": (keys("RasArp", "RasMan"), (), True),
    "RasArp beside Router": (keys("RasArp", "Router"), (SERVICES,), True),
    "Router without RasArp": (keys("Router"), (SERVICES,), "undecided"),
    "WanArp without RasArp": (keys("WanArp"), (), "undecided"),
    "all services, none of them": (keys("Dhcp", "RasMan"), (SERVICES,), False),
    "some services": (keys("Dhcp", "RasMan"), (), None),
    "a single service in full": (keys("Dhcp"), (rf"{SERVICES}\Dhcp",), None),
}


@pytest.mark.parametrize(("held", "whole", "expected"), REGISTRIES.values(), ids=REGISTRIES)
def test_ras_in_the_registry(held, whole, expected):
    assert in_registry(held, whole).get("component.ras") == expected


def test_a_hive_of_xp_or_later_says_nothing_of_ras_by_itself():
    """The version stands in another hive, but only Windows XP and later have a key of their activation."""
    known = in_registry({**keys("WanArp", "DNS"), rf"{SERVICES}\DNS": {"Start": 2}, r"SYSTEM\WPA": {}}, (SERVICES,))
    assert "component.ras" not in known
    assert known["component.dns_server"] is True


def test_what_a_registry_says_has_its_time_and_its_place():
    statements = list(presence.collect_registry(FakeRegistry(keys("RasArp"), (SERVICES,), taken=at(5))))
    places = {item.name: item.location.key for item in statements}
    assert places["component.ras"] == rf"{SERVICES}\RasArp"
    assert places["component.wins"] == SERVICES
    assert {item.taken for item in statements} == {at(5)}
    assert {item.location.source for item in statements} == {"export.reg"}


def test_the_reason_why_ras_is_undecided():
    (ras,) = presence.collect_registry(FakeRegistry(keys("Router")))
    assert ras.value.why == (
        "Routing and Remote Access is installed (Router without RasArp), and no article says whether it behaves as RAS "
        "does"
    )


EVENTS = {
    "RemoteAccess": (event(1, "RemoteAccess", 20050), {"component.ras": True}),
    "any case": (event(1, "REMOTEACCESS", 20013), {"component.ras": True}),
    "Router": (event(1, "Router", 20106), {"component.ras": "undecided", "component.rras": True}),
    "rasctrs": (event(1, "rasctrs", 2001), {}),
    "Tcpip 4119": (event(1, "Tcpip", 4119), {"component.ras.leftovers": True}),
    "NetBT 4311": (event(1, "NetBT", 4311), {"component.ras.leftovers": True}),
    "NetBT 4119": (event(1, "NetBT", 4119), {}),
    "the DHCP client": (event(1, "Dhcp", 1008), {}),
    "the DHCP server": (event(1, "DhcpServer", 1016), {"component.dhcp_server": True}),
    "WINS": (event(1, "Wins", 4097), {"component.wins": True}),
    "DNS on Windows NT": (event(1, "DNS", 1000), {"component.dns_server": True}),
    "DNS in its own log": (event(1, "DNS", 2, channel="DNS Server"), {"component.dns_server": True}),
    "DNS in its own log, any other": (event(1, "DNS", 4013, channel="DNS Server"), {}),
    "an unknown channel": (event(1, "SNMP", 1106, channel=None), {"component.snmp": True}),
    "another channel": (event(1, "SNMP", 1106, channel="Application"), {}),
    "Exchange": (event(1, "MSExchangeSA", 5000, channel="Application"), {"component.exchange": True}),
    "Exchange, unknown channel": (event(1, "MSExchangeSA", 5000, channel=None), {}),
}


@pytest.mark.parametrize(("logged", "expected"), EVENTS.values(), ids=EVENTS)
def test_events(logged, expected):
    assert told(presence.collect_events([logged])) == expected


# -------------------------------------------------------------------------------------- other components


def test_a_key_without_a_start_type_is_no_service():
    """As in the SYSTEM hive of a plain Windows 7, which has SNMP and W3SVC with parameters alone."""
    held = {rf"{SERVICES}\SNMP": {}, rf"{SERVICES}\W3SVC": {"Start": 2}}
    found = in_registry(held, (SERVICES,))
    assert (found["component.snmp"], found["component.iis"]) == (False, True)
    assert in_registry(held) == {"component.iis": True}


def test_the_note_of_an_absence_says_what_was_looked_for():
    statements = presence.collect_registry(FakeRegistry({}, (SERVICES,)))
    notes = {item.name: item.note for item in statements}
    assert notes["component.ras"] == "export.reg holds all services, and RasArp is not among them"
    assert notes["component.iis"] == "export.reg holds all services, and none of W3SVC, MSFTPSVC is among them"


def service_event(number, **data):
    return event(1, "Service Control Manager", number, **data)


SERVICE_EVENTS = {
    "it ended with an error, by display name": (service_event(7023, Data1="Microsoft DHCP Server"), "dhcp_server"),
    "it ended unexpectedly": (service_event(7034, param1="DNS Server"), "dns_server"),
    "a timeout has the name second": (service_event(7011, Data1="30000", Data2="SNMP Service"), "snmp"),
    "the name in the raw data": (service_event(7031, param1="Servicio DNS", Binary="44004E0053000000"), "dns_server"),
    "it was installed": (service_event(7045, ServiceName="DFS Replication"), "dfs_replication"),
    "its start type changed": (service_event(7040, param1="x", param4="W3SVC"), "iis"),
    "it did not start: a remnant says so too": (service_event(7000, Data1="Remote Access ARP Service"), None),
    "another service": (service_event(7023, Data1="Alerter"), None),
    "another language": (service_event(7023, Data1="Servidor DHCP"), None),
    "another source": (event(1, "Other", 7023, Data1="DNS Server"), None),
}


@pytest.mark.parametrize(("logged", "component"), SERVICE_EVENTS.values(), ids=SERVICE_EVENTS)
def test_services_in_the_log(logged, component):
    assert told(presence.collect_events([logged])) == ({f"component.{component}": True} if component else {})


def test_an_installation_says_nothing_of_the_time_before():
    installed = service_event(7045, ServiceName="DNS Server")
    assert [item.since for item in presence.collect_events([installed])] == [True]
    assert [item.since for item in presence.collect_events([service_event(7034, Data1="DNS Server")])] == [False]


@pytest.mark.parametrize(
    ("number", "changed", "expected"),
    [
        (9, {"UpdateName": "DNS-Server-Full-Role", "ErrorCode": "0x0"}, {"component.dns_server": True}),
        (10, {"UpdateName": "dns-server-full-role", "ErrorCode": "0x0"}, {"component.dns_server": False}),
        (9, {"UpdateName": "DNS-Server-Full-Role", "ErrorCode": "0x800f0922"}, {}),
        (9, {"UpdateName": "TelnetClient"}, {}),
        (13, {"UpdateName": "SNMP"}, {}),
        (9, "SNMP", {}),
    ],
)
def test_features(number, changed, expected):
    logged = event(1, "Microsoft-Windows-Servicing", number, **SETUP, CbsUpdateChangeState=changed)
    assert told(presence.collect_events([logged])) == expected


def report(*entries, whole=frozenset()):
    return Inventory(source="winmsd.txt", format="winmsd", services=entries, whole=whole)


def entry(**more):
    return ServiceEntry(location=Location(source="winmsd.txt", line=3), **more)


EVERYTHING = frozenset({"services", "drivers"})
REPORTS = {
    "by name": (entry(name="wins"), "wins", True),
    "by display name": (entry(display_name="Windows Internet Name Service"), "wins", True),
    "a driver by its file": (entry(display_name="?", path=r"\SystemRoot\System32\drivers\RasArp.sys"), "ras", True),
    "a program is not named after its service": (
        entry(display_name="?", path=r"C:\WINNT\System32\wins.exe"),
        "wins",
        None,
    ),
    "another one": (entry(name="Dhcp"), "dhcp_server", None),
}


@pytest.mark.parametrize(("listed", "component", "expected"), REPORTS.values(), ids=REPORTS)
def test_reports(listed, component, expected):
    assert told(presence.collect_inventory(report(listed))).get(f"component.{component}") is expected


def test_a_report_shows_absence_only_if_it_lists_everything():
    found = told(presence.collect_inventory(report(entry(name="Wins"), whole=EVERYTHING)))
    assert (found["component.wins"], found["component.snmp"], found["component.ras"]) == (True, False, False)
    assert told(presence.collect_inventory(report(whole=frozenset({"drivers"})))) == {}


def test_a_list_of_all_services_shows_the_absence_of_what_has_no_driver():
    statements = {row.name: row for row in presence.collect_inventory(report(whole=frozenset({"services"})))}
    assert statements["component.dhcp_server"].value is False
    assert statements["component.dhcp_server"].note.endswith("holds all services, and DhcpServer is not among them")
    assert set(statements) == {row.fact for row in COMPONENTS} - {"component.ras"}


# ---------------------------------------------------------------------------------------------- the table


def test_the_table_is_sound():
    names = [row.name for row in COMPONENTS]
    services = [service.casefold() for row in COMPONENTS for service in row.services]
    assert len(set(names)) == len(names)
    assert len(set(services)) == len(services)
    for row in COMPONENTS:
        assert row.articles
        assert row.services, row.name
        assert bool(row.unsettling) == bool("{shown}" in row.why), row.name


@pytest.mark.parametrize("row", COMPONENTS, ids=lambda row: row.name)
def test_every_selector_is_one_that_the_collector_reads(row):
    for selector in (*row.events, *row.unsettling_events, *row.leftovers):
        logged = event(1, selector.provider, selector.event_id or 99, channel=selector.channel)
        stated = told(presence.collect_events([logged]))
        assert {row.fact, row.leftovers_fact} & set(stated), selector


def test_display_names_lead_to_components():
    assert service_name("Microsoft Exchange Information Store") == "MSExchangeIS"
    assert service_name("Cluster Service") == "ClusSvc"
    assert service_name("World Wide Web Publishing Service") == "W3SVC"


def test_in_the_time_line_of_a_host():
    """Router logs leave RAS open until a registry at hand for the last session settles it."""
    registry = FakeRegistry(keys("RasArp"), (SERVICES,))
    router = event(5, "Router", 20106)
    host = Host(evidence(log(router, last=9), registry))
    ras = host.known("component.ras", host.point_of(router))
    assert (ras.basis, ras.value) == (Basis.STATED, True)
    alone = Host(evidence(log(router, last=9)))
    assert alone.known("component.ras", alone.now).basis is Basis.UNKNOWN
    assert alone.known("component.rras", alone.now).value is True


def test_a_report_in_the_time_line_of_a_host():
    listed = report(entry(name="Wins", start=2), whole=EVERYTHING)
    host = Host(Evidence(logs=(log(event(1), last=9),), inventories=(listed,)))
    assert host.known("component.wins", host.now).value is True
    assert host.known("component.snmp", host.now).value is False
    assert host.known("service.wins.start", host.now).value == 2


@pytest.mark.parametrize(("version", "known"), [("4.0", True), ("3.51", True), ("5.0", False), ("10.0", False)])
def test_ras_is_a_component_of_windows_nt_alone(version, known):
    """Windows 2000 and later have remote access built in: neither its keys nor its events tell of RAS."""
    services = FakeRegistry(keys("WanArp", "RemoteAccess", "RasMan"), (SERVICES,))
    host = Host(evidence(log(booted(1, version=version), event(2, "RemoteAccess", 20106), last=9), services))
    assert ("component.ras" in host.fact_names) is known
    assert host.known("component.ras", host.now).why == ("" if known else "nothing collected states it")


def test_what_somebody_states_of_ras_stays():
    host = Host(evidence(log(booted(1, version="5.0"), last=9), facts_file(component_ras=True)))
    assert host.known("component.ras", host.now).value is True


def test_ras_of_the_time_before_an_upgrade_is_known():
    before = event(2, "RemoteAccess", 20106)
    host = Host(evidence(log(booted(1), before, booted(5, version="5.0"), event(6, "RemoteAccess", 20106), last=9)))
    assert host.known("component.ras", host.point_of(before)).value is True
    assert len(host.timeline("component.ras").placed) == 1

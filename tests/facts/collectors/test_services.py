"""Start types of services, from the Service Control Manager."""

import pytest
from host_builder import FakeRegistry, at, booted, event, evidence, log

from evtscan.base.model.fact import Basis
from evtscan.facts.collectors import services
from evtscan.facts.host import Host

MANAGER = "Service Control Manager"


def stated(logged):
    return [(item.name, item.value) for item in services.collect([logged])]


def installed(shown, start="auto start", sequence=1):
    return event(sequence, MANAGER, 7045, ServiceName=shown, ImagePath="x.exe", StartType=start)


def changed(old, new, name="Dnscache", sequence=1):
    return event(sequence, MANAGER, 7040, param1="DNS Client", param2=old, param3=new, param4=name)


CASES = {
    "installed, by its name": (installed("Sysmon"), "Sysmon", [None, 2]),
    "installed, by its display name": (installed("DNS Server", "demand start"), "DNS", [None, 3]),
    "installed, a boot driver": (installed("fsh", "boot start"), "fsh", [None, 0]),
    "installed, a name that nobody knows": (installed("VirtualBox Guest Driver"), None, None),
    "installed, a start type in another language": (installed("Sysmon", "inicio automático"), None, None),
    "changed": (changed("auto start", "disabled"), "Dnscache", [2, 4]),
    "changed, Windows XP": (
        event(1, MANAGER, 7040, Data1="DNS Client", Data2="disabled", Data3="system start"),
        "Dnscache",
        [4, 1],
    ),
    "changed, in another language": (changed("automático", "deshabilitado"), None, None),
    "Windows switches it to and fro": (changed("auto start", "demand start", "TrustedInstaller"), None, None),
    "no name": (installed(""), None, None),
    "a name beyond reason": (installed("x" * 5000), None, None),
    "another event": (event(1, MANAGER, 7036, param1="Sysmon", param2="running"), None, None),
    "another source": (event(1, "Other", 7045, ServiceName="Sysmon", StartType="auto start"), None, None),
}


@pytest.mark.parametrize(("logged", "name", "values"), CASES.values(), ids=CASES)
def test_start_types(logged, name, values):
    assert stated(logged) == ([(f"service.{name}.start", value) for value in values] if name else [])


RAW = {
    "a name": ("43006C00640046006C0074000000", "CldFlt"),
    "with a state": ("44004E0053002F0034000000", "DNS"),
    "not UTF-16": ("00D8", "Shown"),
    "not text": ("0100020000000000", "Shown"),
    "longer than a name": ("41" * 9000, "Shown"),
    "not hex": ("xyz", "Shown"),
}


@pytest.mark.parametrize(("data", "expected"), RAW.values(), ids=RAW)
def test_the_name_in_the_raw_data(data, expected):
    assert services.service_of(event(1, MANAGER, 7031, param1="Shown", Binary=data)) == expected


def test_what_was_before_a_change_holds_before_it():
    """A start type changes at its record; the same record says what it had been since the boot."""
    first, last = event(3), event(9)
    host = Host(evidence(log(booted(1), first, changed("auto start", "disabled", sequence=5), last)))
    known = [host.known("service.dnscache.start", host.point_of(item)) for item in (first, last)]
    assert [(item.basis, item.value) for item in known] == [(Basis.STATED, 2), (Basis.STATED, 4)]
    host = Host(evidence(log(booted(1), first, installed("Sysmon", sequence=5), last)))
    known = [host.known("service.Sysmon.start", host.point_of(item)) for item in (first, last)]
    assert [(item.basis, item.value) for item in known] == [(Basis.STATED, None), (Basis.STATED, 2)]


def test_a_registry_speaks_of_a_service_that_the_log_speaks_of_too():
    """Under any spelling: the log's name, the rule's, and the key's are one."""
    registry = FakeRegistry({r"SYSTEM\CurrentControlSet\Services\Dnscache": {"Start": 3}}, taken=at(8))
    logged = log(booted(1), event(3), changed("auto start", "disabled", sequence=5), event(6), event(9))
    host = Host(evidence(logged, registry))
    known = {number: host.known("service.DNSCACHE.start", host.point_of(event(number))) for number in (3, 6, 9)}
    assert {number: item.value for number, item in known.items()} == {3: 2, 6: 4, 9: 3}

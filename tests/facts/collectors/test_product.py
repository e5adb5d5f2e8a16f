"""The product of Windows NT and 2000, from files that each tell one half of it."""

import pytest
from host_builder import FakeRegistry, at, booted, evidence, log

from evtscan.facts.collectors.registry import CONTROL, CURRENT_VERSION
from evtscan.facts.host import Host

OPTIONS = rf"{CONTROL}\ProductOptions"


def software(version, taken=100, **values):
    keys = {CURRENT_VERSION: {"CurrentVersion": version, **values}}
    return FakeRegistry(keys, ("SOFTWARE",), taken=at(taken), source="SOFTWARE")


def system(kind, *suites, taken=100):
    values = {"ProductType": kind, **({"ProductSuite": suites} if suites else {})}
    return FakeRegistry({OPTIONS: values}, ("SYSTEM",), taken=at(taken), source="SYSTEM")


def product(*parts):
    host = Host(evidence(log(booted(1, version="4.0"), last=100), *parts))
    return host.known("os.product", host.now).value


@pytest.mark.parametrize(
    ("version", "options", "expected"),
    [
        ("4.0", ("WinNT",), "Windows NT Workstation"),
        ("3.51", ("ServerNT",), "Windows NT Server"),
        ("4.0", ("LanmanNT",), "Windows NT Server"),
        ("4.0", ("ServerNT", "Terminal Server"), "Windows NT Server, Terminal Server Edition"),
        ("4.0", ("ServerNT", "Enterprise"), "Windows NT Server, Enterprise Edition"),
        ("4.0", ("ServerNT", "BackOffice"), "Windows NT Server"),
        ("4.0", ("Toaster",), None),
        ("5.1", ("WinNT",), None),
    ],
)
def test_windows_nt_in_two_files(version, options, expected):
    assert product(software(version), system(*options)) == expected


@pytest.mark.parametrize(
    ("options", "edition"),
    [
        (("WinNT",), " Professional"),
        (("ServerNT",), " Server"),
        (("LanmanNT", "Terminal Server", "Enterprise"), " Advanced Server"),
        (("ServerNT", "Enterprise", "DataCenter"), " Datacenter Server"),
        (("Toaster",), ""),
    ],
)
def test_windows_2000_in_two_files(options, edition):
    held = software("5.0", ProductName="Microsoft Windows 2000")
    assert product(held, system(*options)) == f"Microsoft Windows 2000{edition}"


def test_both_halves_in_one_file():
    keys = {CURRENT_VERSION: {"CurrentVersion": "4.0"}, OPTIONS: {"ProductType": "WinNT"}}
    assert product(FakeRegistry(keys, taken=at(100))) == "Windows NT Workstation"


def test_the_log_may_tell_the_version():
    assert product(system("ServerNT")) == "Windows NT Server"


def test_the_product_stays_open_where_nothing_tells_the_version():
    host = Host(evidence(log(last=100), system("ServerNT")))
    assert (host.known("os.product", host.now).value, host.known("host.role", host.now).value) == (None, "server")


def test_a_name_that_later_windows_states_stays_as_it_is():
    assert product(software("5.1", ProductName="Microsoft Windows XP"), system("WinNT")) == "Microsoft Windows XP"


def test_the_role_of_two_files():
    host = Host(evidence(log(booted(1), last=100), software("4.0"), system("LanmanNT")))
    assert host.known("host.role", host.now).value == "domain controller"
    assert "os.product" in host.fact_names

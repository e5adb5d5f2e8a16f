"""What the registry says of Windows itself."""

import pytest
from host_builder import FakeRegistry, at

from evtscan.facts.collectors import registry

CURRENT = registry.CURRENT_VERSION
CONTROL = registry.CONTROL


def stated(keys, whole=()):
    return {item.name: item.value for item in registry.collect(FakeRegistry(keys, whole, taken=at(1)))}


def test_windows_nt_4():
    keys = {
        CURRENT: {
            "CurrentVersion": "4.0",
            "CurrentBuildNumber": "1381",
            "CSDVersion": "Service Pack 2",
            "CurrentType": "Uniprocessor Free",
        },
        rf"{CURRENT}\Hotfix": {},
        rf"{CURRENT}\Hotfix\Q246009": {},
        rf"{CONTROL}\ProductOptions": {"ProductType": "ServerNT"},
        rf"{CONTROL}\ComputerName\ComputerName": {"ComputerName": "NTBOX"},
    }
    assert stated(keys, whole=(CURRENT,)) == {
        "os.version": "4.0",
        "os.build": 1381,
        "os.service_pack": 2,
        "os.kernel_type": "Uniprocessor Free",
        "host.role": "server",
        "host.name": "NTBOX",
        "hotfix": ("Q246009",),
    }


def test_windows_10_has_its_version_in_two_numbers():
    values = {
        "CurrentVersion": "6.3",
        "CurrentMajorVersionNumber": 10,
        "CurrentMinorVersionNumber": 0,
        "CurrentBuildNumber": "19045",
        "UBR": 4291,
        "ProductName": "Windows 10 Pro",
    }
    found = stated({CURRENT: values})
    assert (found["os.version"], found["os.build"], found["os.ubr"]) == ("10.0", 19045, 4291)
    assert found["os.product"] == "Windows 10 Pro"


PACKS = {
    "text": ({"CSDVersion": "Service Pack 2"}, (), 2),
    "a tail": ({"CSDVersion": "Service Pack 3, RC 1.32"}, (), 3),
    "empty": ({"CSDVersion": ""}, (), 0),
    "a number, as NT 3.1 has it": ({"CSDVersion": 0x300}, (), 3),
    "missing in a whole key": ({}, (CURRENT,), 0),
    "missing in a part of the key": ({}, (), None),
    "unreadable": ({"CSDVersion": "Pack"}, (CURRENT,), None),
}


@pytest.mark.parametrize(("values", "whole", "expected"), PACKS.values(), ids=PACKS)
def test_service_pack(values, whole, expected):
    found = stated({CURRENT: {"CurrentVersion": "4.0", **values}}, whole)
    assert found.get("os.service_pack") == expected


def test_the_second_witness_of_the_service_pack():
    assert stated({rf"{CONTROL}\Windows": {"CSDVersion": 0x200}}) == {"os.service_pack": 2}
    assert stated({rf"{CONTROL}\Windows": {"Directory": "C:"}}, whole=(CONTROL,)) == {}


@pytest.mark.parametrize(
    ("kind", "role"),
    [("WinNT", "workstation"), ("ServerNT", "server"), ("LanmanNT", "domain controller"), ("Toaster", None)],
)
def test_role(kind, role):
    assert stated({rf"{CONTROL}\ProductOptions": {"ProductType": kind}}).get("host.role") == role


def test_no_hotfix_is_known_only_where_the_key_is_held_in_full():
    keys = {CURRENT: {"CurrentVersion": "4.0"}}
    assert stated(keys, whole=(CURRENT,))["hotfix"] == ()
    assert "hotfix" not in stated(keys)


@pytest.mark.parametrize("version", ["6.0", "6.3", "ten", 6])
def test_later_windows_lists_its_updates_elsewhere(version):
    assert "hotfix" not in stated({CURRENT: {"CurrentVersion": version}}, whole=(CURRENT,))


def test_values_of_the_wrong_type_state_nothing():
    assert stated({CURRENT: {"CurrentVersion": 4, "CurrentBuildNumber": "x" * 9999, "UBR": b"\1"}}) == {}

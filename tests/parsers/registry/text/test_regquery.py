import time
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evtscan.base.errors import EvidenceError
from evtscan.base.model.source import Source
from evtscan.parsers.registry.text.regquery import read_registry

SERVICES = r"SYSTEM\CurrentControlSet\Services"
ROOT = rf"HKEY_LOCAL_MACHINE\{SERVICES}"

XP = rf"""
{ROOT}\RasArp
    Type    REG_DWORD    0x1
    Start    REG_DWORD    0x3
    Display Name    REG_SZ    Remote Access ARP Service
    DependOnService    REG_MULTI_SZ    Tcpip\0NetBT\0\0
    Raw    REG_BINARY    0102FF
    Empty    REG_SZ
    (Standard)    REG_EXPAND_SZ    not the default

{ROOT}\RasArp\Parameters
    (Default)    REG_SZ    the default
    Big    REG_QWORD    0x8000000000000001

"""

OLD = (
    "\n! REG.EXE VERSION 3.0\n\n"
    rf"{ROOT}\Dhcp" + "\n    <NO NAME>\tREG_SZ\tthe default\n    Start\tREG_DWORD\t0x2\n\n"
    rf"{ROOT}\Dhcp\Parameters" + "\n\n"
)


def read(tmp_path, text):
    path = tmp_path / "keys.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.replace("\n", "\r\n").encode())
    return read_registry(Source(path, "keys.txt"))


def values(registry, path):
    return {name: value.data for name, value in registry.key(path).values.items()}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_types(tmp_path, encoding):
    registry = read(tmp_path, XP.encode(encoding))
    assert (registry.format, registry.warnings, registry.taken) == ("reg query", [], None)
    assert values(registry, SERVICES + r"\rasarp") == {
        "type": 1,
        "start": 3,
        "display name": "Remote Access ARP Service",
        "dependonservice": ("Tcpip", "NetBT"),
        "raw": b"\x01\x02\xff",
        "empty": "",
        "(standard)": "not the default",
    }
    assert values(registry, SERVICES + r"\RasArp\Parameters") == {"": "the default", "big": 0x8000000000000001}
    key = registry.key(SERVICES + r"\RasArp")
    assert (key.subkeys, key.location.line, key.values["start"].location.line) == (("Parameters",), 2, 4)
    assert key.values["start"].location.key == rf"{ROOT}\RasArp\Start"


def test_heading_and_tabs_of_old_versions(tmp_path):
    registry = read(tmp_path, OLD)
    assert values(registry, SERVICES + r"\Dhcp") == {"": "the default", "start": 2}
    assert registry.key(SERVICES + r"\Dhcp").subkeys == ("Parameters",)


def test_values_below_show_that_all_is_there(tmp_path):
    registry = read(tmp_path, XP)
    assert registry.key(SERVICES + r"\RasArp").whole
    assert registry.covers(SERVICES + r"\RasArp\Parameters\Deeper")
    assert not registry.covers(SERVICES)
    assert not registry.covers(SERVICES + r"\Dhcp")


def test_without_s_a_key_and_the_names_below_it_are_known(tmp_path):
    registry = read(tmp_path, OLD)
    assert registry.key(SERVICES + r"\Dhcp").whole
    assert registry.covers(SERVICES + r"\Dhcp\Other")
    assert not registry.key(SERVICES + r"\Dhcp\Parameters").whole
    assert not registry.covers(SERVICES + r"\Dhcp\Parameters\Options")


def test_names_of_services_without_their_values(tmp_path):
    listing = f"\n{ROOT}\n\n" + "".join(f"{ROOT}\\{name}\n" for name in ("Dhcp", "Eventlog", "Tcpip")) + "\n"
    registry = read(tmp_path, listing)
    assert registry.covers(SERVICES + r"\RasArp")
    assert registry.key(SERVICES + r"\RasArp") is None
    assert registry.key(SERVICES).subkeys == ("Dhcp", "Eventlog", "Tcpip")


def test_one_value_may_be_all_that_was_asked_for(tmp_path):
    registry = read(tmp_path, f"\n{ROOT}\\RasArp\n    Start    REG_DWORD    0x3\n\n")
    assert values(registry, SERVICES + r"\RasArp") == {"start": 3}
    assert not registry.key(SERVICES + r"\RasArp").whole
    assert not registry.covers(SERVICES + r"\RasArp\Parameters")


@pytest.mark.parametrize(
    "text", [XP + "End of search: 2 match(es) found.\n", f"C:\\>reg query {ROOT} /s /f RasArp\n{XP}"]
)
def test_a_search_shows_only_what_fits(tmp_path, text):
    registry = read(tmp_path, text)
    assert not registry.covers(SERVICES + r"\RasArp")
    assert values(registry, SERVICES + r"\RasArp")["start"] == 3


def test_s_at_the_prompt(tmp_path):
    registry = read(tmp_path, f"C:\\>reg query {ROOT} /s\n\n{ROOT}\n\n{ROOT}\\Empty\n\nC:\\>")
    assert registry.key(SERVICES + r"\Empty").whole


def test_several_runs(tmp_path):
    version = (
        "\nHKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\n    CurrentVersion    REG_SZ    5.1\n\n"
    )
    registry = read(tmp_path, OLD + version + XP)
    assert values(registry, r"SOFTWARE\Microsoft\Windows NT\CurrentVersion") == {"currentversion": "5.1"}
    assert not registry.covers(SERVICES + r"\Dhcp\Parameters")
    assert registry.covers(SERVICES + r"\RasArp\Parameters")


def test_a_line_that_cannot_be_read(tmp_path):
    registry = read(tmp_path, XP.replace("0x1\n", "zero\n"))
    assert [(warning.kind, warning.location.line) for warning in registry.warnings] == [("bad_line", 3)]
    assert not registry.key(SERVICES + r"\RasArp").whole


def test_text_with_a_line_break(tmp_path):
    registry = read(tmp_path, XP.replace("ARP Service\n", "ARP\nService\n"))
    assert values(registry, SERVICES + r"\RasArp")["display name"] == "Remote Access ARP\nService"


def test_cut_off(tmp_path):
    registry = read(tmp_path, XP.rstrip()[:-4])
    assert [warning.kind for warning in registry.warnings] == ["truncated"]
    assert not registry.covers(SERVICES + r"\RasArp\Parameters")


@pytest.mark.parametrize("lines", [2, 3, 9, 11, 12])
def test_cut_off_at_the_end_of_a_line(tmp_path, lines):
    """What was printed in full ends in a blank line."""
    registry = read(tmp_path, "".join(f"{line}\n" for line in f"C:\\>reg query x /s\n{XP}".split("\n")[: lines + 1]))
    assert [warning.kind for warning in registry.warnings] == ["truncated"]
    assert not registry.covers(SERVICES + r"\RasArp\Parameters")


WHOLE = {
    "a list of names": OLD + f"\n{ROOT}\n    Start    REG_DWORD    0x1\n\n{ROOT}\\Dhcp\n{ROOT}\\Tcpip\n",
    "blank lines": XP + "\n\n",
    "a prompt": f"C:\\>reg query {ROOT}\\RasArp /s{XP.rstrip()}\nC:\\Users>",
    "the end of a search": XP.rstrip() + "\nEnd of search: 2 match(es) found.\n",
}


@pytest.mark.parametrize("text", WHOLE.values(), ids=WHOLE)
def test_not_cut_off(tmp_path, text):
    assert read(tmp_path, text).warnings == []


@pytest.mark.parametrize("other", ["\nHost Name:                 NTBOX\n", "C:\\>net start\nServicios:\n"])
def test_reports_among_keys_are_said_to_be_left_out(tmp_path, other):
    registry = read(tmp_path, XP + other + OLD)
    assert [(warning.kind, warning.location.line) for warning in registry.warnings] == [
        ("mixed", XP.count("\n") + other.startswith("\n") + 1)
    ]
    assert registry.key(SERVICES + r"\Dhcp") is not None


def test_no_key(tmp_path):
    with pytest.raises(EvidenceError, match=r"keys\.txt: shows no registry key"):
        read(tmp_path, "ERROR: The system was unable to find the specified registry key or value.\n")


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage(tmp_path, data):
    raw = bytearray((XP + OLD).encode())
    for place in data.draw(st.lists(st.integers(0, len(raw) - 1), max_size=8)):
        raw[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)))
    with suppress(EvidenceError):
        registry = read(tmp_path, bytes(raw[:cut]))
        key = registry.key(SERVICES + r"\RasArp")
        assert key is None or key.location.source == "keys.txt"


def test_a_huge_file(tmp_path):
    started = time.process_time()
    text = "".join(f"{ROOT}\\Key{number}\n    Start    REG_DWORD    0x3\n\n" for number in range(60_000))
    registry = read(tmp_path, f"\n{ROOT}\n\n" + text + "x" * (1 << 20) + "\n" + "y\n" * 100_000)
    assert len(registry.key(SERVICES).subkeys) == 60_000
    assert time.process_time() - started < 30

import time
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evtscan.base.errors import EvidenceError
from evtscan.base.model.source import Source
from evtscan.parsers.registry.formats import is_regedt32
from evtscan.parsers.registry.text.regedt32 import read_registry

SERVICES = r"SYSTEM\CurrentControlSet\Services"
SAVED = r"""Key Name:          SYSTEM\CurrentControlSet\Services\RasArp
Class Name:        <NO CLASS>
Last Write Time:   3/14/01 - 9:26 AM
Value 0
  Name:            <NO NAME>
  Type:            REG_SZ
  Data:            the default

Value 1
  Name:            Start
  Type:            REG_DWORD
  Data:            0x3

Value 2
  Name:            DependOnService
  Type:            REG_MULTI_SZ
  Data:            Tcpip
                   NetBT

Value 3
  Name:            Raw
  Type:            REG_BINARY
  Data:
00000000   01 02 03 04 05 06 07 08 - 09 0a 0b 0c 0d 0e 0f 10  ................
00000010   ff                                                 .


Key Name:          SYSTEM\CurrentControlSet\Services\RasArp\Parameters
Class Name:        <NO CLASS>
Last Write Time:   2/3/97 - 12:01 PM

"""


def read(tmp_path, text):
    path = tmp_path / "saved.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.replace("\n", "\r\n").encode())
    return read_registry(Source(path, "saved.txt"))


def values(registry, path):
    return {name: value.data for name, value in registry.key(path).values.items()}


def test_saved_subtree(tmp_path):
    registry = read(tmp_path, SAVED)
    assert (registry.format, registry.warnings) == ("regedt32", [])
    assert values(registry, SERVICES + r"\RasArp") == {
        "": "the default",
        "start": 3,
        "dependonservice": ("Tcpip", "NetBT"),
        "raw": bytes([*range(1, 17), 255]),
    }
    key = registry.key(SERVICES + r"\RasArp")
    assert (key.whole, key.subkeys, key.values["start"].location.line) == (True, ("Parameters",), 9)
    assert str(key.last_written) == str(registry.taken) == "2001-03-14T09:26:00"
    assert str(registry.key(SERVICES + r"\RasArp\Parameters").last_written) == "1997-02-03T12:01:00"
    assert registry.covers(SERVICES + r"\RasArp\Other")
    assert not registry.covers(SERVICES + r"\Dhcp")
    assert is_regedt32(SAVED.encode(), "x")
    assert is_regedt32(SAVED.encode("utf-16"), "x")


def test_software_of_a_user_is_not_that_of_the_machine(tmp_path):
    block = "Key Name:          {}\\Microsoft\\Windows NT\\CurrentVersion\nClass Name:        <NO CLASS>\n"
    block += "Value 0\n  Name:            CurrentVersion\n  Type:            REG_SZ\n  Data:            4.0\n\n"
    machine = read(tmp_path, block.format("SOFTWARE"))
    assert values(machine, r"SOFTWARE\Microsoft\Windows NT\CurrentVersion") == {"currentversion": "4.0"}
    user = read(tmp_path, block.format("Software"))
    assert user.key(r"SOFTWARE\Microsoft\Windows NT\CurrentVersion") is None


def test_a_value_that_cannot_be_read(tmp_path):
    registry = read(tmp_path, SAVED.replace("0x3", "three"))
    assert [(warning.kind, warning.location.line) for warning in registry.warnings] == [("bad_line", 9)]
    assert not registry.key(SERVICES + r"\RasArp").whole


def test_cut_off(tmp_path):
    registry = read(tmp_path, SAVED[: SAVED.index("Tcpip\n") + 3])
    assert [warning.kind for warning in registry.warnings] == ["truncated"]
    assert not registry.covers(SERVICES + r"\RasArp")


def test_cut_off_at_the_end_of_a_line(tmp_path):
    """A value without data: the disk was full."""
    registry = read(tmp_path, SAVED[: SAVED.rindex("  Data:")])
    assert "truncated" in [warning.kind for warning in registry.warnings]
    assert not registry.covers(SERVICES + r"\RasArp")


def test_nothing(tmp_path):
    with pytest.raises(EvidenceError, match="shows no registry key"):
        read(tmp_path, "Value 0\n")


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage(tmp_path, data):
    raw = bytearray(SAVED.encode())
    for place in data.draw(st.lists(st.integers(0, len(raw) - 1), max_size=8)):
        raw[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)))
    with suppress(EvidenceError):
        registry = read(tmp_path, bytes(raw[:cut]))
        key = registry.key(SERVICES + r"\RasArp")
        assert key is None or key.location.source == "saved.txt"


def test_a_huge_file(tmp_path):
    started = time.process_time()
    registry = read(tmp_path, SAVED + SAVED.splitlines()[0] + "\n" + "00000000   01 02 03 04\n" * 200_000)
    assert registry.warnings
    assert time.process_time() - started < 20

import time
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evtscan.base.errors import EvidenceError
from evtscan.base.model.source import Source
from evtscan.parsers.registry.formats import is_regdmp
from evtscan.parsers.registry.text.regdmp import read_registry

SERVICES = r"SYSTEM\CurrentControlSet\Services"
DUMP = r"""\Registry\Machine\SYSTEM\CurrentControlSet\Services
    RasArp [1 5 7 17]
        = the default
        Type = REG_DWORD 0x00000001
        Start = REG_DWORD 0x00000003
        Display Name = Remote Access ARP Service
        ImagePath = REG_EXPAND_SZ \SystemRoot\system32\drivers\rasarp.sys
        DependOnService = REG_MULTI_SZ "Tcpip" \
            "NetBT"
        Raw = REG_BINARY 0x00000005 0x04030201 0x00000005
        Parameters
            DisableOtherSrcPackets = REG_DWORD 0x00000001
    ; a comment
    Tcpip
        Start = REG_DWORD 0x00000001
"""


def read(tmp_path, text):
    path = tmp_path / "dump.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.replace("\n", "\r\n").encode())
    return read_registry(Source(path, "dump.txt"))


def values(registry, path):
    return {name: value.data for name, value in registry.key(path).values.items()}


def test_dump(tmp_path):
    registry = read(tmp_path, DUMP)
    assert (registry.format, registry.warnings) == ("regdmp", [])
    assert values(registry, SERVICES + r"\RasArp") == {
        "": "the default",
        "type": 1,
        "start": 3,
        "display name": "Remote Access ARP Service",
        "imagepath": r"\SystemRoot\system32\drivers\rasarp.sys",
        "dependonservice": ("Tcpip", "NetBT"),
        "raw": b"\x01\x02\x03\x04\x05",
    }
    assert values(registry, SERVICES + r"\RasArp\Parameters") == {"disableothersrcpackets": 1}
    assert registry.key(SERVICES).subkeys == ("RasArp", "Tcpip")
    assert registry.key(SERVICES + r"\Tcpip").values["start"].location.line == 15
    assert registry.covers(SERVICES + r"\Router")
    assert is_regdmp(DUMP.encode(), "x")


def test_other_name_of_the_root(tmp_path):
    registry = read(tmp_path, DUMP.replace(r"\Registry\Machine", "HKEY_LOCAL_MACHINE"))
    assert values(registry, SERVICES + r"\Tcpip") == {"start": 1}


def test_a_value_that_cannot_be_read_makes_its_key_unknown(tmp_path):
    registry = read(tmp_path, DUMP.replace("REG_DWORD 0x00000001\n    ; a", "REG_DWORD one\n    ; a"))
    assert [(warning.kind, warning.location.line) for warning in registry.warnings] == [("bad_line", 12)]
    assert not registry.key(SERVICES + r"\RasArp\Parameters").whole
    assert registry.key(SERVICES + r"\Tcpip").whole


def test_cut_off(tmp_path):
    registry = read(tmp_path, DUMP[:-3])
    assert not registry.covers(SERVICES + r"\Router")
    assert registry.key(SERVICES + r"\RasArp").whole


def test_cut_off_where_a_value_goes_on(tmp_path):
    registry = read(tmp_path, DUMP.partition('            "NetBT"')[0])
    assert [warning.kind for warning in registry.warnings] == ["truncated"]
    assert not registry.covers(SERVICES + r"\Router")


def test_nothing(tmp_path):
    with pytest.raises(EvidenceError, match="shows no registry key"):
        read(tmp_path, "; nothing\n")


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage(tmp_path, data):
    raw = bytearray(DUMP.encode())
    for place in data.draw(st.lists(st.integers(0, len(raw) - 1), max_size=8)):
        raw[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)))
    with suppress(EvidenceError):
        registry = read(tmp_path, bytes(raw[:cut]))
        key = registry.key(SERVICES + r"\RasArp")
        assert key is None or key.location.source == "dump.txt"


@pytest.mark.parametrize("line", ["x \\\n", " \\\n", "        a = b\n", "    " * 2000 + "k\n", '"' * 50 + "\n"])
def test_huge_files_take_no_time(tmp_path, line):
    started = time.process_time()
    read(tmp_path, DUMP + line * (4_000_000 // len(line)))
    assert time.process_time() - started < 20


def test_keys_that_nest_too_deep(tmp_path):
    text = "HKEY_LOCAL_MACHINE\\SYSTEM\n" + "".join(" " * depth + "k\n" for depth in range(1, 2000))
    registry = read(tmp_path, text)
    assert registry.warnings[0].kind == "bad_line"

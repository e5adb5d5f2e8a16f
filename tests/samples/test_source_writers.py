"""The writers of what ``samples/sources`` holds, read back: by pefile, by hand, or by the parser of the format."""

from pathlib import Path

import pefile
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_writer.pe import driver_file
from sample_writer.reg import ExpandString, RegKey
from sample_writer.regtext import reg_query, regdmp, regedt32
from sample_writer.szdd import pack

from evtscan.base.model.source import Source
from evtscan.parsers import Kind, read_registry, recognise
from evtscan.parsers.registry.hive.szdd import expand

SERVICES = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services"
KEYS = [
    RegKey(SERVICES),
    RegKey(
        rf"{SERVICES}\Dhcp",
        {
            "": "default",
            "Start": 2,
            "ImagePath": ExpandString(r"%SystemRoot%\services.exe"),
            "DependOnService": ("Tcpip", "Afd"),
        },
    ),
    RegKey(rf"{SERVICES}\Dhcp\Parameters", {"Name": "a b"}),
]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("regedt32", regedt32(KEYS, "2/24/97 - 7:47 AM")),
        ("regdmp", regdmp(KEYS)),
        ("reg-query", reg_query(KEYS)),
    ],
)
def test_texts_of_keys_hold_every_value(tmp_path: Path, name: str, text: bytes) -> None:
    path = tmp_path / "keys.txt"
    path.write_bytes(text)
    source = Source(path, "keys.txt")
    row = recognise(source)
    assert row is not None
    assert (row.name, row.kind) == (name, Kind.REGISTRY)
    registry = read_registry(row, source)
    found = {
        key.path: {name: value.data for name, value in key.values.items()}
        for path in ("", r"\Dhcp", r"\Dhcp\Parameters")
        if (key := registry.key(rf"SYSTEM\CurrentControlSet\Services{path}")) is not None
    }
    assert list(found.values()) == [
        {},
        {
            "": "default",
            "start": 2,
            "imagepath": r"%SystemRoot%\services.exe",
            "dependonservice": ("Tcpip", "Afd"),
        },
        {"name": "a b"},
    ]
    assert registry.warnings == []


def test_binary_values_are_refused() -> None:
    with pytest.raises(NotImplementedError, match="binary"):
        regdmp([RegKey(SERVICES, {"Raw": b"\0"})])


def test_layout_of_a_packed_file() -> None:
    # three bytes as they are, then the same three from place 4080, where the ring began to fill
    assert pack(b"abcabc") == b"SZDD\x88\xf0\x27\x33A\0\x06\0\0\0" + b"\x07abc\xf0\xf0"


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from([b"abc", b" ", b"\0" * 40, bytes(range(200))]), max_size=60).map(b"".join))
def test_what_was_packed_comes_back(raw: bytes) -> None:
    packed = pack(raw)
    assert expand(packed) == raw


def test_copies_reach_back_as_far_as_the_ring() -> None:
    raw = bytes(number * 7 % 251 for number in range(4300)) + bytes(range(100)) * 50
    assert expand(pack(raw)) == raw
    assert len(pack(raw)) < len(raw) / 2


def test_driver_as_pefile_reads_it() -> None:
    image = pefile.PE(data=driver_file((4, 0, 1381, 7117), original_name="RasArp.SYS", linked=850_000_000))
    (fixed,) = image.VS_FIXEDFILEINFO
    ((info,),) = image.FileInfo
    (table,) = info.StringTable
    assert (fixed.FileVersionMS, fixed.FileVersionLS) == (4 << 16, 1381 << 16 | 7117)
    assert table.entries == {b"FileVersion": b"4.00", b"OriginalFilename": b"RasArp.SYS"}
    assert image.FILE_HEADER.TimeDateStamp == 850_000_000

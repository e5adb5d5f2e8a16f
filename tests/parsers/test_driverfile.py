import os
import struct
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evtscan.errors import EvidenceError
from evtscan.model import Source
from evtscan.parsers import driverfile

LINKED = int(datetime(1997, 4, 1, tzinfo=UTC).timestamp())
RSRC = 0x1000


def padded(raw):
    return raw + bytes(-len(raw) % 4)


def block(key, value=b"", children=b"", *, text=False):
    """One block of a version resource: length, length of value, type, key, value, children."""
    head = padded(bytes(6) + f"{key}\0".encode("utf-16-le"))
    body = padded(head + value) + children if children else head + value
    length = len(value) // 2 if text else len(value)
    return struct.pack("<3H", len(body), length, text) + body[6:]


def version_resource(version, original):
    high, low = version[0] << 16 | version[1], version[2] << 16 | version[3]
    fixed = struct.pack("<13I", 0xFEEF04BD, 0x10000, high, low, high, low, 0x3F, 0, 0x40004, 3, 7, 0, 0)
    strings = padded(block("FileVersion", "4.00\0".encode("utf-16-le"), text=True))
    if original:
        strings += padded(block("OriginalFilename", f"{original}\0".encode("utf-16-le"), text=True))
    table = block("040904B0", children=strings, text=True)
    return block("VS_VERSION_INFO", fixed, block("StringFileInfo", children=table, text=True))


def driver(version=(4, 0, 1381, 7117), original="RasArp.SYS", linked=LINKED):
    """A PE file of one section, which holds one version resource."""
    resource = version_resource(version, original) if version else b""
    folders = b"".join(
        struct.pack("<IIHHHHII", 0, 0, 0, 0, 0, 1, identifier, target)
        for identifier, target in ((16, 0x80000018), (1, 0x80000030), (1033, 0x48))
    )
    section = folders + struct.pack("<4I", RSRC + 0x58, len(resource), 0, 0) + resource
    section += bytes(-len(section) % 512)
    directories = [(0, 0)] * 16
    if version:
        directories[2] = (RSRC, len(section))
    optional = struct.pack(
        "<HBBIIIIIIIIIHHHHHHIIIIHHIIIIII",
        0x10B,
        3,
        10,
        0,
        0,
        0,
        0,
        0,
        0,
        0x10000,
        0x1000,
        512,
        4,
        0,
        4,
        0,
        4,
        0,
        0,
        0x2000,
        512,
        0,
        1,
        0,
        0,
        0,
        0,
        0,
        0,
        16,
    )
    optional += b"".join(struct.pack("<II", *entry) for entry in directories)
    head = b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0"
    head += struct.pack("<HHIIIHH", 0x14C, 1, linked, 0, 0, len(optional), 0x102) + optional
    head += struct.pack("<8sIIIIIIHHI", b".rsrc", len(section), RSRC, len(section), 512, 0, 0, 0, 0, 0x40000040)
    return head.ljust(512, b"\0") + section


def read(tmp_path, raw, *, modified=LINKED + 86400 * 30, name="copy.sys"):
    path = tmp_path / "file"
    path.write_bytes(raw)
    os.utime(path, (modified, modified))
    (report,) = driverfile.read_inventory(Source(path, f"files/{name}"))
    (entry,) = report.files
    assert (report.format, report.source) == ("driver", f"files/{name}")
    return entry


def test_driver(tmp_path):
    raw = driver()
    entry = read(tmp_path, raw)
    assert (entry.name, entry.version, entry.size) == ("rasarp.sys", "4.0.1381.7117", len(raw))
    assert (entry.linked, entry.date, entry.folder) == ("1997-04-01", "1997-05-01", None)


def test_without_version_resource_the_file_name_counts(tmp_path):
    entry = read(tmp_path, driver(version=None), name="RASARP.SYS")
    assert (entry.name, entry.version, entry.linked) == ("rasarp.sys", None, "1997-04-01")


def test_without_original_name(tmp_path):
    assert read(tmp_path, driver(original="")).name == "copy.sys"
    assert read(tmp_path, driver(original="..\\evil.sys")).name == "copy.sys"


def test_a_copy_that_was_dated_anew_says_no_date(tmp_path):
    assert read(tmp_path, driver(), modified=LINKED + 86400 * 3650).date is None
    assert read(tmp_path, driver(), modified=LINKED - 86400).date is None


def test_a_link_date_that_is_none(tmp_path):
    entry = read(tmp_path, driver(linked=0xFFFFFFF0))
    assert (entry.linked, entry.date) == (None, "1997-05-01")


@pytest.mark.parametrize("raw", [b"MZ", b"MZ" + bytes(100), driver()[:200], b"MZ" + b"\xff" * 1000])
def test_what_is_no_program_file(tmp_path, raw):
    with pytest.raises(EvidenceError, match=r"files/copy\.sys: .*copy it again"):
        read(tmp_path, raw)


def test_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(driverfile, "MAX_SIZE", 1000)
    with pytest.raises(EvidenceError, match="larger than"):
        read(tmp_path, driver())


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(60, 1400), st.integers(0, 255)), max_size=6), st.integers(64, 1600))
def test_damage(tmp_path, changes, cut):
    raw = bytearray(driver())
    for place, byte in changes:
        if place < len(raw):
            raw[place] = byte
    try:
        entry = read(tmp_path, bytes(raw[:cut]))
    except EvidenceError:
        return
    assert entry.size == min(len(raw), cut)

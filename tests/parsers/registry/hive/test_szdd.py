import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_writer.regf import write_hive

from evtscan.base.errors import EvidenceError
from evtscan.base.model.source import Source
from evtscan.parsers.registry.hive.szdd import SzddError, expand, read_registry

MAGIC = b"SZDD\x88\xf0\x27\x33A"


def header(size, letter=b"M"):
    return MAGIC + letter + size.to_bytes(4, "little")


def pack(raw):
    """The plainest packer: the longest match in the ring, found by looking at every place."""
    ring, position = bytearray(b" " * 4096), 4096 - 16
    out, place = bytearray(), 0
    while place < len(raw):
        flags, items = 0, bytearray()
        for bit in range(8):
            if place >= len(raw):
                break
            window = bytes(ring[position:] + ring[:position])  # oldest first
            length = next((n for n in range(min(18, len(raw) - place), 2, -1) if raw[place : place + n] in window), 0)
            if length:
                start = (window.index(raw[place : place + length]) + position) % 4096
                items += bytes([start & 0xFF, (start >> 4) & 0xF0 | length - 3])
            else:
                flags |= 1 << bit
                length = 1
                items.append(raw[place])
            for byte in raw[place : place + length]:
                ring[position] = byte
                position = (position + 1) % 4096
            place += length
        out += bytes([flags]) + items
    return header(len(raw)) + bytes(out)


def test_literals_and_matches():
    # "AB", then 4 bytes from place 4080, where the "AB" stands: the copy runs into itself
    assert expand(header(6) + bytes([0b011, ord("A"), ord("B"), 0xF0, 0xF1])) == b"ABABAB"
    # from place 0 the ring holds blanks
    assert expand(header(3) + bytes([0, 0, 0])) == b"   "


@settings(deadline=None, max_examples=60)
@given(
    st.binary(max_size=200)
    | st.lists(st.sampled_from([b"abc", b"  ", b"rasarp", b"\0\0\0\0"]), max_size=60).map(b"".join)
)
def test_what_was_packed_comes_back(raw):
    assert expand(pack(raw)) == raw


def test_ring_runs_around():
    raw = bytes(number * 7 % 251 for number in range(5000)) + b"the end, the end"
    assert expand(pack(raw)) == raw


def test_what_breaks_off_gives_what_it_holds():
    assert expand(pack(b"abcdefgh12345678")[:-3]).startswith(b"abcdefgh")
    assert expand(header(100)) == b""


def test_refused():
    with pytest.raises(SzddError, match="not a file"):
        expand(b"SZ \x88\xf0\x27\x33\xd1")
    with pytest.raises(SzddError, match="more than 1000"):
        expand(header(1001), limit=1000)


@settings(deadline=None, max_examples=80)
@given(st.binary(max_size=300), st.integers(0, 2000))
def test_any_bytes(tail, size):
    assert len(expand(header(size) + tail)) <= size


def test_large_files_take_no_time():
    started = time.process_time()
    assert len(expand(header(8 << 20) + b"\0\0\x0f\0\x0f\0\x0f\0\x0f\0\x0f\0\x0f\0\x0f\0\x0f" * (1 << 20))) == 8 << 20
    assert time.process_time() - started < 10


def packed_file(tmp_path, raw):
    path = tmp_path / "system._"
    path.write_bytes(raw)
    return read_registry(Source(path, "repair/system._"))


def test_hive_of_a_repair_folder(tmp_path):
    tree = {"Select": {"Current": 1}, "ControlSet001": {"Services": {"RasArp": {"Start": 3}}}}
    raw = write_hive(tree)
    literals = b"".join(b"\xff" + raw[start : start + 8] for start in range(0, len(raw), 8))
    registry = packed_file(tmp_path, header(len(raw)) + literals)
    key = registry.key(r"SYSTEM\CurrentControlSet\Services\RasArp")
    assert (key.values["start"].data, key.location.source) == (3, "repair/system._")


def test_what_is_no_hive(tmp_path):
    with pytest.raises(EvidenceError, match=r"repair/system\._: holds a packed file that is no registry hive"):
        packed_file(tmp_path, pack(b"MZ"))
    with pytest.raises(EvidenceError, match="more than"):
        packed_file(tmp_path, header(0xFFFFFFFF))

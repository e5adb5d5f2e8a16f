import bz2
import gzip
import io
import lzma
import tarfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtscan.intake.archives import Limits, unpack
from tests.intake.archives.conftest import contents, kinds, reasons, tarred

MEMBERS = {"C/WINNT/System.evt": b"x" * 5000, "facts.yaml": b"os.version: '4.0'\n", "full": b"1" * 512, "empty": b""}
NAMED = {f"case.tar!{name}": content for name, content in MEMBERS.items()}


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_plain_and_compressed(take, pack):
    result = take(pack(tarred(MEMBERS)), "case.tar")
    assert contents(result) == NAMED
    assert {source.path.stat().st_mtime for source in result.sources} == {889867612}
    assert (result.skipped, result.warnings) == ((), ())


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names(take, form):
    name = "/".join(["f" * 40] * 5) if form != tarfile.USTAR_FORMAT else "f" * 90 + "/" + "g" * 90
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as archive:
        header = tarfile.TarInfo(name)
        header.size = 3
        archive.addfile(header, io.BytesIO(b"abc"))
    assert contents(take(stream.getvalue(), "case.tar")) == {f"case.tar!{name}": b"abc"}


@pytest.mark.parametrize(("pack", "suffix"), [(gzip.compress, "gz"), (bz2.compress, "bz2"), (lzma.compress, "xz")])
def test_a_compressed_file_that_is_no_tar_is_one_file(take, pack, suffix):
    result = take(pack(b"a log"), f"HOST/System.evt.{suffix}")
    assert contents(result) == {f"HOST/System.evt.{suffix}!System.evt": b"a log"}


def test_several_streams_in_one_xz_file(take):
    data = lzma.compress(b"one ") + bytes(8) + lzma.compress(b"two")
    assert contents(take(data, "a.evt.xz")) == {"a.evt.xz!a.evt": b"one two"}


def test_links_devices_and_ways_out(take):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, kind in (
            ("soft", tarfile.SYMTYPE),
            ("hard", tarfile.LNKTYPE),
            ("disk", tarfile.BLKTYPE),
            ("pipe", tarfile.FIFOTYPE),
            ("folder", tarfile.DIRTYPE),
            ("../up.evt", tarfile.REGTYPE),
            ("/etc/shadow", tarfile.REGTYPE),
        ):
            header = tarfile.TarInfo(name)
            header.type = kind
            header.linkname = "/etc/passwd"
            archive.addfile(header)
    result = take(stream.getvalue(), "case.tar")
    assert list(contents(result)) == ["case.tar!etc/shadow"]
    assert reasons(result) == {
        **{f"case.tar!{name}": "a link or a device, no file" for name in ("soft", "hard", "disk", "pipe")},
        "case.tar!../up.evt": "its name leads out of the archive",
    }


def test_cut_off_in_a_member_keeps_what_is_there(take):
    data = tarred({"a.evt": b"1" * 700, "b.evt": b"2" * 90000})
    result = take(data[: 512 + 1024 + 512 + 50000], "case.tar")
    found = contents(result)
    assert found["case.tar!a.evt"] == b"1" * 700
    assert found["case.tar!b.evt"] == b"2" * (50000 // 8192 * 8192)
    assert kinds(result)[0] == "damaged_member"


def test_damaged_header_in_the_middle_is_not_taken_for_the_end(take):
    data = bytearray(tarred({"a.evt": b"1", "b.evt": b"2"}))
    data[1024 + 148] ^= 0xFF  # the checksum of the second header
    result = take(bytes(data), "case.tar")
    assert list(contents(result)) == ["case.tar!a.evt"]
    assert kinds(result) == ["truncated"]


def test_cut_off_compressed_stream(take):
    data = gzip.compress(tarred({"a.evt": b"1", "b.evt": bytes(range(256)) * 40}))
    result = take(data[:-40], "case.tgz")
    assert contents(result)["case.tgz!a.evt"] == b"1"
    assert result.warnings


def test_bomb_behind_gzip(take):
    result = take(
        gzip.compress(tarred({"a.evt": b"1", "zeros": bytes(9 << 20)})), "case.tgz", Limits(small=4 << 20, ratio=99)
    )
    assert contents(result) == {"case.tgz!a.evt": b"1"}
    assert kinds(result) == ["archive_limit"]


def test_what_is_passed_over_counts(take):
    limits = Limits(total=8 << 20, file=1 << 20)
    result = take(gzip.compress(tarred({"zeros": bytes(10 << 20), "a.evt": b"1"})), "case.tgz", limits)
    assert kinds(result) == ["archive_limit"]
    assert reasons(result) == {"case.tgz!zeros": "larger than 1,048,576 bytes"}


def test_header_that_asks_for_gigabytes(take):
    header = tarfile.TarInfo("x")
    header.type = tarfile.XHDTYPE
    header.size = 8 << 30
    data = header.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 20)
    result = take(gzip.compress(tarred({"a.evt": b"1"})[:1024] + data), "case.tgz")
    assert contents(result) == {"case.tgz!a.evt": b"1"}
    assert kinds(result) == ["truncated"]


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
@pytest.mark.parametrize("place", ["first", "later"])
def test_chained_headers(take, kind, place):
    header = tarfile.TarInfo("x")
    header.type = kind
    header.size = 10
    content = b"10 a=1234\n" if kind == tarfile.XHDTYPE else b"a.evt\0\0\0\0\0"
    chain = (header.tobuf(tarfile.GNU_FORMAT) + content.ljust(512, b"\0")) * 2000
    before = tarred({"b.evt": b"1"})[:1024] if place == "later" else b""
    result = take(before + chain + tarred({"c.evt": b"1"}), "case.tar")
    assert contents(result) == ({"case.tar!b.evt": b"1"} if before else {})
    assert kinds(result) == ["truncated" if before else "unreadable"]


def test_sparse_header_that_is_cut_off(take):
    header = bytearray(tarfile.TarInfo("sp.evt").tobuf(tarfile.GNU_FORMAT))
    header[156:157] = b"S"
    header[482] = 1  # more entries follow in the next block
    header[148:156] = b"%06o\0 " % (sum(header[:148]) + sum(header[156:]) + 8 * 0x20)
    result = take(bytes(header) + b"\0" * 151, "case.tar")
    assert kinds(result) == ["unreadable"]


def test_header_with_a_row_of_digits_costs_no_time(take):
    header = tarfile.TarInfo("x")
    header.type = tarfile.XHDTYPE
    header.size = 60 << 10
    data = header.tobuf(tarfile.GNU_FORMAT) + b"1" * (60 << 10) + bytes(1024)
    result = take(tarred({"a.evt": b"1"})[:1024] + data, "case.tar")
    assert kinds(result) == ["truncated"]
    assert "digits" in result.warnings[0].message


def test_size_that_leads_backwards_does_not_loop(take):
    header = tarfile.TarInfo("x")
    block = bytearray(header.tobuf(tarfile.GNU_FORMAT))
    block[124:136] = b"\xff" * 10 + b"\xfc\x00"  # -1024, in base 256
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    result = take(bytes(block) + bytes(4096), "case.tar")
    assert result.warnings or result.skipped or contents(result) == {"case.tar!x": b""}


def test_xz_that_asks_for_too_much_memory(take):
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}]
    data = bytearray(lzma.compress(b"1" * 100, filters=filters))
    place = data.index(b"\x21\x01") + 2  # the filter and the size of its properties
    data[place] = 40  # a dictionary of 4 GiB
    size = (data[12] + 1) * 4
    data[12 + size - 4 : 12 + size] = zlib.crc32(bytes(data[12 : 12 + size - 4])).to_bytes(4, "little")
    result = take(bytes(data), "a.evt.xz")
    assert contents(result) in ({}, {"a.evt.xz!a.evt": b""})
    assert result.warnings


WHOLE = tarred({"System.evt": bytes(range(256)) * 4, "a/b.evt": b"2"})[:4096]
GZIPPED = gzip.compress(WHOLE)


@settings(deadline=None, max_examples=100)
@given(
    whole=st.sampled_from([WHOLE, GZIPPED]),
    cuts=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=6),
    end=st.integers(0, 40),
)
def test_damage_never_raises(tmp_path_factory, whole, cuts, end):
    data = bytearray(whole)
    for place, value in cuts:
        data[4 + int(place * (len(data) - 4))] = value
    folder = tmp_path_factory.mktemp("damaged")
    (folder / "a.tar").write_bytes(data[: len(data) - end])
    unpack(folder / "a.tar", folder, name="a.tar")

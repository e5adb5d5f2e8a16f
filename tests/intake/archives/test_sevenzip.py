import io
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtscan.intake.archives import Limits, unpack
from evtscan.intake.archives.bounds import LimitError
from evtscan.intake.archives.sevenzip import _memory, check_coders
from tests.intake.archives.conftest import SMALL, contents, kinds, reasons

py7zr = pytest.importorskip("py7zr", reason="the extra evtscan[7z] is not installed")

MEMBERS = {"C/WINNT/System.evt": b"x" * 5000, "facts.yaml": b"os.version: '4.0'\n", "empty": b""}


def packed(members: dict[str, bytes], **options) -> bytes:
    stream = io.BytesIO()
    with py7zr.SevenZipFile(stream, "w", **options) as archive:
        for name, content in members.items():
            archive.writestr(content, name)
    return stream.getvalue()


def renamed(data_members: dict[str, bytes], old: str, new: str) -> bytes:
    """An archive with a name that py7zr would not write: of the same length, in a header that is not compressed."""
    stream = io.BytesIO()
    with py7zr.SevenZipFile(stream, "w") as archive:
        archive.set_encoded_header_mode(False)
        for name, content in data_members.items():
            archive.writestr(content, name)
    data = bytearray(stream.getvalue())
    place = data.index(old.encode("utf-16-le"))
    data[place : place + 2 * len(new)] = new.encode("utf-16-le")
    offset, size = (int.from_bytes(data[at : at + 8], "little") for at in (12, 20))
    data[28:32] = py7zr.helpers.calculate_crc32(bytes(data[32 + offset : 32 + offset + size])).to_bytes(4, "little")
    data[8:12] = py7zr.helpers.calculate_crc32(bytes(data[12:32])).to_bytes(4, "little")
    return bytes(data)


@pytest.mark.parametrize(
    "filters",
    [
        None,
        [{"id": py7zr.FILTER_BZIP2}],
        [{"id": py7zr.FILTER_COPY}],
    ],
)
def test_files_with_names_and_contents(take, filters):
    result = take(packed(MEMBERS, filters=filters), "case.7z")
    assert contents(result) == {f"case.7z!{name}": content for name, content in MEMBERS.items()}
    assert (result.skipped, result.warnings) == ((), ())


@pytest.mark.parametrize(
    ("filters", "name"),
    [
        ([{"id": py7zr.FILTER_PPMD, "order": 6, "mem": 24}], "PPMd"),
        ([{"id": py7zr.FILTER_DEFLATE}], "Deflate"),
        ([{"id": py7zr.FILTER_ZSTD}], "Zstandard"),
    ],
)
def test_codecs_with_a_decoder_that_is_not_safe_are_refused_by_name(take, filters, name):
    result = take(packed(MEMBERS, filters=filters), "case.7z")
    assert (contents(result), kinds(result)) == ({}, ["unreadable"])
    assert f"compressed with {name}, which is not read here" in result.warnings[0].message


def test_several_blocks(take):
    stream = io.BytesIO(packed({"a.evt": b"1", "empty": b""}))
    with py7zr.SevenZipFile(stream, "a") as archive:
        archive.writestr(b"2", "b.evt")
    result = take(stream.getvalue(), "case.7z")
    assert contents(result) == {"case.7z!a.evt": b"1", "case.7z!b.evt": b"2", "case.7z!empty": b""}


def test_a_member_that_leads_out_is_passed_over_and_the_rest_counts(take):
    result = take(renamed({"aa/b.evt": b"1", "c.evt": b"2"}, "aa/b.evt", "../b.evt"), "case.7z")
    assert contents(result) == {"case.7z!c.evt": b"2"}
    assert reasons(result) == {"case.7z!../b.evt": "its name leads out of the archive"}


def test_encrypted(take):
    result = take(packed({"a.evt": b"1"}, password="infected"), "case.7z")
    assert reasons(result) == {"case.7z": "encrypted: unpack it with its password and scan the folder"}
    assert kinds(result) == ["unreadable"]


def test_encrypted_names(take):
    result = take(packed({"a.evt": b"1"}, password="infected", header_encryption=True), "case.7z")
    assert reasons(result) == {"case.7z": "encrypted: unpack it with its password and scan the folder"}


def test_without_py7zr_the_reason_says_what_to_do(take, monkeypatch):
    monkeypatch.setitem(sys.modules, "py7zr", None)
    result = take(packed({"a.evt": b"1"}), "case.7z")
    assert 'pip install "evtscan[7z]"' in reasons(result)["case.7z"]
    assert "or unpack it" in result.warnings[0].message


def test_bomb(take):
    result = take(packed({"a.evt": b"1", "zeros": bytes(9 << 20), "z.evt": b"2"}), "case.7z", Limits(small=8 << 20))
    assert contents(result) == {"case.7z!a.evt": b"1"}
    assert kinds(result) == ["archive_limit"]


def test_header_with_more_files_than_allowed_is_refused_before_it_is_read(take):
    result = take(packed(dict.fromkeys(map(str, range(60)), b"")), "case.7z", Limits(entries=50))
    assert result.sources == ()
    assert result.warnings[0].kind == "unreadable"
    assert "exceeds limit 50" in result.warnings[0].message


def test_bounds_of_py7zr_are_as_before_afterwards(take):
    info = py7zr.archiveinfo
    before = (info.MAX_NUMFILES, info.MAX_HEADER_SIZE, info.Folder.get_decompressor, py7zr.py7zr.get_memory_limit)
    take(packed({"a.evt": b"1"}), "case.7z")
    assert before == (
        info.MAX_NUMFILES,
        info.MAX_HEADER_SIZE,
        info.Folder.get_decompressor,
        py7zr.py7zr.get_memory_limit,
    )


@pytest.mark.parametrize(
    ("method", "properties", "memory"),
    [
        (b"\x21", b"\x18", 16 << 20),
        (b"\x21", b"\x28", 1 << 32),
        (b"\x21", b"\x01", 6 << 10),
        (b"\x03\x01\x01", b"\x5d\x00\x00\x00\x04", 64 << 20),
        (b"\x04\x02\x02", b"", 0),
    ],
)
def test_memory_that_a_coder_asks_for(method, properties, memory):
    assert _memory({"method": method, "properties": properties}) == memory


@pytest.mark.parametrize("method", [py7zr.FILTER_ZSTD, py7zr.FILTER_BROTLI, py7zr.FILTER_DEFLATE])
def test_coders_without_a_bound_are_refused(take, method):
    result = take(packed({"a.evt": b"1"}, filters=[{"id": method}]), "case.7z")
    assert result.sources == ()
    assert "which is not read here: unpack it with another program" in reasons(result)["case.7z"]
    assert kinds(result) == ["unreadable"]


def test_the_memory_of_all_coders_of_a_stream_counts():
    half = {"method": b"\x03\x01\x01", "properties": b"\x5d" + (600 << 20).to_bytes(4, "little")}
    check_coders([half])
    with pytest.raises(LimitError, match="1,258,291,200 bytes of memory"):
        check_coders([half, half])


def test_a_dictionary_of_gigabytes_is_refused(take):
    stream = io.BytesIO()
    with py7zr.SevenZipFile(stream, "w") as archive:
        archive.set_encoded_header_mode(False)
        archive.writestr(b"1", "a.evt")
    data = bytearray(stream.getvalue())
    offset, size = (int.from_bytes(data[at : at + 8], "little") for at in (12, 20))
    place = data.index(b"\x21\x21\x01", 32 + offset) + 3  # one id byte and properties, LZMA2, one byte of them
    data[place] = 40
    data[28:32] = py7zr.helpers.calculate_crc32(bytes(data[32 + offset : 32 + offset + size])).to_bytes(4, "little")
    data[8:12] = py7zr.helpers.calculate_crc32(bytes(data[12:32])).to_bytes(4, "little")
    result = take(bytes(data), "case.7z")
    assert result.sources == ()
    assert "4,294,967,296 bytes of memory" in result.warnings[0].message


def test_damaged_content_keeps_what_came_before(take):
    data = bytearray(
        packed({"a.evt": b"1" * 10, "b.evt": b"2" * 10, "c.evt": b"3"}, filters=[{"id": py7zr.FILTER_COPY}])
    )
    data[data.index(b"2222")] = 0
    result = take(bytes(data), "case.7z")
    assert contents(result)["case.7z!a.evt"] == b"1" * 10
    assert [(item.kind, item.location.source) for item in result.warnings] == [
        ("damaged_member", "case.7z!b.evt"),
        ("truncated", "case.7z"),
    ]
    assert reasons(result) == {"case.7z!c.evt": "stands behind the damage in the archive"}


WHOLE = packed(MEMBERS)


@settings(deadline=None, max_examples=60)
@given(
    cuts=st.lists(st.tuples(st.integers(6, len(WHOLE) - 1), st.integers(0, 255)), max_size=4), end=st.integers(0, 40)
)
def test_damage_never_raises(tmp_path_factory, cuts, end):
    data = bytearray(WHOLE)
    for place, value in cuts:
        data[place] = value
    folder = tmp_path_factory.mktemp("damaged")
    (folder / "a.7z").write_bytes(data[: len(data) - end])
    result = unpack(folder / "a.7z", folder, name="a.7z", limits=SMALL)
    assert len(result.sources) == len(MEMBERS) or result.warnings or result.skipped

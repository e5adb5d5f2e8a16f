import os
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtscan.intake.archives import Limits, unpack
from tests.intake.archives.conftest import contents, kinds, reasons, zipped

EVIL = (
    "../up.evt",
    "/etc/passwd",
    r"C:\WINNT\a.evt",
    r"..\..\b.evt",
    "ok/../../c.evt",
    "//server/share/d.evt",
    "NUL",
    "a:b",
)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_files_with_names_contents_and_times(take, method):
    members = {"C/WINNT/System.evt": b"x" * 5000, "facts.yaml": b"os.version: '4.0'\n", "empty": b"", "dir/": b""}
    result = take(zipped(members, method))
    del members["dir/"]
    assert contents(result) == {f"case.zip!{name}": content for name, content in members.items()}
    assert {source.path.stat().st_mtime for source in result.sources} == {889867612}  # 1998-03-14 09:26:52
    assert (result.skipped, result.warnings) == ((), ())


def test_names_stay_as_they_are_and_sort(take):
    names = ["uploads/auto/C%3A/Windows/System32/winevt/Logs/A%254B.evtx", "b/é.evt", "a!b.evt"]
    result = take(zipped(dict.fromkeys(names, b"1")))
    assert [source.name for source in result.sources] == [f"case.zip!{name}" for name in sorted(names)]


def test_no_member_leaves_the_folder(take):
    result = take(zipped(dict.fromkeys(EVIL, b"1")))
    assert reasons(result) == {
        f"case.zip!{name}": "its name leads out of the archive"
        for name in ("../up.evt", r"..\..\b.evt".replace(os.sep, "/"), "ok/../../c.evt")  # as zipfile reads it
    }
    assert set(contents(result)) == {
        "case.zip!etc/passwd",
        "case.zip!C:/WINNT/a.evt",
        "case.zip!server/share/d.evt",
        "case.zip!NUL",
        "case.zip!a:b",
    }


def test_links_and_devices_are_passed_over(take, tmp_path):
    path = tmp_path / "made"
    with zipfile.ZipFile(path, "w") as archive:
        for name, mode in (("link", 0o120777), ("pipe", 0o010644), ("file", 0o100644)):
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            archive.writestr(entry, "/etc/passwd")
    data = path.read_bytes()
    path.unlink()
    result = take(data)
    assert list(contents(result)) == ["case.zip!file"]
    assert reasons(result) == dict.fromkeys(("case.zip!link", "case.zip!pipe"), "a link or a device, no file")


def test_encrypted_members_are_one_warning_and_the_rest_counts(take):
    data = bytearray(zipped({"a.evt": b"1", "b.evt": b"2", "c.evt": b"3"}))
    for name in (b"a.evt", b"b.evt"):
        directory = data.rindex(name) - 46
        data[directory + 8] |= 1
        data[data.index(name) - 30 + 6] |= 1
    result = take(bytes(data))
    assert contents(result) == {"case.zip!c.evt": b"3"}
    (warning,) = result.warnings
    assert (warning.kind, warning.location.source) == ("encrypted", "case.zip")
    assert warning.message == "2 files are encrypted: unpack it with its password and scan the folder"
    assert reasons(result) == {"case.zip!a.evt": "encrypted", "case.zip!b.evt": "encrypted"}


@pytest.mark.parametrize(
    ("method", "word"), [(9, "Deflate64"), (zipfile.ZIP_BZIP2, "bzip2"), (zipfile.ZIP_LZMA, "LZMA"), (77, "method 77")]
)
def test_unsupported_compression_is_named(take, method, word):
    data = bytearray(zipped({"a.evt": b"1"}))
    struct.pack_into("<H", data, data.rindex(b"a.evt") - 36, method)
    struct.pack_into("<H", data, 8, method)
    result = take(bytes(data))
    assert reasons(result) == {"case.zip!a.evt": f"compressed with {word}"}
    assert kinds(result) == ["unsupported_compression"]


@pytest.mark.parametrize("mark", ["[Content_Types].xml", "META-INF/MANIFEST.MF", "mimetype", "AndroidManifest.xml"])
def test_documents_and_programs_are_no_evidence(take, mark):
    result = take(zipped({mark: b"", "word/document.xml": b"<w/>"}), "letter.docx")
    assert (result.sources, result.warnings) == ((), ())
    assert reasons(result) == {"letter.docx": "a document or a program in the form of a ZIP, no archive of evidence"}


def test_a_member_with_a_wrong_checksum_is_kept_with_a_warning(take):
    data = bytearray(zipped({"a.evt": b"evidence", "b.evt": b"fine"}, zipfile.ZIP_STORED))
    data[data.index(b"evidence")] = 0
    result = take(bytes(data))
    assert contents(result)["case.zip!b.evt"] == b"fine"
    (warning,) = result.warnings
    assert (warning.kind, warning.location.source) == ("damaged_member", "case.zip!a.evt")
    assert "CRC" in warning.message


def test_without_its_directory_it_is_refused_with_a_sentence(take):
    result = take(zipped({"a.evt": b"1" * 999})[:-30])
    assert result.sources == ()
    assert kinds(result) == ["unreadable"]
    assert "cut off or damaged" in result.warnings[0].message


def test_a_bomb_ends_at_the_ratio_with_one_warning(take):
    bomb = zipped({"first.evt": b"evidence", "zeros": bytes(9 << 20), "later.evt": b"1"})
    assert len(bomb) * 250 < 8 << 20
    result = take(bomb, limits=Limits(small=8 << 20))
    assert contents(result) == {"case.zip!first.evt": b"evidence"}
    (warning,) = result.warnings
    assert warning.kind == "archive_limit"
    assert warning.message == (
        f"unpacks to more than {8 << 20:,} bytes; what was unpacked before that counts. Unpack it yourself "
        "and scan the folder"
    )
    assert reasons(result) == {"case.zip!zeros": "the archive holds more than it may"}


def test_a_directory_that_lies_about_sizes_changes_nothing(take):
    data = bytearray(zipped({"a.evt": b"1" * 5000}))
    struct.pack_into("<L", data, data.rindex(b"a.evt") - 22, 3)  # the size unpacked
    result = take(bytes(data))
    assert len(result.sources) == 1
    assert kinds(result) == ["damaged_member"]


def test_too_many_entries(take):
    result = take(zipped({f"{number}.evt": b"1" for number in range(60)}))
    assert len(result.sources) == 50
    assert kinds(result) == ["archive_limit"]


def test_one_file_that_is_too_large_is_left_out_and_the_rest_counts(take):
    limits = Limits(total=64 << 20, file=1000)
    result = take(zipped({"a": bytes(1001), "b": bytes(1000)}), limits=limits)
    assert contents(result) == {"case.zip!b": bytes(1000)}
    assert reasons(result) == {"case.zip!a": "larger than 1,000 bytes"}


def test_a_directory_of_more_than_16_mib_is_not_read(take):
    entry = b"PK\x01\x02" + bytes(42)
    directory = entry * ((17 << 20) // len(entry))
    end = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 0, 0, len(directory), 4, 0)
    result = take(b"PK\x03\x04" + directory + end)
    assert (result.sources, kinds(result)) == ((), ["archive_limit"])
    assert "a directory of more than" in result.warnings[0].message


WHOLE = zipped({"System.evt": bytes(range(256)) * 4, "a/b.evt": b"2"})


@settings(deadline=None, max_examples=100)
@given(
    cuts=st.lists(st.tuples(st.integers(4, len(WHOLE) - 1), st.integers(0, 255)), max_size=6), end=st.integers(0, 40)
)
def test_damage_never_raises(tmp_path_factory, cuts, end):
    data = bytearray(WHOLE)
    for place, value in cuts:
        data[place] = value
    folder = tmp_path_factory.mktemp("damaged")
    (folder / "a.zip").write_bytes(data[: len(data) - end])
    result = unpack(folder / "a.zip", folder, name="a.zip")
    assert len(result.sources) == 2 or result.warnings or result.skipped


def test_an_entry_without_a_name_is_passed_over(take):
    data = bytearray(zipped({"a.evt": b"1", "b.evt": b"2"}))
    data[data.rindex(b"a.evt")] = 0  # a name ends at its first NUL
    result = take(bytes(data))
    assert contents(result) == {"case.zip!b.evt": b"2"}
    assert list(reasons(result).values()) == ["its name leads out of the archive"]

import doctest
import gzip
import os
from pathlib import Path

import pytest

from evtscan.base.model.source import Source
from evtscan.intake import archives
from evtscan.intake.archives import ARCHIVES, Limits, is_collection, opened, stem
from evtscan.intake.archives.bounds import Budget
from tests.intake.archives.conftest import contents, kinds, reasons, tarred, zipped


def source(path: Path, data: bytes) -> Source:
    path.write_bytes(data)
    return Source(path, path.name)


def test_examples():
    assert doctest.testmod(archives).attempted > 0
    assert doctest.testmod(archives).failed == 0


def test_every_module_is_in_the_table():
    folder = Path(archives.__file__).parent
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__", "bounds", "shelf"}
    assert {row.module.rpartition(".")[2] for row in ARCHIVES} == modules


def test_archives_in_archives_to_the_second_level(take):
    inner = zipped({"System.evt": b"deep"})
    middle = tarred({"HOST/inner.zip": inner, "side.evt": b"side"})
    result = take(zipped({"middle.tar": middle, "top.evt": b"top"}))
    assert contents(result) == {
        "case.zip!middle.tar!HOST/inner.zip!System.evt": b"deep",
        "case.zip!middle.tar!side.evt": b"side",
        "case.zip!top.evt": b"top",
    }
    assert not result.warnings


def test_archives_deeper_than_that_are_one_warning(take):
    fourth = zipped({"System.evt": b"too deep"})
    third = zipped({"a.zip": fourth, "b.zip": fourth})
    result = take(zipped({"second.zip": zipped({"third.zip": third})}))
    assert result.sources == ()
    (warning,) = result.warnings
    assert warning.kind == "archive_limit"
    assert warning.message.startswith("2 archives lie too deep in others to be opened")
    assert reasons(result) == {
        f"case.zip!second.zip!third.zip!{name}": "lies too deep in other archives" for name in ("a.zip", "b.zip")
    }


def test_a_bomb_of_many_archives_ends_with_one_warning(take):
    bomb = zipped({"zeros": bytes(30 << 20)})
    members = {f"{number}.zip": bomb for number in range(20)}
    result = take(zipped({"a.evt": b"1", **members}), limits=Limits(total=64 << 20))
    assert "case.zip!a.evt" in contents(result)
    assert kinds(result) == ["archive_limit"]
    assert sum(path.path.stat().st_size for path in result.sources) <= 64 << 20


def test_entries_of_all_levels_count(take):
    inner = zipped({f"{number}.evt": b"" for number in range(30)})
    result = take(zipped({"a.zip": inner, "b.zip": inner}), limits=Limits(entries=50))
    assert len(result.sources) < 50
    assert kinds(result) == ["archive_limit"]


def test_a_document_among_the_evidence_is_passed_over(take):
    result = take(zipped({"System.evt": b"1", "notes.docx": zipped({"[Content_Types].xml": b""})}))
    assert list(contents(result)) == ["case.zip!System.evt"]
    assert list(reasons(result)) == ["case.zip!notes.docx"]
    assert not result.warnings


def test_opened_puts_files_in_the_place_of_archives(tmp_path):
    log = source(tmp_path / "a.evt", b"log")
    case = source(tmp_path / "case.zip", zipped({"b.evt": b"1", "../c.evt": b"2"}))
    packed = source(tmp_path / "d.evt.gz", gzip.compress(b"3"))
    with opened([log, case, packed]) as result:
        assert contents(result) == {"a.evt": b"log", "case.zip!b.evt": b"1", "d.evt.gz!d.evt": b"3"}
        assert list(reasons(result)) == ["case.zip!../c.evt"]
        folder = result.sources[1].path.parents[2]
        assert folder.name.startswith("evtscan-")
        if os.name == "posix":
            assert folder.stat().st_mode & 0o077 == 0
    assert not folder.exists()
    assert result.sources[0].path.exists()


def test_without_archives_no_folder_is_made(tmp_path, monkeypatch):
    monkeypatch.setattr(archives.tempfile, "TemporaryDirectory", lambda **options: pytest.fail("a folder was made"))
    log = source(tmp_path / "a.evt", b"log")
    missing = Source(tmp_path / "gone.evt", "gone.evt")
    with opened([log, missing]) as result:
        assert result.sources == (log, missing)


def test_the_folder_goes_when_the_scan_fails(tmp_path):
    case = source(tmp_path / "case.zip", zipped({"b.evt": b"1"}))
    folders = []

    def fail() -> None:
        with opened([case]) as result:
            folders.append(result.sources[0].path.parents[2])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    (folder,) = folders
    assert not folder.exists()


def test_one_bomb_takes_nothing_from_its_neighbours(tmp_path):
    bomb = source(tmp_path / "a.zip", zipped({"zeros": bytes(9 << 20)}))
    case = source(tmp_path / "b.zip", zipped({"b.evt": b"1"}))
    with opened([bomb, case], Limits(small=8 << 20)) as result:
        assert contents(result) == {"b.zip!b.evt": b"1"}
        assert [warning.location.source for warning in result.warnings] == ["a.zip"]


@pytest.mark.parametrize(
    ("data", "holds"),
    [
        (zipped({"a.evt": b"1"}), True),
        (zipped({}), True),
        (zipped({"a.evt": b"1"})[:-10], True),
        (zipped({"META-INF/MANIFEST.MF": b""}), False),
        (tarred({"a.evt": b"1"}), True),
        (gzip.compress(tarred({"a.evt": b"1"}), mtime=0), True),
        (gzip.compress(b"a log", mtime=0), False),
        (b"7z\xbc\xaf\x27\x1c", True),
        (b"", False),
        (b"ElfFile\0", False),
    ],
    ids=str.split("zip empty-zip cut-zip jar tar tgz gz 7z nothing evtx"),
)
def test_what_may_hold_a_host(tmp_path, data, holds):
    assert is_collection(source(tmp_path / "x", data)) is holds


@pytest.mark.parametrize(
    ("tree", "name"),
    [
        ("C/Windows/System32/winevt/logs/System.evtx", "KAPE and CyLR"),
        ("uploads/auto/C%3A/Windows/System32/winevt/Logs/System.evtx", "Velociraptor"),
        ("C/WINNT/system32/config/SysEvent.Evt", "a disk image"),
    ],
)
def test_layouts_that_collectors_leave_read_as_they_are(take, tree, name):
    result = take(zipped({tree: b"log", "Collection_ConsoleLog.txt": b"text"}))
    assert contents(result)[f"case.zip!{tree}"] == b"log"


def test_stem():
    assert [stem(name) for name in ("a.zip", "b.tar.xz", "c.d.7z", "e", ".7z")] == ["a", "b", "c.d", "e", ".7z"]


def test_a_small_archive_may_unpack_well_and_a_large_one_by_ratio():
    limits = Limits()
    assert Budget.of(1000, limits, 1 << 40).allowed == 256 << 20
    assert Budget.of(100 << 20, limits, 1 << 40).allowed == 25_000 << 20
    assert Budget.of(1 << 40, limits, 1 << 50).allowed == 64 << 30
    assert Budget.of(100 << 20, limits, 1 << 20).allowed == 1 << 20

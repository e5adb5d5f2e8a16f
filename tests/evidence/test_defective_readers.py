"""Whatever a reader raises ends the reading of its file, and of nothing else."""

import pytest
from evidence_files import DHCP, evt, write

from evtscan.base.errors import RAISE_DEFECTS, UsageError
from evtscan.base.model.query import EVERYTHING
from evtscan.evidence.reading import read
from evtscan.intake import archives
from evtscan.intake.paths import find
from evtscan.parsers.logs import evt as evt_package
from evtscan.parsers.registry.text import regfile

REG = "REGEDIT4\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A sound log beside a file that meets a defect in its reader, as users of a release have it."""
    monkeypatch.delenv(RAISE_DEFECTS)
    write(tmp_path, a__reg=REG, good__evt=evt(DHCP))
    return tmp_path


def defect(error):
    def read_anything(*arguments, **options):
        raise error

    return read_anything


@pytest.mark.parametrize("error", [IndexError("list index out of range"), RecursionError(), MemoryError()])
def test_the_file_has_a_warning_with_the_type_and_the_others_are_read(folder, monkeypatch, error):
    monkeypatch.setattr(regfile, "read_registry", defect(error))
    reading = read(find([folder]).sources, EVERYTHING)
    assert [row.source_file for row in reading.rows] == ["good.evt"]
    assert [item.source_file for item in reading.skipped] == ["a.reg"]
    assert [(item.kind, item.location.source) for item in reading.warnings] == [("unreadable", "a.reg")]
    assert type(error).__name__ in reading.warnings[0].message
    assert ("please report" in reading.warnings[0].message) is not isinstance(error, MemoryError)


def test_a_defect_in_the_middle_of_a_log_leaves_nothing_of_it(folder, monkeypatch):
    real = evt_package.read_log

    class Breaking:
        warnings = ()

        def __init__(self, reader):
            self.reader = reader

        def __iter__(self):
            yield next(iter(self.reader))
            raise KeyError("place")

    monkeypatch.setattr(evt_package, "read_log", lambda *given: Breaking(real(*given)))
    reading = read(find([folder]).sources, EVERYTHING)
    assert (reading.logs, [row.source_file for row in reading.rows]) == ([], ["a.reg"])
    assert "KeyError" in reading.warnings[0].message


def test_tests_see_the_defect_itself(folder, monkeypatch):
    monkeypatch.setenv(RAISE_DEFECTS, "1")
    monkeypatch.setattr(regfile, "read_registry", defect(IndexError("boom")))
    with pytest.raises(IndexError, match="boom"):
        read(find([folder]).sources, EVERYTHING)


def test_an_error_of_the_request_ends_the_run(folder, monkeypatch):
    monkeypatch.setattr(regfile, "read_registry", defect(UsageError("no such zone")))
    with pytest.raises(UsageError):
        read(find([folder]).sources, EVERYTHING)


def test_an_archive_with_a_defect_in_its_reader_is_refused_alone(tmp_path, monkeypatch):
    monkeypatch.delenv(RAISE_DEFECTS)
    write(tmp_path, a__zip=b"PK\x05\x06" + bytes(18), good__evt=evt(DHCP))
    monkeypatch.setattr(archives.ArchiveFormat, "unpack", defect(IndexError("boom")))
    with archives.opened(find([tmp_path]).sources) as files:
        assert [source.name for source in files.sources] == ["good.evt"]
        assert [(item.kind, item.location.source) for item in files.warnings] == [("unreadable", "a.zip")]
        assert [row.source_file for row in files.rows] == ["a.zip"]

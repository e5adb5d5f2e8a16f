import os
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sample_writer.pe import driver_file

from evtscan.base.errors import EvidenceError
from evtscan.base.model.source import Source
from evtscan.parsers.reports import driverfile

LINKED = int(datetime(1997, 4, 1, tzinfo=UTC).timestamp())


def driver(version=(4, 0, 1381, 7117), original="RasArp.SYS", linked=LINKED):
    return driver_file(version, original_name=original, linked=linked)


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


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("case.zip!C/WINNT/system32/drivers/rasarp.sys", r"files\case.zip\C\WINNT\system32\drivers"),
        ("WINNT/$NtServicePackUninstall$/rasarp.sys", r"files\WINNT\$NtServicePackUninstall$"),
        ("drivers/rasarp.sys", None),
    ],
)
def test_a_file_in_the_tree_of_windows_has_its_folder(tmp_path, name, folder):
    assert read(tmp_path, driver(), name=name).folder == folder


def test_a_copy_that_was_dated_anew_says_no_date(tmp_path):
    assert read(tmp_path, driver(), modified=LINKED + 86400 * 3650).date is None
    assert read(tmp_path, driver(), modified=LINKED - 86400).date is None


def test_a_file_that_is_dated_before_1970(tmp_path, monkeypatch):
    """``datetime.fromtimestamp`` raises on Windows for such a time."""

    class WindowsDatetime(datetime):
        @classmethod
        def fromtimestamp(cls, timestamp, tz=None):
            raise OSError(22, "Invalid argument")

    monkeypatch.setattr("evtscan.parsers.reports.driverfile.datetime", WindowsDatetime)
    entry = read(tmp_path, driver(), modified=-86400)
    assert (entry.date, entry.linked) == (None, read(tmp_path, driver()).linked)


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

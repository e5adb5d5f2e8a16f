"""Faults of the machine under a run: reads that fail or are short, files that change or vanish, disks that are full."""

import errno
import io
import os
import random
import shutil
import threading
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from evidence_files import DHCP, NT4_SP2, evt, write
from sample_writer.evtx import evtx_log

from evtscan.audit import workers
from evtscan.audit.hosts import Work, scan_plan
from evtscan.audit.plan import plan
from evtscan.base.model.query import EVERYTHING, ReadOptions
from evtscan.base.model.source import Source
from evtscan.evidence.reading import read
from evtscan.intake import archives
from evtscan.intake.paths import find
from evtscan.scan import ScanOptions
from tests.fuzz import seeds
from tests.fuzz.targets import few_rules
from tests.fuzz.test_growth import story

SAMPLES = seeds.ROOT / "samples"
FILES = [
    path
    for pattern in ("sources/*/*", "sources/szdd/repair/*", "hosts/NTWS09/System.evtx", "hosts/FILESRV2/SYSTEM")
    for path in sorted(SAMPLES.glob(pattern))
    if path.is_file() and path.suffix != ".zip"
]


@dataclass(slots=True)
class Faults:
    """What happens to the reads of files: an error from this byte on, and how much one read gives at most."""

    fails_at: int | None = None
    most: int | None = None


class FaultyFile(io.FileIO):
    """A file on a failing disk, or on one that gives less than it is asked for."""

    faults = Faults()

    def readinto(self, buffer):
        view = memoryview(buffer).cast("B")
        size = len(view)
        if self.faults.fails_at is not None:
            size = min(size, self.faults.fails_at - self.tell())
            if size <= 0 < len(view):
                raise OSError(errno.EIO, "Input/output error")
        if self.faults.most is not None:
            size = min(size, self.faults.most)
        return super().readinto(view[:size])

    def read(self, size=-1):
        if size is None or size < 0:
            return self.readall()
        buffer = bytearray(size)
        return bytes(buffer[: self.readinto(buffer)])

    def readall(self):
        pieces = []
        while piece := self.read(1 << 16):
            pieces.append(piece)
        return b"".join(pieces)


@pytest.fixture
def faults(monkeypatch):
    """Faults of every file that is opened for reading."""
    chosen = Faults()
    opened = Path.open

    class File(FaultyFile):
        faults = chosen

    def open_faulty(path, mode="r", buffering=-1, *given, **named):
        if mode != "rb":
            return opened(path, mode, buffering, *given, **named)
        raw = File(str(path), "r")
        return raw if buffering == 0 else io.BufferedReader(raw)

    monkeypatch.setattr(Path, "open", open_faulty)
    return chosen


def what_was_read(path):
    reading = read([Source(path, path.name)], EVERYTHING, ReadOptions(hashed=True))
    return reading.rows, reading.evidence, reading.warnings, reading.skipped


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_short_reads_change_nothing(faults, path):
    expected = what_was_read(path)
    faults.most = 700
    rows, found, warnings, skipped = what_was_read(path)
    assert (rows, warnings, skipped) == (expected[0], expected[2], expected[3])
    assert [log.events for log in found.logs] == [log.events for log in expected[1].logs]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_read_that_fails_ends_the_file_with_a_warning(faults, path):
    size = path.stat().st_size
    for faults.fails_at in {0, 1, size // 2, max(size - 1, 0)}:
        _, _, warnings, _ = what_was_read(path)
        assert warnings, faults.fails_at


def test_a_log_of_several_segments_on_a_failing_disk(faults, tmp_path, monkeypatch):
    monkeypatch.setattr("evtscan.parsers.logs.evtx.file.SEGMENT_CHUNKS", 1)
    path = tmp_path / "System.evtx"
    path.write_bytes(evtx_log(story(900)))
    faults.fails_at = 100_000
    _, found, warnings, skipped = what_was_read(path)
    assert ([log.events for log in found.logs], [item.source_file for item in skipped]) == ([], ["System.evtx"])
    assert [item.kind for item in warnings] == ["unreadable"]


def changed(monkeypatch, change):
    """Change the folder after the format of each file was recognised, and before the file is read."""
    from evtscan.evidence import reading

    recognise = reading.recognise

    def then_changed(source):
        row = recognise(source)
        change(source.path)
        return row

    monkeypatch.setattr(reading, "recognise", then_changed)


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path):
    path.write_bytes(b"")


def replaced(path):
    path.write_bytes(b"something else\r\n" * 1000)


def turned_into_a_folder(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("change", [Path.unlink, cut, emptied, replaced, turned_into_a_folder])
def test_a_file_that_changes_while_it_is_read_is_no_traceback(tmp_path, monkeypatch, change):
    for number, path in enumerate(FILES):
        (tmp_path / str(number)).mkdir()
        shutil.copyfile(path, tmp_path / str(number) / path.name)
    sources = find([tmp_path]).sources
    changed(monkeypatch, change)
    reading = read(sources, EVERYTHING)
    if change is Path.unlink:
        assert {item.source_file for item in reading.skipped} >= {
            source.name for source in sources if source.path.suffix
        }


def test_a_file_that_vanished_before_it_was_looked_at(tmp_path):
    path = tmp_path / "System.evt"
    path.write_bytes(seeds.evt()[0])
    (source,) = find([tmp_path]).sources
    path.unlink()
    reading = read([source], EVERYTHING)
    assert [(item.kind, item.location.source) for item in reading.warnings] == [("unreadable", "System.evt")]


class Full(io.BytesIO):
    def write(self, data):
        raise OSError(errno.ENOSPC, "No space left on device")


def packed(folder):
    path = folder / "case.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("System.evt", seeds.evt()[0])
    return Source(path, "case.zip")


def test_a_disk_that_is_full_for_what_is_unpacked_ends_the_archive_with_a_warning(tmp_path, monkeypatch):
    source = packed(tmp_path)

    opened = Path.open

    def full(path, mode="r", *given, **named):
        return Full() if mode == "xb" else opened(path, mode, *given, **named)

    monkeypatch.setattr(Path, "open", full)
    with archives.opened([source]) as files:
        assert [item.kind for item in files.warnings] == ["archive_limit"]
        assert files.sources == ()


@pytest.mark.parametrize("where", ["mkdtemp", "mkdir"])
def test_no_room_for_a_temporary_folder_is_a_warning(tmp_path, monkeypatch, where):
    source = packed(tmp_path)
    (tmp_path / "good.evt").write_bytes(seeds.evt()[0])

    def full(*given, **named):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(*(("tempfile.mkdtemp", full) if where == "mkdtemp" else (Path, "mkdir", full)))
    with archives.opened([source, Source(tmp_path / "good.evt", "good.evt")]) as files:
        assert [item.name for item in files.sources] == ["good.evt"]
        assert [(item.kind, item.location.source) for item in files.warnings] == [("unreadable", "case.zip")]


@pytest.mark.parametrize("seed", range(int(os.environ.get("EVTSCAN_ROUNDS", "1"))))
def test_workers_that_are_killed_at_random_change_no_result(tmp_path, monkeypatch, seed):
    """More rounds: EVTSCAN_ROUNDS=30."""
    for number in range(8):
        write(tmp_path / f"HOST{number}", SysEvent__Evt=evt(DHCP, computer=f"HOST{number}"), facts__yaml=NT4_SP2)
    plans, work = plan(tmp_path), Work(few_rules()[1], ScanOptions())
    dice, begun, hired = random.Random(seed), Counter(), []

    class Recorded(workers.Worker):
        def __init__(self, modules):
            super().__init__(modules)
            hired.append(self)

    def started(item):
        begun[item.name] += 1
        if max(begun.values()) == 1 and len(begun) in kills:
            threading.Timer(dice.random(), dice.choice(hired).kill).start()

    kills = dice.sample(range(2, 9), 2)
    monkeypatch.setattr(workers, "Worker", Recorded)
    done = {item.plan.name: item.reports for item in workers.in_workers(plans, work, 2, started=started)}
    assert done == {item.name: scan_plan(item, work) for item in plans}

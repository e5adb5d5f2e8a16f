"""Files below paths: links, pipes, folders that cannot be opened."""

import os
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from links import link

from evtscan.base.errors import UsageError
from evtscan.base.winpaths import extended
from evtscan.intake import paths as sources
from evtscan.intake.paths import LINK, find, find_in


def names(found):
    return [source.name for source in found.sources]


def skipped(found):
    return {item.source_file: item.reason for item in found.skipped}


@pytest.fixture
def folder(tmp_path):
    host = tmp_path / "host"
    (host / "logs").mkdir(parents=True)
    (host / "logs" / "System.evt").write_bytes(b"x")
    (host / "facts.yaml").write_bytes(b"y")
    return host


def test_files_of_a_folder_are_named_relative_to_it(folder):
    assert names(find([folder])) == ["facts.yaml", "logs/System.evt"]


def test_a_single_file_has_its_own_name(folder):
    assert names(find([folder / "logs" / "System.evt"])) == ["System.evt"]


def test_several_paths_are_named_from_what_they_have_in_common(folder, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.reg").write_bytes(b"z")
    assert names(find([folder / "logs", other / "a.reg"])) == ["host/logs/System.evt", "other/a.reg"]


def test_paths_without_anything_in_common_keep_their_names(folder, monkeypatch):
    def fails(paths):
        raise ValueError("Paths don't have the same drive")

    monkeypatch.setattr(os.path, "commonpath", fails)
    assert names(find([folder / "facts.yaml", folder / "logs" / "System.evt"])) == ["System.evt", "facts.yaml"]


def test_a_file_that_is_named_twice_comes_once(folder):
    assert len(find([folder, folder / "facts.yaml", folder / "logs" / ".." / "facts.yaml"]).sources) == 2


def test_a_path_that_does_not_exist_is_a_wrong_request(folder):
    with pytest.raises(UsageError, match="there is no such file or folder"):
        find([folder / "nothing"])


def test_links_that_lead_out_of_the_folder_are_passed_over(folder, tmp_path):
    secret = tmp_path / "secret.evt"
    secret.write_bytes(b"s")
    link(folder / "out.evt", secret)
    link(folder / "in.evt", folder / "facts.yaml")
    link(folder / "up", tmp_path)
    found = find([folder])
    assert names(found) == ["facts.yaml", "in.evt", "logs/System.evt"]
    assert skipped(found) == {"out.evt": LINK, "up": LINK}


def test_a_link_that_is_named_itself_is_followed(folder, tmp_path):
    link(tmp_path / "log.evt", folder / "logs" / "System.evt")
    assert names(find([tmp_path / "log.evt"])) == ["log.evt"]


def test_broken_and_circular_links_are_reported(folder):
    link(folder / "broken", folder / "nothing")
    link(folder / "loop", folder / "loop")
    found = skipped(find([folder]))
    assert set(found) == {"broken", "loop"}
    assert all(reason.startswith("cannot be opened") for reason in found.values())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_not_opened(folder):
    os.mkfifo(folder / "pipe")
    assert skipped(find([folder])) == {"pipe": "not a regular file"}


def test_a_folder_that_cannot_be_opened_is_reported(folder, monkeypatch):
    scandir = os.scandir

    def refuses(path):
        if Path(path).name == "logs":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuses)
    found = find([folder])
    assert names(found) == ["facts.yaml"]
    assert skipped(found) == {"logs": "cannot be opened (Permission denied)"}


def test_a_link_whose_state_cannot_be_read_is_reported(folder, monkeypatch):
    stat = Path.stat
    try:
        link(folder / "linked.yaml", folder / "facts.yaml")
    except OSError:
        pytest.skip("this system does not let us make links")

    def refuses(path, **options):
        if path.name == "linked.yaml" and options.get("follow_symlinks", True):
            raise PermissionError(13, "Permission denied")
        return stat(path, **options)

    monkeypatch.setattr(sources.Path, "stat", refuses)
    assert skipped(find([folder])) == {"linked.yaml": "cannot be opened (Permission denied)"}


def test_what_is_left_out_is_as_if_it_were_not_there(folder):
    left_out = {str((folder / "logs").absolute()), str((folder / "facts.yaml").absolute())}
    found = find([folder], leave_out=left_out)
    assert (names(found), skipped(found)) == ([], {})


def test_five_thousand_files(tmp_path):
    for number in range(5000):
        (tmp_path / f"{number:04}.txt").touch()
    found = find([tmp_path])
    assert (len(found.sources), found.sources[0].name, found.sources[-1].name) == (5000, "0000.txt", "4999.txt")


def test_loose_files_of_a_folder(folder, tmp_path):
    link(folder / "out", tmp_path)
    found = find_in(folder, ["facts.yaml", "out"])
    assert (names(found), skipped(found)) == (["facts.yaml"], {"out": LINK})


class Junction:
    """What a listing of Windows says of a junction: a folder, which only its tag tells from others."""

    name = "Application Data"

    def __init__(self, path):
        self.path = str(path)

    def is_dir(self, *, follow_symlinks):
        return True

    def is_file(self, *, follow_symlinks):
        return False

    def stat(self, *, follow_symlinks):
        return SimpleNamespace(st_reparse_tag=0xA0000003)


def test_a_junction_of_windows_is_passed_over_like_a_link(folder, monkeypatch):
    there = folder / "Application Data"
    there.mkdir()
    listed = os.scandir

    @contextmanager
    def with_junction(path):
        with listed(path) as entries:
            yield [Junction(there) if entry.name == there.name else entry for entry in entries]

    monkeypatch.setattr(os, "scandir", with_junction)
    assert skipped(find([folder])) == {"Application Data": LINK}


def test_files_are_listed_and_opened_by_the_extended_form_of_their_folder(folder, monkeypatch):
    """On Windows it reaches paths over 260 characters, and files that are called like a device."""
    there = folder.rename(folder.with_name("extended"))
    monkeypatch.setattr(sources, "extended", lambda path: there / path.relative_to(folder))
    monkeypatch.setattr(sources, "plain_name", lambda name: name.replace(str(there), str(folder)))
    left_out = {str(folder / "facts.yaml")}
    found = find([folder], leave_out=left_out)
    assert "facts.yaml" not in names(found)
    assert {source.path.relative_to(there).as_posix() for source in found.sources} == set(names(found)) != set()
    assert [source.path for source in find([folder / "facts.yaml"]).sources] == [there / "facts.yaml"]


@pytest.mark.skipif(os.name != "nt", reason="names of devices are those of Windows")
def test_files_called_like_a_device_are_files(tmp_path):
    folder = extended(tmp_path)
    (folder / "AUX.zip").write_bytes(b"no archive")
    deep = folder / ("x" * 100) / ("y" * 100) / ("z" * 100)
    deep.mkdir(parents=True)
    (deep / "nul.evtx").write_bytes(b"deep")
    read = {source.name.rpartition("/")[2]: source.open().read() for source in find([tmp_path]).sources}
    assert read == {"AUX.zip": b"no archive", "nul.evtx": b"deep"}

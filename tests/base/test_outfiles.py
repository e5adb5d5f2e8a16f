import errno
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from evtscan.base.errors import OutputError
from evtscan.base.outfiles import (
    refuse_evidence,
    refuse_existing,
    refuse_open,
    remove_temporaries,
    replace_file,
    replacing,
    temporary_beside,
)


def test_a_file_takes_its_name_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "made" / "out.csv"
    with replacing(path, clobber=False) as stream:
        stream.write(b"one")
        assert not path.exists()
    assert [(file.name, file.read_bytes()) for file in path.parent.iterdir()] == [("out.csv", b"one")]


def test_what_fails_on_the_way_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_bytes(b"old")
    with pytest.raises(TypeError), replacing(path, clobber=True) as stream:
        stream.writelines([b"new", None])  # type: ignore[list-item]
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("out.csv", b"old")]


def test_what_exists_is_refused_with_the_number_of_others(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a", "b", "c")]
    for path in paths[:2]:
        path.touch()
    with pytest.raises(OutputError, match=r"a \(and 1 more\): exists already; replace it with -C"):
        refuse_existing(paths, clobber=False)
    refuse_existing(paths, clobber=True)


def test_evidence_is_known_by_whatever_name(tmp_path: Path) -> None:
    evidence = [tmp_path / name for name in ("a.evtx", "b.evtx")]
    for path in evidence:
        path.touch()
    os.link(evidence[1], tmp_path / "other.csv")
    refuse_evidence([tmp_path / "new.csv"], [*evidence, tmp_path / "gone.evtx"])
    with pytest.raises(OutputError, match=r"other.csv: is evidence that is read"):
        refuse_evidence([tmp_path / "new.csv", tmp_path / "other.csv"], evidence)


def test_two_temporary_names_differ_and_are_found_again(tmp_path: Path) -> None:
    first, second = (temporary_beside(tmp_path / ("x" * 250)) for _ in range(2))
    assert first != second
    for path in (first, tmp_path / "kept"):
        path.touch()
    remove_temporaries(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["kept"]


def in_use(number: int) -> PermissionError:
    """The error of Windows with this number, as other systems can construct it."""
    error = PermissionError(errno.EACCES, "The process cannot access the file")
    error.winerror = number  # type: ignore[attr-defined]
    return error


def test_outputs_that_are_open_elsewhere_are_found_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [tmp_path / name for name in ("a.csv", "b.csv")]
    for path in names:
        path.write_text("old")

    def rename(source: Path, target: Path) -> None:
        if source.name == "b.csv":
            raise in_use(32)

    monkeypatch.setattr("os.rename", rename)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with pytest.raises(OutputError, match=r"b\.csv: is open in another program"):
        refuse_existing(names, clobber=True)
    with pytest.raises(OutputError, match=r"b\.csv: is open"):
        refuse_open(names)
    refuse_open([names[0], tmp_path / "new.csv"])


@pytest.mark.parametrize("number", [5, 32])
def test_a_file_that_a_scanner_holds_is_replaced_when_it_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    path, slept, failures = tmp_path / "out.csv", [0.0], [in_use(number)] * 3
    original = os.replace

    def replace(source: Path, target: Path) -> None:
        if failures:
            raise failures.pop()
        original(source, target)

    monkeypatch.setattr("os.replace", replace)
    monkeypatch.setattr("time.sleep", slept.append)
    with replacing(path, clobber=False) as stream:
        stream.write(b"new")
    assert (path.read_bytes(), [file.name for file in tmp_path.iterdir()]) == (b"new", ["out.csv"])
    assert 0 < sum(slept) < 1


def test_a_file_that_stays_in_use_is_given_up_after_about_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    def refuse(*_: Path) -> None:
        raise in_use(32)

    monkeypatch.setattr("os.replace", refuse)
    monkeypatch.setattr("time.sleep", slept.append)
    with (
        pytest.raises(OutputError, match=r"out\.csv: cannot be written"),
        replacing(tmp_path / "out.csv", clobber=False),
    ):
        pass
    assert (list(tmp_path.iterdir()), 0.8 < sum(slept) < 2) == ([], True)


def test_an_error_that_waiting_cannot_cure_is_raised_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: pytest.fail("waits for nothing"))
    with pytest.raises(FileNotFoundError):
        replace_file(tmp_path / "missing", tmp_path / "out.csv")


def test_permissions_that_os_access_does_not_see_are_found_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ACL of Windows may refuse new files in a folder that ``os.access`` calls writable."""
    monkeypatch.setattr("evtscan.base.outfiles._CHECKS_ACLS", False)
    refuse_existing([tmp_path / "out.csv"], clobber=False)
    assert list(tmp_path.iterdir()) == []

    def refuse(path: Path, *_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(OutputError, match="no permission"):
        refuse_existing([tmp_path / "new" / "out.csv"], clobber=False)


def test_evidence_on_a_share_that_numbers_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = Path.stat

    def stat(path: Path, **options: bool) -> SimpleNamespace:
        state = original(path, **options)
        return SimpleNamespace(st_dev=state.st_dev, st_ino=0, st_mode=state.st_mode)

    for name in ("a.evtx", "b.evtx"):
        (tmp_path / name).touch()
    (tmp_path / "link.csv").symlink_to("b.evtx")
    monkeypatch.setattr(Path, "stat", stat)
    refuse_evidence([tmp_path / "a.evtx"], [tmp_path / "b.evtx"])
    with pytest.raises(OutputError, match="is evidence"):
        refuse_evidence([tmp_path / "link.csv"], [tmp_path / "b.evtx"])

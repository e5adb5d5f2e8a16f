import os
from pathlib import Path

import pytest

from evtscan.base.errors import OutputError
from evtscan.base.outfiles import refuse_evidence, refuse_existing, remove_temporaries, replacing, temporary_beside


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

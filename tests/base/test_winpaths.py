"""The extended form of Windows' paths; the functions on names run on any system."""

from pathlib import Path

import pytest

from evtscan.base.winpaths import extended, extended_name, plain_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (r"C:\evidence\AUX.zip", r"\\?\C:\evidence\AUX.zip"),
        ("C:\\", "\\\\?\\C:\\"),
        (r"\\server\share\logs", r"\\?\UNC\server\share\logs"),
        (r"\\?\C:\evidence", r"\\?\C:\evidence"),
        (r"\\.\AUX", r"\\.\AUX"),
    ],
)
def test_names_in_extended_form(name: str, expected: str) -> None:
    assert extended_name(name) == expected
    assert extended_name(plain_name(expected)) == expected


def test_paths_of_other_systems_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evtscan.base.winpaths.ON_WINDOWS", False)
    assert extended(Path("logs/System.evtx")) == Path("logs/System.evtx")

"""The name of a host whose evidence names none."""

from pathlib import PurePosixPath, PureWindowsPath

import pytest

from evtscan.intake.hostname import folder_name


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        (PureWindowsPath("C:\\"), "C"),
        (PureWindowsPath(r"\\server\share"), "share"),
        (PureWindowsPath(r"C:\hosts\WS01"), "WS01"),
        (PurePosixPath("/"), "host"),
        (PurePosixPath("/hosts/WS01"), "WS01"),
    ],
)
def test_a_folder_always_has_a_name(folder, name):
    assert folder_name(folder) == name

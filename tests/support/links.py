"""Symbolic links for tests, which are skipped where there are none: Windows without developer mode, and Wine."""

from pathlib import Path

import pytest


def link(path: Path, target: Path | str, *, target_is_directory: bool = False) -> None:
    """Make a link, or skip the test."""
    try:
        path.symlink_to(target, target_is_directory=target_is_directory)
    except OSError:
        pytest.skip("this system makes no symbolic links")
    if not path.is_symlink():
        pytest.skip("symbolic links of this system cannot be told from files")

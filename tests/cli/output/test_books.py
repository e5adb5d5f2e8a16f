"""Standard output that fails."""

import errno
import os

import pytest

from evtscan.base.errors import OutputError
from evtscan.cli.output.books import writing_stdout


@pytest.mark.parametrize(
    ("system", "error", "becomes"),
    [
        ("nt", OSError(errno.EINVAL, "Invalid argument"), BrokenPipeError),
        ("posix", OSError(errno.EINVAL, "Invalid argument"), OutputError),
        ("nt", OSError(errno.ENOSPC, "No space left on device"), OutputError),
        ("posix", BrokenPipeError(), BrokenPipeError),
    ],
)
def test_a_reader_that_has_gone_is_told_from_an_output_that_fails(monkeypatch, system, error, becomes):
    """Windows calls it an invalid argument to write into a pipe that nobody reads any longer."""
    with monkeypatch.context() as patched:
        patched.setattr(os, "name", system)
        with pytest.raises(becomes), writing_stdout():
            raise error

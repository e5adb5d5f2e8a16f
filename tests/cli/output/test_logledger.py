"""Standard output that fails."""

import errno

import pytest

from evtscan.base.errors import OutputError
from evtscan.cli.output.logledger import writing_stdout


@pytest.mark.parametrize(
    ("on_windows", "error", "becomes"),
    [
        (True, OSError(errno.EINVAL, "Invalid argument"), BrokenPipeError),
        (False, OSError(errno.EINVAL, "Invalid argument"), OutputError),
        (True, OSError(errno.ENOSPC, "No space left on device"), OutputError),
        (False, BrokenPipeError(), BrokenPipeError),
    ],
)
def test_a_closed_pipe_is_told_from_an_output_that_fails(monkeypatch, on_windows, error, becomes):
    """The C library of Windows reports a closed pipe as an invalid argument."""
    monkeypatch.setattr("evtscan.base.streams.ON_WINDOWS", on_windows)
    with pytest.raises(becomes), writing_stdout():
        raise error

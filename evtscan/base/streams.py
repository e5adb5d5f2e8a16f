"""Standard streams whose other end may be closed: the errors that say so, on every system."""

import errno
import os
import sys

ON_WINDOWS = os.name == "nt"
_CLOSED_ON_WINDOWS = frozenset({109, 232, 233})
"""ERROR_BROKEN_PIPE, ERROR_NO_DATA and ERROR_PIPE_NOT_CONNECTED ([MS-ERREF] 2.2)."""


def is_closed_pipe(error: OSError) -> bool:
    """Whether a write failed because the reader of the pipe has ended, as ``| head`` or ``| more`` do.

    The C library of Windows reports this as EINVAL; an EINVAL that names a file has another cause.
    """
    if isinstance(error, BrokenPipeError) or error.errno == errno.EPIPE:
        return True
    if getattr(error, "winerror", None) in _CLOSED_ON_WINDOWS:
        return True
    return ON_WINDOWS and error.errno == errno.EINVAL and error.filename is None


def discard_stdout() -> None:
    """Send the rest of standard output nowhere, so that flushing it at exit cannot fail again."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)

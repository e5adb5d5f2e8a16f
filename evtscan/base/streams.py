"""Standard streams: detect that the other end was closed, and write text from evidence safely to a terminal."""

import errno
import io
import os
import re
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

ON_WINDOWS = os.name == "nt"
_CLOSED_ON_WINDOWS = frozenset({109, 232, 233})
"""ERROR_BROKEN_PIPE, ERROR_NO_DATA and ERROR_PIPE_NOT_CONNECTED ([MS-ERREF] 2.2)."""


def is_closed_pipe(error: OSError) -> bool:
    """Whether a write failed because the reader of the pipe has ended, for example ``| head`` or ``| more``.

    The C library of Windows reports this as EINVAL; an EINVAL that names a file has another cause.
    """
    if isinstance(error, BrokenPipeError) or error.errno == errno.EPIPE:
        return True
    if getattr(error, "winerror", None) in _CLOSED_ON_WINDOWS:
        return True
    return ON_WINDOWS and error.errno == errno.EINVAL and error.filename is None


def discard_stdout() -> None:
    """Discard the rest of standard output, so that flushing it at exit cannot fail again."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


_ACTED_ON = re.compile(rb"\xc2[\x80-\x9f]|\xd8\x9c|\xe2\x80[\x8e\x8f\xaa-\xae]|\xe2\x81[\xa6-\xa9]")
"""C1 controls and the characters with the Unicode property Bidi_Control, in UTF-8."""


class _TerminalBuffer(io.BufferedIOBase):
    """The bytes of a terminal stream; characters that a terminal would interpret are replaced by escapes."""

    def __init__(self, terminal: TextIO) -> None:
        super().__init__()
        self._terminal = terminal

    @property
    def name(self) -> str:
        """The name of the stream."""
        return self._terminal.name

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write text in UTF-8; a character must not be split between two calls."""
        data = bytes(data)
        self._terminal.buffer.write(_ACTED_ON.sub(_escape, data))
        return len(data)

    def flush(self) -> None:
        """Show everything that was written."""
        self._terminal.flush()

    def fileno(self) -> int:
        """The file descriptor of the terminal."""
        return self._terminal.fileno()

    def isatty(self) -> bool:
        """Return True."""
        return True


def _escape(match: re.Match[bytes]) -> bytes:
    return f"\\u{ord(match[0].decode()):04x}".encode()


def terminal_safe(terminal: io.TextIOWrapper) -> io.TextIOWrapper:
    """Return a stream for a terminal on which text from evidence cannot move the cursor or reorder characters.

    JSON keeps its meaning, because the escapes in it are JSON escapes. A pipe or a file does not need such a stream.
    """
    return io.TextIOWrapper(
        _TerminalBuffer(terminal), encoding=terminal.encoding, errors=terminal.errors, line_buffering=True
    )

"""Entry point of ``evtscan`` and ``python -m evtscan``: everything that runs before the command line is loaded."""

import errno
import os
import sys

from evtscan import __version__
from evtscan.base.streams import discard_stdout, is_closed_pipe

# NumPy loads a matrix library that starts one busy thread per core; evtscan does not use it
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


_CANNOT_BE_WRITTEN = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EBADF)


def main() -> None:
    """Run the command line and exit with its code, or with 1 if standard output cannot be written."""
    _replace_closed_streams()
    ended = SystemExit(0)
    try:
        try:
            _run()
        except SystemExit as requested:
            ended = requested
        sys.stdout.flush()
    except OSError as error:
        if not ended.code:
            if not is_closed_pipe(error):
                if error.errno not in _CANNOT_BE_WRITTEN:
                    raise
                print(f"evtscan: standard output: cannot be written ({error.strerror})", file=sys.stderr)
            ended = SystemExit(1)
        discard_stdout()
    raise ended


def _replace_closed_streams() -> None:
    """Replace standard streams that were closed before the process started.

    Otherwise the next file that is opened would get the number of a standard stream, and messages would go into it.
    A missing stdout is opened for reading, so that writing to it is an error.
    """
    if sys.stdin is None:
        sys.stdin = os.fdopen(os.open(os.devnull, os.O_RDONLY), encoding="utf-8")
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")


def _run() -> None:
    if sys.argv[1:] == ["--version"]:
        print(f"evtscan {__version__}")
        return
    try:
        os.getcwd()  # noqa: PTH109 - pathlib may not be loaded yet
    except OSError as error:
        sys.exit(f"evtscan: the current folder is gone, or cannot be entered ({error.strerror}); change to another one")
    try:
        if sys.argv[1:2] == ["dump"]:
            from evtscan.dump.helpers import start_ahead

            start_ahead(sys.argv[2:])
        from evtscan.cli import main as run

        run()
    except KeyboardInterrupt:  # while something was still being loaded
        print("evtscan: interrupted", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()

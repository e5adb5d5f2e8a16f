"""The entry of ``evtscan`` and ``python -m evtscan``: what need not wait until the command line is loaded."""

import errno
import os
import sys

from evtscan import __version__

# NumPy loads a library for matrices whose threads, one for each core, spin as they begin, and nothing here uses it
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


_CANNOT_BE_WRITTEN = (errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EBADF)


def main() -> None:
    """Run the command line, and end with its exit code, or with 1 if standard output could not be written."""
    _open_what_is_closed()
    ended = SystemExit(0)
    try:
        try:
            _run()
        except SystemExit as asked_for:
            ended = asked_for
        sys.stdout.flush()
    except OSError as error:
        if not ended.code:
            if error.errno not in _CANNOT_BE_WRITTEN:
                raise
            if not isinstance(error, BrokenPipeError):  # whoever read it has gone, and nothing is wrong with it
                print(f"evtscan: standard output: cannot be written ({error.strerror})", file=sys.stderr)
            ended = SystemExit(1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left must not fail again at exit
    raise ended


def _open_what_is_closed() -> None:
    """Give a process that began without some of its standard streams others in their place.

    Otherwise the next file that is opened would take their number, and what is for stderr would be printed on stdout.
    Writing to a stdout that was closed is an error; it is opened to read for that.
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

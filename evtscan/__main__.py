"""The entry of ``evtscan`` and ``python -m evtscan``: what need not wait until the command line is loaded."""

import os
import sys

from evtscan import __version__

# NumPy loads a library for matrices whose threads, one for each core, spin as they begin, and nothing here uses it
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def main() -> None:
    """Run the command line."""
    if sys.argv[1:] == ["--version"]:
        print(f"evtscan {__version__}")
        return
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

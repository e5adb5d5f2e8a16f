"""The entry of ``evtscan`` and ``python -m evtscan``: it answers ``--version`` before anything else is loaded."""

import sys

from evtscan import __version__


def main() -> None:
    """Run the command line."""
    if sys.argv[1:] == ["--version"]:
        print(f"evtscan {__version__}")
        return
    try:
        from evtscan.cli import main as run

        run()
    except KeyboardInterrupt:  # while something was still being loaded
        print("evtscan: interrupted", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()

"""The entry of ``evtscan`` and ``python -m evtscan``: what need not wait until the command line is loaded."""

import sys

from evtscan import __version__


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

"""The entry of ``evtscan`` and ``python -m evtscan``: it answers ``--version`` before anything else is loaded."""

import sys

from evtscan import __version__


def main() -> None:
    """Run the command line."""
    if sys.argv[1:] == ["--version"]:
        print(f"evtscan {__version__}")
        return
    from evtscan.cli import main as run

    run()


if __name__ == "__main__":
    main()

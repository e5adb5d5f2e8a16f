"""``python -m evtscan``."""

from evtscan.cli import main

if __name__ == "__main__":
    main()

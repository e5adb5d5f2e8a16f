"""Where the rules that come with evtscan lie: in a checkout its ``rules/``, in an installed wheel its own copy."""

from pathlib import Path


def folder() -> Path:
    """The folder of the catalogue."""
    package = Path(__file__).parents[2]
    in_wheel = package / "_rules"
    return in_wheel if in_wheel.is_dir() else package.parent / "rules"

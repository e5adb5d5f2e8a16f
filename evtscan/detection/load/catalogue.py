"""The folder of the shipped rules: ``rules/`` in a checkout, the copy in the package of an installed wheel."""

from pathlib import Path


def folder() -> Path:
    """The folder of the catalogue."""
    package = Path(__file__).parents[2]
    in_wheel = package / "_rules"
    return in_wheel if in_wheel.is_dir() else package.parent / "rules"

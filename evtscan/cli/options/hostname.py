"""The first path of a command → what its host is called, where the evidence names none."""

from pathlib import Path

from evtscan.intake.archives import stem


def default_name(path: str) -> str:
    """The name of a folder, or that of a file or an archive without suffix."""
    place = Path(path).resolve()
    if place.is_dir():
        return place.name
    name = stem(place.name)
    return name if name != place.name else place.stem

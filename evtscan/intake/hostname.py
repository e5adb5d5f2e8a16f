"""The first path of a command → the name of its host, if the evidence names none."""

from pathlib import Path, PurePath

from evtscan.intake.archives import stem


def default_name(path: str) -> str:
    """Return the name of a folder, or of a file or archive without its suffix."""
    place = Path(path).resolve()
    if place.is_dir():
        return folder_name(place)
    name = stem(place.name)
    return name if name != place.name else place.stem


def folder_name(folder: PurePath) -> str:
    """The name of an absolute path, of a drive its letter, of a share the name of the share; never empty."""
    return folder.name or folder.drive.rstrip(":\\").rpartition("\\")[2] or "host"

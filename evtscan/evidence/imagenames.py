"""Computer names that only an installation image has, and the end of an image's records in a log."""

import re
from collections.abc import Sequence

from evtscan.base.model.event import Event

IMAGE_NAMES: tuple[str, ...] = (
    r"26L2233[A-Z]\d{1,2}-\d{2}",  # Windows Vista and Server 2008
    r"37L4247[A-Z]\d{1,2}-\d{2}",  # Windows 7 and Server 2008 R2, such as 37L4247F27-26
    r"MACHINENAME",  # setup of Windows XP and Server 2003, until it asks for a name
    r"MINWINPC",  # Windows 8 and later
)
"""Patterns of the names, which compare whole and without regard to case.

Names that setup makes up for one host (``WIN-NBRJP24VCHB``, ``DESKTOP-CH5HROD``) are that host's own.
"""

_IMAGE_NAME = re.compile(rf"(?:{'|'.join(IMAGE_NAMES)})\Z", re.IGNORECASE)


def is_image_name(name: str) -> bool:
    """Whether a computer name is one that only an installation image has."""
    return _IMAGE_NAME.match(name.partition(".")[0]) is not None


def image_end(events: Sequence[Event]) -> int | None:
    """The sequence of the first event under another name than an image's, if earlier ones are under an image's name.

    None if a log begins with the host's own records, or has no other name of the host.
    """
    named = (event for event in events if event.computer)
    first = next(named, None)
    if first is None or not is_image_name(first.computer or ""):
        return None
    return next((event.sequence for event in named if not is_image_name(event.computer or "")), None)

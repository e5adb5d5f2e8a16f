"""Message texts: tables of the messages of Windows components, and rendering of events with the messages of their
version.

The events of old logs contain only insertion strings; the sentences are in message files on the host. They are read
from a folder of these files (``dlls``), or from the SQLite databases of libyal's winevt-kb and of plaso (``winevtrc``).

The tables of one version of Windows never render events of another: identifiers were reassigned between NT 4.0 and
2000, so a Dhcp 1008 of one version would get the sentence of the other.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from evtscan.base.errors import EvidenceError, UsageError
from evtscan.base.versions import os_version
from evtscan.messages.store import MessageTables

__all__ = ["MessagesFrom", "messages_from", "open_messages"]

_SQLITE = b"SQLite format 3\0"


@dataclass(frozen=True, slots=True)
class MessagesFrom:
    """The location of message texts; ``version`` is the version of Windows for tables that do not state one."""

    path: Path
    version: str | None = None


def messages_from(text: str) -> MessagesFrom:
    """Parse the value of ``--messages``: a path, or ``PATH@VERSION`` (``winevt-rc.db@5.1``).

    Raises:
        UsageError: if the path does not exist, or the version is invalid.
    """
    if os.path.lexists(text):
        return MessagesFrom(Path(text))
    path, sign, version = text.rpartition("@")
    if not sign or not os.path.lexists(path):
        raise UsageError(f"--messages {text}: there is no such file or folder")
    known = os_version(version)
    if known is None:
        raise UsageError(f"--messages {text}: {version!r} is no version of Windows; give one such as 4.0, 5.1 or 10.0")
    return MessagesFrom(Path(path), known)


def open_messages(place: MessagesFrom) -> MessageTables:
    """Open a folder of message files, or a database.

    Raises:
        EvidenceError: if it is neither, or cannot be read.
    """
    if place.path.is_dir():
        from evtscan.messages.dlls import MessageFiles

        return MessageFiles(place.path, place.version)
    try:
        with place.path.open("rb") as stream:
            head = stream.read(len(_SQLITE))
    except OSError as error:
        raise EvidenceError(f"{place.path.name}: cannot be read ({error.strerror or error})") from error
    if head != _SQLITE:
        raise EvidenceError(
            f"{place.path.name}: no message texts: give a folder of message files, or a winevt-rc or winevt-kb database"
        )
    from evtscan.messages.winevtrc import open_database

    return open_database(place.path, place.version)

"""A format of evidence: its description, how a file of it is recognised, and the module that reads it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

HEAD_SIZE = 4096
"""How many bytes of a file a recogniser gets."""

Recogniser = Callable[[bytes, str], bool]
"""Whether a file has a format, by its first ``HEAD_SIZE`` bytes and its name."""


class Kind(Enum):
    """What a file of a format contains."""

    LOG = "event log"
    REGISTRY = "registry"
    INVENTORY = "system report"
    FACTS = "stated facts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A row of ``PARSERS``.

    ``module`` is imported when the first file of the format is opened. Depending on ``kind`` it has a function
    ``read_log(source, query)``, ``read_registry(source)``, ``read_inventory(source)`` or ``read_facts(source)``.

    A log format may have optional abilities, which its row declares. ``part_size`` is the size in bytes of the parts
    that can be read separately (0: none): its ``read_log`` takes ``chunk_range``. ``has_parts``: its module offers
    ``open_parts(source, options)``, which reads the records around an event (see ``LogParts``). What a reader can do
    besides iterating is a protocol of ``base.model.log`` (``BatchReader``, ``HealthReader``).

    ``keeps``, ``loses`` and ``known_by`` are for the documentation: what a file of this format preserves of the
    original, what it lacks, and by what content it is recognised.
    """

    name: str
    title: str
    kind: Kind
    module: str
    recognises: Recogniser
    keeps: str
    loses: str
    known_by: str
    part_size: int = 0
    has_parts: bool = False


def starts_with(*magics: bytes) -> Recogniser:
    """A recogniser for files that begin with one of these bytes."""
    return lambda head, name: head.startswith(magics)

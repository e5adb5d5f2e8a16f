"""The nouns of the registry: keys and values, whatever format they were read from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from evtscan.base.model.source import ExtractionWarning, Location
from evtscan.base.wintypes import Instant

RegistryData = str | int | bytes | tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryValue:
    """One value of a key: strings as str, dwords and qwords as int, multi-strings as a tuple, the rest as bytes."""

    name: str
    data: RegistryData
    location: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryKey:
    r"""One key with its values; ``path`` is canonical (``SYSTEM\CurrentControlSet\Services\Dhcp``).

    ``values`` maps lower-case names (the default value is ``""``), ``subkeys`` lists the names of direct children.
    ``whole`` means that the evidence has the key in full: missing values and subkeys do not exist on the host.
    """

    path: str
    values: Mapping[str, RegistryValue]
    subkeys: tuple[str, ...]
    whole: bool
    location: Location
    last_written: Instant | None = None


class Registry(Protocol):
    r"""The registry keys of one evidence file, whatever its format.

    Paths are canonical: ``SOFTWARE\…`` or ``SYSTEM\CurrentControlSet\…`` (the current control set, however the file
    names it), compared without regard to case.
    """

    source: str
    format: str
    taken: Instant | None
    warnings: list[ExtractionWarning]

    def key(self, path: str) -> RegistryKey | None:
        """Return the key, or None if the evidence does not contain it."""
        ...

    def covers(self, path: str) -> bool:
        """Return whether the evidence would contain this key: if it is missing, it does not exist on the host."""
        ...

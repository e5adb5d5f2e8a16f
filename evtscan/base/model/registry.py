"""Data types for the registry: keys and values, independent of the file format."""

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
    ``whole`` means that the evidence contains the complete key: missing values and subkeys do not exist on the host.
    """

    path: str
    values: Mapping[str, RegistryValue]
    subkeys: tuple[str, ...]
    whole: bool
    location: Location
    last_written: Instant | None = None


class Registry(Protocol):
    r"""The registry keys of one evidence file, independent of its format.

    Paths are canonical: ``SOFTWARE\…`` or ``SYSTEM\CurrentControlSet\…`` (the current control set, whatever its name
    in the file), compared without regard to case.
    """

    source: str
    format: str
    taken: Instant | None
    warnings: list[ExtractionWarning]

    def key(self, path: str) -> RegistryKey | None:
        """Return the key, or None if the evidence does not contain it."""
        ...

    def covers(self, path: str) -> bool:
        """Return whether the evidence would contain this key if the host had it."""
        ...

"""The names under which one source of events is printed, so that a rule that names one of them finds all.

The table is ``sources.yaml`` beside this module. Two names stand in one row only if the same ids mean the same under
both.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from evtscan.base.yamltext import load

TABLE = "sources.yaml"


def names_of(name: str) -> tuple[str, ...]:
    """All names of a source, the given one first; that alone if the table does not know it. Case does not matter.

    >>> names_of("kdc")
    ('kdc', 'Kdcsvc', 'Microsoft-Windows-Kerberos-Key-Distribution-Center')
    """
    key = name.casefold()
    return (name, *(other for other in _rows().get(key, ()) if other.casefold() != key))


def row_of(name: str) -> tuple[str, ...]:
    """All names of a source as the table spells them; the given one if the table does not know it.

    >>> row_of("kdcsvc")
    ('KDC', 'Kdcsvc', 'Microsoft-Windows-Kerberos-Key-Distribution-Center')
    """
    return _rows().get(name.casefold(), (name,))


def rows() -> tuple[tuple[str, ...], ...]:
    """The rows of the table, in its order."""
    return tuple(dict.fromkeys(_rows().values()))


@cache
def _rows() -> Mapping[str, tuple[str, ...]]:
    """The row of each name, by its lower case."""
    table = load((files("evtscan.detection.load") / TABLE).read_text(encoding="utf-8")).data
    found: dict[str, tuple[str, ...]] = {}
    for row in map(tuple, table):
        for name in row:
            assert name.casefold() not in found, f"{name} stands in two rows of {TABLE}"
            found[name.casefold()] = row
    return found

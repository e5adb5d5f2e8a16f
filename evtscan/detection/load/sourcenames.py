"""The alternative names of event sources, so that a rule that uses one name matches events with any of them.

The table is ``sources.yaml`` in this folder. Two names are in one row only if the same event ids have the same meaning
under both.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from evtscan.base.yamltext import load

TABLE = "sources.yaml"


def names_of(name: str) -> tuple[str, ...]:
    """Return all names of a source, the given one first; only the given one if it is not in the table. Case is ignored.

    >>> names_of("kdc")
    ('kdc', 'Kdcsvc', 'Microsoft-Windows-Kerberos-Key-Distribution-Center')
    """
    key = name.casefold()
    return (name, *(other for other in _rows().get(key, ()) if other.casefold() != key))


def row_of(name: str) -> tuple[str, ...]:
    """Return all names of a source as spelled in the table; only the given one if it is not in the table.

    >>> row_of("kdcsvc")
    ('KDC', 'Kdcsvc', 'Microsoft-Windows-Kerberos-Key-Distribution-Center')
    """
    return _rows().get(name.casefold(), (name,))


def rows() -> tuple[tuple[str, ...], ...]:
    """Return the rows of the table, in its order."""
    return tuple(dict.fromkeys(_rows().values()))


@cache
def _rows() -> Mapping[str, tuple[str, ...]]:
    """Return the row of each name, by the name in lower case."""
    table = load((files("evtscan.detection.load") / TABLE).read_text(encoding="utf-8")).data
    found: dict[str, tuple[str, ...]] = {}
    for row in map(tuple, table):
        for name in row:
            assert name.casefold() not in found, f"{name} stands in two rows of {TABLE}"
            found[name.casefold()] = row
    return found

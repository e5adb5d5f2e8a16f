r"""Facts that name a registry path → its value in one hive or export, read on request.

``registry.PATH`` is a value; with ``*`` for a key it is the set of the values that the keys of that level have.
``size(registry.PATH)`` counts the bytes of a value as the registry stores it, ``count(registry.PATH)`` the members of
a list.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from evtscan.base.model.fact import FactValue
from evtscan.base.model.registry import Registry, RegistryData, RegistryValue
from evtscan.base.model.source import Location
from evtscan.facts.history.statement import Listing, Statement, Undecided
from evtscan.facts.history.timeline import Placed

SERVICES: Final = r"SYSTEM\CurrentControlSet\Services"
PREFIX: Final = "registry."
PROVIDES: Final = ("service.NAME.start", "registry.PATH")
ANY_KEY: Final = "*"
MAX_KEYS = 10_000
"""How many keys a path with ``*`` may stand for; beyond, what is not found among them is not known."""

_DWORD_END = 1 << 32


def look_up_in(registry: Registry) -> Callable[[str], Iterator[Statement]]:
    """Return a function that looks up one fact about a registry path."""
    return partial(look_up, registry)


def look_up(registry: Registry, name: str) -> Iterator[Statement]:
    """The value in a registry of a fact that names a path; None if the fact names no path, or the registry lacks it."""
    if name.startswith("service.") and name.endswith(".start"):
        service = name.removeprefix("service.").removesuffix(".start")
        yield from _value(registry, name, rf"{SERVICES}\{service}", "Start", _as_fact)
        return
    path, measure = _asked(name)
    if not path.startswith(PREFIX):
        return
    key_path, _, value_name = path.removeprefix(PREFIX).rpartition("\\")
    if ANY_KEY in key_path.split("\\"):
        yield from _values_of_keys(registry, name, key_path, value_name)
    else:
        yield from _value(registry, name, key_path, value_name, measure)


def of_other_facts(name: str, stated: Mapping[str, Iterable[Placed]]) -> Iterator[Placed]:
    """The value of a fact about a size, a count or several keys, from stated facts with one value each."""
    path, measure = _asked(name)
    several = ANY_KEY in path
    if not path.startswith(PREFIX) or (path == name and not several):
        return
    fits = re.compile(r"[^\\]+".join(map(re.escape, path.split(ANY_KEY))), re.IGNORECASE).fullmatch
    for other, items in stated.items():
        if other == name or not fits(other):
            continue
        for item in items:
            value = item.statement.value
            if several and isinstance(value, (str, int, tuple)):
                part = replace(item.statement, name=name, value=_texts(value), listing=Listing.PART)
                yield replace(item, statement=part)
            elif not several:
                known = value if value is None or isinstance(value, Undecided) else measure(value)
                yield replace(item, statement=replace(item.statement, name=name, value=known))


def _asked(name: str) -> tuple[str, Callable[[RegistryData], FactValue]]:
    """The registry path of a fact, with its prefix, and the property of the value that the fact asks for."""
    for function, measure in _MEASURES.items():
        if name.startswith(f"{function}(") and name.endswith(")"):
            return name[len(function) + 1 : -1], measure
    return name, _as_fact


def _as_fact(data: RegistryData) -> FactValue:
    """The data of a value as facts and rules have it: raw data as upper-case hexadecimal text."""
    return data.hex().upper() if isinstance(data, bytes) else data


def size(data: RegistryData) -> int:
    """The bytes of a value as the registry stores it: text in UTF-16 with a zero at its end."""
    if isinstance(data, bytes):
        return len(data)
    if isinstance(data, int):
        return 4 if 0 <= data < _DWORD_END else 8
    if isinstance(data, str):
        return len(data.encode("utf-16-le", "surrogatepass")) + 2
    return sum(map(size, data)) + 2


def count(data: RegistryData) -> int:
    """The number of members of a list (REG_MULTI_SZ); 1 for any other value."""
    return len(data) if isinstance(data, tuple) else 1


_MEASURES: Final[Mapping[str, Callable[[RegistryData], FactValue]]] = {"size": size, "count": count}


def _value(
    registry: Registry, name: str, key_path: str, value_name: str, measure: Callable[[RegistryData], FactValue]
) -> Iterator[Statement]:
    key = registry.key(key_path)
    value = key.values.get(value_name.lower()) if key is not None else None
    if value is not None:
        yield Statement(name=name, value=measure(value.data), location=value.location, taken=registry.taken)
    elif (key is not None and key.whole) or (key is None and registry.covers(key_path)):
        location = Location(source=registry.source, key=key_path)
        yield Statement(name=name, value=None, location=location, taken=registry.taken)


# ------------------------------------------------------------------------------------------- values of many keys


@dataclass(slots=True)
class _Found:
    """The values of the keys that match a path with ``*``; ``whole`` means that there are no others."""

    values: list[RegistryValue]
    whole: bool = True
    keys: int = 0


def _values_of_keys(registry: Registry, name: str, key_path: str, value_name: str) -> Iterator[Statement]:
    """All values together, if they are complete, else each with its location."""
    levels = key_path.split("\\")
    found = _Found([])
    _search(registry, "", levels, value_name.lower(), found)
    texts = [(_texts(value.data), value.location) for value in found.values]
    if found.whole:
        parent = "\\".join(levels[: levels.index(ANY_KEY)])
        everything = tuple(dict.fromkeys(text for part, _ in texts for text in part))
        location = Location(source=registry.source, key=parent)
        yield Statement(name=name, value=everything, location=location, taken=registry.taken)
    for part, location in texts:
        yield Statement(name=name, value=part, location=location, taken=registry.taken, listing=Listing.PART)


def _search(registry: Registry, above: str, levels: list[str], value_name: str, found: _Found) -> None:
    if ANY_KEY not in levels:
        _add_value(registry, "\\".join(filter(None, (above, *levels))), value_name, found)
        return
    at = levels.index(ANY_KEY)
    parent_path = "\\".join(filter(None, (above, *levels[:at])))
    parent = registry.key(parent_path)
    if parent is None:
        found.whole = found.whole and registry.covers(parent_path)
        return
    found.whole = found.whole and parent.whole
    for name in parent.subkeys:
        found.keys += 1
        if found.keys > MAX_KEYS:
            found.whole = False
            return
        _search(registry, rf"{parent_path}\{name}", levels[at + 1 :], value_name, found)


def _add_value(registry: Registry, path: str, value_name: str, found: _Found) -> None:
    key = registry.key(path)
    value = key.values.get(value_name) if key is not None else None
    if value is not None:
        found.values.append(value)
    else:
        found.whole = found.whole and (key.whole if key is not None else registry.covers(path))


def _texts(data: RegistryData) -> tuple[str, ...]:
    value = _as_fact(data)
    return value if isinstance(value, tuple) else (str(value),)

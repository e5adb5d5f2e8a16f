"""``%name%`` in a rule with the modifier ``expand`` → the values from a ``placeholders.yaml``.

The file is in the folder of the rule or in a parent folder; the nearest file that contains the name is used. It maps
names to lists of values, which are read as if they were written in the rule::

    storport_miniports: [storahci, stornvme, iaStorAVC]

A backslash before a percent sign escapes it (Sigma specification 2.1, "Placeholders").
"""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import lru_cache
from itertools import islice, product
from pathlib import Path
from typing import Any, Final

from evtscan.base.yamltext import MAX_SIZE, YamlSyntaxError, load

FILE_NAME: Final = "placeholders.yaml"
MAX_EXPANDED = 2000
"""How many values one value of a rule may become."""

_PLACEHOLDER = re.compile(r"(?<!\\)%([^%\\]+)%")


def expanded(values: Iterable[Any], folder: Path | None) -> list[Any]:
    """Return values with placeholders replaced; lists in the rule's folder precede those of parent folders.

    Raises:
        ValueError: if no file has the placeholder, or if a file cannot be read; the text says what to do.
    """
    return [text for value in values for text in (_spelled_out(value, folder) if isinstance(value, str) else [value])]


def _spelled_out(value: str, folder: Path | None) -> list[str]:
    parts = _PLACEHOLDER.split(value)
    *fixed, last = (text.replace(r"\%", "%") for text in parts[::2])
    names = parts[1::2]
    choices = product(*(_values_of(name, folder) for name in names))
    found = [
        "".join(text + chosen for text, chosen in zip(fixed, choice, strict=True)) + last
        for choice in islice(choices, MAX_EXPANDED + 1)
    ]
    if len(found) > MAX_EXPANDED:
        raise ValueError(f"the placeholders in {value!r} stand for more than {MAX_EXPANDED} values")
    return found


def _values_of(name: str, folder: Path | None) -> tuple[str, ...]:
    known: set[str] = set()
    for file in files_for(folder):
        lists = _read(file)
        if name in lists:
            return lists[name]
        known.update(lists)
    close = get_close_matches(name, known, n=1)
    hint = f"did you mean %{close[0]}%?" if close else f"write it into a {FILE_NAME} beside the rule"
    raise ValueError(f"nothing says what the placeholder %{name}% stands for: {hint}")


def files_for(folder: Path | None) -> list[Path]:
    """The placeholder files for rules in a folder, nearest first."""
    if folder is None:
        return []
    folder = folder.resolve()
    return [file for above in (folder, *folder.parents) if (file := above / FILE_NAME).is_file()]


def _read(file: Path) -> Mapping[str, tuple[str, ...]]:
    try:
        state = file.stat()
        return _read_once(file, state.st_mtime_ns, state.st_size)
    except OSError as error:
        raise ValueError(f"{file.name} cannot be read ({error.strerror or error})") from error


@lru_cache(maxsize=256)
def _read_once(file: Path, changed: int, size: int) -> Mapping[str, tuple[str, ...]]:
    """The lists in a file; ``changed`` and ``size`` identify its version in the cache."""
    try:
        with file.open("rb") as stream:
            data = load(stream.read(4 * MAX_SIZE + 1).decode("utf-8-sig")).data
    except UnicodeDecodeError as error:
        raise ValueError(f"{file.name} is not UTF-8 (byte {error.start})") from error
    except YamlSyntaxError as error:
        raise ValueError(f"{file.name}, {error}") from error
    if not isinstance(data, dict):
        raise ValueError(f"{file.name} must map names to lists of values")
    return {str(name): _list(file, name, values) for name, values in data.items()}


def _list(file: Path, name: Any, values: Any) -> tuple[str, ...]:
    fits = isinstance(values, list) and values
    if not fits or not all(isinstance(value, (str, int)) and not isinstance(value, bool) for value in values):
        raise ValueError(f"{name} in {file.name} must be a list of texts or whole numbers, with at least one")
    return tuple(map(str, values))

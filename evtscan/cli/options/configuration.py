"""``evtscan.toml``: defaults of options, from the current folder or the file that EVTSCAN_CONFIG names.

A key is the long name of an option without its dashes, and applies to every command that has the option. Paths are
relative to the folder of the file. Options on the command line replace these defaults.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evtscan.base.errors import UsageError

FILE = "evtscan.toml"
VARIABLE = "EVTSCAN_CONFIG"

KEYS: Mapping[str, str] = {
    "rules": "paths",
    "add-rules": "paths",
    "exclude-rule": "texts",
    "min-level": "text",
    "accept": "path",
    "fail-on": "text",
    "strict": "flag",
    "strict-facts": "flag",
    "source-timezone": "text",
    "timezone": "text",
    "messages": "path",
    "title": "text",
    "jobs": "number",
    "log-file": "path",
    "no-rule-cache": "flag",
    "no-color": "flag",
}
"""Each key with what its value is."""

_TYPES: Mapping[str, tuple[type, ...]] = {
    "paths": (str, list),
    "texts": (str, list),
    "path": (str,),
    "text": (str,),
    "flag": (bool,),
    "number": (int,),
}
_WORDS = {
    "paths": "a list of paths",
    "texts": "a list of texts",
    "path": "a path",
    "text": "a text",
    "flag": "true or false",
    "number": "a number",
}


@dataclass(frozen=True, slots=True)
class Configuration:
    """The file of defaults, and its values by key; ``path`` is None without a file."""

    path: Path | None
    values: Mapping[str, Any]

    def defaults(self, parameters: Mapping[str, str]) -> dict[str, Any]:
        """The defaults of a command, by the name of the parameter; ``parameters`` has the names by option."""
        return {parameters[key]: value for key, value in self.values.items() if key in parameters}


def place() -> Path:
    """Return the path of the configuration file."""
    return Path(os.environ.get(VARIABLE) or FILE)


def read() -> Configuration:
    """Read the configuration file, if it exists.

    Raises:
        UsageError: if it is not valid TOML, a key or value is invalid, or EVTSCAN_CONFIG names a missing file.
    """
    path = place()
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        if os.environ.get(VARIABLE):
            raise UsageError(f"{VARIABLE}: {path}: no such file") from None
        return Configuration(None, {})
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror or error})") from error
    try:
        document = tomllib.loads(raw.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path}: no valid TOML: {error}") from error
    return Configuration(path, {key: _value(path, key, value) for key, value in document.items()})


def _value(path: Path, key: str, value: object) -> Any:
    kind = KEYS.get(key)
    if kind is None:
        raise UsageError(f"{path}: unknown key {key}; known are {', '.join(KEYS)}")
    is_texts = not isinstance(value, list) or all(isinstance(item, str) for item in value)
    is_flag = isinstance(value, bool)
    if not isinstance(value, _TYPES[kind]) or not is_texts or is_flag is not (kind == "flag"):
        raise UsageError(f"{path}: {key} must be {_WORDS[kind]}")
    if kind in ("paths", "texts"):
        texts: list[str] = value if isinstance(value, list) else [str(value)]
        return [_from_folder(path, text) for text in texts] if kind == "paths" else texts
    return _from_folder(path, str(value)) if kind == "path" else value


def _from_folder(path: Path, text: str) -> str:
    return str(path.parent / text) if text else text

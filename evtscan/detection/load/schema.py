"""Validates a document of a rule file against the published JSON Schemas; each violation with its key.

``schemas/sigma.schema.json`` is what the Sigma specification requires of a rule or a correlation, and
``schemas/known_issue.schema.json`` the section that evtscan adds. Editors read them too.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from evtscan.base.errors import Problem
from evtscan.base.yamltext import Document, EntryPath
from evtscan.detection.model.section import did_you_mean, key_of

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

WHOLE: Final = "sigma.schema.json"
SECTION: Final = "known_issue.schema.json"
LINT: Final = "schema"


def schema_problems(document: Document, file: str) -> list[Problem]:
    """Yield every violation of its schema in a document; none for filters, which the loader checks."""
    if isinstance(document.data, dict) and "filter" in document.data:
        return []
    found = (
        Problem(file=file, line=document.line(path), key=key_of(path), message=message, lint=LINT)
        for error in _validator().iter_errors(_as_json(document.data))
        for path, message in _told(error)
    )
    return list(dict.fromkeys(found))


def schema_text(name: str) -> str:
    """Return one of the schemas as JSON text."""
    return (files("evtscan.detection.load") / "schemas" / name).read_text(encoding="utf-8")


@cache
def _validator() -> "Validator":
    # takes 0.1 s to import, and only a check of rules needs it
    from jsonschema import Draft202012Validator
    from referencing import Registry, Resource

    section = Resource.from_contents(json.loads(schema_text(SECTION)))
    registry: Registry[Any] = Registry().with_resource(SECTION, section)
    return Draft202012Validator(json.loads(schema_text(WHOLE)), registry=registry)


def _as_json(value: Any) -> Any:
    """YAML's data as JSON: keys and dates become text."""
    if isinstance(value, Mapping):
        return {str(name): _as_json(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_as_json(part) for part in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def _told(error: Any) -> Iterator[tuple[EntryPath, str]]:
    """Return the path of a validator's error, and its message for the author of a rule."""
    path = tuple(error.absolute_path)
    match error.validator:
        case "additionalProperties":
            known = list(error.schema["properties"])
            for name in error.instance:
                if name not in known:
                    yield (*path, name), f"there is no key {name!r} here{did_you_mean(name, known)}"
        case "required":
            for name in error.validator_value:
                if name not in error.instance:
                    yield path, f"{name!r} is missing"
        case "enum":
            known = [str(name) for name in error.validator_value]
            yield path, f"{error.instance!r} is none of {', '.join(known)}{did_you_mean(str(error.instance), known)}"
        case "pattern" | "oneOf" | "type" if "description" in error.schema:
            yield path, f"{_shown(error.instance)} does not fit: {error.schema['description']}"
        case "minItems" | "minProperties" | "minLength":
            yield path, "must not be empty" if error.validator_value == 1 else f"needs {error.validator_value} at least"
        case _:
            yield path, str(error.message)


def _shown(value: Any, most: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= most else text[: most - 1] + "…"

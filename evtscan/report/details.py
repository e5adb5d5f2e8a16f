"""The data of an event as ``Details``: complete, on one line, with the fields that a rule tests first."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from evtscan.base.wording import data_text
from evtscan.detection.model.condition import tests_in
from evtscan.detection.model.rule import Rule


def fields_tested(rules: Iterable[Rule]) -> tuple[str, ...]:
    """Return the fields that rules test, in the order of the rules' tests."""
    return tuple(dict.fromkeys(test.field for rule in rules for test in tests_in(rule.detection) if test.field))


def ordered(data: Mapping[str, Any], first: Sequence[str]) -> dict[str, Any]:
    """Return the data of an event with the fields of ``first`` before the others."""
    names = [name for name in first if name in data]
    return {name: data[name] for name in names} | dict(data)


def details_of(data: Mapping[str, Any], message: str = "") -> str:
    """Return the data of an event as ``name=value; …``, followed by its message.

    Nothing is cut: a command line or a script block is complete.
    """
    text = data_text(data)
    return f"{text}; {message}" if text and message else text or message


def whole_text(value: Any) -> Any:
    """Return a JSON value with U+FFFD in place of each lone surrogate in its texts, which UTF-8 cannot represent."""
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, Mapping):
        return {whole_text(name): whole_text(item) for name, item in value.items()}
    return [whole_text(item) for item in value] if isinstance(value, list | tuple) else value

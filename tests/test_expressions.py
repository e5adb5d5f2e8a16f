"""Regular expressions mean the same in every version of Python that evtscan supports."""

import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from re import _parser  # type: ignore[attr-defined]
from typing import Any

import evtscan

ONE_CHARACTER = {"ANY", "LITERAL", "NOT_LITERAL", "IN", "CATEGORY"}


def expressions() -> Iterator[tuple[str, re.Pattern[Any]]]:
    """The expressions that the modules of evtscan keep in variables, with their names."""
    for module in pkgutil.walk_packages(evtscan.__path__, "evtscan."):
        if module.name != "evtscan.__main__":
            for name, value in vars(import_module(module.name)).items():
                if isinstance(value, re.Pattern):
                    yield f"{module.name}.{name}", value


def possessive_groups(parsed: Any) -> Iterator[str]:
    """The repeated parts of possessive quantifiers that are neither one character nor an atomic group."""
    for operation, arguments in parsed:
        kind = str(operation)
        if kind == "POSSESSIVE_REPEAT":
            (inner, *more) = list(arguments[2])
            if more or str(inner[0]) not in ONE_CHARACTER | {"ATOMIC_GROUP"}:
                yield str(inner[0])
        for argument in arguments if isinstance(arguments, tuple | list) else [arguments]:
            if isinstance(argument, _parser.SubPattern):
                yield from possessive_groups(argument)
            elif isinstance(argument, list):
                for branch in argument:
                    if isinstance(branch, _parser.SubPattern):
                        yield from possessive_groups(branch)


def test_no_possessive_group_can_fail_halfway():
    """Before Python 3.11.5 a possessive group keeps what a failed repetition consumed (CPython issue 106052).

    ``(?:(?>…))*+`` means the same as ``(?:…)*+`` and is right in all versions.
    """
    found = {name: list(possessive_groups(_parser.parse(each.pattern, each.flags))) for name, each in expressions()}
    assert len(found) > 100
    assert {name: groups for name, groups in found.items() if groups} == {}

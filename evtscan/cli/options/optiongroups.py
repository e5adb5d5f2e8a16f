"""A command whose parameters are groups of options → the same command with the options one by one, as Typer reads them.

Commands that judge hosts have some forty options, most of them the same ones. Those that go together are the fields of
a dataclass, which a command takes as one parameter.
"""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from functools import wraps
from typing import Any, TypeVar

R = TypeVar("R")


def ungrouped(function: Callable[..., R]) -> Callable[..., R]:
    """The function with the fields of each dataclass among its parameters in the place of that parameter."""
    signature = inspect.signature(function)
    groups = {name: group for name, own in signature.parameters.items() if (group := _group(own)) is not None}

    @wraps(function)
    def run(**given: object) -> R:
        made = {
            name: group(**{field.name: given.pop(field.name) for field in fields(group)})
            for name, group in groups.items()
        }
        return function(**given, **made)

    parameters = list(_in_place(signature))
    vars(run)["__signature__"] = signature.replace(parameters=parameters)
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def _group(parameter: inspect.Parameter) -> type[Any] | None:
    """The dataclass that a parameter is one of, if it is one."""
    annotation = parameter.annotation
    return annotation if isinstance(annotation, type) and is_dataclass(annotation) else None


def _in_place(signature: inspect.Signature) -> Iterator[inspect.Parameter]:
    for parameter in signature.parameters.values():
        group = _group(parameter)
        if group is None:
            yield parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        else:
            yield from inspect.signature(group).parameters.values()

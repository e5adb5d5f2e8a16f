"""The declaration of options, and of groups of options that a command receives as one parameter.

Related options are the fields of a dataclass (``groups``), each annotated with ``option(…)``. ``ungrouped`` passes the
options to Typer one by one, and the dataclass to the command.
"""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from functools import wraps
from typing import Any, TypeVar

import typer

R = TypeVar("R")

HOSTS = "Selecting hosts"
RULES = "Selecting rules"
EVENTS = "Filtering events"
TIME = "Point in time"
RESULTS = "Filtering results"
READING = "Reading evidence"
OUTPUT = "Output"
PERFORMANCE = "Performance"

SECTIONS = (HOSTS, RULES, EVENTS, TIME, RESULTS, READING, OUTPUT, PERFORMANCE)
"""The sections of a help text in their order."""


def option(*flags: str, section: str = "", metavar: str | None = None, help: str, **settings: Any) -> Any:  # noqa: A002
    """Declare an option: its flags, the section of ``--help`` that lists it, its value's name, and its help text.

    ``settings`` are passed to ``typer.Option``, such as ``min``.
    """
    return typer.Option(*flags, metavar=metavar, help=help, rich_help_panel=section or None, **settings)


def ungrouped(function: Callable[..., R]) -> Callable[..., R]:
    """Return the function with each dataclass parameter replaced by the fields of that dataclass."""
    signature = inspect.signature(function)
    groups = {name: group for name, own in signature.parameters.items() if (group := _group(own)) is not None}

    @wraps(function)
    def run(**given: object) -> R:
        made = {
            name: group(**{field.name: given.pop(field.name) for field in fields(group)})
            for name, group in groups.items()
        }
        return function(**given, **made)

    parameters = list(_flattened(signature))
    vars(run)["__signature__"] = signature.replace(parameters=parameters)
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def _group(parameter: inspect.Parameter) -> type[Any] | None:
    """Return the dataclass that annotates a parameter; None if there is none."""
    annotation = parameter.annotation
    return annotation if isinstance(annotation, type) and is_dataclass(annotation) else None


def _flattened(signature: inspect.Signature) -> Iterator[inspect.Parameter]:
    for parameter in signature.parameters.values():
        group = _group(parameter)
        if group is None:
            yield parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        else:
            yield from inspect.signature(group).parameters.values()

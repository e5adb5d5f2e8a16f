"""Groups of options as one parameter of a command."""

import inspect
from dataclasses import dataclass

from evtscan.cli.options.option import ungrouped


@dataclass(frozen=True, kw_only=True)
class Group:
    level: int = 1
    names: list[str] | None = None


def test_the_fields_of_a_group_stand_in_its_place():
    @ungrouped
    def command(path: str, *, group: Group, last: bool = False):
        """What it does."""
        return path, group, last

    parameters = inspect.signature(command).parameters.values()
    assert [(item.name, item.annotation, item.default) for item in parameters] == [
        ("path", str, inspect.Parameter.empty),
        ("level", int, 1),
        ("names", list[str] | None, None),
        ("last", bool, False),
    ]
    assert command.__doc__ == "What it does."
    assert command(path="a", level=2, names=["b"], last=True) == ("a", Group(level=2, names=["b"]), True)

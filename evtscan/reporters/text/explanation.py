"""Explanation → lines of text: the truth of each condition, what it rests on, and where that stands.

A condition carries its own truth, also inside a ``not``: the line of the ``not`` says what follows from it.

    unknown  all of
      true     os.version is 4.0 (stated): Windows version 4.0
                 SOFTWARE.reg, SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion, line 12
      true     not: os.service_pack is at least 3 (carried): Service Pack 2
      unknown  component.ras is true: component.ras is not known
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from evtscan.base.logic import Truth
from evtscan.base.model.finding import Explanation, NodeKind
from evtscan.base.safetext import prose

LOCATIONS_SHOWN = 3
"""How many places a condition lists before it only counts them."""

_TRUTH_WIDTH = max(len(truth.value) for truth in Truth) + 2
_INDENT = 2
_GROUPS = (NodeKind.ALL, NodeKind.ANY)


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a condition with its truth, or (``truth`` is None) a place that the condition above rests on."""

    depth: int
    truth: Truth | None
    text: str

    @property
    def indent(self) -> int:
        """Columns before the text, apart from the truth."""
        return self.depth * _INDENT

    @property
    def mark(self) -> str:
        """The truth in a column of fixed width."""
        return ("" if self.truth is None else self.truth.value).ljust(_TRUTH_WIDTH)

    def __str__(self) -> str:
        return " " * self.indent + self.mark + self.text


def lines(explanation: Explanation) -> Iterator[Line]:
    """Write an explanation from the top, each condition before what it consists of."""
    for depth, node in walk(explanation):
        yield Line(depth, node.truth, _worded(node))
        for location in node.locations[:LOCATIONS_SHOWN]:
            yield Line(depth + 1, None, prose(str(location)))
        more = len(node.locations) - LOCATIONS_SHOWN
        if more > 0:
            yield Line(depth + 1, None, f"and {more} more")


def walk(explanation: Explanation) -> Iterator[tuple[int, Explanation]]:
    """Each condition with its depth, before what it consists of.

    A ``not`` and the one test in it are one condition, and a group in a group of its kind is a part of that.
    """
    waiting = [(0, explanation, NodeKind.TEST)]  # not recursive: a saved report may nest as deep as it likes
    while waiting:
        depth, node, group = waiting.pop()
        node = _folded(node)
        is_part = node.kind is group and group in _GROUPS
        if not is_part:
            yield depth, node
        inside = depth if is_part else depth + 1
        waiting.extend((inside, child, node.kind) for child in reversed(node.children))


def as_text(explanation: Explanation) -> str:
    """Write an explanation as lines of plain text."""
    return "".join(f"{line}\n" for line in lines(explanation))


def _worded(node: Explanation) -> str:
    basis = f" ({node.basis})" if node.basis else ""
    says = said(node)
    return prose(f"{node.text}{basis}{f': {says}' if says else ''}")


def said(node: Explanation) -> str:
    """What is known of a condition, where that is more than what it asks for."""
    return "" if node.says == node.text else node.says


def _folded(node: Explanation) -> Explanation:
    """Put a ``not`` and the one test that it negates on one line, with the truth of the ``not``.

    A group of one is what it holds.
    """
    while node.kind in _GROUPS and len(node.children) == 1:
        node = node.children[0]
    if node.kind is not NodeKind.NOT or len(node.children) != 1 or node.children[0].children:
        return node
    test = node.children[0]
    return replace(test, text=f"not: {test.text}", truth=node.truth)

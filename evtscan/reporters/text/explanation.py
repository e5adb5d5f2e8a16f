r"""Explanation → lines of text: the truth of each condition, its value, and the source of the value.

Each condition has its own truth, also inside a ``not``; the line of the ``not`` has the truth of the negation.

    unknown  all of
      true     os.version is 4.0 (stated): Windows version 4.0
                 SOFTWARE.reg, SOFTWARE\Microsoft\Windows NT\CurrentVersion, line 12
      true     not: os.service_pack is at least 3 (carried): Service Pack 2
      unknown  component.ras is true: component.ras is not known
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from evtscan.base.logic import Truth
from evtscan.base.model.finding import Explanation, NodeKind
from evtscan.base.model.source import Location
from evtscan.base.safetext import prose

LOCATIONS_SHOWN = 3
"""How many locations a condition lists; further ones are counted."""

_TRUTH_WIDTH = max(len(truth.value) for truth in Truth) + 2
_INDENT = 2
_DEEPEST = 60
_FACTS = frozenset({"hotfix", "application"})
"""Names of facts without a dot."""
_GROUPS = (NodeKind.ALL, NodeKind.ANY)


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a condition with its truth, or (``truth`` is None) a location of the condition before it."""

    depth: int
    truth: Truth | None
    text: str

    @property
    def indent(self) -> int:
        """Return the indent in columns, without the column of the truth."""
        return self.depth * _INDENT

    @property
    def mark(self) -> str:
        """Return the truth in a column of fixed width."""
        return ("" if self.truth is None else self.truth.value).ljust(_TRUTH_WIDTH)

    def __str__(self) -> str:
        return " " * self.indent + self.mark + self.text


def lines(explanation: Explanation) -> Iterator[Line]:
    """Return an explanation as lines, each condition before its parts."""
    for depth, node in walk(explanation):
        yield Line(depth, node.truth, _worded(node))
        for location in node.locations[:LOCATIONS_SHOWN]:
            yield Line(depth + 1, None, prose(str(location)))
        more = len(node.locations) - LOCATIONS_SHOWN
        if more > 0:
            yield Line(depth + 1, None, f"and {more} more")


def walk(explanation: Explanation) -> Iterator[tuple[int, Explanation]]:
    """Yield each condition with its depth, before its parts.

    A ``not`` with a single test is one condition, and a group inside a group of the same kind is merged into it.
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


def host_lines(explanation: Explanation) -> Iterator[Line]:
    """Return the conditions on the host, without those on the event, one line each, with short locations."""
    kept = about_host(explanation)
    if kept is None:
        return
    for depth, node in walk(kept):
        if node.kind is NodeKind.ALL and not depth:
            continue
        basis = f" ({node.basis})" if node.basis == "carried" else ""
        where = "; ".join(dict.fromkeys(_short(location) for location in node.locations[:LOCATIONS_SHOWN]))
        text = said(node) or node.text
        line = prose(f"{text}{basis}{f' [{where}]' if where else ''}")
        yield Line(max(depth - (kept.kind is NodeKind.ALL), 0), node.truth, line)


def about_host(node: Explanation, depth: int = _DEEPEST) -> Explanation | None:
    """Return the part of an explanation about the host: tests of facts, and conditions that no evidence can show.

    None if there is no such part. Deeper than ``depth``, a group of conditions is omitted unless it is itself about the
    host.
    """
    if not node.children or not depth:
        return node if _is_host_test(node) else None
    kept = [part for child in node.children if (part := about_host(child, depth - 1)) is not None]
    return replace(node, children=tuple(kept)) if kept else None


def _is_host_test(node: Explanation) -> bool:
    name = node.fact
    return bool(node.how_to_get) or name in _FACTS or ("." in name and not name.startswith("event."))


def _short(location: Location) -> str:
    """Return a location without details that only a program needs: the key if a line is known, and the offset."""
    if location.line is not None or location.record is not None:
        location = Location(location.source, record=location.record, line=location.line)
    elif location.key is not None:
        location = Location(location.source, key=location.key.rpartition("\\")[2])
    return str(location)


def as_text(explanation: Explanation) -> str:
    """Return an explanation as lines of plain text."""
    return "".join(f"{line}\n" for line in lines(explanation))


def _worded(node: Explanation) -> str:
    basis = f" ({node.basis})" if node.basis else ""
    says = said(node)
    return prose(f"{node.text}{basis}{f': {says}' if says else ''}")


def said(node: Explanation) -> str:
    """Return the evidence for a condition; empty if it only repeats the condition."""
    return "" if node.says == node.text else node.says


def _folded(node: Explanation) -> Explanation:
    """Replace a group with one member by that member, and a ``not`` of one test by that test with the negated truth."""
    while node.kind in _GROUPS and len(node.children) == 1:
        node = node.children[0]
    if node.kind is not NodeKind.NOT or len(node.children) != 1 or node.children[0].children:
        return node
    test = node.children[0]
    return replace(test, text=f"not: {test.text}", truth=node.truth)

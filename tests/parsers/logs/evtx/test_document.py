"""Substitution of values into the elements of a template, and its limits."""

import pytest

from evtscan.parsers.logs.evtx.binxml import NO_DEPENDENCY, Attribute, Element, Substitution
from evtscan.parsers.logs.evtx.document import ArrayHole, Hole, Node, expand
from evtscan.parsers.logs.evtx.record import RecordError

DEEPEST = 64


class Values:
    """Values of one instance: None is null; ``work`` is the sum of everything spent."""

    def __init__(self, *values) -> None:
        self.values, self.work, self.depths = values, 0, []

    def is_null(self, index: int) -> bool:
        return self.values[index] is None

    def is_empty(self, index: int) -> bool:
        return not self.values[index]

    def piece(self, index: int, depth: int):
        self.depths.append(depth)
        return "" if self.values[index] is None else self.values[index]

    def spend(self, work: int) -> None:
        self.work += work


def element(name: str, *content, dependency: int = NO_DEPENDENCY, literal: bool = False, **attributes) -> Element:
    shown = tuple(Attribute(key, parts if isinstance(parts, tuple) else (parts,)) for key, parts in attributes.items())
    return Element(name, dependency, shown, content, literal)


def nested(count: int, *, literal: bool) -> Element:
    """Return an element that contains ``count`` further elements, each inside the one before."""
    found = element("E", "text" if literal else Substitution(0, False), literal=literal)
    for _ in range(count):
        found = element("E", found, literal=literal)
    return found


@pytest.mark.parametrize("literal", [True, False])
def test_elements_may_be_nested_to_the_limit_and_no_deeper(literal):
    values = Values("text")
    (node,) = expand([nested(DEEPEST, literal=literal)], values)
    for _ in range(DEEPEST):
        (node,) = node.children
    assert (node.text, node.children) == ("text", ())
    assert values.work == DEEPEST + 1
    with pytest.raises(RecordError, match="64"):
        expand([nested(DEEPEST + 1, literal=literal)], Values("text"))


@pytest.mark.parametrize("literal", [True, False])
def test_the_depth_of_the_surrounding_record_counts(literal):
    assert len(expand([nested(4, literal=literal)], Values("text"), DEEPEST - 4)) == 1
    with pytest.raises(RecordError):
        expand([nested(4, literal=literal)], Values("text"), DEEPEST - 3)


def test_a_value_is_one_level_deeper_than_its_element():
    values = Values("text")
    expand([nested(3, literal=False)], values, 10)
    assert values.depths == [14]
    values = Values("text")
    expand([element("E", A=Substitution(0, False))], values, 10)
    assert values.depths == [11]


def test_a_null_value_omits_an_element_only_if_it_is_optional():
    optional, normal = Substitution(0, True), Substitution(0, False)
    assert expand([element("E", optional)], Values(None)) == ()
    assert expand([element("E", normal)], Values(None)) == (Node("E", {}, "", ()),)
    assert expand([element("E", optional)], Values("a")) == (Node("E", {}, "a", ()),)
    assert expand([element("E", optional)], Values("")) == (Node("E", {}, "", ()),)


def test_a_null_dependency_omits_an_element():
    inside = element("E", "x", dependency=1)
    assert expand([inside], Values("a", None)) == ()
    assert expand([inside], Values(None, "b")) == (Node("E", {}, "x", ()),)


def test_attributes_without_text_and_namespaces_are_omitted():
    given = {"A": Substitution(0, True), "B": Substitution(1, False), "xmlns": "n", "C": ("<", Substitution(2, False))}
    (node,) = expand([element("E", **given)], Values(None, "", "c"))
    assert node.attributes == {"C": "<c"}
    (node,) = expand([element("E", **given)], Values("a", "b", ""))
    assert node.attributes == {"A": "a", "B": "b", "C": "<"}


def test_an_array_in_an_attribute_is_joined_by_spaces():
    (node,) = expand([element("E", A=Substitution(0, False))], Values(["a", "b"]))
    assert node.attributes == {"A": "a b"}


def test_elements_in_an_attribute_are_an_error():
    with pytest.raises(RecordError):
        expand([element("E", A=Substitution(0, False))], Values((Node("X", {}, "", ()),)))


def test_an_array_repeats_its_element_with_its_other_content():
    values = Values(["a", "b", "c"])
    nodes = expand([element("E", "<", Substitution(0, False), element("F", "four"), A="x")], values)
    inside = (Node("F", {}, "four", ()),)
    assert nodes == tuple(Node("E", {"A": "x"}, f"<{item}", inside) for item in "abc")
    # two elements, 1 + 4 characters of text, and three times 1 + 4 for the child and 1 for the text
    assert values.work == 2 + 5 + 3 * (1 + 4 + 1)


def test_two_arrays_repeat_as_often_as_the_longer_one():
    nodes = expand([element("E", Substitution(0, False), "-", Substitution(1, False))], Values(["a", "b"], ["c"]))
    assert [node.text for node in nodes] == ["a-c", "b-"]
    assert expand([element("E", Substitution(0, False))], Values([])) == ()


def test_an_array_marker_must_be_the_only_content():
    array = ArrayHole((0,))
    assert expand([element("E", Substitution(0, False))], Values(array)) == (Node("E", {}, array, ()),)
    for other in ("text", element("F")):
        with pytest.raises(RecordError):
            expand([element("E", Substitution(0, False), other)], Values(array))
    with pytest.raises(RecordError):
        expand([element("E", Substitution(0, False), A=Substitution(1, False))], Values(array, Hole((1,))))
    (node,) = expand([element("E", Substitution(0, False), A="a")], Values(array))
    assert node.attributes == {"A": "a"}


def test_text_with_markers_keeps_its_parts_in_order():
    hole = Hole((0,), False)
    (node,) = expand([element("E", "<", Substitution(0, False), ">")], Values(hole))
    assert node.text == ("<", hole, ">")
    (node,) = expand([element("E", Substitution(0, False), Substitution(1, False))], Values(hole, ""))
    assert node.text == hole

"""Shapes: which records have one, and the texts that are inserted into it."""

import json
import struct

import pytest
from binxml_builder import ChunkBuilder, Fragment, event
from binxml_builder import Element as BuiltElement
from binxml_builder import Substitution as BuiltSubstitution

from evtscan.parsers.logs.evtx import shapes
from evtscan.parsers.logs.evtx.binxml import NO_DEPENDENCY, Attribute, Element, Substitution
from evtscan.parsers.logs.evtx.decode import decode_record
from evtscan.parsers.logs.evtx.document import ArrayHole, Hole
from evtscan.parsers.logs.evtx.record import RecordError
from evtscan.parsers.logs.evtx.shapes import (
    EMPTY,
    IMPOSSIBLE,
    MOST_WORK,
    Caches,
    Markers,
    Shape,
    array_member,
    fill,
    fill_json,
    has_texts_only,
    shape_of,
    texts_of,
)

NULL, STRING, UINT32, SID, BINXML, STRINGS = 0x00, 0x01, 0x08, 0x13, 0x21, 0x81


def element(name: str, *content, dependency: int = NO_DEPENDENCY, **attributes) -> Element:
    return Element(name, dependency, tuple(Attribute(key, (part,)) for key, part in attributes.items()), content)


def data(name: str, *content, **given) -> Element:
    return element("Data", *content, Name=name, **given)


def tree(*inside: Element | Substitution, event_id: Element | None = None) -> tuple[Element, ...]:
    system = element("System", element("Provider", Name="P"), event_id or element("EventID", "7"))
    return (element("Event", system, element("EventData", *inside)),)


def shape(elements: tuple[Element, ...], *codes: int) -> Shape | None:
    return shape_of(elements, Markers((), codes, {}))


def value(index: int) -> Substitution:
    return Substitution(index, False)


def optional(index: int) -> Substitution:
    return Substitution(index, True)


def utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


# ---------------------------------------------------------------------------------------------- structure


def test_a_shape_has_a_hole_with_its_type_for_each_value():
    found = shape(tree(data("A", value(0)), data("B", value(1)), data("C", "c")), STRING, UINT32)
    assert found.system == {"provider": "P", "event_id": "7"}
    assert found.data == {"A": Hole((0,), True), "B": Hole((1,), False), "C": "c"}
    assert list(found.data) == ["A", "B", "C"]
    assert found.types == {(0,): STRING, (1,): UINT32}


def test_a_null_value_omits_its_element_only_if_it_is_optional():
    elements = tree(data("A", optional(0)), data("B", value(0)), data("C", "c", dependency=0), data("D", optional(1)))
    assert shape(elements, NULL, UINT32).data == {"B": "", "D": Hole((1,), False)}
    assert shape(elements, UINT32, NULL).data == {
        "A": Hole((0,), False),
        "B": Hole((0,), False),
        "C": "c",
    }


def test_a_value_without_bytes_is_literal_text():
    assert shape(tree(data("A", value(0))), STRING | EMPTY).data == {"A": ""}
    assert shape(tree(data("A", value(0))), BINXML | EMPTY).data == {"A": ""}
    assert shape(tree(data("A", value(0))), 0x86 | EMPTY).data == {}
    assert shape(tree(element("X", "x", Q=value(0))), STRING | EMPTY).data == {"X": "x"}


def test_an_array_is_a_hole_of_its_own_kind():
    found = shape(tree(data("A", value(0)), element("Data", value(1))), STRINGS, STRINGS)
    assert found.data == {"A": ArrayHole((0,)), "": ArrayHole((1,))}
    assert not has_texts_only(found)
    assert has_texts_only(shape(tree(data("A", value(0)), data("B", "b", value(0))), STRING))
    assert not has_texts_only(shape(tree(data("A", value(0)), data("A", "b")), STRING))


def test_nested_instances_have_paths_of_two_indexes():
    markers = Markers((), (UINT32, BINXML), {})
    below = Markers((1,), (STRING,), {}, markers.types, markers.uses, markers.work)
    markers.nested[1] = (data("Inner", value(0)),), below
    found = shape_of(tree(data("Outer", value(0)), value(1)), markers)
    assert found.data == {"Outer": Hole((0,), False), "Inner": Hole((1, 0), True)}
    assert found.types == {(0,): UINT32, (1, 0): STRING}


@pytest.mark.parametrize(
    ("elements", "codes"),
    [
        pytest.param(tree(data("A", value(1))), (STRING,), id="an index that is one too high"),
        pytest.param(tree(data("A", value(0))), (UINT32 | IMPOSSIBLE,), id="a length that does not fit"),
        pytest.param(
            tree(event_id=element("EventID", value(0), dependency=1)), (0x06, NULL), id="an event id that is omitted"
        ),
        pytest.param(tree(element("X", element("Y", value(0)))), (STRINGS,), id="an array inside a member"),
        pytest.param((element("System", element("EventID", "7")),), (), id="no Event element"),
        pytest.param((element("Event", element("EventData")),), (), id="no System element"),
        pytest.param(tree(data("A", value(0)), data("A", "b")), (STRINGS,), id="an array beside a name like its own"),
    ],
)
def test_records_without_a_shape(elements, codes):
    assert shape(elements, *codes) is None


@pytest.mark.parametrize(("uses", "has_shape"), [(4, True), (5, False)])
def test_one_value_is_used_four_times_at_most(uses, has_shape):
    found = shape(tree(*(data(f"N{place}", value(0)) for place in range(uses))), STRING)
    assert (found is not None) == has_shape


@pytest.mark.parametrize(("more", "has_shape"), [(0, True), (1, False)])
def test_a_shape_has_a_limited_number_of_elements(more, has_shape):
    around = 5  # Event, System, Provider, EventID, EventData; and the text "7"
    children = [element("X")] * (MOST_WORK - around - 1 + more)
    markers = Markers((), (), {})
    assert (shape_of(tree(*children), markers) is not None) == has_shape
    assert markers.work == [-more]


def test_the_weight_counts_literal_text_and_names():
    found = shape(tree(data("Name", value(0), "text"), data("Two", "b"), data("Two", "cc")), STRING)
    assert found.weight == len("provider" + "P" + "event_id" + "7" + "Name" + "text" + "Two" + "b" + "cc")


def test_markers_state_null_and_empty():
    markers = Markers((), (NULL, STRING, STRING | EMPTY, NULL | EMPTY), {})
    assert [markers.is_null(index) for index in range(4)] == [True, False, False, True]
    assert [markers.is_empty(index) for index in range(4)] == [True, False, True, True]
    for ask in (markers.is_null, markers.is_empty):
        with pytest.raises(RecordError):
            ask(4)


def test_the_work_limit_is_reached_exactly():
    markers = Markers((), (), {}, work=[5])
    markers.spend(5)
    assert markers.work == [0]
    with pytest.raises(RecordError):
        markers.spend(1)


# ---------------------------------------------------------------------------------------------- texts


def filled(found: Shape, **columns: list[bytes]) -> list[dict]:
    """Fill a shape whose value 0 has the column ``a``, and value 1 the column ``b``; both forms must agree."""
    raws = {(place,): column for place, column in enumerate(columns.values())}
    count = len(next(iter(columns.values())))
    rows = fill(found, raws, count, Caches())
    texts = fill_json(found, raws, count, Caches())
    assert [json.loads(text) for text in texts] == rows
    assert [list(json.loads(text)) for text in texts] == [list(row) for row in rows]
    return rows


def test_each_record_has_its_own_values():
    found = shape(tree(data("A", "<", value(0), ">"), data("B", value(1)), data("C", "c")), STRING, UINT32)
    rows = filled(found, a=[utf16("x"), utf16('"\n'), b""], b=[struct.pack("<I", n) for n in (0, 1, 0xFFFFFFFF)])
    assert rows == [
        {"A": "<x>", "B": "0", "C": "c"},
        {"A": '<"\n>', "B": "1", "C": "c"},
        {"A": "<>", "B": "4294967295", "C": "c"},
    ]


def test_array_items_are_elements():
    found = shape(tree(data("A", value(0)), data("B", "b")), STRINGS)
    rows = filled(found, a=[b"", utf16("x\0"), utf16("x\0y\0")])
    assert rows == [{"B": "b"}, {"A": "x", "B": "b"}, {"A": ["x", "y"], "B": "b"}]


def test_array_items_without_a_name_are_numbered_from_one():
    found = shape(tree(element("Data", value(0)), element("Binary", value(1))), STRINGS, 0x0E)
    rows = filled(found, a=[b"", utf16("x\0y\0")], b=[b"\xab", b""])
    assert rows == [{"Binary": "AB"}, {"Data1": "x", "Data2": "y", "Binary": ""}]


def test_lists_of_records_are_not_shared():
    found = shape(tree(data("A", value(0))), STRINGS)
    first, second = fill(found, {(0,): [utf16("x\0y\0")] * 2}, 2, Caches())
    first["A"].append("z")
    assert second == {"A": ["x", "y"]}


def test_repeated_names_are_lists_and_nested_elements_are_dicts():
    found = shape(tree(data("A", value(0)), data("A", "b"), element("U", element("V", value(1)))), STRING, UINT32)
    rows = filled(found, a=[utf16("x"), utf16("y")], b=[b"\1\0\0\0", b"\2\0\0\0"])
    assert rows == [{"A": ["x", "b"], "U": {"V": "1"}}, {"A": ["y", "b"], "U": {"V": "2"}}]


def test_a_shape_without_holes_is_repeated():
    literal = shape(tree(data("A", 'a"')))
    assert fill(literal, {}, 3, Caches()) == [{"A": 'a"'}] * 3
    assert fill_json(literal, {}, 3, Caches()) == ['{"A":"a\\""}'] * 3
    assert fill(shape(tree()), {}, 2, Caches()) == [{}, {}]
    assert fill_json(shape(tree()), {}, 2, Caches()) == ["{}", "{}"]
    assert texts_of("x", literal, {}, 2, Caches()) == ["x", "x"]


def test_an_array_member_of_json():
    assert [array_member("N", 0x84)(raw) for raw in (b"", b"\1", b"\1\2")] == ["", '"N":"1"', '"N":["1","2"]']
    assert array_member("", 0x84)(b"\1\2") == '"Data1":"1","Data2":"2"'
    assert array_member('"', STRINGS)(utf16('"\0')) == '"\\"":"\\""'


def test_a_value_that_cannot_be_written_is_an_error():
    found = shape(tree(data("A", value(0))), SID)
    for write in (fill, fill_json):
        with pytest.raises(ValueError):  # noqa: PT011  (only the type of the error is a contract)
            write(found, {(0,): [b"\1\5"]}, 1, Caches())


# ---------------------------------------------------------------------------------------------- caches


def test_a_text_is_made_once():
    asked = []
    cache = Caches().get("key", lambda raw: asked.append(raw) or raw.decode())
    assert [cache[raw] for raw in (b"a", b"b", b"a", b"b")] == ["a", "b", "a", "b"]
    assert asked == [b"a", b"b"]


def test_each_kind_has_its_own_cache():
    caches = Caches()
    upper, lower = caches.get("upper", bytes.upper), caches.get("lower", bytes.lower)
    assert (upper[b"aB"], lower[b"aB"]) == (b"AB", b"ab")
    assert caches.get("upper", bytes.lower) is upper


@pytest.mark.parametrize(("size", "cached"), [(256, True), (257, False)])
def test_long_values_are_not_cached(size, cached):
    cache = Caches().get("key", len)
    assert cache[bytes(size)] == size
    assert (bytes(size) in cache) == cached


def test_all_caches_are_cleared_when_they_are_too_large_together(monkeypatch):
    monkeypatch.setattr(shapes, "_MOST_CACHED", 3)
    caches = Caches()
    first, second = caches.get("first", len), caches.get("second", len)
    assert [first[b"a"], first[b"bb"], second[b"ccc"]] == [1, 2, 3]
    assert (dict(first), dict(second)) == ({b"a": 1, b"bb": 2}, {b"ccc": 3})
    assert second[b"dddd"] == 4
    assert (dict(first), dict(second)) == ({}, {b"dddd": 4})
    assert [first[raw] for raw in (b"a", b"bb", b"e")] == [1, 2, 1]
    assert (dict(first), dict(second)) == ({b"a": 1, b"bb": 2, b"e": 1}, {b"dddd": 4})
    first[b"f"]
    assert (dict(first), dict(second)) == ({b"f": 1}, {})


# ---------------------------------------------------------------------------------------------- oracle


VALUES = [
    (STRING, utf16('a "b" \\ é\0')),
    (0x02, b"ansi\0"),
    (0x03, b"\xfb"),
    (0x04, b"\xfa"),
    (0x06, b"\1\2"),
    (UINT32, b"\1\2\3\4"),
    (0x0A, b"\xff" * 8),
    (0x0C, struct.pack("<d", 0.1)),
    (0x0D, b"\1\0\0\0"),
    (0x0E, b"\xde\xad"),
    (0x0F, bytes(range(16))),
    (0x11, struct.pack("<Q", 130_000_000_000_000_000)),
    (SID, b"\1\1\0\0\0\0\0\5\x12\0\0\0"),
    (0x14, b"\1\2\3\4"),
    (0x15, b"\1\2\3\4\5\6\7\x08"),
    (STRINGS, utf16("a\0\0c\0")),
    (0x86, b"\1\0\2\0"),
    (NULL, b""),
]


@pytest.mark.parametrize(("kind", "raw"), VALUES, ids=[hex(kind) for kind, _ in VALUES])
def test_a_shape_gives_the_data_that_a_single_record_gives(kind, raw):
    chunk = ChunkBuilder()
    inside = BuiltElement("EventData", BuiltElement("Data", BuiltSubstitution(0, kind, True), Name="N"))
    start = chunk.record(Fragment(event(inside), [(kind, raw)]))
    expected = decode_record(bytes(chunk), start + 24, len(chunk.data) - 4)
    assert bool(expected.data) == (kind != NULL)
    found = shape(tree(data("N", optional(0))), kind)
    assert filled(found, a=[raw, raw]) == [expected.data, expected.data]

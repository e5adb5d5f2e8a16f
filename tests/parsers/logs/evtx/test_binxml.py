"""BinXML tokens as a tree, and what one record becomes."""

import struct
from contextlib import suppress

import pytest
from binxml_builder import CData, CharacterReference, ChunkBuilder, EntityReference, Fragment, event
from binxml_builder import Element as Built
from binxml_builder import Substitution as Hole
from hypothesis import given, settings
from hypothesis import strategies as st

from evtscan.parsers.logs.evtx.binxml import (
    NO_DEPENDENCY,
    Attribute,
    Element,
    Substitution,
    parse_definition,
    parse_fragment,
    parse_instance,
)
from evtscan.parsers.logs.evtx.decode import decode_record
from evtscan.parsers.logs.evtx.record import RecordError

DEFINITION = 24 + 14  # behind the record's header: fragment header, token, version, id, offset


def parsed(element: Built) -> Element:
    chunk = ChunkBuilder()
    offset = chunk.record(Fragment(element))
    (root,) = parse_definition(bytes(chunk), offset + DEFINITION).elements
    return root


def decoded(*fragments: Fragment):
    chunk = ChunkBuilder()
    offset = [chunk.record(fragment) for fragment in fragments][-1]
    return decode_record(bytes(chunk), offset + 24, len(chunk.data) - 4)


def data(*parts, values=()):
    return decoded(Fragment(event(Built("EventData", *parts)), values)).data


def utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


def test_an_element_with_attributes_text_and_holes():
    element = parsed(Built("A", Built("B", Hole(3, 1, optional=True), dependency=3), "text", x=Hole(1, 1), y="z"))
    assert element == Element(
        "A",
        NO_DEPENDENCY,
        (Attribute("x", (Substitution(1, False),)), Attribute("y", ("z",))),
        (Element("B", 3, (), (Substitution(3, True),)), "text"),
    )


def test_what_needs_no_value_is_literal():
    element = parsed(
        Built("A", Built("B", "text", x="y"), Built("C", Built("D", Hole(1, 1))), Built("E", x=Hole(2, 1)))
    )
    assert [part.literal for part in element.content] == [True, False, False]
    assert not element.literal
    assert not parsed(Built("A", Built("B", dependency=3))).literal


def test_every_way_to_write_text():
    element = parsed(
        Built("A", "a", CharacterReference(0xE9), EntityReference("amp"), EntityReference("x"), CData("<>"))
    )
    assert "".join(element.content) == "aé&&x;<>"


def test_processing_instructions_are_not_shown():
    element = parsed(Built("A", b"\x0b\x02\x00p\x00i\x00", "text"))
    assert element.content == ("text",)


def test_the_values_of_an_instance():
    chunk = ChunkBuilder()
    offset = chunk.record(Fragment(event(), [(0x08, b"\1\0\0\0"), (0x00, b""), (0x01, b"ab")]))
    instance = parse_instance(bytes(chunk), offset + 24, len(chunk.data) - 4)
    end = len(chunk.data) - 4
    assert instance is not None
    assert (instance.definition, instance.types) == (offset + DEFINITION, (8, 0, 1))
    assert instance.bounds == (end - 6, end - 2, end - 2, end)


def test_a_definition_serves_later_records_of_its_chunk():
    first = Fragment(event(Built("EventData", Built("Data", Hole(0, 1), Name="N"))), [(0x01, utf16("one"))])
    again = Fragment(event(), [(0x01, utf16("two"))], template_at=0x200 + DEFINITION)
    assert decoded(first, again).data == {"N": "two"}


def test_an_element_goes_with_the_value_that_it_depends_on():
    assert data(Built("Data", Hole(0, 1), dependency=0, Name="N"), values=[(0x00, b"")]) == {}
    assert data(Built("Data", Hole(0, 1), Name="N"), values=[(0x00, b"")]) == {"N": ""}


def test_nested_templates():
    inner = Fragment(Built("EventData", Built("Data", Hole(0, 8), Name="N")), [(0x08, b"\5\0\0\0")])
    assert decoded(Fragment(event(Hole(0, 0x21)), [inner])).data == {"N": "5"}


def test_values_whose_nested_template_is_lost_are_kept_without_their_names():
    lost = Fragment(Built("EventData"), [(0x08, b"\5\0\0\0"), (0x81, utf16("a\0b\0"))], template_at=0xFFF0)
    record = decoded(Fragment(event(Hole(0, 0x21)), [lost]))
    assert record.data == {"Data1": "5", "Data2": "a", "Data3": "b"}
    assert record.event_id == 7
    assert len(record.notes) == 1


def test_an_unknown_value_type_is_kept_as_hex_with_a_note():
    record = decoded(Fragment(event(Built("EventData", Built("Data", Hole(0, 1), Name="N"))), [(0x77, b"\xca\xfe")]))
    assert record.data == {"N": "CAFE"}
    assert len(record.notes) == 1


def test_a_fragment_without_a_template_has_no_dependencies():
    name = struct.pack("<IHH", 0, 0, 1) + utf16("A") + b"\0\0"
    bare = b"\x0f\x01\x01\x00" + b"\x01" + struct.pack("<II", 0, 4 + 9) + name + b"\x03\x00"
    (root,) = parse_fragment(bare.ljust(0x10000, b"\0"), 0, len(bare), dependencies=False).elements
    assert root == Element("A", NO_DEPENDENCY, (), (), literal=True)


def nested(depth: int) -> Built:
    element = Built("E")
    for _ in range(depth):
        element = Built("E", element)
    return element


@pytest.mark.parametrize(
    ("element", "values", "says"),
    [
        (event(nested(100)), [], "inside each other"),
        (event(event_id=Hole(5, 6)), [(0x06, b"\1\0")], "asks for value 5"),
        (Built("Other"), [], "no Event"),
        (Built("Event"), [], "no System"),
        (event(b"\x1f"), [], "token 0x1f"),
        (event(event_id="many"), [], "no event id"),
    ],
)
def test_what_cannot_be_read_says_why(element, values, says):
    with pytest.raises(RecordError, match=says):
        decoded(Fragment(element, values))


def test_a_value_that_is_used_over_and_over_does_not_unfold_without_end():
    many = [Built("Data", Hole(0, 1), Name="N") for _ in range(500)]
    with pytest.raises(RecordError, match="without end"):
        data(*many, values=[(0x01, utf16("x" * 10_000))])


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_no_byte_of_a_record_can_make_it_fail_in_another_way(data):
    chunk = ChunkBuilder()
    inner = Fragment(Built("EventData", Built("Data", Hole(0, 1), Name="N")), [(0x81, utf16("a\0b"))])
    start = chunk.record(
        Fragment(event(Hole(0, 0x21), Built("X", nested(3), y=Hole(1, 0x13))), [inner, (0x13, bytes(12))])
    )
    end = len(chunk.data)
    damaged = bytearray(bytes(chunk))
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(start + 24, end - 1))] = data.draw(st.integers(0, 255))
    with suppress(RecordError):
        assert isinstance(decode_record(bytes(damaged), start + 24, end - 4).event_id, int)

"""Which definitions are one template, and what is derived from a template."""

import io
import struct

import numpy as np
import pytest
from binxml_builder import ChunkBuilder, Element, Fragment, Substitution, event
from evtx_files import CHUNK, closed, log_of

from evtscan.parsers.logs.evtx import templates
from evtscan.parsers.logs.evtx.binxml import parse_definition
from evtscan.parsers.logs.evtx.file import Segment, read_layout, read_segments
from evtscan.parsers.logs.evtx.templates import NOT_KNOWN, Template, TemplateTable, places_of, rows_at

TO_DEFINITION = 38  # bytes from the start of a record: its header, the fragment header and the instance
HEADER = 24  # bytes of a definition before its body


def segment_of(*chunks: ChunkBuilder | bytes) -> Segment:
    images = []
    for number, chunk in enumerate(chunks, 1):
        image = bytearray(bytes(chunk))
        if image[0x200:0x204] == b"**\0\0":
            struct.pack_into("<Q", image, 0x208, number)  # the order of the chunks in the log
        images.append(closed(bytes(image), 1, number))
    stream = io.BytesIO(log_of(*images))
    (segment,) = read_segments(stream, read_layout(stream, "log").chunks)
    assert segment.slots == len(chunks)
    return segment


def resolved(table: TemplateTable, segment: Segment, *positions: int) -> list[int]:
    return table.resolve(segment, np.array(positions, np.int64)).tolist()


def chunk_with(*trees: Element, padding: int = 0) -> tuple[ChunkBuilder, list[int]]:
    """Return a chunk with a definition for each tree, and the offsets of the definitions in the chunk."""
    chunk = ChunkBuilder()
    if padding:
        chunk.record(bytes(padding))
    return chunk, [chunk.record(Fragment(tree)) + TO_DEFINITION for tree in trees]


def data(name: str, *content) -> Element:
    return event(Element("EventData", Element("Data", *content, Name=name)))


# ---------------------------------------------------------------------------------------------- equality


def test_a_definition_at_other_offsets_is_the_same_template():
    first, (at,) = chunk_with(data("Alpha", "a"))
    second, (other, again) = chunk_with(data("Alpha", "a"), data("Alpha", "a"), padding=101)
    table = TemplateTable()
    assert at != other
    assert resolved(table, segment_of(first, second), at, CHUNK + other, CHUNK + again) == [0, 0, 0]
    assert len(table.templates) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (data("Alpha", "a"), data("Gamma", "a")),
        (event(Element("Alpha")), event(Element("Gamma"))),
        (data("Alpha", "a"), data("Alpha", "b")),
        (data("Alpha", Substitution(0, 1)), data("Alpha", Substitution(1, 1))),
        (data("Alpha", Substitution(0, 1)), data("Alpha", Substitution(0, 1, optional=True))),
        (event(Element("A", "x")), event(Element("A", "x", dependency=0))),
        (event(event_id="7"), event(event_id="8")),
    ],
    ids=["attribute", "name", "text", "index", "optional", "dependency", "the last byte of a text"],
)
def test_definitions_of_one_guid_and_size_but_other_content_are_different(one, other):
    chunk, places = chunk_with(one, other, one, other)
    segment = segment_of(chunk)
    keys = {bytes(segment.bytes[place + 4 : place + 24]) for place in places}
    assert len(keys) == 1
    table = TemplateTable()
    assert resolved(table, segment, *places) == [0, 1, 0, 1]
    assert resolved(table, segment, *places[1:]) == [1, 0, 1]
    assert len(table.templates) == 2
    assert [each.elements for each in table.templates] == [
        parse_definition(bytes(segment.chunk(0)), place).elements for place in places[:2]
    ]


def test_the_last_byte_of_a_body_is_compared():
    chunk, (first, second) = chunk_with(data("Alpha", "a"), data("Alpha", "a"))
    size = struct.unpack_from("<I", chunk.data, second + 20)[0]
    for place in (second + HEADER + size - 1, second + HEADER + 3):  # the end token, and the flags of the fragment
        changed = ChunkBuilder(bytearray(chunk.data))
        changed.data[place] ^= 0x80
        assert resolved(TemplateTable(), segment_of(changed), first, second)[1] != 0


def test_definitions_of_one_body_and_other_guids_are_different_templates():
    chunk, (first, second) = chunk_with(data("Alpha", "a"), data("Alpha", "a"))
    chunk.data[second + 4] ^= 1
    table = TemplateTable()
    assert sorted(resolved(table, segment_of(chunk), first, second)) == [0, 1]
    assert table.templates[0] == table.templates[1]


# ---------------------------------------------------------------------------------------------- names elsewhere


def name(text: str, hash_: int = 0) -> bytes:
    return struct.pack("<IHH", 0, hash_, len(text)) + text.encode("utf-16-le") + b"\0\0"


def refers(target: int) -> Element:
    """An event with an empty element whose name is at an offset of the chunk."""
    return event(Element("EventData", struct.pack("<BHIIB", 0x01, 0xFFFF, 0, target, 0x03)))


def chunk_with_names(*names: bytes, use: int = 0) -> tuple[ChunkBuilder, int]:
    """Return a chunk with these names and a definition that refers to one of them, and the definition's offset."""
    chunk = ChunkBuilder()
    places = [chunk.record(each) + 24 for each in names]
    return chunk, chunk.record(Fragment(refers(places[use]))) + TO_DEFINITION


def element_name(template: Template) -> str:
    return template.elements[0].content[1].content[0].name


def test_equal_offsets_that_lead_to_other_names_are_different_templates():
    first, at = chunk_with_names(name("Alpha"))
    for text in ("Gamma", "Alphb", "Blpha"):
        second, other = chunk_with_names(name(text))
        assert (at, first.data[at:]) == (other, second.data[other:])  # the definitions have equal bytes
        table = TemplateTable()
        assert resolved(table, segment_of(first, second), at, CHUNK + other) == [0, 1]
        assert [element_name(template) for template in table.templates] == ["Alpha", text]


@pytest.mark.parametrize("text", ["Alph", "Alpha2"])
def test_names_of_other_lengths_are_different_templates(text):
    first, at = chunk_with_names(name("Alpha"))
    second, other = chunk_with_names(name(text))
    table = TemplateTable()
    assert resolved(table, segment_of(first, second), at, CHUNK + other) == [0, 1]


def test_other_offsets_that_lead_to_one_name_are_one_template():
    first, at = chunk_with_names(name("Alpha"))
    second, other = chunk_with_names(name("Other"), name("Alpha"), use=1)
    third, last = chunk_with_names(name("Alpha"), name("Other"), use=1)
    table = TemplateTable()
    segment = segment_of(first, second, third)
    assert resolved(table, segment, at, CHUNK + other, 2 * CHUNK + last) == [0, 0, 1]
    assert [element_name(template) for template in table.templates] == ["Alpha", "Other"]


def test_templates_that_use_one_position_for_different_names_are_told_apart():
    """Two names that begin near each other, each used by several definitions of a chunk."""
    chunk = ChunkBuilder()
    both = chunk.record(name("A") + name("B")) + 24
    places = [chunk.record(Fragment(refers(both + len(name("A")) * (n % 2)))) + TO_DEFINITION for n in range(6)]
    table = TemplateTable()
    for _ in range(2):
        assert resolved(table, segment_of(chunk), *places) == [0, 1, 0, 1, 0, 1]
    assert [element_name(template) for template in table.templates] == ["A", "B"]


def test_the_bytes_behind_the_offset_of_a_name_are_compared():
    """The content begins there if the name is elsewhere: one character reference, to A and to B."""
    chunk = ChunkBuilder()
    target = chunk.record(name("Alpha")) + 24
    places = []
    for code in b"ABA":
        inside = struct.pack("<BHIIBBHB", 0x01, 0xFFFF, 0, target, 0x02, 0x08, code, 0x04)
        places.append(chunk.record(Fragment(event(Element("EventData", inside)))) + TO_DEFINITION)
    assert resolved(TemplateTable(), segment_of(chunk), *places) == [0, 1, 0]


def test_a_name_at_the_end_of_its_chunk_is_recognised():
    chunk, at = chunk_with_names(name("Alpha"))
    target = CHUNK - 20  # the name is compared in words of eight bytes: two of them, behind the first four bytes
    image = bytearray(bytes(with_target(chunk, at, 0x200 + 24, target)))
    image[target : target + 18] = name("Alpha")[:18]
    assert resolved(TemplateTable(), segment_of(bytes(image), bytes(image)), at, CHUNK + at) == [0, 0]


def test_an_empty_name_behind_the_last_chunk_is_not_recognised():
    """The zeros there are no part of the chunk, although an empty name consists of zeros."""
    first, at = chunk_with_names(name(""))
    second = with_target(first, at, 0x200 + 24, CHUNK)
    assert resolved(TemplateTable(), segment_of(first, second), at, CHUNK + at) == [0, NOT_KNOWN]


def with_target(chunk: ChunkBuilder, definition: int, old: int, new: int) -> ChunkBuilder:
    changed = ChunkBuilder(bytearray(chunk.data))
    at = changed.data.index(struct.pack("<BHII", 0x01, 0xFFFF, 0, old), definition) + 7
    changed.data[at : at + 4] = struct.pack("<I", new)
    return changed


@pytest.mark.parametrize("target", [CHUNK - 8, CHUNK, CHUNK + 1, 0xFFFFFFFF])
def test_a_name_outside_the_chunk_makes_a_definition_unreadable(target):
    first, at = chunk_with_names(name("Alpha"))
    second = with_target(first, at, 0x200 + 24, target)
    image = bytearray(bytes(second))
    if target < CHUNK:
        struct.pack_into("<IHH", image, target, 0, 0, 5)  # five characters behind the end
    segment = segment_of(first, bytes(image), first)
    assert resolved(TemplateTable(), segment, at, CHUNK + at, 2 * CHUNK + at) == [0, NOT_KNOWN, 0]
    assert resolved(TemplateTable(), segment, CHUNK + at) == [NOT_KNOWN]


def test_an_inline_name_whose_offset_leads_elsewhere_is_another_template():
    """The characters at the usual position are equal, but the offset before them refers to another name."""
    first, (at,) = chunk_with(data("Alpha", "a"))
    second, (other,) = chunk_with(data("Alpha", "a"))
    elsewhere = second.record(name("Gamma")) + 24
    place = second.data.index("EventData".encode("utf-16-le"), other) - 12
    assert struct.unpack_from("<I", second.data, place)[0] == place + 4
    struct.pack_into("<I", second.data, place, elsewhere)
    table = TemplateTable()
    numbers = resolved(table, segment_of(first, second), at, CHUNK + other)
    assert numbers[0] == 0
    assert numbers[1] != 0


# ---------------------------------------------------------------------------------------------- limits


@pytest.mark.parametrize(("more", "number"), [(0, 0), (1, NOT_KNOWN)])
def test_a_definition_may_reach_to_the_end_of_its_chunk_and_no_further(more, number):
    chunk, (at,) = chunk_with(data("Alpha", "a"))
    image = bytearray(bytes(chunk))
    struct.pack_into("<I", image, at + 20, CHUNK - at - HEADER + more)
    assert resolved(TemplateTable(), segment_of(bytes(image), chunk), at) == [number]


def test_nine_definitions_of_one_guid_and_size_are_all_read_but_eight_are_recognised():
    texts = "abcdefghi"
    chunk, places = chunk_with(*(data("Alpha", text) for text in texts))
    table = TemplateTable()
    segment = segment_of(chunk)
    assert resolved(table, segment, *places) == list(range(9))
    assert resolved(table, segment, places[8]) == [8]  # it was the latest one
    assert resolved(table, segment, places[7]) == [7]
    assert resolved(table, segment, places[8]) == [9]
    assert len(table.templates) == 10
    assert table.templates[9] == table.templates[8]


def test_a_table_is_full_when_it_has_more_templates_than_the_limit(monkeypatch):
    monkeypatch.setattr(templates, "_MOST_TEMPLATES", 2)
    chunk, places = chunk_with(*(data("Alpha", text) for text in "abc"))
    table, full = TemplateTable(), []
    for place in places:
        resolved(table, segment_of(chunk), place)
        full.append(table.full)
    assert full == [False, False, True]


@pytest.mark.parametrize(("less", "full"), [(0, False), (1, True)])
def test_a_table_is_full_when_its_definitions_are_larger_than_the_limit(monkeypatch, less, full):
    chunk, places = chunk_with(data("Alpha", "a"), data("Alpha", "bb"))
    size = sum(struct.unpack_from("<I", chunk.data, place + 20)[0] for place in places)
    monkeypatch.setattr(templates, "_MOST_BYTES", size - less)
    table = TemplateTable()
    assert sorted(resolved(table, segment_of(chunk), *places)) == [0, 1]
    assert table.full == full


def test_the_definitions_parsed_for_a_chunk_are_limited_in_size(monkeypatch):
    chunk, places = chunk_with(*(data("Alpha", text) for text in "abc"))
    other, (at,) = chunk_with(data("Alpha", "d"))
    size = struct.unpack_from("<I", chunk.data, places[0] + 20)[0]
    monkeypatch.setattr(templates, "ROOM", 2 * size)
    table = TemplateTable()
    segment = segment_of(chunk, other)
    assert resolved(table, segment, *places, CHUNK + at) == [0, 1, NOT_KNOWN, 2]
    assert resolved(table, segment, places[2]) == [NOT_KNOWN]
    table.begin_segment()
    assert resolved(table, segment, *places) == [0, 1, 3]


# ---------------------------------------------------------------------------------------------- properties


def template(tree: Element) -> Template:
    chunk, (at,) = chunk_with(tree)
    table = TemplateTable()
    assert resolved(table, segment_of(chunk), at) == [0]
    return table.templates[0]


def system(*parts: Element, **provider) -> Template:
    return template(Element("Event", Element("System", Element("Provider", **provider), *parts)))


def test_event_id_and_level_are_the_indexes_of_their_values():
    found = system(Element("EventID", Substitution(3, 6)), Element("Level", Substitution(1, 4)), Name="P")
    assert (found.event_id, found.level) == (3, 1)
    found = system(Element("EventID", "7"), Element("Level", Substitution(1, 4), "x"), Name="P")
    assert (found.event_id, found.level) == (None, None)
    found = system(Element("EventID", Substitution(3, 6)), Element("EventID", Substitution(3, 6)), Name="P")
    assert (found.event_id, found.level) == (None, None)


def test_literal_names_are_in_lower_case():
    found = system(Element("Channel", "Sec", "URITY"), Name="Some-Provider", EventSourceName="Old")
    assert found.providers == {"some-provider", "old"}
    assert (found.channel, found.provider_value, found.channel_value) == ("security", None, None)


def test_names_that_are_values_are_given_by_index():
    found = system(Element("Channel", Substitution(5, 1)), Name=Substitution(4, 1))
    assert (found.providers, found.channel) == (None, None)
    assert (found.provider_value, found.channel_value) == (4, 5)
    found = system(Element("Channel", Substitution(5, 1)), Name=Substitution(4, 1), EventSourceName="Old")
    assert (found.providers, found.provider_value) == (None, None)
    found = system(EventSourceName=Substitution(4, 1))
    assert (found.providers, found.provider_value, found.channel_value) == (None, None, None)


@pytest.mark.parametrize(("dependency", "index"), [(5, 5), (6, None), (0xFFFF, 5)])
def test_a_channel_that_depends_on_another_value_has_no_index(dependency, index):
    found = system(Element("Channel", Substitution(5, 1), dependency=dependency), Name="P")
    assert (found.channel, found.channel_value) == (None, index)


def test_literal_names_that_depend_on_a_value_are_not_known():
    provider = Element("Provider", Name="P", dependency=0)
    found = template(Element("Event", Element("System", provider, Element("Channel", "System", dependency=0))))
    assert (found.providers, found.channel) == (None, None)


def test_empty_values_matter_in_attributes_and_beside_other_content():
    found = template(
        Element(
            "Event",
            Element("System", Element("Provider", Name=Substitution(0, 1)), Element("EventID", Substitution(1, 6))),
            Element(
                "EventData",
                Element("Data", Substitution(2, 1), Name="A"),
                Element("Data", Substitution(3, 1), Name="A", Other="B"),
                Element("Other", Substitution(4, 1), Name="A"),
                Element("Other", Substitution(5, 1), Element("Child")),
                Element("Other", Substitution(6, 1)),
                Substitution(7, 1),
            ),
            Element("UserData", Substitution(8, 1)),
        )
    )
    assert found.empty_matters == {0, 3, 4, 5, 7, 8}


# ---------------------------------------------------------------------------------------------- arrays


def test_places_of_gives_each_value_with_its_indexes():
    found = [(value, places.tolist()) for value, places in places_of(np.array([5, 2, 5, -1, 2, 5]))]
    assert found == [(-1, [3]), (2, [1, 4]), (5, [0, 2, 5])]
    assert list(places_of(np.zeros(0, np.int64))) == []


def test_rows_at_reads_numbers_at_any_byte():
    chunk = ChunkBuilder()
    at = chunk.record(bytes(range(20))) + 24
    segment = segment_of(chunk)
    rows = rows_at(segment, np.array([at + 1, at + 3]), 4, "<u2")
    assert rows.tolist() == [[0x0201, 0x0403], [0x0403, 0x0605]]
    assert rows_at(segment, np.array([at, at]), 0, "<u4").shape == (2, 0)

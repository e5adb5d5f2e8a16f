import struct

from hypothesis import given, settings
from hypothesis import strategies as st
from message_files import message_table

from evtscan.messages import messagetable
from evtscan.messages.messagetable import read_table


def test_messages_of_several_blocks():
    messages = {0x3E8: "one\r\n", 0x3E9: "two", 0xC0001771: "far away"}
    assert read_table(message_table(messages), 0x409) == messages


def test_ansi_text_is_in_the_code_page_of_its_language():
    table = message_table({1: "Служба"}, flags=0, encoding="cp1251")
    assert read_table(table, 0x0419) == {1: "Служба"}
    assert read_table(message_table({1: "für"}, flags=0, encoding="cp1252"), 0x0407) == {1: "für"}
    assert read_table(message_table({1: "é"}, flags=2, encoding="utf-8"), 0x0409) == {1: "é"}


def test_chinese_has_two_code_pages():
    assert read_table(message_table({1: "網路"}, flags=0, encoding="cp950"), 0x0404) == {1: "網路"}
    assert read_table(message_table({1: "网络"}, flags=0, encoding="cp936"), 0x0804) == {1: "网络"}


def test_what_lies_outside_of_the_resource_is_left_out():
    table = message_table({1: "one", 2: "two"})
    assert read_table(table[:-8], 0x409) == {1: "one"}
    assert read_table(table[:20], 0x409) == {}
    assert read_table(b"\xff\xff", 0x409) == {}


def test_a_block_that_promises_four_billion_messages_ends_with_the_resource(monkeypatch):
    entry = struct.pack("<2H", 6, 1) + b"x\0"
    raw = struct.pack("<4I", 1, 0, 0xFFFFFFFF, 16) + entry * 3
    assert read_table(raw, 0x409) == {0: "x", 1: "x", 2: "x"}
    monkeypatch.setattr(messagetable, "MOST_MESSAGES", 2)
    assert read_table(raw, 0x409) == {0: "x", 1: "x"}


def test_blocks_that_overlap_are_not_read_without_end(monkeypatch):
    monkeypatch.setattr(messagetable, "MOST_BYTES", 100)
    entry = struct.pack("<2H", 64, 1) + b"x\0" * 30
    blocks = b"".join(struct.pack("<3I", number, number, 4 + 12 * 50) for number in range(50))
    assert sorted(read_table(struct.pack("<I", 50) + blocks + entry, 0x409)) == [0, 1]


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=200), st.integers(0, 0xFFFF))
def test_any_bytes(raw, language):
    assert all(isinstance(text, str) for text in read_table(raw, language).values())

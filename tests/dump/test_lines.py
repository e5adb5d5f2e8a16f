import json

from evtscan.base.jsontext import json_text
from evtscan.dump.blocks import Block
from evtscan.dump.lines import Csv, csv_cell


def test_long_texts_are_not_kept():
    """A crafted log may have another one in every record."""
    lines = Csv(("Channel",))
    names = ["a", "b" * 5000, "a"]
    assert list(lines.lines(Block({"Channel": names}, [0] * 3, 3))) == [f"{name}\r\n" for name in names]
    assert list(lines._caches["Channel"]) == ["a"]


def test_no_cell_can_drive_a_terminal():
    assert csv_cell("NT\x1b[2J\x9b2J\u202eBOX\x7f") == r"NT\x1b[2J\x9b2J\u202eBOX\x7f"
    assert csv_cell("Müller\tund Söhne") == "Müller\tund Söhne"


def test_json_loses_nothing_by_it():
    value = {"Data1": "\x1b[2J \x9b2J \u202e", "Data2": "Müller\u200e"}
    text = json_text(value)
    assert text == r'{"Data1":"\u001b[2J \u009b2J \u202e","Data2":"Müller' + '\u200e"}'
    assert json.loads(text) == value

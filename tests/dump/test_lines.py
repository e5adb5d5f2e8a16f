from evtscan.dump.blocks import Block
from evtscan.dump.lines import Csv


def test_long_texts_are_not_kept():
    """A crafted log may have another one in every record."""
    lines = Csv(("Channel",))
    names = ["a", "b" * 5000, "a"]
    assert list(lines.lines(Block({"Channel": names}, [0] * 3, 3))) == [f"{name}\r\n" for name in names]
    assert list(lines._caches["Channel"]) == ["a"]

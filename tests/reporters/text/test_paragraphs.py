import io

import pytest
from rich.console import Console
from rich.text import Text

from evtscan.reporters.text.paragraphs import paragraph


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            r"the key HKLM\SYSTEM\CurrentControlSet\Services\Dhcp is",
            ["the key", "HKLM\\SYSTEM\\", "CurrentControlSet\\", "Services\\Dhcp is"],
        ),
        (r"A\B\C D\E", [r"A\B\C D\E"]),
        ("abcdefghijklmnopqrstuvwxyz", ["abcdefghijklmnopqr", "stuvwxyz"]),
        (r"ab\cdefghijklmnopqrstuvwxyz", ["ab\\", "cdefghijklmnopqrst", "uvwxyz"]),
    ],
)
def test_long_words_break_behind_backslashes(text, lines):
    stream = io.StringIO()
    paragraph(Console(file=stream, width=20), 2, Text(text))
    assert [line.removeprefix("  ") for line in stream.getvalue().splitlines()] == lines

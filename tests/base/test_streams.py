"""Standard output on a terminal: text from evidence cannot act on it."""

import io
import json
import os
import subprocess
import sys

import pytest
from evidence_files import write
from sample_writer.event import SampleEvent
from sample_writer.evt import saved_log

from evtscan.base.streams import terminal_safe

HOSTILE = "\x9b31mred\u202egnp.exe\u2066\u200f\u061c \U0001f600é"


class Terminal(io.TextIOWrapper):
    def __init__(self):
        super().__init__(io.BytesIO(), encoding="utf-8", errors="backslashreplace")

    def isatty(self):
        return True


def test_text_and_bytes_are_escaped_and_nothing_else_is_changed():
    terminal = Terminal()
    safe = terminal_safe(terminal)
    safe.write(HOSTILE)
    safe.flush()
    safe.buffer.write(json.dumps(HOSTILE, ensure_ascii=False).encode())
    safe.buffer.flush()
    shown = terminal.buffer.getvalue().decode()
    text, quote, rest = shown.partition('"')
    assert text == "\\u009b31mred\\u202egnp.exe\\u2066\\u200f\\u061c \U0001f600é"
    assert json.loads(quote + rest) == HOSTILE
    assert not set(HOSTILE[:1] + "\u202e\u2066\u200f\u061c") & set(shown)
    assert safe.isatty()


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_a_dump_on_a_terminal(tmp_path, form):
    write(
        tmp_path,
        a__evt=saved_log([SampleEvent(provider="A", event_id=1, time="1998-03-01T00:00:00Z", strings=(HOSTILE,))]),
    )
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "evtscan", "dump", "-q", "-t", form, str(tmp_path / "a.evt")]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE) as process:
        os.close(theirs)
        shown = b""
        try:
            while piece := os.read(ours, 4096):
                shown += piece
        except OSError:  # how Linux reports that the other end is closed
            pass
        assert (process.wait(), process.stderr.read()) == (0, b"")
    os.close(ours)
    assert b"gnp.exe" in shown
    assert not set("\x9b\u202e\u2066\u200f\u061c") & set(shown.decode())

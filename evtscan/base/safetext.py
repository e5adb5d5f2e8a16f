"""Text from evidence → text that is safe to display: one line, no control characters, valid UTF-8."""

import re

_UNSAFE = re.compile(
    r"\r\n|[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    r"\U000e0000-\U000e007f]"
)
r"""Line breaks, the C0 and C1 controls (terminal escapes begin with one), the characters with the Unicode property
Bidi_Control (they reorder what stands around them), the line and paragraph separators, what nobody sees (spaces without
width, marks, tags: with one, two names look the same; joiners stay, for some scripts cannot be read without them), and
lone surrogates, which UTF-8 cannot carry."""

_SHORT = {"\r\n": r"\n", "\n": r"\n", "\r": r"\n", "\t": r"\t"}


def visible(text: str) -> str:
    r"""Replace each character that a terminal or a spreadsheet would interpret by a readable escape.

    >>> print(visible("one\r\ntwo\x1b[31m"))
    one\ntwo\x1b[31m
    """
    return _UNSAFE.sub(_escape, text)


def prose(text: str) -> str:
    """Convert a text to one line: runs of white space become a space, and control characters become visible escapes."""
    return visible(" ".join(text.split()))


def _escape(match: re.Match[str]) -> str:
    found = match[0]
    if found in _SHORT:
        return _SHORT[found]
    code = ord(found)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

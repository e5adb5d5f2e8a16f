"""Values as compact JSON text that a terminal can show safely."""

import re
from typing import Any

import msgspec


def json_text(value: Any) -> str:
    """Return a value as compact JSON; lone surrogates, which UTF-8 cannot encode, become U+FFFD."""
    try:
        return inert(msgspec.json.encode(value).decode())
    except UnicodeEncodeError:
        return inert(msgspec.json.encode(_replaced(value)).decode())


_ACTED_ON = re.compile(r"[\x80-\x9f\u2028-\u202e\u2066-\u2069]")


def inert(text: str) -> str:
    """Return equivalent JSON with escapes for C1 and bidirectional controls, which a terminal would interpret."""
    if text.isascii() or text.isprintable():  # true of nearly all texts, and fast to decide
        return text
    return _ACTED_ON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _replaced(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_replaced(name): _replaced(item) for name, item in value.items()}
    return [_replaced(item) for item in value] if isinstance(value, list) else value

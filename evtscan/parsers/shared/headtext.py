"""The first bytes of a file → text for recognising the format."""

_MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be", b"\xef\xbb\xbf": "utf-8"}


def text_of_head(head: bytes) -> str:
    """Decode the first bytes of a file, without byte order mark; non-ASCII letters of a code page become U+FFFD."""
    encoding = next((name for mark, name in _MARKS.items() if head.startswith(mark)), None)
    if encoding is None:
        encoding = "utf-16-le" if head[1:64:2].count(0) > 16 else "utf-8"
    return head.decode(encoding, "replace").lstrip("\ufeff")

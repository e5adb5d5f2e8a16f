"""Mutators: a sound input and a random generator → a damaged or hostile input.

Every mutator gets the bytes of a seed, the generator and the other seeds of its kind, and returns bytes. Those for a
format keep what a reader checks first (checksums, magics, sizes), so that the damage reaches what lies behind.
"""

import bz2
import gzip
import io
import json
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from binxml_builder import ChunkBuilder, Element, Fragment, Substitution, event
from evtx_files import CHUNK, HEADER_BLOCK, closed, log_of, resealed

Mutator = Callable[[bytes, Random, Sequence[bytes]], bytes]

LONGEST = 1 << 20
"""Bytes of an input."""

HOSTILE = (
    *("", " ", "\0", "\x1b[31m\x9b2J", "‮evil⁦", "\ufeff", "\u2028", "😀", "\ud800", "A" * 70_000, "é" * 3000),
    *("=1+1", "@SUM(A1)", "<script>alert(1)</script>", "]]>", "{{7*7}}", "%s%n%x", "$(id)", "`id`", "a|b", '"', "'"),
    *("../../etc/passwd", "C:\\..\\..\\con", "CON", "nul.txt", "\\\\?\\C:\\x", "a" * 255 + "/", "\\x", "&#0;", "&x;"),
    *("0", "-1", "1e999", "NaN", "9" * 400, "0x" + "f" * 40, "18446744073709551616", "2147483648", "1:2:3:4:5", "true"),
    *("9999-99-99T99:99:99Z", "0000-00-00", "31/02/1998", "24:60:61", "1601-01-01T00:00:00Z", "%1 %99 %%5 %n"),
    *("!!python/object:x {}", "*a", "&a [*a]", "? [", "- " * 300, "{" * 300, "[" * 3000, "<a>" * 300, "(" * 500),
)
_NUMBERS = (0, 1, 2, 7, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 1 << 31, (1 << 31) - 1, (1 << 32) - 1)


# ------------------------------------------------------------------------------------------------ any bytes


def _span(data: bytes, dice: Random, longest: int = 4096) -> tuple[int, int]:
    start = dice.randrange(len(data) + 1)
    return start, min(len(data), start + dice.choice((1, 2, 4, 8, 16, 64, 512, longest)))


def flip(data: bytes, dice: Random, pool: Sequence[bytes]) -> bytes:
    """Change single bits or bytes."""
    changed = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 8, 64))):
        place = dice.randrange(len(changed))
        changed[place] = dice.choice((changed[place] ^ (1 << dice.randrange(8)), 0, 0xFF, dice.randrange(256)))
    return bytes(changed)


def set_number(data: bytes, dice: Random, pool: Sequence[bytes]) -> bytes:
    """Put an extreme number where one may stand."""
    size = dice.choice((1, 2, 4, 4, 4, 8))
    if len(data) < size:
        return data
    place = dice.randrange(len(data) - size + 1)
    if dice.random() < 0.7:
        place -= place % size
    old = int.from_bytes(data[place : place + size], "little")
    near = (old + 1, old - 1, old * 2, old ^ (1 << (8 * size - 1)), old + 8, old - 8)
    value = dice.choice((*_NUMBERS, *near, len(data), len(data) - place, place, dice.getrandbits(8 * size)))
    return data[:place] + (value % (1 << (8 * size))).to_bytes(size, "little") + data[place + size :]


def delete(data: bytes, dice: Random, pool: Sequence[bytes]) -> bytes:
    """Take a span out."""
    start, end = _span(data, dice)
    return data[:start] + data[end:]


def repeat(data: bytes, dice: Random, pool: Sequence[bytes]) -> bytes:
    """Repeat a span, a few or very many times."""
    start, end = _span(data, dice)
    count = dice.choice((1, 2, 10, 100, 1000, 20_000))
    return data[:end] + (data[start:end] * count)[: LONGEST - len(data)] + data[end:] if end > start else data


def cut(data: bytes, dice: Random, pool: Sequence[bytes]) -> bytes:
    """Keep the beginning only."""
    return data[: dice.randrange(len(data) + 1)]


def zero(data: bytes, dice: Random, pool: Sequence[bytes]) -> bytes:
    """Overwrite a span with zeros or other bytes."""
    start, end = _span(data, dice)
    return data[:start] + bytes([dice.choice((0, 0, 0xFF, 0x20))]) * (end - start) + data[end:]


def swap(data: bytes, dice: Random, pool: Sequence[bytes]) -> bytes:
    """Exchange two spans."""
    first, second = sorted((_span(data, dice), _span(data, dice)))
    if first[1] > second[0]:
        return data
    parts = data[: first[0]], data[slice(*second)], data[first[1] : second[0]], data[slice(*first)], data[second[1] :]
    return b"".join(parts)


def splice(data: bytes, dice: Random, pool: Sequence[bytes]) -> bytes:
    """The beginning of one seed and the end of another."""
    other = dice.choice(pool)
    return data[: dice.randrange(len(data) + 1)] + other[dice.randrange(len(other) + 1) :]


def insert_text(data: bytes, dice: Random, pool: Sequence[bytes]) -> bytes:
    """Put a hostile text somewhere, in one of the encodings that evidence has."""
    text = dice.choice(HOSTILE).encode(dice.choice(("utf-8", "utf-16-le")), "surrogatepass")
    start, end = _span(data, dice, 64)
    return data[:start] + text + data[dice.choice((start, end)) :]


BINARY: tuple[Mutator, ...] = (
    *(flip, flip, set_number, set_number, set_number),
    *(delete, repeat, cut, zero, swap, splice, insert_text),
)


def several(mutators: Sequence[Mutator]) -> Mutator:
    """One to five of these mutators, one after the other."""

    def mutate(data: bytes, dice: Random, pool: Sequence[bytes]) -> bytes:
        for _ in range(dice.choice((1, 1, 2, 3, 5))):
            if data:
                data = dice.choice(mutators)(data, dice, pool)[:LONGEST]
        return data

    return mutate


any_bytes = several(BINARY)


# ------------------------------------------------------------------------------------------------ text


def _lines(data: bytes, dice: Random, pool: Sequence[bytes]) -> bytes:
    step = b"\n\0" if data[1:2] == b"\0" else b"\n"
    lines = data.split(step)
    place, other = dice.randrange(len(lines)), dice.randrange(len(lines))
    match dice.randrange(6):
        case 0:
            del lines[place]
        case 1:
            lines[place:place] = [lines[place]] * min(
                dice.choice((1, 2, 100, 5000)), LONGEST // (1 + len(lines[place]))
            )
        case 2:
            lines[place], lines[other] = lines[other], lines[place]
        case 3:
            lines[place] = lines[place][: dice.randrange(len(lines[place]) + 1)]
        case 4:
            lines[place:place] = [dice.choice(dice.choice(pool).split(step))]
        case _:
            lines[place : place + 2] = [b"".join(lines[place : place + 2])]
    return step.join(lines)[:LONGEST]


def _token(data: bytes, dice: Random, pool: Sequence[bytes]) -> bytes:
    """Replace one word or number by a hostile text."""
    start = dice.randrange(len(data))
    while start and data[start - 1 : start].isalnum():
        start -= 1
    end = start
    while end < len(data) and data[end : end + 1].isalnum():
        end += 1
    return data[:start] + dice.choice(HOSTILE).encode("utf-8", "surrogatepass") + data[end:]


_SIGNS = (
    b'"',
    b"'",
    b",",
    b";",
    b"\t",
    b"<",
    b">",
    b"/",
    b"&",
    b":",
    b"=",
    b"[",
    b"]",
    b"{",
    b"}",
    b"\\",
    b"-",
    b"#",
    b" ",
)


def _sign(data: bytes, dice: Random, pool: Sequence[bytes]) -> bytes:
    """Add, remove or repeat a sign that means something."""
    sign = dice.choice(_SIGNS)
    place = data.find(sign, dice.randrange(len(data)))
    if place < 0 or dice.random() < 0.3:
        place = dice.randrange(len(data))
        return data[:place] + sign * dice.choice((1, 2, 3, 1000, 100_000)) + data[place:]
    return data[:place] + dice.choice((b"", sign * 2, dice.choice(_SIGNS))) + data[place + 1 :]


def _recoded(data: bytes, dice: Random, pool: Sequence[bytes]) -> bytes:
    text = data.decode("utf-8", "replace")
    encoding = dice.choice(("utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "cp850", "cp1252", "cp932", "utf-7"))
    return text.encode(encoding, "replace")


any_text = several((_lines, _lines, _lines, _token, _token, _token, _sign, _sign, insert_text, *BINARY, _recoded))


def any_json(data: bytes, dice: Random, pool: Sequence[bytes]) -> bytes:
    """A document of JSON, or lines of them, in which nodes are replaced, removed or repeated."""
    if dice.random() < 0.3:
        return any_text(data, dice, pool)
    try:
        whole = [json.loads(data)]
    except ValueError:
        try:
            whole = [json.loads(line) for line in data.splitlines() if line.strip()]
        except ValueError:
            return any_text(data, dice, pool)
    for _ in range(dice.choice((1, 1, 2, 4, 16))):
        _change_node(whole, dice)
    indent = dice.choice((None, None, 1))
    separator = dice.choice(("\n", "\n", "\r\n", ""))
    text = separator.join(json.dumps(item, indent=indent, ensure_ascii=dice.random() < 0.5) for item in whole)
    return text.encode("utf-8", "surrogatepass")[:LONGEST]


def json_or_text(data: bytes, dice: Random, pool: Sequence[bytes]) -> bytes:
    """As ``any_json`` or ``any_text``: the latter leaves the layout as it is."""
    return dice.choice((any_json, any_text))(data, dice, pool)


def _hostile_value(dice: Random) -> Any:
    deep: Any = []
    for _ in range(dice.choice((2, 50, 900))):
        deep = [deep] if dice.random() < 0.5 else {"a": deep}
    return dice.choice(
        (
            *(None, True, -1, 0, 1 << 64, 1.5, float("inf"), float("nan"), [], {}, [[]], [None], {"": None}, deep),
            *HOSTILE,
        )
    )


def _change_node(node: Any, dice: Random) -> None:
    while True:
        keys = list(range(len(node)) if isinstance(node, list) else node)
        if not keys:
            return
        key = dice.choice(keys)
        if isinstance(node[key], list | dict) and node[key] and dice.random() < 0.8:
            node = node[key]
            continue
        match dice.randrange(5):
            case 0 if isinstance(node, dict):
                del node[key]
            case 1 if isinstance(node, dict):
                node[dice.choice(HOSTILE)[:100]] = node.pop(key)
            case 2 if isinstance(node, list):
                node.extend([node[key]] * min(dice.choice((1, 10, 1000)), LONGEST // (1 + len(repr(node[key])))))
            case _:
                node[key] = _hostile_value(dice)
        return


# ------------------------------------------------------------------------------------------------ binary formats


def evtx(data: bytes, dice: Random, pool: Sequence[bytes]) -> bytes:
    """A log with damage in its chunks, whose checksums fit again, or one that is made of random elements."""
    if dice.random() < 0.4:
        return random_evtx(dice)
    changed = bytearray(any_bytes(data, dice, pool) if dice.random() < 0.2 else data)
    for start in range(HEADER_BLOCK, len(changed) - CHUNK + 1, CHUNK):
        if dice.random() < 0.7:
            chunk = bytearray(changed[start : start + CHUNK])
            free = min(max(struct.unpack_from("<I", chunk, 48)[0], 0x210), CHUNK)
            for _ in range(dice.choice((1, 2, 5, 20))):
                begin = dice.choice((0, 0x200, 0x200, 0x200, dice.randrange(0x200, free)))
                end = min(free, begin + 512) if begin else 0x200
                part = (
                    set_number(bytes(chunk[begin:end]), dice, pool)
                    if dice.random() < 0.6
                    else flip(bytes(chunk[begin:end]), dice, pool)
                )
                chunk[begin:end] = part
            changed[start : start + CHUNK] = resealed(bytes(chunk))
    return bytes(changed)


_TYPES = (*range(0x16), 0x21, 0x81, 0x84, 0x86, 0x8D, 0x8F, 0x93, 0x94, 0xFF)
_NAMES = ("Data", "EventData", "UserData", "System", "Event", "Name", "a", "Binary", "x" * 300, "é", "")


def _random_element(dice: Random, depth: int = 0) -> Element:
    content: list[Any] = []
    for _ in range(dice.randrange(5)):
        kind = dice.randrange(4)
        if kind == 0 and depth < dice.choice((3, 8, 80)):
            content.append(_random_element(dice, depth + 1))
        elif kind == 1:
            content.append(dice.choice(HOSTILE)[:2000].encode("utf-8", "replace").decode())
        elif kind == 2:
            content += [Substitution(dice.randrange(6), dice.choice(_TYPES), dice.random() < 0.3)] * dice.choice(
                (1, 1, 30)
            )
        else:
            content.append(bytes(dice.randrange(256) for _ in range(dice.randrange(8))))
    attributes = {"Name": Substitution(dice.randrange(6), 1)} if dice.random() < 0.3 else {}
    dependency = dice.choice((0xFFFF, 0xFFFF, dice.randrange(6)))
    return Element(dice.choice(_NAMES), *content, dependency=dependency, **attributes)


def _random_value(dice: Random, depth: int = 0) -> Any:
    if depth < 3 and dice.random() < 0.15:
        return Fragment(_random_element(dice), [_random_value(dice, depth + 1) for _ in range(dice.randrange(4))])
    size = dice.choice((0, 1, 2, 4, 8, 16, 28, 300, 4000))
    return dice.choice(_TYPES), dice.randbytes(size) if dice.random() < 0.5 else b"a\0" * (size // 2)


def random_evtx(dice: Random) -> bytes:
    """A log of random templates and values, well-formed on the outside."""
    chunks = []
    for _ in range(dice.choice((1, 1, 2))):
        chunk = ChunkBuilder()
        template = None
        tree = event(_random_element(dice), event_id=dice.choice(("7", Substitution(0, 0x06))))
        for _ in range(dice.choice((1, 5, 40))):
            values = [(0x06, b"\7\0"), *(_random_value(dice) for _ in range(dice.randrange(7)))]
            before = len(chunk.data), chunk.number
            start = chunk.record(Fragment(tree, values, template))
            if len(chunk.data) > CHUNK:
                del chunk.data[before[0] :]
                chunk.number = before[1]
                break
            if template is None or dice.random() < 0.1:
                template = dice.choice((start + 38, None))
        chunks.append(closed(chunk))
    return log_of(*chunks)


def evt(data: bytes, dice: Random, pool: Sequence[bytes]) -> bytes:
    """Damage in the headers of records, where the magic is."""
    for _ in range(dice.choice((1, 2, 8))):
        place = data.find(b"LfLe", dice.randrange(len(data) + 1))
        if place < 4 or dice.random() < 0.3:
            data = any_bytes(data, dice, pool)
        else:
            data = data[: place - 4] + set_number(data[place - 4 : place + 56], dice, pool) + data[place + 56 :]
    return data[:LONGEST]


def hive(data: bytes, dice: Random, pool: Sequence[bytes]) -> bytes:
    """Damage in cells, with a checksum of the base block that fits."""
    changed = any_bytes(data, dice, pool) if dice.random() < 0.3 else data
    for _ in range(dice.choice((1, 3, 10))):
        magic = dice.choice((b"nk", b"vk", b"lf", b"lh", b"ri", b"li", b"db", b"sk", b"hbin"))
        place = changed.find(magic, dice.randrange(len(changed) + 1)) if changed else -1
        if place > 4:
            start, end = place - 4, place + 96
            changed = changed[:start] + set_number(changed[start:end], dice, pool) + changed[end:]
    return _with_hive_checksum(changed)[:LONGEST]


def _with_hive_checksum(data: bytes) -> bytes:
    if len(data) < 512:
        return data
    total = 0
    for (word,) in struct.iter_unpack("<I", data[:508]):
        total ^= word
    return data[:508] + struct.pack("<I", {0: 1, 0xFFFFFFFF: 0xFFFFFFFE}.get(total, total)) + data[512:]


# ------------------------------------------------------------------------------------------------ archives

_MEMBER_NAMES = (
    "System.evt",
    "a/b/c.evtx",
    "../x.evt",
    "/etc/passwd",
    "C:\\x\\SYSTEM",
    "nul",
    "facts.yaml",
    "a" * 300,
    "é",
    "",
)


def _members(data: bytes, dice: Random, pool: Sequence[bytes]) -> list[tuple[str, bytes]]:
    count = dice.choice((1, 1, 2, 5, 300))
    content = [data, b"", any_bytes(data, dice, pool) if data else b"", bytes(dice.choice((10, 100_000)))]
    return [
        (f"{dice.choice(('', str(number)))}{dice.choice(_MEMBER_NAMES)}", dice.choice(content))
        for number in range(count)
    ]


def zipped(data: bytes, dice: Random, pool: Sequence[bytes]) -> bytes:
    """A ZIP whose members are inputs of other kinds, damaged itself or not."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in _members(data[:20_000], dice, pool):
            entry = zipfile.ZipInfo(name or "x", (dice.choice((1980, 1998, 2107)), 1, 1, 0, 0, 0))
            entry.external_attr = dice.choice((0, 0o100644, 0o120777, 0o040755)) << 16
            method = dice.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2))
            archive.writestr(entry, content, method)
    packed = stream.getvalue()
    return any_bytes(packed, dice, [packed]) if dice.random() < 0.7 else packed


_TAR_TYPES = (
    b"0",
    b"0",
    b"1",
    b"2",
    b"3",
    b"5",
    b"6",
    b"7",
    b"x",
    b"g",
    b"L",
    b"K",
    b"S",
    b"X",
    b"D",
    b"V",
    b"\0",
    b"Z",
)
_PAX = (
    *(b"12 size=1000\n", b"30 mtime=99999999999999999999\n", b"22 GNU.sparse.major=1\n", b"22 GNU.sparse.minor=0\n"),
    *(b"21 GNU.sparse.map=0,\n", b"26 GNU.sparse.realsize=10\n", b"9 path=a\n", b"0 a=b\n", b"99999999999 a=b\n"),
    *(b"x", b"19 hdrcharset=BINARY\n"),
)


def tarred(data: bytes, dice: Random, pool: Sequence[bytes]) -> bytes:
    """A tar of random headers with checksums that fit, plain or compressed."""
    blocks = b""
    for name, content in _members(data[:20_000], dice, pool)[:40]:
        header = tarfile.TarInfo(name[:90] or "x")
        header.type = dice.choice(_TAR_TYPES)
        header.mtime = dice.choice((0, 889867612))
        if header.type in (b"x", b"g", b"X", b"L", b"K"):
            content = b"".join(dice.choice(_PAX) for _ in range(dice.choice((1, 3))))
        header.size = len(content)
        head = bytearray(header.tobuf(tarfile.GNU_FORMAT, errors="replace")[:512])
        if dice.random() < 0.4:
            part = dice.choice(((124, 136), (100, 108), (345, 500), (0, 100), (386, 483), (482, 496)))
            head[slice(*part)] = set_number(bytes(head[slice(*part)]), dice, pool)
        head[148:156] = b"%06o\0 " % (sum(head[:148]) + sum(head[156:]) + 8 * 0x20)
        blocks += bytes(head) + content.ljust(-(-len(content) // 512) * 512, b"\0")
    blocks += bytes(1024)
    if dice.random() < 0.3:
        blocks = any_bytes(blocks, dice, [blocks])
    packed = dice.choice((bytes, bytes, gzip.compress, bz2.compress, lambda raw: lzma.compress(raw, preset=0)))(blocks)
    return any_bytes(packed, dice, [packed]) if dice.random() < 0.3 else packed


def sevenzip(data: bytes, dice: Random, pool: Sequence[bytes]) -> bytes:
    """A damaged 7z archive, mostly with the checksums of its headers set right."""
    data = any_bytes(data, dice, pool)
    if len(data) > 32 and dice.random() < 0.8:
        offset, size = struct.unpack_from("<QQ", data, 12)
        header = data[32 + offset : 32 + offset + size] if offset < len(data) and size < len(data) else b""
        data = data[:28] + struct.pack("<I", zlib.crc32(header)) + data[32:]
        data = data[:8] + struct.pack("<I", zlib.crc32(data[12:32])) + data[12:]
    return data

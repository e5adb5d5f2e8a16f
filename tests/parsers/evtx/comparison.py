"""Ours against every other decoder, record by record: what is equal, what differs for a known reason, what should not.

    python tests/parsers/evtx/comparison.py [CORPUS] > docs/decoder-differences.md

writes the page that lists the known reasons (with python-evtx on every tenth record: it is slow).
"""

import base64
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyevtx
from Evtx.Evtx import Evtx
from oracles import PEERS, Decoded, Fields, libevtx, ours, python_evtx, wheel_json, wheel_xml

from evtscan.model import EVERYTHING, Source
from evtscan.parsers.evtx import read_log
from evtscan.wintypes import parse_time

ROOT = Path(__file__).parents[3]
STRIDE = 10
WHEEL, WHEEL_JSON, LIBEVTX, PYTHON_EVTX = PEERS

Leaf = str | None
"""The text of a leaf; None: the record has no such leaf."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A class of difference: in whose output, what they say, why ours is what Windows shows, and how to know it.

    ``holds`` gets the path and both leaves.
    """

    name: str
    peers: tuple[str, ...]
    theirs: str
    why: str
    holds: Callable[[str, Leaf, Leaf], bool]


def _leaves(holds: Callable[[str, str], bool]) -> Callable[[str, Leaf, Leaf], bool]:
    """A test of the two texts where both have the leaf."""
    return lambda path, ours, theirs: ours is not None and theirs is not None and holds(ours, theirs)


_ISO_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d")
_GUID = re.compile(r"\{?[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?\Z")
_HEX = re.compile(r"0x[0-9A-Fa-f]+\Z")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_MAX_TIME_ERROR = 50  # ticks of 100 ns; python-evtx computes times as floats, which leaves it some microseconds


def _same_time(ours: str, theirs: str) -> bool:
    if not (_ISO_TIME.match(ours) and _ISO_TIME.match(theirs)):
        return False
    return abs(parse_time(ours).ticks - parse_time(theirs).ticks) <= _MAX_TIME_ERROR


def _same_guid(ours: str, theirs: str) -> bool:
    return bool(_GUID.match(ours) and _GUID.match(theirs)) and ours.strip("{}").upper() == theirs.strip("{}").upper()


def _same_hex(ours: str, theirs: str) -> bool:
    return bool(_HEX.match(ours) and _HEX.match(theirs)) and int(ours, 16) == int(theirs, 16)


def _same_size(ours: str, theirs: str) -> bool:
    return bool(_HEX.match(ours)) and theirs.isdecimal() and int(ours, 16) == int(theirs)


def _without_sign_bit(ours: str, theirs: str) -> bool:
    return any(theirs == f"-{int(ours) & (1 << bits) - 1}" for bits in (31, 63)) if ours.startswith("-") else False


def _same_lines(ours: str, theirs: str) -> bool:
    return ours.replace("\r\n", "\n").replace("\r", "\n") == theirs.replace("\r\n", "\n")


def _same_bytes(ours: str, theirs: str) -> bool:
    try:
        return base64.b64decode(theirs, validate=True).hex().upper() == ours
    except ValueError:
        return False


ALL = tuple(PEERS)
DIFFERENCES = (
    Difference(
        "digits of a time",
        ALL,
        "wheel: six digits; libevtx: nine; python-evtx: `2016-07-01 11:08:06.661888+00:00`, some microseconds wrong",
        "A FILETIME counts 100 ns. Windows prints all seven digits (Windows 7 two zeros more), a SYSTEMTIME has three.",
        _leaves(_same_time),
    ),
    Difference(
        "spelling of a GUID",
        ALL,
        "wheel: no braces; wheel and libevtx: lower case where a template holds it as text; python-evtx: lower case",
        "With braces, as MS-EVEN6 3.1.4.7.3 says. Provider GUIDs are upper case here wherever they stand, so that one "
        "provider has one spelling; Windows prints those that a template holds as text as they stand there.",
        _leaves(_same_guid),
    ),
    Difference(
        "padded hexadecimal",
        (LIBEVTX, PYTHON_EVTX),
        "`0x00000000000003e7`",
        "Windows prints `0x3e7`, and Sigma rules compare that text.",
        _leaves(_same_hex),
    ),
    Difference(
        "size_t of four bytes",
        (LIBEVTX,),
        "`0x00000000`, whatever the value",
        "The bytes hold a number; Windows prints it in hexadecimal (MS-EVEN6 2.2.12.3).",
        _leaves(lambda ours, theirs: bool(_HEX.match(ours)) and theirs == "0x00000000"),
    ),
    Difference(
        "size_t in decimal",
        (PYTHON_EVTX,),
        "`588`",
        "Windows prints `0x24c` (MS-EVEN6 2.2.12.3).",
        _leaves(_same_size),
    ),
    Difference(
        "negative numbers",
        (LIBEVTX,),
        "`-295007` for -2147188641",
        "The value is in two's complement; libevtx takes the highest bit for a bare sign.",
        _leaves(_without_sign_bit),
    ),
    Difference(
        "line ends",
        (WHEEL, LIBEVTX, PYTHON_EVTX),
        "a line feed",
        "The value holds carriage return and line feed; whoever reads XML gets a line feed for both (XML 1.0, 2.11).",
        _leaves(_same_lines),
    ),
    Difference(
        "control characters",
        (WHEEL, LIBEVTX, PYTHON_EVTX),
        "none",
        "XML cannot hold them: they were taken out to read it, or python-evtx did. Nothing of a value is dropped here.",
        _leaves(lambda ours, theirs: _CONTROLS.sub("", ours) == theirs),
    ),
    Difference(
        "half a character",
        (WHEEL, WHEEL_JSON),
        "dropped",
        "Half of a surrogate pair is shown as U+FFFD, as Windows does.",
        _leaves(lambda ours, theirs: "\ufffd" in ours and ours.replace("\ufffd", "") == theirs),
    ),
    Difference(
        "optional values that are null",
        (WHEEL, WHEEL_JSON, PYTHON_EVTX),
        "an empty element or attribute",
        "MS-EVEN6 3.1.4.7.2: the element or attribute around such a value must not be emitted. libevtx agrees.",
        lambda path, ours, theirs: ours is None and theirs is not None and not theirs.strip(),
    ),
    Difference(
        "empty text",
        (WHEEL, PYTHON_EVTX),
        "a line break, spaces",
        "That is the indentation of their XML; the value is empty.",
        _leaves(lambda ours, theirs: not ours and not theirs.strip()),
    ),
    Difference(
        "white space alone",
        (LIBEVTX,),
        "nothing",
        "The value is a line break.",
        _leaves(lambda ours, theirs: not theirs and not ours.strip()),
    ),
    Difference(
        "irregular booleans",
        (WHEEL, WHEEL_JSON),
        "the number, where it is neither 0 nor 1",
        "The type is a boolean; everything but zero is `true`.",
        _leaves(lambda ours, theirs: ours == "true" and theirs.lstrip("-").isdecimal()),
    ),
    Difference(
        "spelling of booleans",
        (PYTHON_EVTX,),
        "`True`, `False` (also for numbers below zero)",
        "Windows prints `true` and `false`.",
        _leaves(lambda ours, theirs: ours in ("true", "false") and theirs in ("True", "False")),
    ),
    Difference(
        "binary data",
        (PYTHON_EVTX,),
        "Base64",
        "Windows prints hexadecimal.",
        _leaves(_same_bytes),
    ),
    Difference(
        "markup in text",
        (LIBEVTX,),
        "elements and attributes",
        "The value is text that holds markup. Windows escapes it; libevtx does not, so it reads as XML of the event.",
        lambda path, ours, theirs: False,  # known by the path, see _explained
    ),
    Difference(
        "repeated names",
        (WHEEL_JSON,),
        "the last of them alone",
        "An object in JSON has each name once; here they are a list.",
        lambda path, ours, theirs: False,  # known by the path, see _explained
    ),
    Difference(
        "arrays of strings",
        (PYTHON_EVTX,),
        "`<string>…</string>` as text, for all items together",
        "MS-EVEN6 3.1.4.7.5: the element is repeated for each item; so `Data1`, `Data2` … of every classic event.",
        lambda path, ours, theirs: False,  # known by the path, see _explained
    ),
)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A leaf on which two decoders differ for no known reason; the path ``order`` stands for the order of the leaves."""

    number: int
    path: str
    ours: Leaf
    theirs: Leaf


@dataclass(slots=True)
class Comparison:
    """One file, ours against one peer: how many records both have, and the numbers of those that one alone has."""

    records: int = 0
    only_ours: list[int] = field(default_factory=list)
    only_theirs: list[int] = field(default_factory=list)
    known: Counter[str] = field(default_factory=Counter)
    unknown: list[Disagreement] = field(default_factory=list)


def compare(peer: str, mine: list[Decoded], theirs: Iterator[Decoded], *, whole: bool = True) -> Comparison:
    """``whole`` says that the peer was asked for all records, so that its not having one means something."""
    result = Comparison()
    waiting: defaultdict[int, list[Fields]] = defaultdict(list)
    for record in mine:
        waiting[record.number].append(record.fields)
    for record in theirs:
        if not waiting[record.number]:
            result.only_theirs.append(record.number)
            continue
        result.records += 1
        fields = waiting[record.number].pop(0)
        for path, our_leaf, their_leaf, reason in differences(peer, fields, record.fields):
            if reason:
                result.known[reason] += 1
            else:
                result.unknown.append(Disagreement(record.number, path, our_leaf, their_leaf))
    if whole:
        result.only_ours = [number for number, left in waiting.items() for _ in left]
    return result


def differences(peer: str, ours: Fields, theirs: Fields) -> Iterator[tuple[str, Leaf, Leaf, str | None]]:
    """Leaves that differ: path, ours, theirs, and the class of difference, or None if it belongs to none."""
    if peer == PYTHON_EVTX and (unpacked := _strings_unpacked(theirs)) != theirs:
        yield "arrays", None, None, "arrays of strings"
        theirs = unpacked
    for path in ours | theirs:
        mine, other = ours.get(path), theirs.get(path)
        if mine != other:
            yield path, mine, other, _explained(peer, path, ours, theirs)
    if [path for path in ours if path in theirs] != [path for path in theirs if path in ours and path in ours]:
        yield "order", None, None, _explained_order(peer)


def _explained_order(peer: str) -> str | None:
    return None


def _explained(peer: str, path: str, ours: Fields, theirs: Fields) -> str | None:
    mine, other = ours.get(path), theirs.get(path)
    if peer == LIBEVTX and re.search("[<&]", ours.get(re.split(r"[/@\[]", path)[0]) or ""):
        return "markup in text"
    if peer == WHEEL_JSON and _repeats(path, ours):
        return "repeated names"
    return next((row.name for row in DIFFERENCES if peer in row.peers and row.holds(path, mine, other)), None)


def _repeats(path: str, ours: Fields) -> bool:
    """Whether a path names, or lies within, something that ours holds as a list."""
    plain = re.sub(r"\[\d+\]", "", path)
    return any(
        re.sub(r"\[\d+\]", "", own) == plain or plain.startswith(re.sub(r"\[\d+\].*", "", own) + "@")
        for own in ours
        if "[" in own
    )


_STRINGS = re.compile(r"(?:<string>(?P<text>.*?)</string>\n)+\Z", re.DOTALL)


def _strings_unpacked(fields: Fields) -> Fields:
    """Undo what python-evtx makes of a string array: unnamed data move on by the number of its items."""
    if not any(_STRINGS.match(text) for text in fields.values()):
        return fields
    unpacked: Fields = {}
    unnamed = 0
    for path, text in fields.items():
        items = re.findall(r"<string>(.*?)</string>\n", text, re.DOTALL) if _STRINGS.match(text) else [text]
        if re.fullmatch(r"Data\d+", path):
            for item in items:
                unnamed += 1
                unpacked[f"Data{unnamed}"] = item
        elif len(items) > 1:
            unpacked |= {f"{path}[{index}]": item for index, item in enumerate(items)}
        else:
            unpacked[path] = items[0]
    return unpacked

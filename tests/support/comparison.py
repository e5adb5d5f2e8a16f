"""Ours against every other decoder, record by record: what is equal, what differs for a known reason, what should not.

    python tests/parsers/evtx/comparison.py [CORPUS] > docs/decoder-differences.md

writes the page that lists the known reasons (with python-evtx on every tenth record: it is slow).
"""

import base64
import os
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyevtx
from Evtx.Evtx import Evtx
from oracles import PEERS, Decoded, Fields, libevtx, ours, python_evtx, wheel_xml

from evtscan.base.model.query import EVERYTHING, ReadOptions
from evtscan.base.model.source import Source
from evtscan.base.wintypes import parse_time
from evtscan.parsers.logs.evtx import read_log

ROOT = Path(__file__).parents[2]
STRIDE = 10
WHEEL, WHEEL_JSON, LIBEVTX, PYTHON_EVTX = PEERS

Leaf = str | None
"""The text of a leaf; None: the record has no such leaf."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A class of difference: in whose output, what they say, why ours is what Windows shows, and how to know it."""

    name: str
    peers: tuple[str, ...]
    theirs: str
    why: str
    holds: Callable[[Leaf, Leaf], bool] = lambda mine, theirs: False  # known by more than one leaf, see _explained


def _leaves(holds: Callable[[str, str], bool]) -> Callable[[Leaf, Leaf], bool]:
    """A test of the two texts where both have the leaf."""
    return lambda mine, theirs: mine is not None and theirs is not None and holds(mine, theirs)


_ISO_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d")
_GUID = re.compile(r"\{?[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?\Z")
_HEX = re.compile(r"0x[0-9A-Fa-f]+\Z")
_UNNAMED = re.compile(r"Data\d+\Z")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_MAX_TIME_ERROR = 50  # ticks of 100 ns; python-evtx computes times as floats, which leaves it some microseconds


def _same_time(mine: str, theirs: str) -> bool:
    if not (_ISO_TIME.match(mine) and _ISO_TIME.match(theirs)) or theirs.startswith("0001"):
        return False
    return abs(parse_time(mine).ticks - parse_time(theirs).ticks) <= _MAX_TIME_ERROR


def _same_guid(mine: str, theirs: str) -> bool:
    return bool(_GUID.match(mine) and _GUID.match(theirs)) and mine.strip("{}").upper() == theirs.strip("{}").upper()


def _same_hex(mine: str, theirs: str) -> bool:
    return bool(_HEX.match(mine) and _HEX.match(theirs)) and int(mine, 16) == int(theirs, 16)


def _same_size(mine: str, theirs: str) -> bool:
    return bool(_HEX.match(mine)) and theirs.isdecimal() and int(mine, 16) == int(theirs)


def _without_sign_bit(mine: str, theirs: str) -> bool:
    return any(theirs == f"-{int(mine) & (1 << bits) - 1}" for bits in (31, 63)) if mine.startswith("-") else False


def _same_lines(mine: str, theirs: str) -> bool:
    return mine.replace("\r\n", "\n").replace("\r", "\n") == theirs.replace("\r\n", "\n")


def _same_bytes(mine: str, theirs: str) -> bool:
    try:
        return base64.b64decode(theirs, validate=True).hex().upper() == mine
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
        _leaves(lambda mine, theirs: bool(_HEX.match(mine)) and theirs == "0x00000000"),
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
        (WHEEL, LIBEVTX),
        "none",
        "XML cannot hold them: they were taken out to read it. Nothing of a value is dropped here.",
        _leaves(lambda mine, theirs: _CONTROLS.sub("", mine) == theirs),
    ),
    Difference(
        "half a character",
        (WHEEL, WHEEL_JSON),
        "dropped",
        "Half of a surrogate pair is no character; it is shown as U+FFFD, so that it can be seen.",
        _leaves(lambda mine, theirs: "\ufffd" in mine and mine.replace("\ufffd", "") == theirs),
    ),
    Difference(
        "optional values that are null",
        (WHEEL, WHEEL_JSON, PYTHON_EVTX),
        "an empty element or attribute",
        "MS-EVEN6 3.1.4.7.2: the element or attribute around such a value must not be emitted. libevtx agrees.",
        lambda mine, theirs: mine is None and theirs is not None and not theirs.strip(),
    ),
    Difference(
        "empty text",
        (WHEEL,),
        "a line break, spaces",
        "That is the indentation of their XML; the value is empty.",
        _leaves(lambda mine, theirs: not mine and not theirs.strip()),
    ),
    Difference(
        "white space alone",
        (LIBEVTX,),
        "nothing",
        "The value is a line break.",
        _leaves(lambda mine, theirs: not theirs and not mine.strip()),
    ),
    Difference(
        "irregular booleans",
        (WHEEL, WHEEL_JSON),
        "the number, where it is neither 0 nor 1",
        "The type is a boolean; everything but zero is `true`.",
        _leaves(lambda mine, theirs: mine == "true" and theirs.lstrip("-").isdecimal()),
    ),
    Difference(
        "spelling of booleans",
        (PYTHON_EVTX,),
        "`True`, `False` (also for numbers below zero)",
        "Windows prints `true` and `false`.",
        _leaves(lambda mine, theirs: mine in ("true", "false") and theirs in ("True", "False")),
    ),
    Difference(
        "binary data",
        (PYTHON_EVTX,),
        "Base64",
        "Windows prints hexadecimal.",
        _leaves(_same_bytes),
    ),
    Difference(
        "time zero",
        (PYTHON_EVTX,),
        "`0001-01-01 00:00:00`",
        "A FILETIME begins in 1601.",
        _leaves(lambda mine, theirs: mine.startswith("1601-01-01") and theirs.startswith("0001-01-01")),
    ),
    Difference(
        "markup in text",
        (LIBEVTX,),
        "elements and attributes",
        "The value is text that holds markup. Windows escapes it; libevtx does not: it reads as part of the event.",
    ),
    Difference(
        "arrays of strings",
        (PYTHON_EVTX,),
        "`<string>…</string>` as text, all items in one element; garbled where one of them is empty",
        "MS-EVEN6 3.1.4.7.5: the element is repeated for each item; they are `Data1`, `Data2` … of a classic event.",
    ),
    Difference(
        "repeated names",
        (WHEEL_JSON,),
        "`Name`, `Name_1`, `Name_2` …",
        "The name is repeated; here its values are a list. (Undone when it is read.)",
    ),
)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A leaf on which two decoders differ for no known reason; the path ``order`` stands for the order of leaves."""

    number: int
    path: str
    ours: Leaf = None
    theirs: Leaf = None


@dataclass(slots=True)
class Comparison:
    """One file, ours against one peer: how many records both have, and the numbers of those that one alone has."""

    records: int = 0
    only_ours: list[int] = field(default_factory=list)
    only_theirs: list[int] = field(default_factory=list)
    known: Counter[str] = field(default_factory=Counter)
    unknown: list[Disagreement] = field(default_factory=list)


def compare(peer: str, mine: list[Decoded], theirs: Iterator[Decoded]) -> Comparison:
    """Pair the records by number (a number may occur twice in a damaged log: then in file order), leaf by leaf."""
    result = Comparison()
    waiting: defaultdict[int, list[Fields]] = defaultdict(list)
    for record in mine:
        waiting[record.number].append(record.fields)
    for record in theirs:
        if not waiting[record.number]:
            result.only_theirs.append(record.number)
            continue
        result.records += 1
        for disagreement, reason in differences(peer, record.number, waiting[record.number].pop(0), record.fields):
            if reason:
                result.known[reason] += 1
            else:
                result.unknown.append(disagreement)
    result.only_ours = [number for number, left in waiting.items() for _ in left]
    return result


def differences(peer: str, number: int, mine: Fields, theirs: Fields) -> Iterator[tuple[Disagreement, str | None]]:
    """The leaves that differ, each with the class of difference, or None if it belongs to none."""
    for path in mine | theirs:
        if mine.get(path) != theirs.get(path):
            yield Disagreement(number, path, mine.get(path), theirs.get(path)), _explained(peer, path, mine, theirs)
    if [path for path in mine if path in theirs] != [path for path in theirs if path in mine]:
        yield Disagreement(number, "order"), None


def _explained(peer: str, path: str, mine: Fields, theirs: Fields) -> str | None:
    if peer == LIBEVTX and re.search("[<&]", mine.get(re.split(r"[/@\[]", path)[0], "")):
        return "markup in text"
    if peer == PYTHON_EVTX and _UNNAMED.match(path) and any(_UNNAMED.match(name) and not mine[name] for name in mine):
        return "arrays of strings"
    known = (row for row in DIFFERENCES if peer in row.peers)
    return next((row.name for row in known if row.holds(mine.get(path), theirs.get(path))), None)


# ------------------------------------------------------------------------------------------------- record counts


@dataclass(frozen=True, slots=True)
class Counts:
    """How many records of one file each decoder reports, and how many of its own libevtx can also read."""

    ours: int
    ours_recovered: int
    wheel: int
    libevtx: int
    libevtx_readable: int
    libevtx_recovered: int
    libevtx_recovered_readable: int
    python_evtx: int

    @property
    def agree(self) -> bool:
        """Whether all decoders see the same records in the log."""
        return self.ours == self.wheel == self.libevtx == self.python_evtx


def counts(path: Path) -> Counts:
    recovered = [event.recovered for event in read_log(Source(path, path.name), EVERYTHING, ReadOptions(recover=True))]
    log = pyevtx.file()
    log.open(str(path))
    try:
        return Counts(
            ours=len(recovered) - sum(recovered),
            ours_recovered=sum(recovered),
            wheel=sum(1 for _ in wheel_xml(path)),
            libevtx=log.number_of_records,
            libevtx_readable=sum(1 for _ in libevtx(path)),
            libevtx_recovered=log.number_of_recovered_records,
            libevtx_recovered_readable=sum(_recovers(log, index) for index in range(log.number_of_recovered_records)),
            python_evtx=_python_evtx_count(path),
        )
    finally:
        log.close()


def _recovers(log: pyevtx.file, index: int) -> bool:
    try:
        return bool(log.get_recovered_record(index).get_xml_string())
    except OSError:
        return False


def _python_evtx_count(path: Path) -> int:
    with Evtx(str(path)) as log:
        chunks = log.get_file_header().chunks(include_inactive=True)
        return sum(1 for chunk in chunks if chunk.check_magic() for _ in chunk.records())


COUNTS_DIFFER = {
    "rs-2-vss_0-Microsoft-Windows-RemoteDesktopServices-RdpCoreTS%4Operational": (
        "Two chunks hold pages of other chunks, each behind a record that is cut off. Nobody takes their records for "
        "part of the log; evtscan says so and recovers all of them. python-evtx counts the two broken ones."
    ),
    "rs-2-vss_0-Microsoft-Windows-TerminalServices-RemoteConnectionManager%4Operational": (
        "A record's size is wrong. The others leave the chunk there; evtscan goes on at the next record. python-evtx "
        "counts the broken one."
    ),
    "rs-Microsoft-Windows-HelloForBusiness%4Operational": (
        "Number 6 holds no event. The wheel makes an empty one of it, python-evtx counts it."
    ),
    "rs-Microsoft-Windows-LanguagePackSetup%4Operational": (
        "The last record ends in zeros, where a page of the file was not written: libevtx gives it up."
    ),
    "rs-sample-with-zero-data-size-event": (
        "The size of a record is zero. The others leave the chunk there; evtscan goes on at the next record."
    ),
    "rs-sample_with_a_bad_chunk_magic": (
        "Sizes of records are wrong. The others leave the chunk there; evtscan goes on at the next record. "
        "Number 46741 holds no event: the wheel makes an empty one of it, python-evtx counts it."
    ),
}
"""For each file (without suffix) in which the decoders do not see the same records: why."""

MADE_UP = {
    "rs-Microsoft-Windows-HelloForBusiness%4Operational": {6},
    "rs-sample_with_a_bad_chunk_magic": {46741},
}
"""Numbers of records that the wheel reports with event id 0 and without a provider: the record holds no event."""


# ------------------------------------------------------------------------------------------------------- the page


@dataclass(frozen=True, slots=True)
class Survey:
    """One file: ours against each peer, and how many records each of them reports."""

    comparisons: Mapping[str, Comparison]
    counts: Counts


def survey(path: Path) -> Survey:
    mine = list(ours(path))
    theirs = {peer: python_evtx(path, STRIDE) if peer == PYTHON_EVTX else read(path) for peer, read in PEERS.items()}
    return Survey({peer: compare(peer, mine, records) for peer, records in theirs.items()}, counts(path))


def logs(corpus: Path) -> list[Path]:
    return sorted((corpus / "evtx").glob("*.evtx"))


def page(surveys: Mapping[str, Survey]) -> str:
    """The page of documentation, from the survey of each file by its name without suffix."""
    return _PAGE.format(values="\n".join(_value_rows(surveys)), records="\n".join(_record_rows(surveys)), stride=STRIDE)


def _value_rows(surveys: Mapping[str, Survey]) -> Iterator[str]:
    leaves: Counter[str] = Counter()
    for one in surveys.values():
        for comparison in one.comparisons.values():
            leaves.update(comparison.known)
    for row in DIFFERENCES:
        yield f"| {row.name} | {', '.join(row.peers)} | {row.theirs} | {row.why} | {leaves[row.name] or ''} |"


def _record_rows(surveys: Mapping[str, Survey]) -> Iterator[str]:
    for name, one in surveys.items():
        seen = one.counts
        cells = (
            seen.ours,
            seen.ours_recovered,
            seen.wheel,
            _part(seen.libevtx_readable, seen.libevtx),
            _part(seen.libevtx_recovered_readable, seen.libevtx_recovered),
            seen.python_evtx,
            COUNTS_DIFFER.get(name, ""),
        )
        yield f"| {name} | {' | '.join(map(str, cells))} |"


def _part(readable: int, all_of_them: int) -> str:
    return str(readable) if readable == all_of_them else f"{readable} of {all_of_them}"


_PAGE = """\
# Where decoders differ

Every record of every `.evtx` file of the corpus is decoded by evtscan, by the Rust `evtx` wheel (as XML and as JSON),
by libevtx and, every {stride}th of them, by python-evtx. All System fields that an event keeps, all data, their names
and their order are equal, except for the classes below. `python tests/parsers/evtx/comparison.py` writes this page;
`pytest -m corpus tests/parsers/evtx` fails where a difference belongs to no class, and where the page is out of date.

"Windows" is what MS-EVEN6 says and Event Viewer shows. "Leaves" counts the values of a class in the corpus, over all
peers.

## Values

| what | in | they have | why ours is what Windows shows | leaves |
|---|---|---|---|---|
{values}

Of `System`, an event does not keep the attributes of `Execution` other than `ProcessID` and `ThreadID`.

## Records

Recovered records come out of slack space (`--recover`). libevtx counts more than it can read: "436 of 459" are those
that it can. python-evtx counts the records of all chunks, also beyond the header's count, whether it can decode them
or not.

| file | evtscan | recovered | wheel | libevtx | recovered | python-evtx | why they differ |
|---|---|---|---|---|---|---|---|
{records}

## Legacy logs (`.evt`)

libevt decodes every record of a `.evt` to the same values. It differs in which records it counts as those of the log
(`pytest tests/parsers/evt/test_evt_peers.py` compares record by record, value by value):

- **SysEvent.Evt of the corpus:** 6063 records both, but 438 recovered ones, and evtscan 437. Number 1572 in the slack
  has lost its tail to a newer record: its strings would be those of both, spliced.
- **A wrapped log with unused bytes 0x27 at its end:** libevt gives the newest records, those after the wrap, only as
  recovered ones; with dwords 0x00000027, or of a dirty log, not at all. evtscan gives all: fewer than 56 bytes at the
  end stay unused, and the record after them begins behind the header.
- **An EOF record that is split over the end, in a dirty log:** libevt loses the newest records; evtscan gives all.
- **A record with a false length:** libevt gives what is behind it as recovered records; evtscan goes on at the next
  record, with a warning.
- **Logs appended to each other:** libevt gives the first, and the others as recovered records or, at an odd offset, not
  at all; evtscan gives them one after the other, with a warning.
- **A header that is overwritten:** libevt refuses the file; evtscan reads it by its EOF record, with a warning.
"""


if __name__ == "__main__":
    folder = Path(
        sys.argv[1] if sys.argv[1:] else os.environ.get("EVTSCAN_CORPUS") or ROOT.parent / "shared" / "corpus"
    )
    sys.stdout.write(page({path.stem: survey(path) for path in logs(folder)}))

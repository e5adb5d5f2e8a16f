"""What other decoders make of a log, in one form with ours, and which differences from them are known, and why.

    python tests/parsers/evtx/oracles.py > docs/decoder-differences.md

writes the page that lists them, from the files of the corpus.
"""

import base64
import json
import re
import struct
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import evtx
import pyevtx
from Evtx.Evtx import Evtx
from lxml import etree

from evtscan.model import EVERYTHING, Event, Source
from evtscan.parsers.evtx import Decoder, read_log
from evtscan.wintypes import parse_time

Fields = dict[str, str]
"""Leaves of a record by their path, in log order: ``System/EventID``, ``Data1``, ``LogFileCleared/Channel``, ``Ports[1]``."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """One record as one decoder has it; ``number`` is the one in the record's header."""

    number: int
    fields: Fields


# ------------------------------------------------------------------------------------------------------ ours


def ours(path: Path, decoder: Decoder = "columns", recover: bool = False) -> Iterator[Decoded]:
    for event in read_log(Source(path, path.name), EVERYTHING, decoder=decoder, recover=recover):
        yield Decoded(event.header_id or 0, {**_system_of_event(event), **flat(event.data)})


def _system_of_event(event: Event) -> Fields:
    values = {
        "Provider@Name": event.provider,
        "Provider@Guid": event.provider_guid,
        "Provider@EventSourceName": event.event_source_name,
        "EventID": event.event_id,
        "EventID@Qualifiers": event.qualifiers,
        "Version": event.version,
        "Level": event.level,
        "Task": event.task,
        "Opcode": event.opcode,
        "Keywords": event.keywords,
        "TimeCreated@SystemTime": event.time,
        "EventRecordID": event.record_id,
        "Correlation@ActivityID": event.activity_id,
        "Correlation@RelatedActivityID": event.related_activity_id,
        "Execution@ProcessID": event.process_id,
        "Execution@ThreadID": event.thread_id,
        "Channel": event.channel,
        "Computer": event.computer,
        "Security@UserID": event.user_id,
    }
    return {path: str(values[path.removeprefix("System/")]) for path in SYSTEM_PATHS if path_is_said(values, path)}


def flat(value: Any, path: str = "") -> Fields:
    """The leaves of ``Event.data`` by their paths."""
    if isinstance(value, str):
        return {path: value}
    fields: Fields = {}
    if isinstance(value, list):
        for index, item in enumerate(value):
            fields |= flat(item, f"{path}[{index}]")
        return fields
    for name, item in value.items():
        if name == "#attributes":
            fields |= {f"{path}@{key}": text for key, text in item.items()}
        elif name == "#text":
            fields[path] = item
        else:
            fields |= flat(item, f"{path}/{name}" if path else name)
    return fields


# ----------------------------------------------------------------------------------------------------- peers


def wheel_xml(path: Path) -> Iterator[Decoded]:
    for record in _wheel(evtx.PyEvtxParser(str(path)).records()):
        yield Decoded(record["event_record_id"], xml_fields(record["data"]))


def wheel_json(path: Path) -> Iterator[Decoded]:
    for record in _wheel(evtx.PyEvtxParser(str(path)).records_json()):
        yield Decoded(record["event_record_id"], _json_fields(json.loads(record["data"])["Event"]))


def _wheel(records: Iterator[Any]) -> Iterator[Any]:
    while True:
        try:
            yield next(records)
        except StopIteration:
            return
        except RuntimeError:  # one record that the wheel cannot read
            continue


def libevtx(path: Path) -> Iterator[Decoded]:
    log = pyevtx.file()
    log.open(str(path))
    try:
        for index in range(log.number_of_records):
            try:
                record = log.get_record(index)
                xml = record.get_xml_string()
            except OSError:  # one record that libevtx cannot read
                continue
            yield Decoded(record.identifier, xml_fields(xml))
    finally:
        log.close()


def python_evtx(path: Path, stride: int = 1) -> Iterator[Decoded]:
    """Every ``stride``-th record; it renders only a few hundred in a second."""
    with Evtx(str(path)) as log:
        place = 0
        for chunk in log.get_file_header().chunks(include_inactive=True):
            if not chunk.check_magic():
                continue
            for record in chunk.records():
                place += 1
                if place % stride == 0 and (xml := _python_evtx_xml(record)) is not None:
                    yield Decoded(record.record_num(), xml_fields(xml))


def _python_evtx_xml(record: Any) -> str | None:
    try:
        return str(record.xml())
    except Exception:  # it raises whatever its input provokes; the record is one that it cannot read
        return None


PEERS: Mapping[str, Callable[[Path], Iterator[Decoded]]] = {
    "wheel (XML)": wheel_xml,
    "wheel (JSON)": wheel_json,
    "libevtx": libevtx,
    "python-evtx": python_evtx,
}


# ------------------------------------------------------------------------------------------ XML and JSON → fields

_NAMESPACE = re.compile(r"\{[^}]*\}")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)


def xml_fields(xml: str) -> Fields:
    event = etree.fromstring(_NOT_XML.sub("", xml.partition("?>")[2] if xml.startswith("<?xml") else xml), _PARSER)
    fields: Fields = {}
    for part in event:
        name = _local(part)
        if name == "System":
            for element in part:
                _add_system(fields, element)
        elif name == "EventData":
            fields |= flat(_event_data(part))
        elif name == "UserData":
            fields |= flat(_tree(part))
        else:
            fields |= flat({name: _leaf_or_tree(part)})
    return fields


def _add_system(fields: Fields, element: Any) -> None:
    name = _local(element)
    if not len(element) and element.text and element.text.strip():
        fields[f"System/{name}"] = element.text
    fields.update({f"System/{name}@{key}": text for key, text in element.attrib.items() if text})


def _kept(fields: Fields) -> Fields:
    """Without the parts of System that an event has no place for."""
    return {path: text for path, text in fields.items() if not path.startswith("System/") or path in SYSTEM_PATHS}


def _local(element: Any) -> str:
    return _NAMESPACE.sub("", element.tag)


def _event_data(element: Any) -> dict[str, Any]:
    unnamed = 0
    data: dict[str, Any] = {"#attributes": dict(element.attrib)} if element.attrib else {}
    for child in element:
        name = _local(child)
        if name == "Data":
            name = child.attrib.pop("Name", "")
            if not name:
                unnamed += 1
                name = f"Data{unnamed}"
        _append(data, name, _leaf_or_tree(child))
    return data


def _leaf_or_tree(element: Any) -> Any:
    return _tree(element) if len(element) or element.attrib else element.text or ""


def _tree(element: Any) -> dict[str, Any]:
    tree: dict[str, Any] = {"#attributes": dict(element.attrib)} if element.attrib else {}
    for child in element:
        _append(tree, _local(child), _leaf_or_tree(child))
    if element.text and element.text.strip():
        tree["#text"] = element.text
    return tree


def _append(data: dict[str, Any], name: str, value: Any) -> None:
    if name in data:
        data[name] = [*data[name], value] if isinstance(data[name], list) else [data[name], value]
    else:
        data[name] = value


def _json_fields(event: dict[str, Any]) -> Fields:
    fields: Fields = {}
    for name, value in event.pop("System").items():
        value = value if isinstance(value, dict) else {"#text": value}
        leaves = {name: value.get("#text")} | {f"{name}@{key}": text for key, text in value.get("#attributes", {}).items()}
        fields |= {f"System/{path}": _json_text(text) for path, text in leaves.items() if text not in (None, "")}
    event.pop("#attributes", None)
    for name, part in event.items():
        if name == "EventData":
            fields |= flat(_json_event_data(part or {}))
        else:
            fields |= flat(_json_data(part if name == "UserData" else {name: part}) or {})
    return fields


def _json_event_data(part: dict[str, Any]) -> dict[str, Any]:
    """Data without names stands under ``Data`` there, all of it in one list."""
    data: dict[str, Any] = {}
    for name, value in part.items():
        if name == "Data":
            texts = value["#text"] if isinstance(value, dict) else value
            texts = texts if isinstance(texts, list) else [texts]
            data |= {f"Data{index}": _json_text(text) for index, text in enumerate(texts, 1)}
        else:
            data[name] = _json_data(value)
    return data


def _json_data(value: Any) -> Any:
    if isinstance(value, list):
        return [_json_data(item) for item in value]
    if not isinstance(value, dict):
        return _json_text(value)
    data = {name: _json_data(item) for name, item in value.items()}
    if "#attributes" in data:
        data["#attributes"] = {
            name: text for name, text in data["#attributes"].items() if name.partition(":")[0] != "xmlns"
        }
        if not data["#attributes"]:
            del data["#attributes"]
            if not data or set(data) == {"#text"}:
                return data.get("#text", "")
    return data


def _json_text(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


# ----------------------------------------------------------------------------------------- known differences


@dataclass(frozen=True, slots=True)
class Difference:
    """A class of difference: whose, how to know it by a leaf (None: the record has no such leaf), and who is right."""

    name: str
    peers: tuple[str, ...]
    theirs: str
    why: str
    holds: Callable[[str | None, str | None], bool]


_ISO_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d")
_GUID = re.compile(r"\{?[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?\Z")
_HEX = re.compile(r"0x[0-9a-f]+\Z")


def _both(holds: Callable[[str, str], bool]) -> Callable[[str | None, str | None], bool]:
    return lambda ours, theirs: ours is not None and theirs is not None and holds(ours, theirs)


def _same_time(ours: str, theirs: str) -> bool:
    """Equal but for digits that one of them lacks; python-evtx goes through a float and rounds the microsecond."""
    if not (_ISO_TIME.match(ours) and _ISO_TIME.match(theirs)):
        return False
    return abs(parse_time(ours).ticks - parse_time(theirs.removesuffix(" UTC")).ticks) <= 10


def _same_guid(ours: str, theirs: str) -> bool:
    return bool(_GUID.match(ours) and _GUID.match(theirs)) and ours.strip("{}") == theirs.strip("{}").upper()


def _same_hex(ours: str, theirs: str) -> bool:
    return bool(_HEX.match(ours) and _HEX.match(theirs.lower())) and int(ours, 16) == int(theirs, 16)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


DIFFERENCES = (
    Difference(
        "digits of times",
        ("wheel (XML)", "wheel (JSON)", "libevtx", "python-evtx"),
        "wheel six digits, libevtx nine, python-evtx a rounded microsecond and another layout",
        "a FILETIME counts 100 ns: Windows 10 and later print seven digits, and none of them is lost or made up",
        _both(_same_time),
    ),
    Difference(
        "spelling of GUIDs",
        ("wheel (XML)", "wheel (JSON)", "libevtx", "python-evtx"),
        "wheel without braces; wheel, libevtx lower case where the template's text has it; python-evtx lower case",
        "MS-EVEN6 3.1.4.7.3: the canonical form has braces; a GUID is always upper case here, so that rules can compare it",
        _both(_same_guid),
    ),
    Difference(
        "padding of hexadecimal",
        ("libevtx", "python-evtx"),
        "`0x00000000000003e7`",
        "Windows prints `0x3e7`; Sigma rules compare that text",
        _both(_same_hex),
    ),
    Difference(
        "size_t",
        ("libevtx",),
        "`0x00000000` for every value of four bytes",
        "the bytes hold another number, which Windows, the wheel and ours print in hexadecimal (MS-EVEN6 2.2.12.3)",
        _both(lambda ours, theirs: bool(_HEX.match(ours)) and theirs in ("0x00000000", "0x0000000000000000")),
    ),
    Difference(
        "size_t in decimal",
        ("python-evtx",),
        "`588`",
        "Windows prints `0x24c` (MS-EVEN6 2.2.12.3)",
        _both(lambda ours, theirs: bool(_HEX.match(ours)) and theirs.isdecimal() and int(ours, 16) == int(theirs)),
    ),
    Difference(
        "line ends",
        ("wheel (XML)", "wheel (JSON)", "libevtx", "python-evtx"),
        "line feed alone",
        "the value holds CR LF; reading their XML turns it into LF (XML 1.0, 2.11)",
        _both(lambda ours, theirs: _lines(ours) == _lines(theirs)),
    ),
    Difference(
        "optional values that are null",
        ("wheel (XML)", "wheel (JSON)", "python-evtx"),
        "an empty element or attribute",
        "MS-EVEN6 3.1.4.7.2: the element or attribute must not be emitted (libevtx does not either)",
        lambda ours, theirs: ours is None and theirs is not None and not theirs.strip(),
    ),
    Difference(
        "empty text",
        ("wheel (XML)", "python-evtx"),
        "a line break and spaces",
        "that is indentation of their XML: the value is empty",
        _both(lambda ours, theirs: not ours and not theirs.strip()),
    ),
    Difference(
        "irregular booleans",
        ("wheel (XML)", "wheel (JSON)"),
        "the number, where it is neither 0 nor 1",
        "the type is boolean: Windows prints `true` for everything but zero",
        _both(lambda ours, theirs: ours == "true" and theirs.lstrip("-").isdecimal()),
    ),
    Difference(
        "case of booleans",
        ("python-evtx",),
        "`True`, `False`; `False` for a number below zero",
        "Windows prints `true` and `false`, `true` for everything but zero",
        _both(lambda ours, theirs: ours in ("true", "false") and theirs in ("True", "False")),
    ),
    Difference(
        "binary data",
        ("python-evtx",),
        "Base64",
        "Windows prints hexadecimal",
        _both(lambda ours, theirs: _is_base64_of(ours, theirs)),
    ),
)


def _is_base64_of(ours: str, theirs: str) -> bool:
    try:
        return base64.b64decode(theirs, validate=True).hex().upper() == ours
    except ValueError:
        return False


def differences(peer: str, ours: Fields, theirs: Fields) -> Iterator[tuple[str, str | None, str | None, str | None]]:
    """Leaves that differ: path, ours, theirs, and the name of the known class, or None if it belongs to none."""
    known = [row for row in DIFFERENCES if peer in row.peers]
    for path in ours | theirs:
        mine, other = ours.get(path), theirs.get(path)
        if mine != other:
            yield path, mine, other, next((row.name for row in known if row.holds(mine, other)), None)

"""What other decoders make of a log, and what ours does, in one form: the leaves of each record by their paths."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyevtx
from Evtx.Evtx import Evtx
from lxml import etree
from peers import rust_evtx

from evtscan.base.model.event import Event
from evtscan.base.model.query import EVERYTHING, ReadOptions
from evtscan.base.model.source import Source
from evtscan.parsers.logs.evtx import DecoderName, read_log

Fields = dict[str, str]
"""A record's leaves by their paths, in log order: ``System/EventID``, ``Data1``, ``X/Channel``, ``A[1]``."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """One record as one decoder has it; ``number`` is the one in the record's header."""

    number: int
    fields: Fields


SYSTEM = {
    "Provider@Name": "provider",
    "Provider@Guid": "provider_guid",
    "Provider@EventSourceName": "event_source_name",
    "EventID": "event_id",
    "EventID@Qualifiers": "qualifiers",
    "Version": "version",
    "Level": "level",
    "Task": "task",
    "Opcode": "opcode",
    "Keywords": "keywords",
    "TimeCreated@SystemTime": "time",
    "EventRecordID": "record_id",
    "Correlation@ActivityID": "activity_id",
    "Correlation@RelatedActivityID": "related_activity_id",
    "Execution@ProcessID": "process_id",
    "Execution@ThreadID": "thread_id",
    "Channel": "channel",
    "Computer": "computer",
    "Security@UserID": "user_id",
}
"""The parts of System that an event keeps, by their path, with the attribute of ``Event``."""


# ------------------------------------------------------------------------------------------------------ ours


def ours(path: Path, decoder: DecoderName = "columns") -> Iterator[Decoded]:
    for event in read_log(Source(path, path.name), EVERYTHING, ReadOptions(reference=decoder == "reference")):
        yield Decoded(event.header_id or 0, event_fields(event))


def event_fields(event: Event) -> Fields:
    system = {f"System/{path}": getattr(event, attribute) for path, attribute in SYSTEM.items()}
    return {path: str(value) for path, value in system.items() if value not in (None, "")} | flat(event.data)


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
    for record in _wheel(rust_evtx().PyEvtxParser(str(path)).records()):
        yield Decoded(record["event_record_id"], xml_fields(record["data"]))


def wheel_json(path: Path) -> Iterator[Decoded]:
    for record in _wheel(rust_evtx().PyEvtxParser(str(path)).records_json()):
        yield Decoded(
            record["event_record_id"], _json_fields(json.loads(record["data"], object_pairs_hook=_json_object)["Event"])
        )


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
                    yield Decoded(record.record_num(), _strings_unpacked(xml_fields(xml)))


def _python_evtx_xml(record: Any) -> str | None:
    try:
        return str(record.xml())
    except Exception:  # it raises whatever its input provokes; the record is one that it cannot read
        return None


_STRINGS = re.compile(r"(?:<string>.*?</string>\n)+\Z", re.DOTALL)


def _strings_unpacked(fields: Fields) -> Fields:
    """python-evtx writes a string array as tags in the text of one element: make an element of each."""
    unpacked: Fields = {}
    unnamed = 0
    for path, text in fields.items():
        items = re.findall(r"<string>(.*?)</string>\n", text, re.DOTALL) if _STRINGS.match(text) else [text]
        if re.fullmatch(r"Data\d+", path):
            unpacked |= {f"Data{unnamed + place}": item for place, item in enumerate(items, 1)}
            unnamed += len(items)
        else:
            unpacked |= flat(items if len(items) > 1 else items[0], path)
    return unpacked


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
            fields |= _system(_system_leaves(part))
        elif name == "EventData":
            fields |= flat(_event_data(part))
        elif name == "UserData":
            fields |= flat(_tree(part))
        else:
            fields |= flat({name: _leaf_or_tree(part)})
    return fields


def _system(leaves: Iterator[tuple[str, str | None]]) -> Fields:
    return {f"System/{path}": text for path, text in leaves if path in SYSTEM and text and text.strip()}


def _system_leaves(element: Any) -> Iterator[tuple[str, str | None]]:
    for child in element:
        yield _local(child), child.text
        yield from ((f"{_local(child)}@{name}", text) for name, text in child.attrib.items())


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
    fields = _system(_json_system_leaves(event.pop("System")))
    event.pop("#attributes", None)
    for name, part in event.items():
        if name == "EventData":
            fields |= flat(_json_event_data(part or {}))
        else:
            fields |= flat(_json_data(part if name == "UserData" else {name: part}) or {})
    return fields


def _json_system_leaves(system: dict[str, Any]) -> Iterator[tuple[str, str | None]]:
    for name, value in system.items():
        parts = value if isinstance(value, dict) else {"#text": value}
        yield name, _json_text(parts.get("#text"))
        yield from ((f"{name}@{key}", _json_text(text)) for key, text in parts.get("#attributes", {}).items())


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


def _json_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object in which the wheel gives a name twice, or calls repeated elements X, X_1, X_2 …: lists of them."""
    data: dict[str, Any] = {}
    for name, value in pairs:
        plain, _, number = name.rpartition("_")
        before = data.get(plain)
        times = len(before) if isinstance(before, list) else 1
        _append(data, plain if plain in data and number == str(times) else name, value)
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

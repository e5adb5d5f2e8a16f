"""Report → its full JSON form, and back: ``load(dump(report)) == report``.

Fields are in the order of ``evtscan.model``, hosts in order of their names; absent values are null, times are text.
``schema`` is the number of the form. A later form may add fields without a new number, and unknown fields are ignored
on loading. Hosts are written one by one; the result is identical to writing the whole document.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any, BinaryIO, TypeVar

import msgspec

from evtscan.base.errors import EvidenceError
from evtscan.base.model.finding import Verdict
from evtscan.report.model import HostReport, Report
from evtscan.reporters.digest.summary import HostSummary, feed
from evtscan.reporters.json.earlierforms import upgraded

SCHEMA = 2
"""The form that is written, and the newest one that is read. ``earlierforms`` upgrades form 1."""

T = TypeVar("T")

_INDENT = 2
_VERDICTS = {verdict.value: verdict for verdict in Verdict}
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class _Form:
    schema: int


class JsonSink:
    """Writes a report host by host."""

    def __init__(self, report: Report, stream: BinaryIO) -> None:
        self._stream = stream
        frame = _indented(_encoded(replace(report, hosts=())))
        head, hosts, self._rest = frame.partition(b'"hosts": []')
        self._stream.write(head + hosts.removesuffix(b"]"))
        self._is_first = True

    def add(self, summary: HostSummary) -> None:
        """Write one host after the previous one."""
        indent = b" " * (2 * _INDENT)
        host = _indented(host_to_json(summary.host)).replace(b"\n", b"\n" + indent)  # no text holds a line break
        self._stream.write((b"\n" if self._is_first else b",\n") + indent + host)
        self._is_first = False

    def close(self) -> None:
        """End the list of hosts, and write the fields that follow it."""
        self._stream.write((b"]" if self._is_first else b"\n" + b" " * _INDENT + b"]") + self._rest + b"\n")


def sink(report: Report, stream: BinaryIO) -> JsonSink:
    """Return a sink that writes a report."""
    return JsonSink(report, stream)


def dump(report: Report) -> bytes:
    """Write a report as indented UTF-8 JSON with a line break at its end.

    Lone surrogates, which UTF-8 cannot carry, become escapes such as ``\\ud83d``, as in every other format.
    """
    stream = BytesIO()
    feed(report, [sink(report, stream)])
    return stream.getvalue()


def load(data: bytes, name: str) -> Report:
    """Read a saved report; ``name`` is the file's name for messages.

    Raises:
        EvidenceError: if the bytes are not a report or the report is of a later form. The message names the
            file and the place in it.
    """
    schema = schema_of(data, name)
    if schema > SCHEMA:
        raise EvidenceError(
            f"{name}: a report of form {schema}, written by a later evtscan; this one reads forms up to {SCHEMA}. "
            "Update evtscan, or write the report again with this version"
        )
    report = _decode_in(schema, data.removeprefix(_BOM), Report, name)
    for h, host in enumerate(report.hosts):
        _check_verdicts(host, f"$.hosts[{h}]", name)
    return replace(report, schema=SCHEMA, hosts=tuple(report.hosts))


def schema_of(data: bytes, name: str) -> int:
    """Return the form number of a report; ``name`` is the file's name for messages.

    Raises:
        EvidenceError: if the bytes are not a report.
    """
    return _decode(data.removeprefix(_BOM), _Form, name).schema


def host_to_json(host: HostReport) -> bytes:
    """Return the part of one host as one line of UTF-8 JSON, without a line break."""
    return _encoded(host)


def host_from_json(data: bytes, name: str, schema: int = SCHEMA) -> HostReport:
    """Decode the result of ``host_to_json``; ``name`` is the file's name for messages, ``schema`` the form of the file.

    Raises:
        EvidenceError: if the bytes are not the part of a host. The message names the file and the place in it.
    """
    host = _decode_in(schema, data, HostReport, name)
    _check_verdicts(host, "$", name)
    return host


def _encoded(value: Report | HostReport) -> bytes:
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(without_surrogates(msgspec.to_builtins(value)))


def _indented(compact: bytes) -> bytes:
    return msgspec.json.format(compact, indent=_INDENT)


def _decode_in(schema: int, data: bytes, form: type[T], name: str) -> T:
    """Decode JSON of the current form or of an earlier one."""
    if schema >= SCHEMA:
        return _decode(data, form, name)
    try:
        current = msgspec.json.encode(upgraded(_decode(data, dict, name)))
    except RecursionError as error:
        raise EvidenceError(f"{name}: damaged: nested too deep") from error
    return _decode(current, form, name)


def _decode(data: bytes, form: type[T], name: str) -> T:
    try:
        return msgspec.json.decode(data, type=form)
    except msgspec.ValidationError as error:
        raise EvidenceError(f"{name}: not a saved report of evtscan: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise EvidenceError(f"{name}: damaged, or not JSON: {error}") from error
    except RecursionError as error:
        raise EvidenceError(f"{name}: damaged: nested too deep") from error


def _check_verdicts(host: HostReport, path: str, name: str) -> None:
    for place in _unknown_verdicts(host):
        raise EvidenceError(f"{name}: not a verdict - at `{path}.{place}`; use one of {', '.join(_VERDICTS)}")


def _unknown_verdicts(host: HostReport) -> Iterator[str]:
    for rows, words in (
        ("findings", (row.verdict for row in host.findings)),
        ("matches", (row.verdict for row in host.matches)),
    ):
        yield from (f"{rows}[{place}].verdict" for place, word in enumerate(words) if word not in _VERDICTS)


def without_surrogates(value: Any) -> Any:
    """Return the same data with lone surrogates replaced by escapes."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {key: without_surrogates(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_surrogates(item) for item in value]
    return value

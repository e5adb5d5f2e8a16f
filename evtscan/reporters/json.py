"""Report → JSON, its full form, and back: ``load(dump(report)) == report``.

Fields stand in the order of ``evtscan.model``, absent values are null, times are text. ``schema`` is the number of
the form; a later form may add fields without a new number, and loading ignores those that it does not know.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeVar

import msgspec

from evtscan.errors import EvidenceError
from evtscan.model import Report, Verdict

SCHEMA = 1
"""The newest form that this version reads, and the one that it writes."""

T = TypeVar("T")

_VERDICTS = frozenset(verdict.value for verdict in Verdict)
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class _Form:
    schema: int


def dump(report: Report) -> bytes:
    """Write a report as indented UTF-8 JSON with a line break at its end.

    Lone surrogates, which UTF-8 cannot carry, become escapes such as ``\\ud83d``, as in every other format.
    """
    try:
        compact = msgspec.json.encode(report)
    except UnicodeEncodeError:
        compact = msgspec.json.encode(_without_surrogates(msgspec.to_builtins(report)))
    return msgspec.json.format(compact, indent=2) + b"\n"


def write(report: Report, stream: BinaryIO) -> None:
    """Write a report as JSON.

    Raises:
        OSError: if the stream cannot be written.
    """
    stream.write(dump(report))


def load(data: bytes, name: str) -> Report:
    """Read a saved report; ``name`` is the file's name for messages.

    Raises:
        EvidenceError: if the bytes are not a report or the report is of a later form. The message names the
            file and the place in it.
    """
    data = data.removeprefix(_BOM)
    form = _decode(data, _Form, name)
    if form.schema > SCHEMA:
        raise EvidenceError(
            f"{name}: a report of form {form.schema}, written by a later evtscan; this one reads forms up to {SCHEMA}. "
            "Update evtscan, or write the report again with this version"
        )
    report = _decode(data, Report, name)
    for path in _unknown_verdicts(report):
        raise EvidenceError(f"{name}: not a verdict - at `{path}`; use one of {', '.join(v.value for v in Verdict)}")
    return report


def _decode(data: bytes, form: type[T], name: str) -> T:
    try:
        return msgspec.json.decode(data, type=form)
    except msgspec.ValidationError as error:
        raise EvidenceError(f"{name}: not a saved report of evtscan: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise EvidenceError(f"{name}: damaged, or not JSON: {error}") from error
    except RecursionError as error:
        raise EvidenceError(f"{name}: damaged: nested too deep") from error


def _unknown_verdicts(report: Report) -> Iterator[str]:
    for h, host in enumerate(report.hosts):
        verdicts = {
            "findings": [row.verdict for row in host.findings],
            "matches": [row.verdict for row in host.matches],
        }
        for rows, words in verdicts.items():
            yield from (f"$.hosts[{h}].{rows}[{r}].verdict" for r, word in enumerate(words) if word not in _VERDICTS)


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {key: _without_surrogates(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_surrogates(item) for item in value]
    return value

"""Boot events of the System log → version, build, service pack and kernel type of Windows."""

import re
from collections.abc import Iterable, Iterator

from evtscan.base.model.event import Event
from evtscan.base.model.fact import FactValue
from evtscan.base.model.query import Selector
from evtscan.base.versions import os_version, service_pack
from evtscan.facts.history.sessions import BOOTED, EVENT_LOG, is_from
from evtscan.facts.history.statement import Statement

SELECTORS = frozenset({Selector("System", EVENT_LOG, BOOTED)})
PROVIDES = ("os.version", "os.build", "os.service_pack", "os.kernel_type")
_MOST_DIGITS = 9
_LONGEST_SENTENCE = 500
_SENTENCE = re.compile(
    # as Q196452, Q227438 and logs print it: NT 4.0, 2000 as "Windows 2000", later ones as "Windows"; the sign varies
    r"Microsoft ?(?:\(R\)|®) Windows(?: NT| 2000)? ?(?:\(R\)|®)? "
    r"(\d{1,3}\.\d{1,3}\.?) (\d{1,9})(?: (Service Pack \d.{0,60}?))? ((?:Uni|Multi)processor (?:Free|Checked))\.?\Z",
    re.IGNORECASE,
)


def collect(events: Iterable[Event]) -> Iterator[Statement]:
    """Read event 6009, which Windows NT 4.0 writes at each boot from Service Pack 4 on, and every later Windows.

    Its strings are version, build, service pack and kernel type (netevent.dll of Windows 2000): ``4.0``/``5.01.``,
    ``1381``, ``Service Pack 6``, ``Uniprocessor Free``. An empty service pack means that none is installed. An export
    with the message only has the strings in it, in the sentence of English Windows.
    """
    for event in events:
        if event.event_id == BOOTED and is_from(event, EVENT_LOG):
            for name, value in _strings(event):
                yield Statement(name=name, value=value, location=event.location, event=event)


def _strings(event: Event) -> Iterator[tuple[str, FactValue]]:
    version, build, pack, kernel = _printed(event) or (_text(event, f"Data{number}") for number in range(1, 5))
    if version is not None and (normal := os_version(version)) is not None:
        yield "os.version", normal
    if build is not None and (number := _number(build)) is not None:
        yield "os.build", number
    if pack is not None and (number := service_pack(pack)) is not None:
        yield "os.service_pack", number
    if kernel and kernel.strip():
        yield "os.kernel_type", kernel.strip()


def _printed(event: Event) -> tuple[str, ...] | None:
    """The strings, extracted from the message, if the evidence does not contain them separately."""
    if "Data1" in event.data or event.message is None or len(event.message) > _LONGEST_SENTENCE:
        return None
    sentence = _SENTENCE.match(" ".join(event.message.split()))
    return None if sentence is None else sentence.groups("")


def _number(text: str) -> int | None:
    digits = text.strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS else None


def _text(event: Event, field: str) -> str | None:
    value = event.data.get(field)
    return value if isinstance(value, str) else None

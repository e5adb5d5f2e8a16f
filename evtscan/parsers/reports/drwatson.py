r"""Dr. Watson's ``drwtsn32.log`` → an inventory of the host at each crash of a program, oldest first.

    Application exception occurred:
            App: exe\spooler.dbg (pid=72)
            When: 3/14/2001 @ 9:26:53.580
    *----> System Information <----*
            Computer Name: NTBOX
            Windows Version: 4.0
            Current Build: 1381
            Service Pack: 6                  (or None; early builds of NT 4.0 have no such line)
            Current Type: Uniprocessor Free

New crashes are appended to the log, so it is a history. Of consecutive crashes with equal values, the first and the
last are kept.
"""

import re
from collections.abc import Iterator, Sequence

from evtscan.base.model.inventory import Inventory
from evtscan.parsers.reports.program import Program
from evtscan.parsers.reports.section import Draft, Section
from evtscan.parsers.shared.localtime import DateOrder
from evtscan.parsers.shared.printedtimes import instant, orders_of, printed_time

_BEGIN = "Application exception occurred:"
_LABEL = re.compile(r"\s{1,40}(?P<label>[A-Z][A-Za-z ]{2,40}): ?(?P<value>\S.{0,255})\Z")
_VALUES = {
    "Computer Name": "computer",
    "Windows Version": "version",
    "Current Build": "build",
    "Service Pack": "service_pack",
    "Current Type": "kernel_type",
}
_PACK = re.compile(r"\d{1,2}\b")


def parse(section: Section) -> Iterator[Inventory]:
    """Parse the blocks of one log."""
    blocks = list(_blocks(section))
    times = [printed_time(when) for when, _ in blocks]
    orders = orders_of((time for time in times if time is not None), default=DateOrder.MONTH_FIRST)
    found = []
    for (_, draft), time in zip(blocks, times, strict=True):
        if draft.values:
            draft.taken = instant(time, orders) if time is not None else None
            found.append(draft)
    for draft in _changes(found):
        yield draft.inventory()


def _blocks(section: Section) -> Iterator[tuple[str, Draft]]:
    when, draft = "", Draft(section, "drwatson")
    for index, line in enumerate(section.lines):
        if line.startswith(_BEGIN):
            if draft.values:
                yield when, draft
            when, draft = "", Draft(section, "drwatson")
        elif (match := _LABEL.match(line[:300])) is not None:
            label, value = match["label"], match["value"].strip()
            if label == "When" and not when:
                when = value
            elif label in _VALUES:
                draft.say(_VALUES[label], _service_pack(value) if label == "Service Pack" else value, index)
    if draft.values:
        yield when, draft


def _service_pack(value: str) -> str | None:
    if value.lower() == "none":
        return ""
    return f"Service Pack {value}" if _PACK.match(value) else None


def _changes(drafts: Sequence[Draft]) -> Iterator[Draft]:
    """Yield the first and the last block of each run of blocks with equal values."""
    for place, draft in enumerate(drafts):
        before = drafts[place - 1].values if place else None
        after = drafts[place + 1].values if place + 1 < len(drafts) else None
        if draft.values != before or draft.values != after:
            yield draft


PROGRAM = Program(
    name="drwatson",
    title="Dr. Watson's drwtsn32.log",
    keeps="version, build, service pack and kernel type at each crash of a program",
    loses="the zone; everything else",
    known_by="`Application exception occurred:`",
    begins=r"Application exception occurred:",
    parse=parse,
)

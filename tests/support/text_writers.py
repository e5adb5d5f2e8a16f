"""Events → the text that viewers and tools make of them, for tests of the parsers of text exports."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from sample_writer.event import EventType, SampleEvent

from evtscan.base.model.event import Event
from evtscan.base.model.log import LogReader
from evtscan.base.model.query import EVERYTHING, Query, ReadOptions
from evtscan.base.model.source import Source
from evtscan.base.wintypes import parse_time

_WORDS = {
    EventType.SUCCESS: "None",
    EventType.ERROR: "Error",
    EventType.WARNING: "Warning",
    EventType.INFORMATION: "Information",
    EventType.AUDIT_SUCCESS: "Success Audit",
    EventType.AUDIT_FAILURE: "Failure Audit",
}
Style = Callable[[datetime], tuple[str, str]]


def american(moment: datetime) -> tuple[str, str]:
    """``3/14/2001``, ``9:26:53 AM``."""
    half = "AM" if moment.hour < 12 else "PM"
    return f"{moment.month}/{moment.day}/{moment.year}", f"{moment.hour % 12 or 12}:{moment:%M:%S} {half}"


def british(moment: datetime) -> tuple[str, str]:
    """``14/03/01``, ``09:26:53``."""
    return f"{moment:%d/%m/%y}", f"{moment:%H:%M:%S}"


def german(moment: datetime) -> tuple[str, str]:
    """``14.03.01``, ``9:26:53``."""
    return f"{moment:%d.%m.%y}", f"{moment.hour}:{moment:%M:%S}"


def iso(moment: datetime) -> tuple[str, str]:
    """``2001-03-14``, ``09:26:53``."""
    return f"{moment:%Y-%m-%d}", f"{moment:%H:%M:%S}"


@dataclass(frozen=True)
class Clock:
    """How and in which zone a writer prints times: ``offset`` is in hours east of UTC."""

    style: Style = american
    offset: float = 0

    def __call__(self, event: SampleEvent) -> tuple[str, str]:
        ticks = event.time if isinstance(event.time, int) else parse_time(event.time).ticks
        moment = datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=ticks // 10)
        return self.style(moment.astimezone(timezone(timedelta(hours=self.offset))))

    def text(self, event: SampleEvent) -> str:
        """Date and time with a space between them."""
        return " ".join(self(event))


PLAIN_CLOCK = Clock()


def message(event: SampleEvent) -> str:
    """What the viewer of NT prints without a message file."""
    strings = ", ".join(event.strings)
    return (
        f"The description for Event ID ( {event.event_id} ) in Source ( {event.provider} ) could not be found. "
        f"It contains the following insertion string(s): {strings}."
    )


def viewer(events: Iterable[SampleEvent], clock: Clock = PLAIN_CLOCK, separator: str = "\t", text: str = "") -> str:
    """Saved by the viewer of NT 4.0 as text, newest first; ``text`` is the description of all events."""
    rows = (
        (
            *clock(event),
            *(event.provider, _WORDS[event.event_type], _category(event), str(event.event_id), _user(event)),
            *(event.computer, text or message(event)),
        )
        for event in reversed(list(events))
    )
    return "".join(separator.join(row) + "\r\n" for row in rows)


def viewer_list(events: Iterable[SampleEvent], clock: Clock = PLAIN_CLOCK, separator: str = "\t") -> str:
    """Exported by the viewer of XP as a list."""
    lines = [separator.join(("Type", "Date", "Time", "Source", "Category", "Event", "User", "Computer"))]
    for event in reversed(list(events)):
        kind = _WORDS[event.event_type]
        columns = (kind, *clock(event), event.provider, _category(event), str(event.event_id), _user(event))
        lines.append(separator.join((*columns, event.computer)))
    return "".join(f"{line}\r\n" for line in lines)


def dumpel(
    events: Iterable[SampleEvent],
    clock: Clock = PLAIN_CLOCK,
    *,
    column: str = "\t",
    string: str = "\t",
    user_first: bool = False,
) -> str:
    """Printed by dumpel; ``string`` stands between strings (a tab with ``-t``)."""
    lines = []
    for event in events:
        names = (_user(event), event.provider) if user_first else (event.provider, _user(event))
        numbers = (str(int(event.event_type)), str(event.task), str(event.event_id))
        fields = (*clock(event), *numbers, *names, event.computer, string.join(event.strings))
        lines.append(column.join(fields))
    return "".join(f"{line}\r\n" for line in lines)


def psloglist(events: Sequence[SampleEvent], clock: Clock = PLAIN_CLOCK, text: str = "The text\r\nof it") -> str:
    """Printed by PsLogList in blocks; without ``text`` it has no message for any event."""
    lines = ["", "PsLoglist v2.81 - local and remote event log viewer", "Sysinternals - www.sysinternals.com", ""]
    lines.append(f"{events[0].channel} log on \\\\{events[0].computer.upper()}:")
    for event, number in reversed(list(_numbered(events))):
        lines += [
            f"[{number:05}] {event.provider}",
            f"   Type:     {_WORDS[event.event_type].upper()} ",
            f"   Computer: {event.computer}",
            f"   Time:     {clock.text(event)}   ID:       {event.event_id} ",
            *([f"   User:     {_user(event)}"] if event.user_sid else []),
            text or "Message text not available.  Insertion strings:\r\n\t" + " ".join(event.strings) + "  ",
            "",
        ]
    return "".join(f"{line}\r\n" for line in lines)


def psloglist_rows(events: Sequence[SampleEvent], clock: Clock = PLAIN_CLOCK, separator: str = ",") -> str:
    """Printed by ``psloglist -s``."""
    lines = []
    for event, number in reversed(list(_numbered(events))):
        kind = _WORDS[event.event_type].upper()
        fields = (str(number), event.channel, event.provider, kind, event.computer, clock.text(event))
        lines.append(separator.join((*fields, str(event.event_id), _user(event), "The text, of it")))
    return "".join(f"{line}\r\n" for line in lines)


def wevtutil(events: Iterable[SampleEvent], clock: Clock = PLAIN_CLOCK, *, colon: str = ":", zone: str = "") -> str:
    """Printed by ``wevtutil qe /f:text``."""
    lines = []
    for place, event in enumerate(events):
        lines += [
            f"Event[{place}]{colon}",
            f"  Log Name: {event.channel}",
            f"  Source: {event.provider}",
            f"  Date: {'T'.join(iso_of(event, clock))}.000{zone}",
            f"  Event ID: {event.event_id}",
            "  Task: N/A",
            f"  Level: {_WORDS[event.event_type]}",
            "  Opcode: N/A",
            "  Keyword: Classic",
            f"  User: {event.user_sid or 'N/A'}",
            "  User Name: N/A",
            f"  Computer: {event.computer}",
            "  Description: ",
            "The text\r\nof it",
            "",
        ]
    return "".join(f"{line}\r\n" for line in lines)


def iso_of(event: SampleEvent, clock: Clock) -> tuple[str, str]:
    """Date and time of an event in ISO form, in the clock's zone."""
    return Clock(iso, clock.offset)(event)


def event_viewer(events: Iterable[SampleEvent], clock: Clock = PLAIN_CLOCK, separator: str = ",") -> str:
    """Saved by the viewer of Vista and later."""
    rows = [
        [_WORDS[event.event_type], clock.text(event), event.provider, str(event.event_id), "None", 'The "text",\nof it']
        for event in reversed(list(events))
    ]
    return _table(["Level", "Date and Time", "Source", "Event ID", "Task Category"], rows, separator)


def get_winevent(events: Sequence[SampleEvent], clock: Clock = PLAIN_CLOCK, separator: str = ",") -> str:
    """``Get-WinEvent | Export-Csv``, of classic events."""
    names = "Message,Id,Version,Qualifiers,Level,Task,Opcode,Keywords,RecordId,ProviderName,ProviderId,LogName"
    names += ",ProcessId,ThreadId,MachineName,UserId,TimeCreated,Properties"
    rows = [
        [
            *("The text\nof it", str(event.event_id), "", str(event.qualifiers or 0), "4", str(event.task), ""),
            *("36028797018963968", str(number), event.provider, "", event.channel, "", "", event.computer),
            *(event.user_sid or "", clock.text(event), "System.Collections.Generic.List`1[X]"),
        ]
        for event, number in reversed(list(_numbered(events)))
    ]
    head = "#TYPE System.Diagnostics.Eventing.Reader.EventLogRecord\r\n"
    return head + _table(names.split(","), rows, separator, csv.QUOTE_ALL)


def get_eventlog(events: Sequence[SampleEvent], clock: Clock = PLAIN_CLOCK) -> str:
    """``Get-EventLog | Export-Csv``."""
    names = "EventID,MachineName,Data,Index,Category,CategoryNumber,EntryType,Message,Source,ReplacementStrings"
    names += ",InstanceId,TimeGenerated,TimeWritten,UserName"
    rows = [
        [
            *(str(event.event_id), event.computer, "System.Byte[]", str(number), f"({event.task})", str(event.task)),
            *(_WORDS[event.event_type].replace(" ", ""), "The text", event.provider, "System.String[]"),
            *(str((event.qualifiers or 0) << 16 | event.event_id), clock.text(event), clock.text(event), _user(event)),
        ]
        for event, number in reversed(list(_numbered(events)))
    ]
    return _table(names.split(","), rows, ",", csv.QUOTE_ALL)


def log_parser(events: Sequence[SampleEvent], clock: Clock = PLAIN_CLOCK, *, utc: bool = False) -> str:
    """Log Parser, ``-i:EVT -o:CSV``; ``utc`` adds a column in UTC."""
    names = "EventLog,RecordNumber,TimeGenerated,TimeWritten,EventID,EventType,EventTypeName,EventCategory"
    names += ",EventCategoryName,SourceName,Strings,ComputerName,SID,Message,Data"
    rows = [
        [
            *(f"C:\\logs\\{event.channel}.evt", str(number), clock.text(event), clock.text(event)),
            *(str(event.event_id), str(int(event.event_type)), f"{_WORDS[event.event_type]} event", str(event.task)),
            *("None", event.provider, "|".join(event.strings), event.computer, event.user_sid or "", "The text"),
            event.binary.hex(),
            *([Clock(iso).text(event)] if utc else []),
        ]
        for event, number in _numbered(events)
    ]
    return _table([*names.split(","), *(["TO_UTCTIME(TimeGenerated)"] if utc else [])], rows)


def _table(
    names: Sequence[str], rows: Iterable[Sequence[str]], separator: str = ",", quoting: int = csv.QUOTE_MINIMAL
) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, quoting=quoting)  # type: ignore[arg-type]
    writer.writerow(names)
    writer.writerows(rows)
    return text.getvalue()


def _numbered(events: Iterable[SampleEvent]) -> Iterable[tuple[SampleEvent, int]]:
    return ((event, event.record_number or place) for place, event in enumerate(events, 1))


def _user(event: SampleEvent) -> str:
    return {None: "N/A", "S-1-5-18": "NT AUTHORITY\\SYSTEM"}.get(event.user_sid, "LAB\\somebody")


def _category(event: SampleEvent) -> str:
    return f"({event.task})" if event.task else "None"


# ------------------------------------------------------------------------------------------------- reading

Opener = Callable[[Source, Query, ReadOptions], LogReader]


def read(
    opener: Opener,
    folder: Path,
    content: str | bytes,
    *,
    name: str = "SysEvent.txt",
    zone: str = "+00:00",
    query: Query = EVERYTHING,
) -> tuple[list[Event], LogReader]:
    """Read a text as a file of this name: its events in record order, and the reader when it has ended."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    reader = opener(Source(path, name), query, ReadOptions(zone=zone))
    return sorted(reader, key=lambda event: event.sequence), reader


def kinds(reader: LogReader) -> list[str]:
    """The kinds of a reader's warnings."""
    return [warning.kind for warning in reader.warnings]


STORY = (
    SampleEvent(provider="EventLog", event_id=6005, time="2001-03-14T08:00:00Z", computer="NTBOX"),
    SampleEvent(
        provider="Dhcp",
        event_id=1008,
        time="2001-03-14T09:26:53Z",
        computer="NTBOX",
        strings=("00A0C9112233", "The semaphore timeout period has expired."),
        binary=b"\x79\x00\x00\x00",
        event_type=EventType.WARNING,
    ),
    SampleEvent(
        provider="Service Control Manager",
        event_id=7000,
        time="2001-03-15T21:26:53Z",
        computer="NTBOX",
        strings=("Server",),
        event_type=EventType.ERROR,
        user_sid="S-1-5-18",
        task=3,
    ),
    SampleEvent(
        provider="Security",
        event_id=529,
        time="2001-04-02T00:05:00Z",
        computer="NTBOX",
        strings=("x", "y", "z"),
        event_type=EventType.AUDIT_FAILURE,
        user_sid="S-1-5-21-1-2-3-500",
    ),
)
"""Four events that differ in all that the formats carry, a month apart from first to last."""

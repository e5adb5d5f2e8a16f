"""A Windows NT machine that tells what it logs: the vocabulary of the sample System logs.

Sources, identifiers and the order of strings are those that Knowledge Base articles and winevt-kb print. Machines,
people, addresses and times are invented, and so are the strings of Dhcp 1008: no source prints them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sample_writer.event import EventType, SampleEvent

_ERROR, _WARNING, _INFORMATION = 0xC000, 0x8000, 0x4000  # severity bits of an event identifier
_DOCUMENTS = ("Microsoft Word - memo.doc", "Microsoft Excel - stock.xls", "orders.txt - Notepad", "Untitled - Notepad")


@dataclass(frozen=True, slots=True)
class Machine:
    """One host. ``card`` is its hardware address as 12 hexadecimal digits, ``user_sid`` its user's account."""

    name: str
    card: str
    user: str = "rkeller"
    user_sid: str = "S-1-5-21-1417001333-1580818891-1343024091-1004"
    driver: str = "El90x1"

    def starts(self, when: str, service_pack: str | None = None, version: str = "4.0") -> Iterator[SampleEvent]:
        """A start of the host. NT 4.0 writes 6009 only from Service Pack 4 on; None stands for the packs before."""
        begin = _moment(when)
        if service_pack is not None:
            build = {"4.0": "1381", "5.00.": "2195"}[version]
            strings = (version, build, service_pack, "Uniprocessor Free")
            yield self._log(begin, "EventLog", 6009, strings, severity=_WARNING)
        yield self._log(begin, "EventLog", 6005, severity=_WARNING)
        yield self._log(begin + _seconds(4), self.driver, 3, ("", "3C905"), severity=_INFORMATION)
        yield self._log(begin + _seconds(31), "BROWSER", 8015, ("", f"NetBT_{self.driver}"), severity=_INFORMATION)

    def stops(self, when: str) -> SampleEvent:
        """A clean stop, which NT 4.0 logs from Service Pack 4 on."""
        return self._log(_moment(when), "EventLog", 6006, severity=_WARNING)

    def works(self, day: str, days: int = 1) -> Iterator[SampleEvent]:
        """Everyday records of so many days, about four a day, none of which means anything."""
        for number in range(days):
            yield from self._workday(_moment(f"{day}T08:00:00") + timedelta(days=number))

    def refuses_lease(self, when: str, address: str, other_card: str) -> Iterator[SampleEvent]:
        """The symptom of Q162396: the offered address is in use, and the client cannot decline it."""
        begin = _moment(when)
        strings = ("", address, ":".join(other_card[index : index + 2] for index in range(0, 12, 2)))
        yield self._log(begin, "Tcpip", 4199, strings, EventType.ERROR, _ERROR)
        yield self.dhcp_1008(when, self.card)

    def dhcp_1008(self, when: str, *strings: str) -> SampleEvent:
        """Event 1008 of the DHCP client."""
        return self._log(_moment(when) + _seconds(2), "Dhcp", 1008, strings, EventType.ERROR)

    def dials_in(self, when: str) -> SampleEvent:
        """A user connects to this Remote Access server."""
        strings = (f"LAB\\{self.user}", "COM2")
        return self._log(_moment(when), "RemoteAccess", 20050, strings, severity=_INFORMATION)

    def says(
        self,
        when: str,
        provider: str,
        event_id: int,
        *strings: str,
        event_type: EventType = EventType.ERROR,
        severity: int = _ERROR,
        binary: bytes = b"",
        channel: str = "System",
    ) -> SampleEvent:
        """Any other record."""
        return self._log(_moment(when), provider, event_id, strings, event_type, severity, binary, channel)

    def _workday(self, begin: datetime) -> Iterator[SampleEvent]:
        number = begin.toordinal()
        yield self._prints(begin + _seconds(3600 + number * 97 % 5400), number)
        if number % 3 == 0:
            strings = ("", f"\\Device\\NetBT_{self.driver}", "FILESRV2")
            moment = begin + _seconds(9000 + number * 31 % 3600)
            yield self._log(moment, "Rdr", 3013, strings, EventType.WARNING, _WARNING)
        if number % 4 == 1:
            service = ("Computer Browser", "Server", "Messenger", "Spooler")[number // 4 % 4]
            moment = begin + _seconds(12600 + number * 13 % 1800)
            yield self._log(moment, "Service Control Manager", 7031, (service, "1"), EventType.ERROR, _ERROR)
        if number % 7 == 2:
            moment = begin + _seconds(15000)
            yield self._log(moment, "Srv", 2013, ("", "C:"), EventType.WARNING, _WARNING)
        if number % 5 == 0:
            data = bytes.fromhex("5e0000c0")  # STATUS_NO_LOGON_SERVERS
            yield self._log(begin + _seconds(16200), "NETLOGON", 5719, ("LAB", "%%1311"), EventType.ERROR, 0, data)
        yield self._prints(begin + _seconds(21600 + number * 53 % 7200), number + 1)

    def _prints(self, moment: datetime, number: int) -> SampleEvent:
        document = _DOCUMENTS[number % len(_DOCUMENTS)]
        size, pages = str(18_000 + number * 7919 % 90_000), str(1 + number % 6)
        strings = (str(number % 250 + 2), document, self.user, "HP LaserJet 4", "LPT1:", size, pages)
        return SampleEvent(
            provider="Print",
            event_id=10,
            time=_iso(moment),
            computer=self.name,
            strings=strings,
            qualifiers=0,
            user_sid=self.user_sid,
        )

    def _log(
        self,
        moment: datetime,
        provider: str,
        event_id: int,
        strings: tuple[str, ...] = (),
        event_type: EventType = EventType.INFORMATION,
        severity: int = 0,
        binary: bytes = b"",
        channel: str = "System",
    ) -> SampleEvent:
        return SampleEvent(
            provider=provider,
            event_id=event_id,
            time=_iso(moment),
            channel=channel,
            computer=self.name,
            strings=strings,
            binary=binary,
            event_type=event_type,
            qualifiers=severity,
        )


def _moment(when: str) -> datetime:
    return datetime.fromisoformat(when)


def _seconds(number: int) -> timedelta:
    return timedelta(seconds=number)


def _iso(moment: datetime) -> str:
    return f"{moment.isoformat()}Z"

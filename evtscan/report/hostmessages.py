"""The events of a host → their messages, from the message tables of the Windows version that logged each event."""

from collections.abc import Iterable
from functools import cache

from msgspec.structs import replace

from evtscan import facts
from evtscan.base.model.event import Event
from evtscan.base.model.evidence import Evidence
from evtscan.base.model.fact import Basis
from evtscan.base.model.query import PLAIN, ReadOptions
from evtscan.base.model.source import ExtractionWarning, Source
from evtscan.evidence.forwarded import label_of
from evtscan.evidence.machines import machines_in
from evtscan.evidence.reading import Reading, read
from evtscan.facts.host import Host
from evtscan.messages import MessagesFrom, open_messages
from evtscan.messages.store import MessageStore, MessageTables


@cache
def message_tables(place: MessagesFrom) -> MessageTables:
    """Return the message tables of a file or folder, opened once for all hosts of a process.

    Raises:
        EvidenceError: if they cannot be read.
    """
    return open_messages(place)


class HostMessages:
    """Messages for the events of one host.

    The Windows version of an event is the one stated for its boot session, or carried forward to it. A version that is
    carried back from a later session is not used: the host may have been upgraded in between.
    """

    def __init__(self, host: Host, tables: MessageTables) -> None:
        self._host = host
        self._store = MessageStore(tables, host.evidence.registries)

    def text(self, event: Event) -> str | None:
        """Return the message of an event, or None if no message is available."""
        return self._store.text(event, None if event.message is not None else self._windows_of(event))

    @property
    def warnings(self) -> tuple[ExtractionWarning, ...]:
        """Return the reasons why events so far have no message, without duplicates."""
        return self._store.warnings

    def _windows_of(self, event: Event) -> str | None:
        known = self._host.known("os.version", self._host.point_of(event))
        settled = known.basis in (Basis.STATED, Basis.CARRIED_FORWARD) and not known.at_most
        return known.value if settled and isinstance(known.value, str) else None


class FileMessages:
    """Messages for the events of many files, of any hosts.

    A log is rendered with the Windows version of its own machine; a log that cannot be assigned to a machine, with the
    information in the log itself.
    """

    def __init__(self, reading: Reading, tables: MessageTables) -> None:
        self._by_log: dict[tuple[str, str], HostMessages] = {}
        assigned = [(machine.reading, machine.reading.logs) for machine in machines_in(reading)]
        taken = {id(log) for _, logs in assigned for log in logs}
        assigned += [(Reading(logs=[log]), [log]) for log in reading.logs if id(log) not in taken]
        for part, logs in assigned:
            own = HostMessages(Host(part.evidence), tables)
            for log in logs:
                labels = map(_label, log.summary.computers) if log.forwarded else [""]
                for label in labels:
                    self._by_log.setdefault((log.source.name, label), own)
        self._unassigned = HostMessages(Host(Evidence()), tables)

    def add_to(self, event: Event) -> Event:
        """Return the event with its message, if there is one."""
        text = self._messages_of(event).text(event)
        return event if text is None or text == event.message else replace(event, message=text)

    @property
    def warnings(self) -> list[ExtractionWarning]:
        """Return the reasons why events so far have no message, without duplicates."""
        hosts = dict.fromkeys((*self._by_log.values(), self._unassigned))
        return list(dict.fromkeys(warning for host in hosts for warning in host.warnings))

    def _messages_of(self, event: Event) -> HostMessages:
        source = event.location.source
        own = self._by_log.get((source, "")) or self._by_log.get((source, _label(event.computer or "")))
        return own or self._unassigned


def messages_for(sources: Iterable[Source], tables: MessageTables, options: ReadOptions = PLAIN) -> FileMessages:
    """Read the Windows versions and message files from these files, and return the messages for their events."""
    return FileMessages(read(sources, facts.query(), options), tables)


def _label(name: str) -> str:
    return label_of(name).casefold()

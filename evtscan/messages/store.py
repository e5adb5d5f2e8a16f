"""An event and the Windows version that logged it → its message, from the tables of its provider.

A table is used only if it is of the same version of Windows. If the versions differ, or one of them is not known, there
is no message, and one warning per reason.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any, Protocol

from evtscan.base.model.event import Event
from evtscan.base.model.registry import Registry
from evtscan.base.model.source import ExtractionWarning, Location
from evtscan.messages.registered import registered_files
from evtscan.messages.render import parameter_text, render

_ALL_DATA = "Data"
_MOST_CACHED = 1 << 16
_SOURCES_NAMED = 6


class Role(Enum):
    """The kind of a message: the sentence of an event, or a parameter text that replaces a number in it."""

    EVENT = "EventMessageFile"
    PARAMETER = "ParameterMessageFile"


@dataclass(frozen=True, slots=True)
class MessageKey:
    """Identifies a message: its 32-bit identifier, its source, and the version of Windows (``5.1``).

    ``registered`` contains the message files that the host's registry lists for the source, in lower case and without
    folders; it is empty if no registry lists any.
    """

    role: Role
    identifier: int
    provider: str
    channel: str | None
    version: str
    registered: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """The reason why tables must not be used.

    ``kind`` is the kind of the warning, ``source`` the file, ``why`` a sentence.
    """

    kind: str
    source: str
    why: str


@dataclass(frozen=True, slots=True)
class FoundMessage:
    """A message definition; ``assumed`` is the name of its file if no registry assigns that file to the source."""

    definition: str
    assumed: str = ""


class MessageTables(Protocol):
    """Message definitions by product. ``name`` is that of their file or folder."""

    name: str

    def find(self, key: MessageKey) -> FoundMessage | Refusal | None:
        """Return the definition, the reason why tables with it must not be used, or None if there is none."""
        ...


class MessageStore:
    """Messages for the events of one host.

    ``registries`` are the host's registries, which list the message files of each source.
    """

    def __init__(self, tables: MessageTables, registries: Iterable[Registry] = ()) -> None:
        self._tables = tables
        self._registries = tuple(registries)
        self._found: dict[MessageKey, FoundMessage | None] = {}
        self._files: dict[tuple[Role, str, str | None], tuple[str, ...]] = {}
        self._refused: dict[tuple[str, str], ExtractionWarning] = {}
        self._assumed: dict[str, str] = {}

    @property
    def warnings(self) -> tuple[ExtractionWarning, ...]:
        """The reasons why events have no message, without duplicates, and the message files that were assumed."""
        assumed: tuple[ExtractionWarning, ...] = ()
        if self._assumed:
            named = [f"{file} for {source}" for source, file in sorted(self._assumed.items())]
            more = f" and {len(named) - _SOURCES_NAMED} more" if len(named) > _SOURCES_NAMED else ""
            taken = ", ".join(named[:_SOURCES_NAMED]) + more
            why = f"no registry says which message files the sources use: took {taken}; add the SYSTEM hive to be sure"
            assumed = (self._warning("message_file_assumed", self._tables.name, why),)
        return (*self._refused.values(), *assumed)

    def text(self, event: Event, version: str | None) -> str | None:
        """Return the message of an event; None if there is no message.

        It is the event's own message, or that of the tables for ``version``, the Windows version that logged the event.
        """
        if event.message is not None:
            return event.message
        if event.qualifiers is None:
            self._refuse(_incomplete(event), "")
            return None
        if _ALL_DATA in event.unreadable:
            self._refuse(_STRINGS_LOST, "")
            return None
        if version is None:
            self._refuse(_UNKNOWN_WINDOWS, "")
            return None
        identifier = event.qualifiers << 16 | event.event_id
        for name in filter(None, (event.event_source_name, event.provider)):
            found = self._find(Role.EVENT, identifier, name, event.channel, version)
            if found is not None:
                parameters = partial(self._parameter, name, event.channel, version)
                return render(found.definition, insertion_strings(event.data), parameters)
        return None

    def _parameter(self, provider: str, channel: str | None, version: str, number: int) -> str | None:
        found = self._find(Role.PARAMETER, number, provider, channel, version)
        return None if found is None else parameter_text(found.definition)

    def _find(
        self, role: Role, identifier: int, provider: str, channel: str | None, version: str
    ) -> FoundMessage | None:
        key = MessageKey(role, identifier, provider, channel, version, self._registered(role, provider, channel))
        if key in self._found:
            return self._found[key]
        answer = self._tables.find(key)
        if isinstance(answer, Refusal):
            self._refuse(answer, version)
            answer = None
        elif answer is not None and answer.assumed and role is Role.EVENT:
            self._assumed.setdefault(provider, answer.assumed)
        if len(self._found) >= _MOST_CACHED:
            self._found.clear()
        self._found[key] = answer
        return answer

    def _registered(self, role: Role, provider: str, channel: str | None) -> tuple[str, ...]:
        key = role, provider.casefold(), channel
        if key not in self._files:
            if len(self._files) >= _MOST_CACHED:
                self._files.clear()
            self._files[key] = registered_files(self._registries, provider, channel, role.value)
        return self._files[key]

    def _refuse(self, refusal: Refusal, version: str) -> None:
        key = refusal.kind, version
        if key not in self._refused:
            self._refused[key] = self._warning(refusal.kind, refusal.source or self._tables.name, refusal.why)

    def _warning(self, kind: str, source: str, why: str) -> ExtractionWarning:
        return ExtractionWarning(location=Location(source=source), kind=kind, message=why)


_UNKNOWN_WINDOWS = Refusal(
    "message_windows_unknown",
    "",
    "no message for events of which it is not known which Windows logged them: add the SOFTWARE hive, or a facts.yaml "
    "with os.version and from when it held",
)
_STRINGS_LOST = Refusal(
    "message_strings_lost", "", "no message for events whose export does not carry the insertion strings"
)
_QUALIFIERS_LOST = Refusal(
    "message_qualifiers_lost",
    "",
    "no message for events whose export does not carry the Qualifiers, half of the message's identifier",
)
_MANIFEST = Refusal(
    "message_manifest",
    "",
    "no message for events of providers with a manifest: only those of classic sources (with Qualifiers) are rendered",
)


def _incomplete(event: Event) -> Refusal:
    return _QUALIFIERS_LOST if "Qualifiers" in event.unreadable else _MANIFEST


def insertion_strings(data: Mapping[str, Any]) -> list[str]:
    """Return the strings of an event in log order: all of its data except ``Binary``, with the elements of arrays."""
    strings: list[str] = []
    for name, value in data.items():
        if name != "Binary":
            strings += [str(item) for item in value] if isinstance(value, list) else [str(value)]
    return strings

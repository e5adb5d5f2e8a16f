r"""The registry of a host → the message files that it lists for an event source.

They are in ``SYSTEM\CurrentControlSet\Services\EventLog\LOG\SOURCE``, values ``EventMessageFile`` and
``ParameterMessageFile``: paths with variables, separated by ``;`` ("Event Sources" of the Windows SDK).
"""

from collections.abc import Iterable

from evtscan.base.model.registry import Registry

_EVENT_LOG = r"SYSTEM\CurrentControlSet\Services\EventLog"
MOST_LOGS = 500
"""Maximum number of logs that are searched for a source whose log is not known."""
MOST_FILES = 16


def registered_files(
    registries: Iterable[Registry], provider: str, channel: str | None, value_name: str
) -> tuple[str, ...]:
    """Return the names of the files in lower case, without folders; empty if no registry lists any."""
    for registry in registries:
        for log in _logs(registry, channel):
            key = registry.key(rf"{_EVENT_LOG}\{log}\{provider}")
            value = key.values.get(value_name.lower()) if key is not None else None
            if value is not None and (names := _names(value.data)):
                return names
    return ()


def _logs(registry: Registry, channel: str | None) -> tuple[str, ...]:
    if channel is not None:
        return (channel,)
    key = registry.key(_EVENT_LOG)
    return () if key is None else key.subkeys[:MOST_LOGS]


def _names(data: object) -> tuple[str, ...]:
    text = ";".join(data) if isinstance(data, tuple) else data if isinstance(data, str) else ""
    paths = (part.strip(' "\0').replace("/", "\\") for part in text.split(";"))
    return tuple(dict.fromkeys(name for path in paths if (name := path.rpartition("\\")[2].lower())))[:MOST_FILES]

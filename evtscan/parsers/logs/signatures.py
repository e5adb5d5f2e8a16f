"""How structured exports of event logs are recognised by their first bytes; nothing here is imported for it."""

import codecs
import re

_EVENT = re.compile(rb"(?:\A|[>\r\n])\s*<(?:[\w.-]{1,40}:)?Event(?:\s[^<>]*)?>\s*(?:<(?:[\w.-]{1,40}:)?System[\s>]|\Z)")
_EVENTS_ROOT = re.compile(rb"\A(?:<\?xml[^<>]*\?>\s*)?<Events(?:\s[^<>]*)?(?:/>|>\s*(?:</Events>|\Z))")
_CLIXML = re.compile(rb"\A(?:<\?xml[^<>]*\?>\s*)?<Objs\b[^<>]*schemas\.microsoft\.com/powershell/2004/04")
_EVENT_OBJECT = re.compile(rb"Eventing\.Reader\.EventLogRecord|N=\"(?:Id|ProviderName|RecordId)\"")
_JSON = re.compile(rb"\A(?:Record \d+\s+)?\[?\s*\{")
_JSON_BEGIN = re.compile(
    rb'(?:Record \d+\s+)?\[?\s*\{\s*(?:"Event"\s*:\s*\{'
    rb'|"TimeCreated"\s*:(?=[^\n]*"EventLevel"\s*:)'
    rb'|"EventTime"\s*:[^{}]*"Provider"\s*:[^{}]*"EventID"\s*:'
    rb'|"group"\s*:[^{}]*"kind"\s*:[^{}]*"documents?"\s*:)'
)
_JSON_EVENT = re.compile(
    rb'"System"\s*:\s*\{\s*"(?:Provider|EventID|Channel|Computer|Correlation)"'
    rb'|"winlog[".]|"winlogbeat"|"log_name"\s*:'
    rb'|"ChunkNumber"\s*:\s*\d+\s*,[^{}]*"Payload"\s*:\s*"'
)
_ID = re.compile(rb'"Id"\s*:\s*\d')
_BESIDE_ID = (b'"ProviderName"', b'"LogName"', b'"LevelDisplayName"')


def _ascii_of(head: bytes) -> bytes:
    """The first bytes of a text without its byte order mark, leading white space, and the NULs of UTF-16.

    >>> _ascii_of("\\ufeff <Events>".encode("utf-16-le"))
    b'<Events>'
    """
    for mark in (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        head = head.removeprefix(mark)
    if b"\0" in head[:2]:
        head = head.replace(b"\0", b"")
    return head.lstrip()


def is_event_xml(head: bytes, name: str) -> bool:
    """Whether a file is XML of events: an ``Event`` with ``System`` begins it or a line of it, or it has none."""
    text = _ascii_of(head)
    return bool(_EVENT.search(text) or _EVENTS_ROOT.search(text))


def is_clixml(head: bytes, name: str) -> bool:
    """Whether a file is PowerShell's XML of objects, and the first of them an event."""
    text = _ascii_of(head)
    return bool(_CLIXML.search(text) and _EVENT_OBJECT.search(text))


def is_event_json(head: bytes, name: str) -> bool:
    """Whether a file is JSON that begins with an event of a known tool."""
    text = _ascii_of(head)
    if not _JSON.search(text):
        return False
    return bool(_JSON_BEGIN.match(text) or _JSON_EVENT.search(text)) or _is_of_powershell(text)


def _is_of_powershell(text: bytes) -> bool:
    """Whether JSON has the properties of what Get-WinEvent or Get-EventLog gives, in whatever order they stand."""
    if b'"TimeCreated"' in text and _ID.search(text):
        return any(name in text for name in _BESIDE_ID)
    return b'"TimeGenerated"' in text and b'"Source"' in text and (b'"InstanceId"' in text or b'"EventID"' in text)

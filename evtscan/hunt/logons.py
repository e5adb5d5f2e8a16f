"""Count the logons in the logs of a hunt by account, type, source, outcome and computer.

The events are those of the Security log: 4624 and 4625 (logon, failed logon), 4648 (explicit credentials), 4768 and
4771 (Kerberos ticket, failed pre-authentication), 4776 (NTLM validation), and 528 to 540 of Windows NT to 2003
(https://learn.microsoft.com/windows/security/threat-protection/auditing/basic-audit-logon-events).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from evtscan.base.model.event import Event
from evtscan.base.model.rule import RuleInfo
from evtscan.detection.model.condition import Test
from evtscan.detection.model.rule import Logsource, Rule
from evtscan.hunt.summary import OTHERS, Tally

MOST_KEYS = 20_000
"""Maximum number of combinations that are counted separately; all others are counted together."""

_FAILED_BEFORE_VISTA: Final = {
    529: "unknown account or wrong password",
    530: "outside the allowed hours",
    531: "account disabled",
    532: "account expired",
    533: "not allowed at this computer",
    534: "logon type not granted",
    535: "password expired",
    536: "Netlogon is not active",
    537: "other error",
    539: "account locked out",
}
_IDS: Final = (528, 540, *_FAILED_BEFORE_VISTA, 4624, 4625, 4648, 4768, 4771, 4776)
_PROVIDERS: Final = ("Microsoft-Windows-Security-Auditing", "Security")

RULE: Final = Rule(
    info=RuleInfo(id="evtscan-logons", title="Logons", level="informational"),
    detection=Test(field="EventID", values=_IDS, text="a logon"),
    logsource=Logsource(product="windows", service="security", channels=("Security",)),
)
"""The rule that selects logons in the same pass as the rules of a hunt."""

_TYPES: Final = {
    "0": "system",
    "2": "interactive",
    "3": "network",
    "4": "batch",
    "5": "service",
    "7": "unlock",
    "8": "network cleartext",
    "9": "new credentials",
    "10": "remote interactive",
    "11": "cached interactive",
    "12": "cached remote interactive",
    "13": "cached unlock",
}
_STATUS: Final = {
    # NTSTATUS ([MS-ERREF] 2.3.1)
    0xC0000064: "unknown account",
    0xC000006A: "wrong password",
    0xC000006D: "unknown account or wrong password",
    0xC000006E: "account restriction",
    0xC000006F: "outside the allowed hours",
    0xC0000070: "not allowed at this computer",
    0xC0000071: "password expired",
    0xC0000072: "account disabled",
    0xC000015B: "logon type not granted",
    0xC0000133: "clocks differ",
    0xC0000193: "account expired",
    0xC0000224: "password must be changed",
    0xC0000234: "account locked out",
    # Kerberos (RFC 4120, 7.5.9)
    0x6: "unknown account",
    0x12: "account disabled, expired or locked out",
    0x17: "password expired",
    0x18: "wrong password",
    0x25: "clocks differ",
}


@dataclass(frozen=True, slots=True, order=True)
class Logon:
    """The key by which logons are counted. ``source`` is an address or, if there is none, the name of a workstation."""

    account: str
    type: str
    source: str
    outcome: str
    reason: str
    computer: str


_REST: Final = Logon(OTHERS, "", "", "", "", "")


@dataclass(slots=True)
class Logons:
    """Counts of logons."""

    counts: dict[Logon, Tally] = field(default_factory=dict)

    def add(self, event: Event) -> None:
        """Count an event that ``RULE`` matches."""
        if event.provider not in _PROVIDERS:
            return
        time = event.time
        self._tally(_logon_of(event)).add((time.ticks, str(time)) if time else (0, ""))

    def merge(self, other: "Logons") -> None:
        """Add the counts of another part of the logs."""
        for key, tally in other.counts.items():
            self._tally(key).merge(tally)

    def _tally(self, key: Logon) -> Tally:
        if key not in self.counts and len(self.counts) >= MOST_KEYS:
            key = _REST
        return self.counts.setdefault(key, Tally())

    def most_first(self) -> list[tuple[Logon, Tally]]:
        """Return the counts, the highest first."""
        return sorted(self.counts.items(), key=lambda item: (-item[1].count, item[0]))


def _logon_of(event: Event) -> Logon:
    computer = event.computer or ""
    if event.event_id < 4000:
        return _before_vista(event, computer)
    text = _Texts(event.data)
    account = _account(text["TargetDomainName"], text["TargetUserName"])
    source = _source(text["IpAddress"], text["WorkstationName"] or text["Workstation"])
    match event.event_id:
        case 4648:
            kind, failed, reason = "explicit credentials", False, ""
            source = text["TargetServerName"] or source
        case 4768 | 4771:
            kind, status = "Kerberos", _number(text["Status"])
            failed, reason = status != 0, _reason(status)
        case 4776:
            kind, status = "NTLM", _number(text["Status"])
            failed, reason = status != 0, _reason(status)
        case _:
            kind, failed = _kind(text["LogonType"]), event.event_id == 4625
            reason = _reason(_number(text["SubStatus"]) or _number(text["Status"])) if failed else ""
    return Logon(account, kind, source, "failure" if failed else "success", reason, computer)


def _before_vista(event: Event, computer: str) -> Logon:
    """Return a logon of Windows NT to 2003.

    The strings of these events have no names; the logon type is the fourth string of a success, the third of a failure.
    """
    text = _Texts(event.data)
    reason = _FAILED_BEFORE_VISTA.get(event.event_id, "")
    kind, station = (text["Data3"], text["Data6"]) if reason else (text["Data4"], text["Data7"])
    address = text["Data12"] if reason else text["Data14"]
    outcome = "failure" if reason else "success"
    account = _account(text["Data2"], text["Data1"])
    return Logon(account, _kind(kind), _source(address, station), outcome, reason, computer)


class _Texts:
    """Fields of an event as text; missing fields and ``-`` are empty."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = data

    def __getitem__(self, name: str) -> str:
        value = self._data.get(name)
        text = value.strip() if isinstance(value, str) else ""
        return "" if text == "-" else text


def _account(domain: str, name: str) -> str:
    return f"{domain}\\{name}" if domain else name


def _source(address: str, station: str) -> str:
    return address.removeprefix("::ffff:") or station.lstrip("\\")


def _kind(number: str) -> str:
    return _TYPES.get(number, f"type {number}" if number else "")


def _number(text: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        return 0


def _reason(status: int) -> str:
    return _STATUS.get(status, f"0x{status:x}") if status else ""


def merged(parts: Iterable[Logons]) -> Logons:
    """Return the sum of these counts."""
    result = Logons()
    for part in parts:
        result.merge(part)
    return result

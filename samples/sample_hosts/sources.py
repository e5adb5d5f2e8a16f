"""A host for each kind of evidence but logs: its System log with Dhcp 1008, and beside it that one source.

``sources.yaml`` says what each source tells. All of them are one of three machines, whose logs do not say what they
are: what is known comes from the source. Windows NT 4.0 logs no version before Service Pack 4, and the logs of the
other two begin after the start of the host.
"""

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime

from sample_writer.event import ticks
from sample_writer.evt import saved_log
from sample_writer.pe import driver_file
from sample_writer.reg import RegKey, regedit4
from sample_writer.regtext import reg_query, regdmp, regedt32
from sample_writer.szdd import pack

from sample_hosts import reports
from sample_hosts.machine import Machine
from sample_hosts.registry import (
    CONTROL,
    CURRENT_VERSION,
    SERVICES,
    control,
    current_version,
    hives,
    sections,
    services,
)

Files = dict[str, bytes]

_NAME = "NTWS30"
_RTM_DRIVER = driver_file(
    (4, 0, 1381, 1), original_name="RasArp.SYS", linked=int(datetime(1996, 7, 26, 20, 14, tzinfo=UTC).timestamp())
)


def _nt_log(day: str = "1997-02-24") -> bytes:
    machine = Machine(_NAME, "0060083A52D7")
    events = [
        *machine.works("1997-02-23"),
        *machine.starts(f"{day}T07:48:00"),
        *machine.refuses_lease(f"{day}T07:48:40", "192.0.2.61", "00805FA15A08"),
        *machine.works(day),
    ]
    return saved_log(events)


def _later_log(name: str, day: str) -> bytes:
    machine = Machine(name, "00104B9F35A0", driver="EL90XBC4")
    events = [machine.dhcp_1008(f"{day}T07:59:30", "The system cannot find the file specified. "), *machine.works(day)]
    return saved_log(events, first_record=413)


def _nt(name: str, content: str | bytes, day: str = "1997-02-24") -> Files:
    return {"SysEvent.Evt": _nt_log(day), name: content if isinstance(content, bytes) else _printed(content)}


def _on_2000(name: str, content: bytes) -> Files:
    return {"SysEvent.Evt": _later_log("W2KPRO9", "2001-02-14"), name: content}


def _on_xp(name: str, content: bytes) -> Files:
    return {"SysEvent.Evt": _later_log("XPWS31", "2004-09-15"), name: content}


def _printed(text: str, encoding: str = "cp437") -> bytes:
    return text.replace("\n", "\r\n").encode(encoding)


def _saved(text: str) -> bytes:
    """UTF-16 with its mark, as msinfo32 saves."""
    return b"\xff\xfe" + _printed(text, "utf-16-le")


# ---------------------------------------------------------------------------------------------- registries


def _keys(*, service_pack: int = 2, ras: bool = True, hotfixes: tuple[str, ...] = ()) -> dict[str, list[RegKey]]:
    """The three keys that matter, each with all that lies below it, by the name of the file that holds it."""
    return {
        "currentversion": list(sections(CURRENT_VERSION, current_version(service_pack, hotfixes=hotfixes))),
        "control": list(sections(CONTROL, control(_NAME, service_pack))),
        "services": list(sections(SERVICES, services(ras=ras))),
    }


def _reg() -> Files:
    exports = {f"{name}.reg": regedit4(keys) for name, keys in _keys().items()}
    return {"SysEvent.Evt": _nt_log(), **exports}


def _regedt32() -> Files:
    saved = {f"{name}.txt": regedt32(keys, "2/24/97 - 7:47 AM") for name, keys in _keys().items()}
    return {"SysEvent.Evt": _nt_log(), **saved}


def _regdmp() -> Files:
    dumped = {f"{name}.txt": regdmp(keys) for name, keys in _keys(service_pack=1).items()}
    return {"SysEvent.Evt": _nt_log(), **dumped}


def _reg_query() -> Files:
    queried = b"".join(reg_query(keys) for keys in _keys(ras=False, hotfixes=("Q143474",)).values())
    return {"SysEvent.Evt": _nt_log(), "keys.txt": queried}


def _hives(written: str) -> Files:
    return hives(current_version(2), control(_NAME, 2), services(ras=True), ticks(written))


def _regf() -> Files:
    return {"SysEvent.Evt": _nt_log(), **_hives("1997-02-24T16:45:00Z")}


def _szdd() -> Files:
    """The folder repair, as ``rdisk /s`` left it three weeks before the event."""
    packed = {f"repair/{name.lower()}._": pack(hive) for name, hive in _hives("1997-01-31T10:05:00Z").items()}
    return {"SysEvent.Evt": _nt_log(), **packed}


# -------------------------------------------------------------------------------------------------- others


def _facts() -> Files:
    stated = (
        "# what the user read out: winver, and Services in the Control Panel\n"
        "os.version: '4.0'\n"
        "os.service_pack: 2\n"
        "component.ras: {value: true, from: 1997-01-20, source: the user}\n"
    )
    return _nt("facts.yaml", stated)


def _archive() -> Files:
    """RAS was added after Service Pack 3: the date of the driver, which a copy loses, stands in the archive."""
    keys = _keys(service_pack=3)
    inside = {
        "SysEvent.Evt": (_nt_log("1997-09-15"), (1997, 9, 15, 17, 2, 0)),
        "currentversion.reg": (regedit4(keys["currentversion"]), (1997, 9, 15, 17, 4, 0)),
        "services.reg": (regedit4(keys["services"]), (1997, 9, 15, 17, 4, 30)),
        "rasarp.sys": (_RTM_DRIVER, (1996, 10, 13, 20, 38, 0)),
    }
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as entries:
        for name, (content, moment) in inside.items():
            entry = zipfile.ZipInfo(f"{_NAME}/{name}", moment)
            entry.create_system = 0  # MS-DOS, whatever system this runs on
            entries.writestr(entry, content)
    return {"NTWS30.zip": archive.getvalue()}


SOURCES: dict[str, Callable[[], Files]] = {
    "archive": _archive,
    "dirlisting": lambda: _nt("drivers.txt", reports.DIR_LISTING, "1997-09-15"),
    "driver": lambda: _nt("RASARP.SYS", _RTM_DRIVER, "1997-09-15"),
    "driverquery": lambda: _on_xp("drivers.csv", _printed(reports.DRIVERQUERY)),
    "drwatson": lambda: _nt("drwtsn32.log", reports.DRWATSON),
    "facts": _facts,
    "fileversions": lambda: _nt("filever.txt", reports.FILEVER, "2002-01-21"),
    "hotfixes": lambda: _on_2000("W2KPRO9.log", _printed(reports.QFECHECK)),
    "ipconfig": lambda: _nt("ipconfig.txt", reports.IPCONFIG),
    "msinfo": lambda: _on_2000("msinfo.txt", _saved(reports.MSINFO)),
    "netstart": lambda: _nt("netstart.txt", reports.NET_START),
    "nfo": lambda: _on_xp("XPWS31.nfo", _saved(reports.NFO)),
    "reg": _reg,
    "reg-query": _reg_query,
    "regdmp": _regdmp,
    "regedt32": _regedt32,
    "regf": _regf,
    "sc": lambda: _nt("sc.txt", reports.SC),
    "srvinfo": lambda: _nt("srvinfo.txt", reports.SRVINFO, "1997-09-15"),
    "systeminfo": lambda: _on_xp("systeminfo.txt", _printed(reports.SYSTEMINFO)),
    "szdd": _szdd,
    "ver": lambda: _nt("ver.txt", reports.VER),
    "winmsd": lambda: _nt("NTWS30.txt", reports.WINMSD),
}
"""Folder of each host, which is named after its source's row of ``PARSERS`` → what makes its files, by name."""

"""Each sample host: its story, and the files that were collected from it.

``manifest.yaml`` says in words what each host is, and what evtscan must find.
"""

from collections.abc import Callable, Iterable
from itertools import chain

from sample_writer.event import EventType, SampleEvent, ticks
from sample_writer.evt import live_log, saved_log
from sample_writer.evtx import CHUNK_SIZE, FILE_HEADER_SIZE, evtx_log
from sample_writer.reg import regedit4, regedit5

from sample_hosts import modern, today
from sample_hosts.machine import Machine
from sample_hosts.registry import CONTROL, CURRENT_VERSION, SERVICES, Tree, control, current_version, hives, sections
from sample_hosts.registry import services as all_services

Files = dict[str, bytes]


def _joined(*parts: SampleEvent | Iterable[SampleEvent]) -> list[SampleEvent]:
    return list(chain.from_iterable([part] if isinstance(part, SampleEvent) else part for part in parts))


def _exports(current: Tree, controls: Tree | None = None, services: Tree | None = None) -> Files:
    """Registry exports of NT 4.0's regedit, one file a key."""
    files = {"currentversion.reg": regedit4(sections(CURRENT_VERSION, current))}
    if controls is not None:
        files["control.reg"] = regedit4(sections(CONTROL, controls))
    if services is not None:
        files["services.reg"] = regedit4(sections(SERVICES, services))
    return files


def _ntws07() -> Files:
    machine = Machine("NTWS07", "0060083A1C42")
    events = _joined(
        machine.starts("1997-01-20T07:52:10"),
        machine.works("1997-01-20", 5),
        machine.starts("1997-01-27T07:55:41"),
        machine.works("1997-01-27"),
        machine.refuses_lease("1997-01-28T07:58:03", "192.0.2.41", "00805FA1102C"),
        machine.refuses_lease("1997-01-28T08:03:10", "192.0.2.42", "00805FA1106E"),
        machine.works("1997-01-28"),
    )
    exports = _exports(current_version(2), control("NTWS07", 2), all_services(ras=True))
    return {"SysEvent.Evt": saved_log(events), **exports}


def _filesrv2() -> Files:
    machine = Machine("FILESRV2", "00A0C91B7730", driver="E100B1")
    events = _joined(
        machine.works("1997-02-26", 2),
        machine.starts("1997-03-03T06:30:11"),
        machine.works("1997-03-03", 2),
        machine.refuses_lease("1997-03-05T06:31:40", "192.0.2.10", "0000C0D2A155"),
        machine.works("1997-03-05", 3),
        machine.starts("1997-03-10T06:29:58"),
        machine.dials_in("1997-03-10T18:12:30"),
        machine.works("1997-03-11", 2),
    )
    current, controls = current_version(2), control("FILESRV2", 2, "ServerNT")
    written = ticks("1997-03-12T16:45:00Z")
    collected = hives(current, controls, all_services(ras=True, driver="E100B1"), written)
    return {"SysEvent.Evt": saved_log(events, first_record=2214), **collected}


def _ntws14() -> Files:
    machine = Machine("NTWS14", "0060083A2F90")
    events = _joined(
        machine.starts("1997-02-10T07:50:00"),
        machine.works("1997-02-10", 4),
        machine.refuses_lease("1997-02-14T07:51:17", "192.0.2.63", "00805FA14401"),
        machine.works("1997-02-14"),
    )
    log = bytearray(saved_log(events))
    broken = _offset_of_record(log, 9)
    log[broken + 4 : broken + 56] = bytes(range(52))  # what the disk gave back for the fixed part of record 9
    return {"SysEvent.Evt": bytes(log), **_exports(current_version(2), None, all_services(ras=True))}


def _lab_pc3() -> Files:
    machine = Machine("LAB-PC3", "00C04FB2008D")
    events = _joined(
        machine.starts("1997-04-07T08:11:00"),
        machine.works("1997-04-07", 2),
        machine.refuses_lease("1997-04-09T08:12:25", "192.0.2.77", "0020AF1290EE"),
        machine.works("1997-04-09"),
    )
    return {"SysEvent.Evt": live_log(events, header_after=4)}


def _router1() -> Files:
    machine = Machine("ROUTER1", "00A0C9400C15", driver="E100B1")
    events = _joined(
        machine.starts("1997-07-14T05:02:00"),
        machine.works("1997-07-14", 2),
        machine.refuses_lease("1997-07-16T05:03:30", "192.0.2.1", "0000C0D2A1F7"),
    )
    exports = _exports(current_version(2), control("ROUTER1", 2, "ServerNT"), all_services(rras=True, driver="E100B1"))
    return {"system.evt": saved_log(events, first_record=811), **exports}


def _ntws19() -> Files:
    machine = Machine("NTWS19", "0060083A77C4")
    events = _joined(
        machine.starts("1997-09-01T07:45:00"),
        machine.works("1997-09-01", 2),
        machine.dials_in("1997-09-02T20:15:00"),
        machine.refuses_lease("1997-09-03T07:46:12", "192.0.2.58", "00805FA19A31"),
    )
    stated = "# dir %SystemRoot%\\System32\\drivers\\rasarp.sys, read to us over the telephone\n"
    stated += "file.rasarp.sys.date: 1996-08-01\n"
    return {"SysEvent.Evt": saved_log(events), "facts.yaml": stated.encode(), **_exports(current_version(3))}


def _ntws12() -> Files:
    return _exports(current_version(2), control("NTWS12", 2), all_services(ras=True))


def _ntws05() -> Files:
    machine = Machine("NTWS05", "0060083A0D18")
    events = _joined(
        machine.works("1998-11-05", 2),
        machine.starts("1998-11-09T07:41:00"),
        machine.works("1998-11-09", 2),
        machine.refuses_lease("1998-11-11T07:42:50", "192.0.2.29", "00805FA10A57"),
        machine.works("1998-11-11", 3),
        machine.starts("2000-01-17T16:20:00", "Service Pack 6"),
        machine.works("2000-01-18", 2),
        machine.stops("2000-01-19T17:05:00"),
        machine.starts("2000-01-20T07:44:00", "Service Pack 6"),
        machine.works("2000-01-20"),
    )
    exports = {"services.reg": regedit4(sections(SERVICES, all_services(ras=True)))}
    return {"SysEvent.Evt": saved_log(events, first_record=4127), **exports}


def _ntws09() -> Files:
    machine = Machine("NTWS09", "0060083A15E2")
    events = _joined(
        machine.starts("1997-03-17T07:38:00"),
        machine.works("1997-03-17", 2),
        machine.refuses_lease("1997-03-19T07:39:15", "192.0.2.33", "00805FA10BB8"),
        machine.works("1997-03-19", 3),
        machine.starts("1997-08-01T12:10:00"),
        machine.works("1997-08-04", 3),
        machine.starts("1997-08-11T07:40:00"),
        machine.works("1997-08-11", 2),
    )
    stated = (
        "# from the log book of the computer room\n"
        "os.version: '4.0'\n"
        "os.service_pack:\n"
        "    - {value: 2, from: 1997-01-15, source: log book}\n"
        "    - {value: 3, from: 1997-08-01T12:10:00Z, source: log book}\n"
        "component.ras: true\n"
    )
    return {"System.evtx": evtx_log(events), "facts.yaml": stated.encode()}


def _ntws11() -> Files:
    machine = Machine("NTWS11", "0060083A19AB")
    events = _joined(
        machine.works("1997-05-12", 2),
        machine.starts("1997-05-14T07:33:00"),
        machine.refuses_lease("1997-05-14T07:33:20", "192.0.2.36", "00805FA10C44"),
        machine.works("1997-05-14", 3),
        machine.starts("1997-06-02T13:05:00"),
        machine.works("1997-06-03", 4),
    )
    exports = _exports(current_version(3, hotfixes=("Q143474",)), control("NTWS11", 3), all_services(ras=True))
    return {"SysEvent.Evt": saved_log(events), **exports}


def _w2kpro3() -> Files:
    machine = Machine("W2KPRO3", "00104B9F3321", driver="EL90XBC4")
    events = _joined(
        machine.starts("2001-03-12T07:58:00", "Service Pack 1", version="5.00."),
        machine.works("2001-03-12", 2),
        machine.dhcp_1008("2001-03-14T07:59:30", "The system cannot find the file specified. "),
        machine.works("2001-03-14", 2),
        machine.stops("2001-03-15T17:10:00"),
    )
    export = regedit5(sections(CURRENT_VERSION, current_version(1, version="5.0")))
    return {"SysEvent.Evt": saved_log(events), "currentversion.reg": export}


def _ntsrv8() -> Files:
    machine = Machine("NTSRV8", "00A0C95510FE", driver="E100B1")
    events = _joined(
        machine.works("1999-06-01", 105),
        machine.stops("1999-09-13T22:00:00"),
        machine.starts("1999-09-13T22:04:00", "Service Pack 5"),
        machine.dials_in("1999-09-14T19:30:00"),
        machine.refuses_lease("1999-09-15T05:12:00", "192.0.2.5", "0000C0D2B003"),
        machine.works("1999-09-15", 12),
    )
    return {"SysEvent.Evt": live_log(events, first_record=60_233, start=0x9000, header_after=12)}


def _ntws17() -> Files:
    machine = Machine("NTWS17", "0060083A4B06")
    events = _joined(
        machine.starts("1997-02-17T07:30:00"),
        machine.works("1997-02-17", 2),
        machine.dhcp_1008("1997-02-19T07:31:00", machine.card),
        machine.works("1997-02-19"),
    )
    note = b"NTWS17: no modem, no RAS. Printer moved to room 12.\r\n"
    exports = _exports(current_version(2), control("NTWS17", 2), all_services())
    return {"SysEvent.Evt": saved_log(events), "readme.txt": note, **exports}


def _dhcpsrv1() -> Files:
    machine = Machine("DHCPSRV1", "00A0C9123456", driver="E100B1")
    not_found = "The system cannot find the path specified. "
    shut_down = machine.says("1999-02-02T06:01:12", "DhcpServer", 1008, not_found, severity=0, binary=b"\3\0\0\0")
    system = _joined(
        machine.starts("1999-02-02T06:00:30", "Service Pack 4"),
        shut_down,
        machine.dials_in("1999-02-02T20:40:00"),
        machine.works("1999-02-02", 2),
    )
    counters = machine.says(
        "1999-02-02T06:05:00",
        "Perflib",
        1008,
        "Remote Access",
        "rasctrs.dll",
        channel="Application",
        binary=b"\2\0\0\0",
    )
    started = machine.says(
        "1999-02-02T06:00:50",
        "SNMP",
        1001,
        event_type=EventType.INFORMATION,
        severity=0x4000,
        channel="Application",
    )
    return {"SysEvent.Evt": saved_log(system), "AppEvent.Evt": saved_log([started, counters])}


def _win7_lab2() -> Files:
    log = bytearray(evtx_log(modern.system_log("WIN7-LAB2")))
    second = FILE_HEADER_SIZE + CHUNK_SIZE
    log[second : second + 0x1000] = bytes(0x1000)  # a cluster of the disk: header, tables and first records of a chunk
    return {"System.evtx": bytes(log)}


def _offset_of_record(log: bytes | bytearray, number: int) -> int:
    """Where a record of a saved log begins."""
    return log.index(b"LfLe" + number.to_bytes(4, "little")) - 4


HOSTS: dict[str, Callable[[], Files]] = {
    "COLLECTOR": today.collector,
    "DC-01": today.dc_01,
    "DHCPSRV1": _dhcpsrv1,
    "FILESRV2": _filesrv2,
    "FS-03": today.fs_03,
    "HV-02": today.hv_02,
    "LAB-PC3": _lab_pc3,
    "LT-0142": today.lt_0142,
    "NTSRV8": _ntsrv8,
    "NTWS05": _ntws05,
    "NTWS07": _ntws07,
    "NTWS09": _ntws09,
    "NTWS11": _ntws11,
    "NTWS12": _ntws12,
    "NTWS14": _ntws14,
    "NTWS17": _ntws17,
    "NTWS19": _ntws19,
    "ROUTER1": _router1,
    "W2KPRO3": _w2kpro3,
    "WIN7-LAB2": _win7_lab2,
}
"""Folder of each host → what makes its files, by name."""

NT4 = frozenset({"DHCPSRV1", "FILESRV2", "NTWS09", "NTWS11", "NTWS14", "NTWS17", "ROUTER1", "W2KPRO3"})
"""Hosts of the folder ``nt4``: further cases of the founding rule."""


def folder_of(host: str) -> str:
    """The folder of a sample host: ``hosts``, of which at least half run Windows of today, or ``nt4``."""
    return "nt4" if host in NT4 else "hosts"

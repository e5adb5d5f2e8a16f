"""Sample hosts of today: a file server, a domain controller, a Hyper-V host, a laptop, a collector of forwarded events.

Providers, identifiers and names of data are those of the manifests of Windows; machines, people and times are invented.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sample_writer.event import Data, EventType, SampleEvent, Value, ValueType
from sample_writer.evtx import evtx_log
from sample_writer.reg import regedit5

from sample_hosts.registry import CURRENT_VERSION, sections

Files = dict[str, bytes]
_KERNEL_GENERAL = "{a68ca8b7-004f-d7b6-a698-07e2de0f1f5d}"
_KERNEL_POWER = "{331c3b3a-2005-44c2-ac5e-77220c37d6b4}"
_SCM = "{555908d1-a6d7-4695-8e1e-26931d2012f4}"
_SERVICES = ("Windows Update", "Software Protection", "Windows Modules Installer", "Device Setup Manager")
_TEN = (10, 0)


@dataclass(frozen=True, slots=True)
class Host:
    """One host: its full name, the build and update revision of its Windows 10 kernel, and its product."""

    name: str
    build: int
    revision: int
    product: str = ""
    role: str = ""

    def starts(self, when: str) -> Iterator[SampleEvent]:
        """A start: Kernel-General 12, EventLog 6009 and 6005."""
        begin = datetime.fromisoformat(when)
        data = (
            *(Data(name, Value(value, ValueType.UINT32)) for name, value in zip(_VERSION_FIELDS, _TEN, strict=True)),
            Data("BuildVersion", Value(self.build, ValueType.UINT32)),
            Data("QfeVersion", Value(self.revision, ValueType.UINT32)),
            Data("ServiceVersion", Value(0, ValueType.UINT32)),
            Data("BootMode", Value(0, ValueType.UINT32)),
            Data("StartTime", Value(_iso(begin), ValueType.FILETIME)),
        )
        yield self.manifest(when, "Microsoft-Windows-Kernel-General", 12, data=data, guid=_KERNEL_GENERAL, level=4)
        strings = ("10.00.", str(self.build), "", "Multiprocessor Free", "0")
        yield self.classic(_after(when, 9), "EventLog", 6009, strings, EventType.INFORMATION)
        yield self.classic(_after(when, 9), "EventLog", 6005, (), EventType.INFORMATION)

    def stops(self, when: str) -> SampleEvent:
        """A clean shutdown."""
        return self.classic(when, "EventLog", 6006, (), EventType.INFORMATION)

    def loses_power(self, when: str) -> Iterator[SampleEvent]:
        """What a start says after a loss of power: Kernel-Power 41 without a stop code, and EventLog 6008."""
        names = ("BugcheckCode", "BugcheckParameter1", "BugcheckParameter2", "BugcheckParameter3", "BugcheckParameter4")
        data = (
            *(
                Data(name, Value(0, ValueType.UINT64 if place else ValueType.UINT32))
                for place, name in enumerate(names)
            ),
            Data("SleepInProgress", Value(0, ValueType.UINT32)),
            Data("PowerButtonTimestamp", Value(0, ValueType.UINT64)),
        )
        begin = datetime.fromisoformat(when)
        strings = (f"{begin:%H:%M:%S}", f"{begin:%m/%d/%Y}", "", "", "0", "", "")
        yield self.classic(_after(when, 8), "EventLog", 6008, strings, EventType.ERROR)
        yield self.manifest(when, "Microsoft-Windows-Kernel-Power", 41, data=data, guid=_KERNEL_POWER, level=1)

    def works(self, day: str, days: int) -> Iterator[SampleEvent]:
        """Services that start and stop, some times a day."""
        begin = datetime.fromisoformat(f"{day}T07:00:00")
        for number in range(days * 6):
            state = ("running", "stopped")[number % 2]
            service = _SERVICES[number // 2 % len(_SERVICES)]
            data = (Data("param1", Value(service)), Data("param2", Value(state)))
            moment = (begin + timedelta(hours=number % 6 * 3, days=number // 6, seconds=number * 37)).isoformat()
            yield self.manifest(moment, "Service Control Manager", 7036, data=data, guid=_SCM, level=4)

    def classic(
        self,
        when: str,
        provider: str,
        event_id: int,
        strings: Sequence[str] = (),
        event_type: EventType = EventType.ERROR,
        *,
        channel: str = "System",
    ) -> SampleEvent:
        """A record of a classic source."""
        return SampleEvent(
            provider=provider,
            event_id=event_id,
            time=_iso(datetime.fromisoformat(when)),
            channel=channel,
            computer=self.name,
            strings=tuple(strings),
            event_type=event_type,
            qualifiers=0x8000,
        )

    def manifest(
        self,
        when: str,
        provider: str,
        event_id: int,
        *,
        data: tuple[Data, ...] = (),
        guid: str,
        level: int = 2,
        channel: str = "System",
    ) -> SampleEvent:
        """A record of a provider with a manifest."""
        return SampleEvent(
            provider=provider,
            guid=guid,
            event_id=event_id,
            time=_iso(datetime.fromisoformat(when)),
            channel=channel,
            computer=self.name,
            data=data,
            level=level,
            version=0,
            opcode=0,
            user_sid="S-1-5-18",
            process_id=4,
            thread_id=212,
        )

    def registry(self) -> Files:
        """An export of the key CurrentVersion."""
        values = {
            "ProductName": self.product,
            "CurrentVersion": "6.3",
            "CurrentBuild": str(self.build),
            "CurrentBuildNumber": str(self.build),
            "InstallationType": "Server" if "Server" in self.product else "Client",
            "CurrentMajorVersionNumber": 10,
            "CurrentMinorVersionNumber": 0,
            "UBR": self.revision,
        }
        return {"currentversion.reg": regedit5(sections(CURRENT_VERSION, values))}


_VERSION_FIELDS = ("MajorVersion", "MinorVersion")


def fs_03() -> Files:
    """A file server whose data disk fails: bad blocks, then a damaged file system, then shadow copies that fail."""
    host = Host("FS-03.contoso.example", 17763, 5696, "Windows Server 2019 Standard")
    volume = (Data("DriveName", Value("E:")), Data("DeviceName", Value("\\Device\\HarddiskVolume6")))
    system = [
        *host.starts("2024-04-08T21:04:11"),
        *host.works("2024-04-09", 20),
        host.stops("2024-04-29T22:00:02"),
        *host.starts("2024-04-29T22:03:40"),
        *host.works("2024-04-30", 3),
        *(
            host.classic(f"2024-05-03T0{hour}:12:1{hour}", "disk", 7, ("\\Device\\Harddisk2\\DR2",))
            for hour in range(1, 7)
        ),
        host.manifest(
            "2024-05-03T06:40:12",
            "Ntfs",
            55,
            data=volume,
            guid="{dd70bc80-ef44-421b-8ac3-cd31da613a4e}",
        ),
        host.classic("2024-05-03T06:41:55", "volsnap", 14, ("", "E:", "E:")),
    ]
    return {"System.evtx": evtx_log(system), **host.registry()}


def dc_01() -> Files:
    """A domain controller: clients bind without signing, and SYSVOL replication waits after a dirty shutdown."""
    host = Host("DC-01.contoso.example", 20348, 2402, "Windows Server 2022 Standard")
    guid = "{0e8478c5-3605-4e8c-8497-1e730c959516}"
    service = "Directory Service"
    binds = [
        host.manifest(
            f"2024-05-0{day}T04:15:00",
            "Microsoft-Windows-ActiveDirectory_DomainService",
            2887,
            data=(Data(None, Value(str(10 * day))), Data(None, Value(str(212 + day)))),
            guid=guid,
            level=3,
            channel=service,
        )
        for day in range(1, 6)
    ]
    system = [
        *host.starts("2024-04-07T20:11:09"),
        *host.works("2024-04-08", 15),
        *host.loses_power("2024-04-29T19:20:14"),
        *host.starts("2024-04-29T19:20:14"),
        *host.works("2024-04-30", 6),
    ]
    volume = "C:"
    dfsr = [
        host.classic(
            "2024-04-29T19:24:31",
            "DFSR",
            2213,
            (volume, "wmic /namespace:\\\\root\\microsoftdfs path dfsrVolumeConfig", "15A9B2F1"),
            EventType.WARNING,
            channel="DFS Replication",
        )
    ]
    return {
        "System.evtx": evtx_log(system),
        "Directory Service.evtx": evtx_log(binds),
        "DFS Replication.evtx": evtx_log(dfsr),
        **host.registry(),
    }


def hv_02() -> Files:
    """A Hyper-V host that lost power, and whose network adapters share processors for their queues."""
    host = Host("HV-02.contoso.example", 20348, 2402, "Windows Server 2022 Datacenter")
    team = (Data("NicName", Value("/DEVICE/{6AF22F47-9C0D-4B32-8DB6-1E22B0D57AF1}")), Data("NicFName", Value("Team1")))
    guid = "{67dc0d66-3695-47c0-9642-33f76f7bd7ad}"
    system = [
        *host.starts("2024-04-05T18:30:00"),
        host.manifest("2024-04-05T18:31:07", "Microsoft-Windows-Hyper-V-VmSwitch", 106, data=team, guid=guid, level=3),
        *host.works("2024-04-06", 15),
        *host.loses_power("2024-04-29T19:19:58"),
        *host.starts("2024-04-29T19:19:58"),
        host.manifest("2024-04-29T19:21:10", "Microsoft-Windows-Hyper-V-VmSwitch", 106, data=team, guid=guid, level=3),
        *host.works("2024-04-30", 6),
    ]
    return {"System.evtx": evtx_log(system), **host.registry()}


def lt_0142() -> Files:
    """A laptop: it lost power twice, lacks the Secure Boot certificates of 2023, and logs the harmless 10016."""
    host = Host("LT-0142.contoso.example", 22631, 4317, "Windows 10 Pro")
    com = (
        Data("param1", Value("application-specific")),
        Data("param2", Value("Local")),
        Data("param3", Value("Activation")),
        Data("param4", Value("{C2F03A33-21F5-47FA-B4BB-156362A2F239}")),
        Data("param5", Value("{316CDED5-E4AE-4B15-9113-7055D84DCC97}")),
        Data("param6", Value("NT AUTHORITY")),
        Data("param7", Value("LOCAL SERVICE")),
        Data("param8", Value("S-1-5-19")),
        Data("param9", Value("LocalHost (Using LRPC)")),
    )
    harmless = [
        host.manifest(
            f"2025-11-{day:02}T08:0{day % 10}:00",
            "Microsoft-Windows-DistributedCOM",
            10016,
            data=com,
            guid="{1b562e86-b7aa-4131-badc-b6f3a001407e}",
            level=3,
        )
        for day in range(4, 21)
    ]
    boot = (
        Data("DeviceAttributes", Value("BaseBoardManufacturer:Contoso;FirmwareVersion:1.22")),
        Data("BucketId", Value("5f1c")),
        Data("BucketConfidenceLevel", Value("")),
        Data("UpdateType", Value("0")),
    )
    secure = host.manifest(
        "2025-11-18T07:52:00",
        "Microsoft-Windows-TPM-WMI",
        1801,
        data=boot,
        guid="{7d5387b0-cbe0-11da-a94d-0800200c9a66}",
    )
    events = [
        *host.starts("2025-11-03T07:41:20"),
        *harmless[:8],
        *host.loses_power("2025-11-12T07:40:02"),
        *host.starts("2025-11-12T07:40:02"),
        *harmless[8:13],
        *host.loses_power("2025-11-17T13:05:44"),
        *host.starts("2025-11-17T13:05:44"),
        secure,
        *harmless[14:],
    ]
    return {"System.evtx": evtx_log(events), **host.registry()}


def collector() -> Files:
    """The log of a collector: events that three workstations forwarded, and that speak of them alone."""
    hosts = [Host(f"WS-{number:03}.contoso.example", 22631, 4317) for number in (11, 12, 27)]
    events: list[SampleEvent] = []
    for number, host in enumerate(hosts):
        events += host.starts(f"2025-10-0{number + 1}T07:5{number}:00")
        events += host.works(f"2025-10-0{number + 2}", 8)
    events += hosts[1].loses_power("2025-10-21T09:14:33")
    events += hosts[1].starts("2025-10-21T09:14:33")
    events += (
        hosts[2].classic(f"2025-10-22T10:0{minute}:00", "disk", 7, ("\\Device\\Harddisk0\\DR0",)) for minute in range(3)
    )
    return {"ForwardedEvents.evtx": evtx_log(events)}


def _after(when: str, seconds: int) -> str:
    return (datetime.fromisoformat(when) + timedelta(seconds=seconds)).isoformat()


def _iso(moment: datetime) -> str:
    return f"{moment.isoformat()}.{moment.second * 171_717 % 10_000_000:07}Z"

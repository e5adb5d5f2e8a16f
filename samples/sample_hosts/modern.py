"""What a Windows 7 machine logs: providers with manifests, named data, UserData.

Providers, identifiers and the names of data are those of Windows 7; machines and times are invented.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sample_writer.event import Data, Element, EventType, SampleEvent, Value, ValueType

_SCM = "{555908d1-a6d7-4695-8e1e-26931d2012f4}"
_KERNEL_GENERAL = "{a68ca8b7-004f-d7b6-a698-07e2de0f1f5d}"
_DHCP_CLIENT = "{15a7a4f8-0072-4eab-abad-f98a4d666aed}"
_USER_PNP = "{96f4a050-7e31-453c-88be-9634f4e02139}"
_SERVICES = (
    ("Windows Update", "wuauserv"),
    ("Application Experience", "AeLookupSvc"),
    ("Multimedia Class Scheduler", "MMCSS"),
    ("WinHTTP Web Proxy Auto-Discovery Service", "WinHttpAutoProxySvc"),
)


def system_log(computer: str) -> Iterator[SampleEvent]:
    """A System log of about two chunks: a start, lookalikes of other events, then services that come and go."""
    boot = datetime(2015, 6, 23, 6, 0, 40)
    yield _kernel_start(computer, boot)
    boot_strings = ("6.01.", "7601", "Service Pack 1", "Multiprocessor Free", "17514")
    yield _classic(computer, boot + timedelta(seconds=8), 6009, boot_strings)
    yield _classic(computer, boot + timedelta(seconds=8), 6005, ())
    yield _dhcp_client(computer, boot + timedelta(seconds=21))
    yield _new_device(computer, boot + timedelta(seconds=40))
    for number in range(270):
        yield _service_changes(computer, boot + timedelta(minutes=10 * number + 5), number)


def _kernel_start(computer: str, moment: datetime) -> SampleEvent:
    data = (
        *(Data(name, Value(value, ValueType.UINT32)) for name, value in (("MajorVersion", 6), ("MinorVersion", 1))),
        Data("BuildVersion", Value(7601, ValueType.UINT32)),
        Data("QfeVersion", Value(17514, ValueType.UINT32)),
        Data("ServiceVersion", Value(1, ValueType.UINT32)),
        Data("BootMode", Value(0, ValueType.UINT32)),
        Data("StartTime", Value(_iso(moment, 5_000_000), ValueType.FILETIME)),
    )
    return SampleEvent(
        provider="Microsoft-Windows-Kernel-General",
        guid=_KERNEL_GENERAL,
        event_id=12,
        time=_iso(moment, 6_264_001),
        computer=computer,
        data=data,
        user_sid="S-1-5-18",
        version=0,
        opcode=0,
        task=1,
        keywords=0x8000_0000_0000_0080,
        process_id=4,
        thread_id=8,
    )


def _classic(computer: str, moment: datetime, event_id: int, strings: tuple[str, ...]) -> SampleEvent:
    return SampleEvent(
        provider="EventLog",
        event_id=event_id,
        time=_iso(moment, 0),
        computer=computer,
        strings=strings,
        qualifiers=0x8000,
    )


def _dhcp_client(computer: str, moment: datetime) -> SampleEvent:
    return SampleEvent(
        provider="Microsoft-Windows-Dhcp-Client",
        guid=_DHCP_CLIENT,
        event_id=1008,
        time=_iso(moment, 1_201_377),
        computer=computer,
        data=(Data("ErrorCode", Value(0x490, ValueType.UINT32)),),
        event_type=EventType.ERROR,
        user_sid="S-1-5-19",
        version=0,
        opcode=0,
        task=3,
        process_id=796,
        thread_id=1008,
    )


def _new_device(computer: str, moment: datetime) -> SampleEvent:
    install = Element(
        "InstallDeviceID",
        attributes=(("xmlns", "http://manifests.microsoft.com/win/2004/08/windows/userpnp"),),
        children=(
            Element("DriverName", Value("FileRepository\\machine.inf_amd64_neutral_a2f120466549d68b\\machine.inf")),
            Element("DriverVersion", Value("6.1.7601.17514")),
            Element("SetupClass", Value("{4d36e97d-e325-11ce-bfc1-08002be10318}", ValueType.GUID)),
            Element("RebootOption", Value(False, ValueType.BOOL)),
            Element("InstallStatus", Value(0, ValueType.HEX32)),
        ),
    )
    return SampleEvent(
        provider="Microsoft-Windows-UserPnp",
        guid=_USER_PNP,
        event_id=20001,
        time=_iso(moment, 9_987_450),
        computer=computer,
        user_data=install,
        user_sid="S-1-5-18",
        version=0,
        opcode=0,
        task=7005,
        process_id=1592,
        thread_id=1724,
    )


def _service_changes(computer: str, moment: datetime, number: int) -> SampleEvent:
    title, name = _SERVICES[number // 2 % len(_SERVICES)]
    state, code = (("running", 4), ("stopped", 1))[number % 2]
    return SampleEvent(
        provider="Service Control Manager",
        guid=_SCM,
        event_source_name="Service Control Manager",
        event_id=7036,
        time=_iso(moment, number * 12_347 % 10_000_000),
        computer=computer,
        data=(Data("param1", Value(title)), Data("param2", Value(state))),
        binary=f"{name}/{code}\0".encode("utf-16-le"),
        qualifiers=0x4000,
        version=0,
        opcode=0,
        process_id=464,
        thread_id=1200 + number % 7 * 4,
    )


def _iso(moment: datetime, ticks: int) -> str:
    return f"{moment.isoformat()}.{ticks:07}Z"

"""Evidence as files: small logs, exports and facts, written where a test wants them."""

from sample_writer.event import SampleEvent
from sample_writer.evt import saved_log

NT4_SP2 = "os.version: '4.0'\nos.service_pack: 2\ncomponent.ras: true\n"

REG = """REGEDIT4

[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\ComputerName\\ComputerName]
"ComputerName"="{name}"
"""


def evt(*records, computer="NTBOX", day=1, first_record=1):
    """A saved ``.evt`` log of (source, id) pairs, one event an hour from a day of March 1998 on."""
    events = [
        SampleEvent(provider=provider, event_id=number, time=f"1998-03-{day:02}T{hour:02}:00:00Z", computer=computer)
        for hour, (provider, number) in enumerate(records)
    ]
    return saved_log(events, first_record=first_record)


def dhcp_log(*, computer: str = "NTWS07", count: int = 2) -> bytes:
    """A saved System log with some Dhcp 1008."""
    events = [
        SampleEvent(
            provider="Dhcp",
            event_id=1008,
            time=f"1997-03-0{day}T08:00:00Z",
            channel="System",
            computer=computer,
            strings=("0000E8123456",),
        )
        for day in range(1, count + 1)
    ]
    return saved_log(events)


DHCP = ("Dhcp", 1008)
OTHER = ("Service Control Manager", 7000)


def write(folder, **files):
    """Write files into a folder, made if need be; ``__`` in a name stands for the dot."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        data = content if isinstance(content, bytes) else content.encode()
        (folder / name.replace("__", ".")).write_bytes(data)
    return folder

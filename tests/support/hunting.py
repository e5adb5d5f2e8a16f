"""Events, rules and a sink for tests of hunts."""

from sample_writer.event import Data, SampleEvent, Value

from evtscan.hunt.detection import Detection
from evtscan.hunt.run import Hunted

SYSMON = "Microsoft-Windows-Sysmon"


def process(
    image: str, second: int = 0, computer: str = "PC-01", command: str = "", channel: str = f"{SYSMON}/Operational"
) -> SampleEvent:
    """A process creation as Sysmon logs it."""
    return SampleEvent(
        provider=SYSMON,
        event_id=1,
        time=f"2024-05-01T10:{second // 60:02}:{second % 60:02}.0000000Z",
        computer=computer,
        channel=channel,
        data=(
            Data("UtcTime", Value("2024-05-01")),
            Data("Image", Value(image)),
            Data("CommandLine", Value(command or image)),
        ),
    )


RULES = """\
title: Command shell
id: 00000000-0000-4000-8000-000000000001
status: test
logsource: {product: windows, category: process_creation}
detection:
    sel: {CommandLine|contains: 'whoami', Image|endswith: '\\cmd.exe'}
    condition: sel
level: high
tags: [attack.execution, attack.t1059.003]
---
title: Any process
id: 00000000-0000-4000-8000-000000000002
status: test
logsource: {product: windows, category: process_creation}
detection:
    sel: {Image|endswith: '.exe'}
    condition: sel
level: low
tags: [attack.discovery]
"""


class Rows(list[Detection]):
    """A sink that keeps the rows."""

    add = list.append  # type: ignore[assignment]

    def close(self, hunted: Hunted) -> None:
        self.hunted = hunted

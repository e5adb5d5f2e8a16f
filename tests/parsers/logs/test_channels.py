"""File names and the channels that they stand for."""

import pytest

from evtscan.parsers.logs.channels import channel_of


@pytest.mark.parametrize(
    ("name", "channel"),
    [
        ("SysEvent.Evt", "System"),
        ("SYSTEM.EVT", "System"),
        ("AppEvent.evt", "Application"),
        ("Application.evt", "Application"),
        ("SecEvent.evt", "Security"),
        ("security", "Security"),
        ("DNSEvent.Evt", "DNS Server"),
        ("DNS Server.evt", "DNS Server"),
        ("NTDS.evt", "Directory Service"),
        ("NtFrs.Evt", "File Replication Service"),
        ("File Replication Service.evt", "File Replication Service"),
        ("HOST_SysEvent.evt", "System"),
        ("host-1-application.txt", "Application"),
        ("2001.03.14.SecEvent.Evt", "Security"),
        ("HOST.SysEvent", "System"),
        ("case/HOST/system.evt", "System"),
        ("C\\WINNT\\system32\\config\\SysEvent.Evt", "System"),
        ("ecosystem.evt", None),
        ("My System.evt", None),
        ("SysEvent_HOST.evt", None),
        ("System/backup.evt", None),
        ("TestLog.evt", None),
        (".evt", None),
        ("", None),
    ],
)
def test_a_standard_name_alone_or_at_the_end_gives_the_channel(name, channel):
    assert channel_of(name) == channel


def test_a_log_in_an_archive():
    assert channel_of("case.zip!SysEvent.Evt") == "System"
    assert channel_of("System.zip!a/other.evt") is None

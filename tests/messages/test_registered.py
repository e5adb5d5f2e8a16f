from host_builder import FakeRegistry

from evtscan.messages.registered import registered_files

DHCP = r"SYSTEM\CurrentControlSet\Services\EventLog\System\Dhcp"
REGISTRY = FakeRegistry(
    {
        r"SYSTEM\CurrentControlSet\Services\EventLog": {},
        DHCP: {
            "EventMessageFile": r"%SystemRoot%\System32\DHCPCSVC.dll;%SystemRoot%\System32\xpsp2res.dll;",
            "ParameterMessageFile": r"%SystemRoot%\System32\kernel32.dll",
            "TypesSupported": 7,
        },
    }
)


def test_files_of_a_source_by_name():
    assert registered_files([REGISTRY], "dhcp", "System", "EventMessageFile") == ("dhcpcsvc.dll", "xpsp2res.dll")
    assert registered_files([REGISTRY], "Dhcp", "System", "ParameterMessageFile") == ("kernel32.dll",)


def test_a_source_whose_log_is_not_known_is_looked_for_in_all_logs():
    assert registered_files([REGISTRY], "Dhcp", None, "EventMessageFile") == ("dhcpcsvc.dll", "xpsp2res.dll")


def test_what_is_not_registered():
    assert registered_files([REGISTRY], "Dhcp", "Application", "EventMessageFile") == ()
    assert registered_files([REGISTRY], "DhcpServer", "System", "EventMessageFile") == ()
    assert registered_files([REGISTRY], "Dhcp", "System", "TypesSupported") == ()
    assert registered_files([], "Dhcp", "System", "EventMessageFile") == ()

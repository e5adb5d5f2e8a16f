"""Roles that events prove."""

import pytest
from host_builder import event

from evtscan.facts.collectors import roles

NTDS = "Microsoft-Windows-ActiveDirectory_DomainService"

CASES = {
    "the directory service of 2003 started": (event(1, "NTDS General", 1000, channel="Directory Service"), True),
    "that of 2008": (event(1, NTDS, 1000, channel="Directory Service"), True),
    "another event of it": (event(1, NTDS, 1138, channel="Directory Service"), False),
    "1000 elsewhere": (event(1, NTDS, 1000, channel="Application"), False),
    "SYSVOL by file replication": (event(1, "NtFrs", 13516, channel="File Replication Service"), True),
    "SYSVOL by DFS replication": (event(1, "DFSR", 4604, channel="DFS Replication"), True),
    "DFS replication of something else": (event(1, "DFSR", 4102, channel="DFS Replication"), False),
    "a session setup failed at this domain controller": (event(1, "NETLOGON", 5805), True),
    "a session setup failed at a member": (event(1, "NETLOGON", 5719), False),
    "the key distribution centre": (event(1, "KDC", 29), True),
    "another source with its id": (event(1, "W32Time", 29), False),
    "an unknown channel": (event(1, "KDC", 29, channel=None), False),
}


@pytest.mark.parametrize(("logged", "proves"), CASES.values(), ids=CASES)
def test_domain_controllers(logged, proves):
    found = [(item.name, item.value) for item in roles.collect([logged])]
    assert found == ([("host.role", "domain controller")] if proves else [])

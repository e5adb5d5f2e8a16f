"""System reports → facts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtscan.base.model.evidence import Evidence
from evtscan.base.model.fact import Basis
from evtscan.base.model.inventory import FileEntry, Inventory, ServiceEntry
from evtscan.base.model.source import Location
from evtscan.base.wintypes import Instant
from evtscan.facts.catalogue.displaynames import service_name
from evtscan.facts.catalogue.names import is_known
from evtscan.facts.collectors import inventory as collector
from evtscan.facts.collectors import presence
from evtscan.facts.history.statement import Listing, Undecided
from evtscan.facts.host import Host

WHOLE = frozenset({"services", "drivers"})
EVENT_LOG = ServiceEntry(location=Location(source="host.txt", line=3), name="EventLog", start=2, running=True)
DRIVERS = r"C:\WINNT\system32\drivers"


def facts(**parts):
    report = Inventory(source="host.txt", format="winmsd", **parts)
    statements = (*collector.collect(report), *presence.collect_inventory(report))
    return {statement.name: statement.value for statement in statements}


def service(name=None, display_name=None, line=5, **more):
    return ServiceEntry(location=Location(source="host.txt", line=line), name=name, display_name=display_name, **more)


def file(name, line=5, **more):
    return FileEntry(location=Location(source="host.txt", line=line), name=name, **more)


def test_system():
    assert facts(
        computer="NTBOX",
        product="Windows NT Server",
        version="4.0",
        build="1381",
        service_pack="Service Pack 3, RC 1.76",
        kernel_type="Uniprocessor Free",
        role="server",
    ) == {
        "os.version": "4.0",
        "os.build": 1381,
        "os.service_pack": 3,
        "os.product": "Windows NT Server",
        "os.kernel_type": "Uniprocessor Free",
        "host.name": "NTBOX",
        "host.role": "server",
    }


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({}, {}),
        ({"version": "5.00.2195"}, {"os.version": "5.0"}),
        ({"version": "3.51"}, {"os.version": "3.51"}),
        ({"version": "10.0.19045.4291"}, {"os.version": "10.0", "os.ubr": 4291}),
        ({"version": "10.0.19045"}, {"os.version": "10.0"}),
        ({"version": "unknown", "build": "x", "service_pack": "RC"}, {}),
        ({"service_pack": ""}, {"os.service_pack": 0}),
        ({"computer": "ntbox.example.com"}, {"host.name": "ntbox"}),
        ({"hotfixes": ("Q246009",)}, {"hotfix": ("Q246009",)}),
        ({"hotfixes": ()}, {}),
        ({"hotfixes": ("Q246009", "Q147222"), "whole": frozenset({"hotfixes"})}, {"hotfix": ("Q147222", "Q246009")}),
        ({"whole": frozenset({"hotfixes"})}, {"hotfix": ()}),
        ({"files": (file("dhcpcsvc.dll", version="5.00.2195.1600"),)}, {"file.dhcpcsvc.dll.version": "5.0.2195.1600"}),
    ],
)
def test_normal_forms(parts, expected):
    assert facts(**parts) == expected


@pytest.mark.parametrize(("whole", "listing"), [({"hotfixes"}, Listing.WHOLE), ((), Listing.PART)])
def test_a_list_of_hotfixes_that_may_lack_some_says_nothing_of_others(whole, listing):
    report = Inventory(source="x", format="systeminfo", hotfixes=("Q147222",), whole=frozenset(whole))
    (statement,) = collector.collect(report)
    assert (statement.value, statement.listing) == (("Q147222",), listing)


def test_statements_say_where_and_when():
    place, taken = Location(source="host.txt", line=7), Instant(125_000_000_000_000_000, 0, local=True)
    report = Inventory(source="host.txt", format="winmsd", service_pack="", taken=taken, places={"service_pack": place})
    (statement,) = collector.collect(report)
    assert (statement.location, statement.taken, statement.event) == (place, taken, None)
    assert statement.note == "the report prints a service pack where there is one, and prints none"


def test_start_types():
    services = (
        EVENT_LOG,
        service(display_name="DHCP Client", start=4),
        service(display_name="Something else", start=2),
        service(name="Tcpip"),
        service(display_name="Zugriffsdienst", path=r"\SystemRoot\system32\drivers\RASARP.SYS -x", start=1),
    )
    found = facts(services=services)
    assert found == {
        "service.EventLog.start": 2,
        "service.Dhcp.start": 4,
        "service.RasArp.start": 1,
        "component.ras": True,
    }


@pytest.mark.parametrize(
    "entry",
    [
        service(name="RasArp"),
        service(name="rasarp"),
        service(display_name="Remote Access ARP Service"),
        service(display_name="remote  access arp service"),
        service(display_name="Anything", path=r"C:\WINNT\System32\drivers\rasarp.sys"),
    ],
)
def test_ras_by_name_display_name_or_file(entry):
    assert facts(services=(EVENT_LOG, entry))["component.ras"] is True
    assert facts(services=(service(name="Router"), entry), whole=WHOLE)["component.ras"] is True


def test_ras_is_absent_only_where_everything_is_listed():
    assert facts(services=(EVENT_LOG,), whole=WHOLE)["component.ras"] is False
    for part in WHOLE:
        assert "component.ras" not in facts(services=(EVENT_LOG,), whole=frozenset({part}))


@pytest.mark.parametrize(
    "entry",
    [
        service(name="WanArp"),
        service(display_name="Remote Access IP ARP Driver"),
        service(display_name="Routing and Remote Access Service"),
    ],
)
def test_rras_without_ras_is_open(entry):
    value = facts(services=(EVENT_LOG, entry), whole=WHOLE)["component.ras"]
    assert isinstance(value, Undecided)
    assert "Routing and Remote Access is installed" in value.why
    assert "component.ras" not in facts(services=(EVENT_LOG, entry))


def test_files():
    entry = file(
        "rasarp.sys", folder=DRIVERS, size=12944, date="1997-05-01", version="4.0.1381.7117", linked="1997-04-01"
    )
    assert facts(files=(entry,)) == {
        "file.rasarp.sys.version": "4.0.1381.7117",
        "file.rasarp.sys.size": 12944,
        "file.rasarp.sys.date": "1997-05-01",
        "file.rasarp.sys.linked": "1997-04-01",
    }


def test_the_file_that_windows_loads_counts():
    files = (
        file("rasarp.sys", folder=r"C:\WINNT\$NtServicePackUninstall$", size=1),
        file("rasarp.sys", folder=r"C:\WINNT\system32", size=2),
        file("rasarp.sys", folder=r"C:\WINNT\System32\Drivers", size=3),
        file("rasarp.sys", folder=r"C:\Windows.old\WINNT\system32\drivers", size=7),
        file("setup.exe", folder=r"D:\i386", size=4),
        file("dhcpcsvc.dll", folder=r"%SystemRoot%\system32", size=5),
        file("copied.sys", size=6),
    )
    assert facts(files=files) == {"file.rasarp.sys.size": 3, "file.dhcpcsvc.dll.size": 5, "file.copied.sys.size": 6}


def test_several_files_of_a_name_are_open():
    files = (
        file("rasarp.sys", line=5, folder=DRIVERS, size=1, version="4.0"),
        file("rasarp.sys", line=9, folder=r"D:\WINNT\system32\drivers", size=2, version="4.0"),
    )
    found = facts(files=files)
    assert found["file.rasarp.sys.version"] == "4.0"
    assert found["file.rasarp.sys.size"] == Undecided(
        "several files of this name are listed: 1 (host.txt, line 5) and 2 (host.txt, line 9)"
    )


def test_what_it_provides_is_in_the_catalogue():
    assert all(is_known(name) for name in collector.PROVIDES)


@pytest.mark.parametrize(
    ("shown", "name"),
    [
        ("DHCP Client", "Dhcp"),
        ("Routing and Remote Access Service", "Router"),
        ("EventLog", "EventLog"),
        ("", None),
        ("x", None),
    ],
)
def test_display_names(shown, name):
    assert service_name(shown) == name


texts = st.none() | st.text(max_size=20)


@given(
    st.lists(
        st.builds(service, name=texts, display_name=texts, path=texts, start=st.none() | st.integers(0, 4)), max_size=5
    ),
    texts,
    texts,
)
def test_any_text(services, version, pack):
    for statement in collector.collect(
        Inventory(
            source="x", format="x", services=tuple(services), version=version, service_pack=pack, computer=version
        )
    ):
        assert statement.name


@pytest.mark.parametrize(("version", "others"), [("6.3.9600", Basis.STATED), ("10.0.19045", Basis.UNKNOWN)])
def test_a_list_of_windows_10_lacks_what_newer_updates_contain(version, others):
    listed = {"hotfixes": ("KB5031988", "KB5032189"), "whole": frozenset({"hotfixes"})}
    report = Inventory(source="systeminfo.txt", format="systeminfo", version=version, **listed)
    host = Host(Evidence(logs=(), registries=(), inventories=(report,)))
    known = host.known("hotfix", host.now)
    assert (known.value, known.others.basis) == (("KB5031988", "KB5032189"), others)

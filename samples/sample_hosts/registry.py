"""The registry of a Windows NT machine as one tree, from which exports and hives are cut."""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from sample_writer import regf
from sample_writer.reg import ExpandString, RegKey, RegValue

Tree: TypeAlias = Mapping[str, "RegValue | Tree"]

_REG_EXPAND_SZ = 2
_RAS_SERVICES = ("AsyncMac", "NdisTapi", "NdisWan", "RasAcd", "RasArp", "RasAuto", "RasMan", "RemoteAccess")  # Q177118
_RRAS_SERVICES = (  # Q175719: all but RasArp, and what only Routing and Remote Access brings
    "AsyncMac",
    "IPFilterDriver",
    "NdisTapi",
    "NdisWan",
    "NwLnkFlt",
    "NwLnkFwd",
    "RasAcd",
    "RasAuto",
    "RasMan",
    "RemoteAccess",
    "Router",
    "WanArp",
)
_PROGRAMS: Tree = {
    "Adobe Acrobat Reader 3.0": {"DisplayName": "Adobe Acrobat Reader 3.0", "UninstallString": "uninst.exe -r"},
    "Tape Manager": {"DisplayName": "Tape Manager", "DisplayVersion": "2.1", "UninstallString": "uninst.exe -t"},
}
_DRIVERS = {"AsyncMac", "IPFilterDriver", "NdisTapi", "NdisWan", "NwLnkFlt", "NwLnkFwd", "RasAcd", "RasArp", "WanArp"}


def current_version(service_pack: int, *, version: str = "4.0", hotfixes: tuple[str, ...] = ()) -> Tree:
    r"""``SOFTWARE\Microsoft\Windows NT\CurrentVersion`` of NT 4.0 or 2000; Service Pack 0 leaves no value."""
    pack: Tree = {"CSDVersion": f"Service Pack {service_pack}"} if service_pack else {}
    is_2000: Tree = {"ProductName": "Microsoft Windows 2000"} if version == "5.0" else {}
    return {
        "CurrentBuild": "1.511.1 () (Obsolete data - do not use)",
        "CurrentBuildNumber": {"4.0": "1381", "5.0": "2195"}[version],
        **pack,
        "CurrentType": "Uniprocessor Free",
        "CurrentVersion": version,
        "InstallDate": 0x32E4A5D8,
        **is_2000,
        "RegisteredOrganization": "Lab",
        "RegisteredOwner": "Lab",
        "SystemRoot": "C:\\WINNT",
        "Hotfix": {name: {"Installed": 1} for name in hotfixes},
    }


def control(name: str, service_pack: int, product_type: str = "WinNT") -> Tree:
    r"""What is cut out of ``SYSTEM\CurrentControlSet\Control``: name, product type, service pack as a DWORD."""
    return {
        "ComputerName": {"ComputerName": {"ComputerName": name}},
        "ProductOptions": {"ProductType": product_type},
        "Windows": {"CSDVersion": service_pack << 8, "Directory": ExpandString("%SystemRoot%")},
    }


def services(*, ras: bool = False, rras: bool = False, driver: str = "El90x1") -> Tree:
    r"""``SYSTEM\CurrentControlSet\Services`` in full, with Remote Access Service, with its successor, or without."""
    card_values: Tree = {"EnableDHCP": 1, "IPAddress": ("0.0.0.0",), "SubnetMask": ("0.0.0.0",)}
    plain: dict[str, Tree] = {
        "Dhcp": _service("%SystemRoot%\\System32\\services.exe", "DHCP Client", start=2),
        driver: {**_driver(3), "Parameters": {"Tcpip": card_values}},
        "EventLog": _service("%SystemRoot%\\System32\\services.exe", "EventLog", start=2),
        "LanmanServer": _service("%SystemRoot%\\System32\\services.exe", "Server", start=2),
        "LanmanWorkstation": _service("%SystemRoot%\\System32\\services.exe", "Workstation", start=2),
        "NetBT": _driver(2),
        "Spooler": _service("%SystemRoot%\\system32\\spoolss.exe", "Spooler", start=2),
        "Tcpip": {**_driver(2), "Linkage": {"Bind": (f"\\Device\\{driver}",)}},
    }
    for name in _RAS_SERVICES if ras else _RRAS_SERVICES if rras else ():
        plain[name] = _driver(3) if name in _DRIVERS else _service(f"{name}.exe", name, start=3)
    return dict(sorted(plain.items(), key=lambda item: item[0].lower()))


def _driver(start: int) -> dict[str, RegValue | Tree]:
    return {"ErrorControl": 1, "Start": start, "Type": 1}


def _service(image: str, title: str, start: int) -> dict[str, RegValue | Tree]:
    return {"DisplayName": title, "ErrorControl": 1, "ImagePath": ExpandString(image), "Start": start, "Type": 0x20}


CURRENT_VERSION = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
CONTROL = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control"
SERVICES = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services"


def sections(path: str, tree: Tree) -> Iterator[RegKey]:
    """The sections that an export of a key holds: the key itself, then everything below it."""
    values: dict[str, RegValue] = {}
    below: dict[str, Tree] = {}
    for name, item in tree.items():
        if isinstance(item, Mapping):
            below[name] = item
        else:
            values[name] = item
    yield RegKey(path, values)
    for name, child in below.items():
        yield from sections(f"{path}\\{name}", child)


def hives(current: Tree, controls: Tree, held_services: Tree, written: int) -> dict[str, bytes]:
    """SOFTWARE and SYSTEM as they lie in System32\\config, last written at ``written`` (a FILETIME)."""
    set_one: Tree = {"Control": controls, "Services": held_services}
    select = {"Current": 1, "Default": 1, "Failed": 0, "LastKnownGood": 2}
    programs = {"Windows": {"CurrentVersion": {"Uninstall": _PROGRAMS}}}
    software = _stored({"Microsoft": {**programs, "Windows NT": {"CurrentVersion": current}}})
    system = _stored({"ControlSet001": set_one, "Select": select})
    return {
        "SOFTWARE": regf.write_hive(software, file_name="emRoot\\System32\\Config\\SOFTWARE", written=written),
        "SYSTEM": regf.write_hive(system, file_name="SYSTEM", written=written),
    }


def _stored(tree: Tree) -> regf.Tree:
    stored: dict[str, regf.Data | regf.Tree] = {}
    for name, item in tree.items():
        if isinstance(item, ExpandString):
            stored[name] = regf.Typed(_REG_EXPAND_SZ, (item.text + "\0").encode("utf-16-le"))
        elif isinstance(item, Mapping):
            stored[name] = _stored(item)
        else:
            stored[name] = item
    return stored

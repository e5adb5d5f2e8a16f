"""Registry keys → version, build, service pack, product, role, name and hotfixes of Windows."""

from collections.abc import Iterator

from evtscan.base.model.fact import FactValue
from evtscan.base.model.registry import Registry, RegistryKey, RegistryValue
from evtscan.base.model.source import Location
from evtscan.base.versions import os_version, service_pack, version_key
from evtscan.facts.collectors import updates
from evtscan.facts.history.statement import Statement

CURRENT_VERSION = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
CONTROL = r"SYSTEM\CurrentControlSet\Control"
PROVIDES = (
    "os.version",
    "os.build",
    "os.ubr",
    updates.FACT,
    "os.service_pack",
    "os.product",
    "os.kernel_type",
    "host.name",
    "host.role",
    "hotfix",
)
_ROLES = {"winnt": "workstation", "servernt": "server", "lanmannt": "domain controller"}
_MAX_HOTFIXES = 4096
_VISTA = (6,)


def collect(registry: Registry) -> Iterator[Statement]:
    """Read the keys that describe the system (their values by generation: Q132475, Q197099, Q222507, Q246009)."""
    current = registry.key(CURRENT_VERSION)
    if current is not None:
        stated = list(_from_current_version(registry, current))
        yield from stated
        yield from updates.from_statements(stated)
    hotfixes = registry.key(rf"{CURRENT_VERSION}\Hotfix")
    if hotfixes is not None and hotfixes.whole:
        names = tuple(sorted(hotfixes.subkeys)[:_MAX_HOTFIXES])
        yield Statement(name="hotfix", value=names, location=hotfixes.location, taken=registry.taken)
    elif hotfixes is None and registry.covers(rf"{CURRENT_VERSION}\Hotfix") and _lists_hotfixes(current):
        location = Location(source=registry.source, key=CURRENT_VERSION)
        yield Statement(name="hotfix", value=(), location=location, taken=registry.taken)
    control = registry.key(rf"{CONTROL}\Windows")
    if control is not None and (value := control.values.get("csdversion")) is not None:
        yield from _state(registry, value, "os.service_pack", _packed_service_pack(value))
    product = registry.key(rf"{CONTROL}\ProductOptions")
    if product is not None:
        yield from _from_product_options(registry, product)
    name = registry.key(rf"{CONTROL}\ComputerName\ComputerName")
    if name is not None and (value := name.values.get("computername")) is not None:
        yield from _state(registry, value, "host.name", _text(value))


def _lists_hotfixes(current: RegistryKey | None) -> bool:
    """Whether this Windows lists its hotfixes in a key Hotfix: none does from Vista on."""
    version = current.values.get("currentversion") if current is not None else None
    numbers = version_key(_text(version) or "") if version is not None else None
    return numbers is not None and numbers < _VISTA


def _state(registry: Registry, value: RegistryValue, name: str, fact: FactValue) -> Iterator[Statement]:
    if fact is not None:
        yield Statement(name=name, value=fact, location=value.location, taken=registry.taken)


def _from_current_version(registry: Registry, key: RegistryKey) -> Iterator[Statement]:
    values = key.values
    version = values.get("currentversion")
    if version is not None:
        # CurrentVersion stays 6.3 on Windows 10 and later, which have the true numbers in two values of their own
        major, minor = values.get("currentmajorversionnumber"), values.get("currentminorversionnumber")
        shown = _text(version)
        if major is not None and minor is not None:
            shown = f"{_number(major)}.{_number(minor)}"
        yield from _state(registry, version, "os.version", os_version(shown) if shown else None)
    for value_name, fact in (("currentbuildnumber", "os.build"), ("ubr", "os.ubr")):
        if (value := values.get(value_name)) is not None:
            yield from _state(registry, value, fact, _number(value))
    for value_name, fact in (("productname", "os.product"), ("currenttype", "os.kernel_type")):
        if (value := values.get(value_name)) is not None:
            yield from _state(registry, value, fact, _text(value))
    pack = values.get("csdversion")
    if pack is not None:
        text = _text(pack)
        number = _packed_service_pack(pack) if text is None else service_pack(text)
        yield from _state(registry, pack, "os.service_pack", number)
    elif version is not None and key.whole:
        yield Statement(
            name="os.service_pack",
            value=0,
            location=key.location,
            taken=registry.taken,
            note="the key is there in full and has no CSDVersion",
        )


def _from_product_options(registry: Registry, key: RegistryKey) -> Iterator[Statement]:
    kind = key.values.get("producttype")
    if kind is None:
        return
    word = (_text(kind) or "").lower()
    yield from _state(registry, kind, "host.role", _ROLES.get(word))


def _text(value: RegistryValue) -> str | None:
    return value.data.strip(" \0") if isinstance(value.data, str) else None


def _number(value: RegistryValue) -> int | None:
    if isinstance(value.data, int):
        return value.data
    text = _text(value) or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _packed_service_pack(value: RegistryValue) -> int | None:
    """A service pack as a DWORD: its number in the high byte of the low word (0x200 is 2; NT 3.1: Q132475)."""
    return value.data >> 8 & 0xFF if isinstance(value.data, int) else None

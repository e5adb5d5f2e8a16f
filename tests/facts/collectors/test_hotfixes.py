"""Updates that the log shows being installed and removed."""

import pytest
from host_builder import event
from msgspec.structs import replace

from evtscan.facts.collectors import hotfixes
from evtscan.facts.collectors.hotfixes import names_in
from evtscan.facts.history.statement import Listing

SERVICING = "Microsoft-Windows-Servicing"
ADDED, REMOVED = Listing.ADDED, Listing.REMOVED


def of(provider, number, qualifiers=None, channel="System", **data):
    plain = event(7, provider, number, channel=channel, **data)
    return replace(plain, qualifiers=qualifiers)


def stated(logged):
    return [
        (item.name, item.value, item.listing if item.name == "hotfix" else None) for item in hotfixes.collect([logged])
    ]


def hotfix(listing, *names):
    return [("hotfix", names, listing)]


def package(number=2, channel="Setup", **fields):
    return of(SERVICING, number, channel=channel, CbsPackageChangeState=fields)


XP = {"Data1": "Windows XP", "Data2": "KB943729"}
CASES = {
    "Update.exe": (of("NtServicePack", 4377, 0x400E, **XP), hotfix(ADDED, "KB943729")),
    "from a text export": (of("NtServicePack", 4377, None, **XP), hotfix(ADDED, "KB943729")),
    "Windows 2000": (of("NtServicePack", 4359, 0x400E, Data1="Q329115"), hotfix(ADDED, "Q329115")),
    "removed": (of("NtServicePack", 4378, 0x400E, **XP), hotfix(REMOVED, "KB943729")),
    "removed from Windows 2000": (of("NtServicePack", 4360, 0x400E, Data1="Q329115"), hotfix(REMOVED, "Q329115")),
    "a source named after the product": (
        of("WindowsMedia", 4377, 0x400E, Data1="Windows Media Player", Data2="KB979402_WM9L"),
        hotfix(ADDED, "KB979402_WM9L", "KB979402"),
    ),
    "a second version": (
        of("NtServicePack", 4377, 0x400E, Data1="Windows XP", Data2="KB951376-v2"),
        hotfix(ADDED, "KB951376-v2", "KB951376"),
    ),
    "a name without an article": (
        of("WgaNotify", 4377, 0x400E, Data1="Windows XP", Data2="WgaNotify"),
        hotfix(ADDED, "WgaNotify"),
    ),
    "it failed": (of("NtServicePack", 4379, 0xC00E, **XP), []),
    "another source with its id": (of("Other", 4377, 0x8000, **XP), []),
    "another source, qualifiers unknown": (of("Other", 4377, None, **XP), []),
    "no name": (of("NtServicePack", 4377, 0x400E, Data1="Windows XP", Data2=" "), []),
    "a name beyond reason": (of("NtServicePack", 4377, 0x400E, Data1="Windows XP", Data2="KB" + "9" * 900), []),
    "a service pack: the one before is still in force": (
        of("NtServicePack", 4371, 0x400E, Data1="Windows XP", Data2="Service Pack 3", Data3="Service Pack 2"),
        [("os.service_pack", 2, None)],
    ),
    "a service pack of Windows 2000": (
        of("NtServicePack", 4353, 0x400E, Data1="Service Pack 4", Data2="Service Pack 3"),
        [("os.service_pack", 3, None)],
    ),
    "a service pack over none": (
        of("NtServicePack", 4371, 0x400E, Data1="Windows XP", Data2="Service Pack 1", Data3=""),
        [],
    ),
    "servicing of Vista under the same id": (
        of(SERVICING, 4371, 0x4000, Data1="KB1", Data2="Service Pack 3", Data3="Service Pack 2"),
        [],
    ),
    "Windows Update of XP": (
        of("Windows Update Agent", 19, Data1="Security Update for Windows XP (KB943055)"),
        hotfix(ADDED, "KB943055"),
    ),
    "Windows Update": (
        of(
            "Microsoft-Windows-WindowsUpdateClient",
            19,
            updateTitle="2018-07 Cumulative Update for Windows 10 Version 1803 for x64-based Systems (KB4338819)",
        ),
        hotfix(ADDED, "KB4338819"),
    ),
    "an app": (of("Microsoft-Windows-WindowsUpdateClient", 19, updateTitle="9NBLGGH5PNB1-Microsoft.OneConnect"), []),
    "Windows Update failed": (of("Microsoft-Windows-WindowsUpdateClient", 20, updateTitle="Update (KB943055)"), []),
    "19 of another source": (of("Microsoft-Windows-WHEA-Logger", 19, Data1="KB943055"), []),
    "servicing": (
        package(PackageIdentifier="KB5032381", IntendedPackageState="5112", ErrorCode="0x0"),
        hotfix(ADDED, "KB5032381"),
    ),
    "servicing, a package's full name": (
        package(PackageIdentifier="Package_for_KB2305420~31bf~amd64~~6.1.1.0", IntendedPackageState="Installed"),
        hotfix(ADDED, "KB2305420"),
    ),
    "servicing removed it": (
        package(PackageIdentifier="KB5032381", IntendedPackageState="5000", ErrorCode="0x0"),
        hotfix(REMOVED, "KB5032381"),
    ),
    "servicing staged it": (package(PackageIdentifier="KB5032381", IntendedPackageState="5064"), []),
    "servicing failed": (
        package(PackageIdentifier="KB5032381", IntendedPackageState="5112", ErrorCode="0x800f0922"),
        [],
    ),
    "servicing of Vista": (
        package(4373, "System", PackageIdentifier="KB948465", PackageState="Installed", ErrorCode="0x0"),
        hotfix(ADDED, "KB948465"),
    ),
    "servicing without its data": (of(SERVICING, 2, channel="Setup", Data1="KB5032381"), []),
    "Windows Installer": (
        of("MsiInstaller", 1022, channel="Application", Data1="x", Data2="Update for .NET 4 (KB2600217)"),
        hotfix(ADDED, "KB2600217"),
    ),
    "Windows Installer with a status": (
        of("MsiInstaller", 1036, channel="Application", Data1="x", Data4="KB2600217", Data5="0"),
        hotfix(ADDED, "KB2600217"),
    ),
    "Windows Installer failed": (
        of("MsiInstaller", 1036, channel="Application", Data1="x", Data4="KB2600217", Data5="1603"),
        [],
    ),
    "Windows Installer removed it": (
        of("MsiInstaller", 1037, channel="Application", Data1="x", Data4="KB2600217", Data5="0"),
        hotfix(REMOVED, "KB2600217"),
    ),
}


@pytest.mark.parametrize(("logged", "expected"), CASES.values(), ids=CASES)
def test_updates(logged, expected):
    assert stated(logged) == expected


def test_every_statement_points_to_its_record():
    (found,) = hotfixes.collect([of("NtServicePack", 4377, 0x400E, **XP)])
    assert (found.location.record, found.event.sequence, found.note) == (7, 7, "installed")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Update (KB943055) and kb943056, KB943055", ("KB943055", "KB943056")),
        ("Q329115", ("Q329115",)),
        ("Definition Update - KB2267602 (Definition 1.271.638.0)", ("KB2267602",)),
        ("SQ329115, KB12, KB1234567890, FAQ 943055", ()),
    ],
)
def test_articles_in_a_text(text, expected):
    assert names_in(text) == expected


@pytest.mark.parametrize("logged", [case for case, expected in CASES.values() if expected])
def test_what_is_read_is_asked_for(logged):
    assert any(
        selector.event_id == logged.event_id
        and selector.channel == logged.channel
        and selector.provider in (None, logged.provider)
        for selector in hotfixes.SELECTORS
    )

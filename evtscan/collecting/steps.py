r"""The commands to run on a host of each generation, and the facts that they provide: data, with tools of such a host.

In the lines of a step for a particular file or key, ``{item}`` is replaced by the file (``rasarp.sys``) or registry
key (``SYSTEM\CurrentControlSet\Services\Dhcp``). Output goes to the folder ``%OUT%``, in PowerShell ``$Out``.
"""

from dataclasses import dataclass
from enum import Enum

_OS = ("os.version", "os.build", "os.service_pack", "os.kernel_type")
_FILE = ("file.NAME.version", "file.NAME.linked", "file.NAME.size", "file.NAME.date")
_SERVICES = ("component.ras", "component.NAME", "service.NAME.start")
_APPLICATIONS = ("application", "application.NAME.version")
_REGISTRY = ("registry.PATH", r"registry.PATH\*\PATH", "size(registry.PATH)", "count(registry.PATH)")


class Shell(Enum):
    """The language of a script."""

    CMD = "cmd"
    POWERSHELL = "ps1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Some lines of a script, their purpose, and the facts that they provide (patterns of the catalogue)."""

    title: str
    lines: tuple[str, ...]
    gives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """The hosts that a script supports: their version of Windows is at least ``first`` and less than ``below``."""

    name: str
    title: str
    shell: Shell
    first: tuple[int, ...]
    below: tuple[int, ...]
    steps: tuple[Step, ...]

    def admits(self, version: tuple[int, ...] | None) -> bool:
        """Return whether the generation includes hosts of this version; an unknown version is included."""
        return version is None or self.first <= version < self.below


def _export(file: str, key: str) -> str:
    # A window program: a batch file does not wait for it unless told so.
    return rf'start /wait regedit /e "%OUT%\{file}.reg" "HKEY_LOCAL_MACHINE\{key}"'


_CONTROL = r"SYSTEM\CurrentControlSet\Control"
_IF_SC = r'if exist "%SystemRoot%\system32\sc.exe"'
_LISTS = (
    r'ver > "%OUT%\ver.txt"',
    r'net start > "%OUT%\net-start.txt"',
    r'ipconfig /all > "%OUT%\ipconfig.txt"',
)

_VERSION = Step(
    title="Version, service pack and hotfixes",
    lines=(_export("CurrentVersion", r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"),),
    gives=(*_OS, "os.ubr", "hotfix"),
)
_IDENTITY = Step(
    title="Name, role, product and time zone",
    lines=(
        _export("ProductOptions", rf"{_CONTROL}\ProductOptions"),
        _export("ComputerName", rf"{_CONTROL}\ComputerName"),
        _export("TimeZone", rf"{_CONTROL}\TimeZoneInformation"),
    ),
    gives=("os.product", "host.name", "host.role"),
)
_INSTALLED = Step(
    title="Services and drivers, whole, so that what is not there is known to be absent",
    lines=(_export("Services", r"SYSTEM\CurrentControlSet\Services"),),
    gives=_SERVICES,
)
_PROGRAMS = Step(
    title="Programs that are installed, with their versions",
    lines=(_export("Programs", r"SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall"),),
    gives=_APPLICATIONS,
)
_SOFTWARE = Step(
    title="Programs, whole (reg comes with XP and 2003)",
    lines=(
        r'if exist "%SystemRoot%\system32\reg.exe" if not exist "%OUT%\SOFTWARE" '
        r'reg save HKLM\SOFTWARE "%OUT%\SOFTWARE"',
    ),
    gives=_APPLICATIONS,
)
_KEY = Step(
    title="Registry key {item}",
    lines=(_export("key-{number}", "{item}"),),
    gives=_REGISTRY,
)
_COPY = Step(
    title="The file {item}: version, link date, size and date",
    lines=(
        r'if exist "%SystemRoot%\system32\drivers\{item}" copy "%SystemRoot%\system32\drivers\{item}" "%OUT%"',
        r'if exist "%SystemRoot%\system32\{item}" copy "%SystemRoot%\system32\{item}" "%OUT%"',
    ),
    gives=_FILE,
)
_DRIVERS = Step(
    title="Dates and sizes of drivers",
    lines=(r'dir "%SystemRoot%\system32\drivers" > "%OUT%\drivers-dir.txt"',),
    gives=("file.NAME.size", "file.NAME.date"),
)

NT4 = Generation(
    name="nt4",
    title="Windows NT 4.0 (NT 3.51 has no regedit: use REGEDT32, Save Subtree As)",
    shell=Shell.CMD,
    first=(3,),
    below=(5,),
    steps=(
        Step(
            title="Event logs: the live files are locked, so Event Viewer saves them",
            lines=(
                r"echo Save System, Application and Security from Event Viewer (Log, Save As, Event Log File) to %OUT%",
                "rem With dumpel of the Resource Kit in the path, a text of each log as well:",
                r'dumpel -l System -t -f "%OUT%\System-dumpel.txt"',
                r'dumpel -l Application -t -f "%OUT%\Application-dumpel.txt"',
            ),
            gives=("component.ras.leftovers",),
        ),
        _VERSION,
        _IDENTITY,
        _INSTALLED,
        _PROGRAMS,
        Step(
            title="Diagnostics report: version, services and drivers with their state (winmsd writes into this folder)",
            lines=('pushd "%OUT%"', "start /wait winmsd /a /f", "popd"),
            gives=(*_OS, *_SERVICES),
        ),
        Step(title="What runs, and the network", lines=_LISTS, gives=("os.version",)),
        _DRIVERS,
        Step(
            title="Crashes: Dr. Watson notes version and service pack of each time",
            lines=(r'if exist "%SystemRoot%\drwtsn32.log" copy "%SystemRoot%\drwtsn32.log" "%OUT%"',),
            gives=("os.version", "os.build", "os.service_pack"),
        ),
        _COPY,
        _KEY,
    ),
)

WIN2000 = Generation(
    name="2000",
    title="Windows 2000, XP and Server 2003",
    shell=Shell.CMD,
    first=(5,),
    below=(6,),
    steps=(
        Step(
            title="Event logs: the live files are locked, so WMI saves each",
            lines=(
                r'set "VBS=%OUT%\save-logs.vbs"',
                r'> "%VBS%" echo wmi = "winmgmts:{{impersonationLevel=impersonate,(Backup,Security)}}!\\.\root\cimv2"',
                r'>> "%VBS%" echo For Each logfile In GetObject(wmi).ExecQuery("SELECT * FROM Win32_NTEventlogFile")',
                r'>> "%VBS%" echo logfile.BackupEventlog WScript.Arguments(0) + "\" + logfile.FileName + ".evt"',
                r'>> "%VBS%" echo Next',
                r'cscript //nologo "%VBS%" "%OUT%"',
            ),
            gives=("component.ras.leftovers",),
        ),
        _VERSION,
        _IDENTITY,
        _INSTALLED,
        _PROGRAMS,
        _SOFTWARE,
        Step(
            title="System report (msinfo32 takes minutes; systeminfo comes with XP and 2003)",
            lines=(
                r'start /wait msinfo32 /report "%OUT%\msinfo32.txt"',
                r'if exist "%SystemRoot%\system32\systeminfo.exe" systeminfo > "%OUT%\systeminfo.txt"',
            ),
            gives=("os.version", "os.build", "os.service_pack", "os.product", "host.name", *_SERVICES),
        ),
        Step(
            title="Hotfixes (wmic comes with XP and 2003)",
            lines=(
                r'if exist "%SystemRoot%\system32\wbem\wmic.exe" '
                r'wmic qfe list full /format:csv > "%OUT%\hotfixes.csv" < nul',
            ),
            gives=("hotfix",),
        ),
        Step(
            title="Services and drivers with their state (sc and driverquery come with XP and 2003)",
            lines=(
                rf'{_IF_SC} sc query type= service state= all bufsize= 200000 > "%OUT%\services.txt"',
                rf'{_IF_SC} sc query type= driver state= all bufsize= 200000 > "%OUT%\drivers.txt"',
                r'if exist "%SystemRoot%\system32\driverquery.exe" driverquery /v /fo csv > "%OUT%\driverquery.csv"',
            ),
            gives=("component.ras", "component.NAME", "service.NAME.start"),
        ),
        Step(title="What runs, and the network", lines=_LISTS, gives=("os.version",)),
        _DRIVERS,
        _COPY,
        _KEY,
    ),
)

MODERN = Generation(
    name="modern",
    title="Windows Vista, Server 2008 and later",
    shell=Shell.POWERSHELL,
    first=(6,),
    below=(1000,),
    steps=(
        Step(
            title="Event logs that hold anything",
            lines=(
                "foreach ($Log in Get-WinEvent -ListLog * -ErrorAction SilentlyContinue) {{",
                "    if ($Log.RecordCount -gt 0) {{",
                "        $File = ($Log.LogName -replace '/', '%4') + '.evtx'",
                "        wevtutil.exe epl $Log.LogName (Join-Path $Out $File) /ow:true",
                "    }}",
                "}}",
            ),
            gives=("component.ras.leftovers",),
        ),
        Step(
            title="Registry: version, updates, services, roles",
            lines=(
                "reg.exe save HKLM\\SYSTEM (Join-Path $Out 'SYSTEM') /y",
                "reg.exe save HKLM\\SOFTWARE (Join-Path $Out 'SOFTWARE') /y",
            ),
            gives=(
                *_OS,
                "os.ubr",
                "os.update_date",
                "os.product",
                "host.name",
                "host.role",
                "hotfix",
                *_SERVICES,
                *_APPLICATIONS,
                *_REGISTRY,
            ),
        ),
        Step(
            title="System report",
            lines=("systeminfo.exe | Set-Content -Encoding UTF8 (Join-Path $Out 'systeminfo.txt')",),
            gives=("os.version", "os.build", "os.service_pack", "os.product", "host.name", "hotfix"),
        ),
        Step(
            title="Updates",
            lines=(
                "Get-HotFix | Select-Object CSName, Description, HotFixID, InstalledBy, InstalledOn |",
                "    Export-Csv -NoTypeInformation -Encoding UTF8 (Join-Path $Out 'hotfixes.csv')",
            ),
            gives=("hotfix",),
        ),
        Step(
            title="Services and drivers with their state, and the network",
            lines=(
                "sc.exe query type= service state= all | Set-Content -Encoding UTF8 (Join-Path $Out 'services.txt')",
                "sc.exe query type= driver state= all | Set-Content -Encoding UTF8 (Join-Path $Out 'drivers.txt')",
                "driverquery.exe /v /fo csv | Set-Content -Encoding UTF8 (Join-Path $Out 'driverquery.csv')",
                "ipconfig.exe /all | Set-Content -Encoding UTF8 (Join-Path $Out 'ipconfig.txt')",
            ),
            gives=_SERVICES,
        ),
        Step(
            title="The file {item}: version, link date, size and date",
            lines=(
                "foreach ($Folder in 'drivers', '.') {{",
                "    $File = Join-Path (Join-Path \"$env:SystemRoot\\System32\" $Folder) '{item}'",
                "    if (Test-Path -LiteralPath $File) {{ Copy-Item -LiteralPath $File -Destination $Out }}",
                "}}",
            ),
            gives=_FILE,
        ),
    ),
)

GENERATIONS = (NT4, WIN2000, MODERN)

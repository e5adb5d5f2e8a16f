r"""What administrators' tools print on invented hosts, in the layout that each tool has.

Windows NT 4.0 is ``NTWS30``, 2000 is ``W2KPRO9``, XP is ``XPWS31``.
"""

_RULE = "-" * 70


def _winmsd_part(title: str, *lines: str) -> str:
    return "\n".join((_RULE, f"{title} Report", _RULE, *lines)) + "\n"


def _winmsd_service(shown: str, state: str, path: str, *dependencies: str) -> str:
    lines = [f"{shown:<68}{state}", f"   {path}"]
    if not path.endswith(".sys"):
        lines.append("   Service Account Name: LocalSystem")
    lines.append("   Error Severity: Normal")
    if dependencies:
        lines += ["   Service Dependencies:", *(f"      {name}" for name in dependencies)]
    return "\n".join(lines)


_SERVICES_EXE = r"C:\WINNT\System32\services.exe"
_DRIVERS = r"C:\WINNT\System32\drivers"

WINMSD = (
    "Microsoft Diagnostics Report For \\\\NTWS30\n"
    + _winmsd_part(
        "OS Version",
        "Microsoft (R) Windows NT (TM) Workstation",
        "Version 4.0 (Build 1381: Service Pack 2) x86 Uniprocessor Free",
        "Registered Owner: Lab, Lab",
        "Product Number: 50036-000-0000000-00000",
    )
    + _winmsd_part(
        "System",
        "System: AT/AT COMPATIBLE",
        "Hardware Abstraction Layer: PC Compatible Eisa/Isa HAL",
        "BIOS Date: 05/29/96",
        "BIOS Version: <unavailable>",
        "",
        "Processor list:",
        "   0: x86 Family 5 Model 2 Stepping 12 GenuineIntel ~132 Mhz",
    )
    + _winmsd_part(
        "Drives",
        "C:\\  (Local - NTFS)  Total: 1,024,128 KB, Free: 511,872 KB",
        "F:\\  (Remote - NTFS) \\\\FILESRV2\\users Total: 4,192,902 KB, Free: 1,318,400 KB",
    )
    + _winmsd_part(
        "Memory",
        "Handles: 1,414",
        "Threads: 126",
        "Processes: 19",
        "",
        "Physical Memory (K)",
        "   Total: 32,180",
        "   Available: 11,828",
        "   File Cache: 6,296",
    )
    + _winmsd_part(
        "Services",
        _winmsd_service("Alerter", "Stopped    (Manual)", _SERVICES_EXE, "LanmanWorkstation"),
        _winmsd_service("Computer Browser", "Running    (Automatic)", _SERVICES_EXE, "LanmanWorkstation", "LmHosts"),
        _winmsd_service("DHCP Client (TDI)", "Running    (Automatic)", _SERVICES_EXE, "Tcpip", "Afd", "NetBT"),
        _winmsd_service("EventLog (Event log)", "Running    (Automatic)", _SERVICES_EXE),
        _winmsd_service("Remote Access Autodial Manager", "Stopped    (Manual)", r"C:\WINNT\System32\rasman.exe"),
        _winmsd_service(
            "Remote Access Connection Manager (Network)", "Running    (Manual)", r"C:\WINNT\System32\rasman.exe"
        ),
        _winmsd_service("Remote Access Server (Network)", "Stopped    (Disabled)", r"C:\WINNT\System32\rassrv.exe"),
        _winmsd_service("Spooler (SpoolerGroup)", "Running    (Automatic)", r"C:\WINNT\system32\spoolss.exe"),
    )
    + _winmsd_part(
        "Drivers",
        "Abiosdsk (Primary disk)                                             Stopped    (Disabled)",
        _winmsd_service("AFD Networking Support Environment (TDI)", "Running    (Automatic)", rf"{_DRIVERS}\afd.sys"),
        "Npfs (File system)                                                  Running    (System)",
        _winmsd_service("Remote Access ARP Service (PNP_TDI)", "Running    (Automatic)", rf"{_DRIVERS}\rasarp.sys"),
        _winmsd_service("TCP/IP Service (PNP_TDI)", "Running    (Automatic)", rf"{_DRIVERS}\tcpip.sys"),
        _winmsd_service("WINS Client(TCP/IP) (PNP_TDI)", "Running    (Automatic)", rf"{_DRIVERS}\netbt.sys"),
    )
    + _winmsd_part("IRQ and Port", f"{'Devices':49}Vector Level Affinity", f"{'MPU401 Port':52}9     9 0x00000001")
    + _winmsd_part(
        "Network",
        "Your Access Level: Admin & Local",
        "Workgroup or Domain: LAB",
        "Network Version: 4.0",
        "LanRoot: LAB",
        "Logged On Users: 1",
        "Transport: NetBT_El90x1, 00-60-08-3A-52-D7, VC's: 1, Wan: Wan",
    )
)


def _msinfo_table(title: str, *rows: tuple[str, ...]) -> str:
    return f"[{title}]\n\n" + "".join("\t".join((*row, "")) + "\n" for row in rows) + "\n"


_DRIVER_CAPTIONS = (
    "Name",
    "Description",
    "File",
    "Type",
    "Started",
    "Start Mode",
    "State",
    "Status",
    "Error Control",
    "Accept Pause",
    "Accept Stop",
)
_SERVICE_CAPTIONS = (
    "Display Name",
    "Name",
    "State",
    "Start Mode",
    "Service Type",
    "Path",
    "Error Control",
    "Start Name",
    "Tag ID",
)


_RUNNING_DRIVER = ("Running", "OK", "Normal", "No", "Yes")


def _drivers_of(root: str) -> tuple[tuple[str, ...], ...]:
    folder = rf"{root}\system32\drivers"
    return (
        ("npfs", "Npfs", rf"{folder}\npfs.sys", "File System Driver", "Yes", "System", *_RUNNING_DRIVER),
        ("tcpip", "TCP/IP Protocol Driver", rf"{folder}\tcpip.sys", "Kernel Driver", "Yes", "System", *_RUNNING_DRIVER),
        (
            "wanarp",
            "Remote Access IP ARP Driver",
            rf"{folder}\wanarp.sys",
            "Kernel Driver",
            "Yes",
            "Manual",
            *_RUNNING_DRIVER,
        ),
    )


def _services_of(root: str) -> tuple[tuple[str, ...], ...]:
    shared = (rf"{root}\system32\services.exe", "Normal", "LocalSystem", "0")
    return (
        ("DHCP Client", "Dhcp", "Running", "Auto", "Share Process", *shared),
        ("Event Log", "Eventlog", "Running", "Auto", "Share Process", *shared),
        ("SNMP Service", "SNMP", "Running", "Auto", "Own Process", rf"{root}\System32\snmp.exe", *shared[1:]),
        ("Telnet", "TlntSvr", "Stopped", "Manual", "Own Process", rf"{root}\system32\tlntsvr.exe", *shared[1:]),
    )


MSINFO = (
    "System Information report written at: 02/14/2001 04:12:09 PM\n"
    "[System Information]\n\n[Following are sub-categories of this main category]\n\n"
    + _msinfo_table(
        "System Summary",
        ("Item", "Value"),
        ("OS Name", "Microsoft Windows 2000 Professional"),
        ("Version", "5.0.2195 Service Pack 1 Build 2195"),
        ("OS Manufacturer", "Microsoft Corporation"),
        ("System Name", "W2KPRO9"),
        ("System Type", "X86-based PC"),
        ("Processor", "x86 Family 6 Model 8 Stepping 6 GenuineIntel ~863 Mhz"),
        ("Windows Directory", r"C:\WINNT"),
        ("Locale", "United States"),
        ("Time Zone", "Eastern Standard Time"),
    )
    + "[Software Environment]\n\n[Following are sub-categories of this main category]\n\n"
    + _msinfo_table("Drivers", _DRIVER_CAPTIONS, *_drivers_of(r"c:\winnt"))
    + _msinfo_table(
        "Loaded Modules",
        ("Name", "Version", "Size", "File Date", "Manufacturer", "Path"),
        (
            "dhcpcsvc.dll",
            "5.00.2195.1600",
            "89.77 KB (91,920 bytes)",
            "7/26/2000 7:00:00 AM",
            "Microsoft Corporation",
            r"c:\winnt\system32\dhcpcsvc.dll",
        ),
    )
    + _msinfo_table("Services", _SERVICE_CAPTIONS, *_services_of(r"c:\winnt"))
    + _msinfo_table("Program Groups", ("Group Name", "Name", "User Name"))
)


def _xml_rows(captions: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> str:
    names = [caption.replace(" ", "_") for caption in captions]
    items = (
        "".join(f"<{name}><![CDATA[{value}]]></{name}>\n" for name, value in zip(names, row, strict=True))
        for row in rows
    )
    return "".join(f"<Data>\n{item}</Data>\n" for item in items)


_XP_SUMMARY = (
    ("OS Name", "Microsoft Windows XP Professional"),
    ("Version", "5.1.2600 Service Pack 2 Build 2600"),
    ("OS Manufacturer", "Microsoft Corporation"),
    ("System Name", "XPWS31"),
    ("System Type", "X86-based PC"),
    ("Windows Directory", r"C:\WINDOWS"),
    ("Hardware Abstraction Layer", 'Version = "5.1.2600.2180 (xpsp_sp2_rtm.040803-2158)"'),
    ("Time Zone", "Eastern Daylight Time"),
)

NFO = (
    '<?xml version="1.0"?>\n<MsInfo>\n'
    "<Metadata>\n<Version>7.0</Version>\n<CreationUTC>09/15/04 12:04:11</CreationUTC>\n</Metadata>\n"
    '<Category name="System Summary">\n'
    + _xml_rows(("Item", "Value"), _XP_SUMMARY)
    + '<Category name="Software Environment">\n<Category name="System Drivers">\n'
    + _xml_rows(_DRIVER_CAPTIONS, _drivers_of(r"c:\windows"))
    + '</Category>\n<Category name="Services">\n'
    + _xml_rows(_SERVICE_CAPTIONS, _services_of(r"c:\windows"))
    + '</Category>\n<Category name="Program Groups">\n</Category>\n</Category>\n</Category>\n</MsInfo>\n'
)

SYSTEMINFO = r"""
Host Name:                 XPWS31
OS Name:                   Microsoft Windows XP Professional
OS Version:                5.1.2600 Service Pack 2 Build 2600
OS Manufacturer:           Microsoft Corporation
OS Configuration:          Member Workstation
OS Build Type:             Uniprocessor Free
Registered Owner:          Lab
Registered Organization:   Lab
Product ID:                55274-000-0000000-00000
Original Install Date:     8/30/2004, 10:12:37 AM
System Up Time:            0 Days, 6 Hours, 11 Minutes, 4 Seconds
System Manufacturer:       Example
System Model:              Example 200
System type:               X86-based PC
Processor(s):              1 Processor(s) Installed.
                           [01]: x86 Family 6 Model 8 Stepping 6 GenuineIntel ~863 Mhz
BIOS Version:              EXMPLE - 20001205
Windows Directory:         C:\WINDOWS
System Directory:          C:\WINDOWS\system32
Boot Device:               \Device\HarddiskVolume1
System Locale:             en-us;English (United States)
Input Locale:              en-us;English (United States)
Time Zone:                 (GMT-05:00) Eastern Time (US & Canada)
Total Physical Memory:     511 MB
Available Physical Memory: 283 MB
Virtual Memory: Max Size:  2,048 MB
Virtual Memory: Available: 2,008 MB
Virtual Memory: In Use:    40 MB
Page File Location(s):     C:\pagefile.sys
Domain:                    lab.example
Logon Server:              \\LABDC1
Hotfix(s):                 4 Hotfix(s) Installed.
                           [01]: File 1
                           [02]: Q147222
                           [03]: KB834707 - Update
                           [04]: KB840987 - Update
NetWork Card(s):           1 NIC(s) Installed.
                           [01]: 3Com EtherLink XL 10/100 PCI TX NIC (3C905B-TX)
                                 Connection Name: Local Area Connection
                                 DHCP Enabled:    Yes
                                 DHCP Server:     192.0.2.2
                                 IP address(es)
                                 [01]: 192.0.2.61
"""


def _sc_block(name: str, shown: str, kind: str, state: str, accepts: str = "STOPPABLE,NOT_PAUSABLE") -> str:
    return f"""SERVICE_NAME: {name}
DISPLAY_NAME: {shown}
        TYPE               : {kind}
        STATE              : {state}
                                ({accepts},IGNORES_SHUTDOWN)
        WIN32_EXIT_CODE    : 0\t(0x0)
        SERVICE_EXIT_CODE  : 0\t(0x0)
        CHECKPOINT         : 0x0
        WAIT_HINT          : 0x0

"""


_SHARE, _OWN, _KERNEL, _FILE_SYSTEM = (
    "20  WIN32_SHARE_PROCESS",
    "10  WIN32_OWN_PROCESS",
    "1  KERNEL_DRIVER",
    "2  FILE_SYSTEM_DRIVER",
)
_RUNNING, _STOPPED = "4  RUNNING", "1  STOPPED"

SC = (
    "C:\\NTRESKIT>sc query state= all bufsize= 16384\n\n"
    + _sc_block("Dhcp", "DHCP Client", _SHARE, _RUNNING)
    + _sc_block("EventLog", "EventLog", _SHARE, _RUNNING, "NOT_STOPPABLE,NOT_PAUSABLE")
    + _sc_block("RasMan", "Remote Access Connection Manager", _SHARE, _RUNNING)
    + _sc_block("RemoteAccess", "Remote Access Server", _SHARE, _STOPPED)
    + _sc_block("Spooler", "Spooler", _OWN, _RUNNING)
    + "C:\\NTRESKIT>sc query type= driver state= all bufsize= 32768\n\n"
    + _sc_block("NetBT", "WINS Client(TCP/IP)", _KERNEL, _RUNNING)
    + _sc_block("Npfs", "Npfs", _FILE_SYSTEM, _RUNNING)
    + _sc_block("RasArp", "Remote Access ARP Service", _KERNEL, _RUNNING)
    + _sc_block("Tcpip", "TCP/IP Service", _KERNEL, _RUNNING)
    + r"""C:\NTRESKIT>sc qc RasArp
[SC] GetServiceConfig SUCCESS

SERVICE_NAME: RasArp
        TYPE               : 1  KERNEL_DRIVER
        START_TYPE         : 2   AUTO_START
        ERROR_CONTROL      : 1   NORMAL
        BINARY_PATH_NAME   : \SystemRoot\System32\drivers\rasarp.sys
        LOAD_ORDER_GROUP   : PNP_TDI
        TAG                : 0
        DISPLAY_NAME       : Remote Access ARP Service
        DEPENDENCIES       : Tcpip
        SERVICE_START_NAME :

C:\NTRESKIT>
"""
)

NET_START = """These Windows NT services are started:

   Computer Browser
   DHCP Client
   EventLog
   Microsoft DHCP Server
   Net Logon
   NT LM Security Support Provider
   Remote Access Connection Manager
   Remote Access Server
   Remote Procedure Call (RPC) Service
   Server
   Spooler
   TCP/IP NetBIOS Helper
   Telephony Service
   Windows Internet Name Service
   Workstation

The command completed successfully.

"""

_DRIVERQUERY_CAPTIONS = (
    "Module Name",
    "Display Name",
    "Description",
    "Driver Type ",
    "Start Mode",
    "State",
    "Status",
    "Accept Stop",
    "Accept Pause",
    "Paged Pool(bytes)",
    "Code(bytes)",
    "BSS(bytes)",
    "Link Date",
    "Path",
    "Init(bytes)",
)


def _driverquery_row(name: str, shown: str, kind: str, mode: str, linked: str, sizes: tuple[str, str, str, str]) -> str:
    paged, code, bss, init = sizes
    path = rf"C:\WINDOWS\system32\drivers\{name}.sys"
    state = ("Running", "OK", "TRUE", "FALSE") if mode != "Disabled" else ("Stopped", "OK", "FALSE", "FALSE")
    return _quoted(name, shown, shown, kind, mode, *state, paged, code, bss, linked, path, init)


def _quoted(*fields: str) -> str:
    return ",".join(f'"{field}"' for field in fields) + "\n"


DRIVERQUERY = "".join(
    (
        _quoted(*_DRIVERQUERY_CAPTIONS),
        _driverquery_row("Abiosdsk", "Abiosdsk", "Kernel ", "Disabled", "", ("0", "0", "0", "0")),
        _driverquery_row(
            "NDIS", "NDIS System Driver", "Kernel ", "Boot", "8/4/2004 2:14:27 AM", ("41,472", "92,160", "0", "5,376")
        ),
        _driverquery_row(
            "Npfs", "Npfs", "File System ", "System", "8/4/2004 2:00:38 AM", ("20,864", "4,864", "0", "1,152")
        ),
        _driverquery_row(
            "Tcpip",
            "TCP/IP Protocol Driver",
            "Kernel ",
            "System",
            "8/4/2004 2:14:39 AM",
            ("38,784", "246,784", "0", "19,712"),
        ),
        _driverquery_row(
            "Wanarp",
            "Remote Access IP ARP Driver",
            "Kernel ",
            "Manual",
            "8/18/2001 12:55:23 AM",
            ("9,728", "16,512", "0", "2,304"),
        ),
    )
)

QFECHECK = r"""
Windows 2000 Hotfix Validation Report for \\W2KPRO9
Report Date:  2/14/2001  4:12pm

Current Service Pack Level:  Service Pack 1

Hotfixes Identified:
Q147222:  Current on system.
Q269862:  Current on system.
Q276471:  Current on system.
"""

IPCONFIG = """
Windows NT IP Configuration

\tHost Name . . . . . . . . . : ntws30.lab.example
\tDNS Servers . . . . . . . . : 192.0.2.3
\tNode Type . . . . . . . . . : Hybrid
\tNetBIOS Scope ID. . . . . . :
\tIP Routing Enabled. . . . . : No
\tWINS Proxy Enabled. . . . . : No
\tNetBIOS Resolution Uses DNS : No

Ethernet adapter El90x1:

\tDescription . . . . . . . . : 3Com 3C90x Ethernet Adapter
\tPhysical Address. . . . . . : 00-60-08-3A-52-D7
\tDHCP Enabled. . . . . . . . : Yes
\tIP Address. . . . . . . . . : 0.0.0.0
\tSubnet Mask . . . . . . . . : 0.0.0.0
\tDefault Gateway . . . . . . :
\tDHCP Server . . . . . . . . : 255.255.255.255

Ethernet adapter NdisWan5:

\tDescription . . . . . . . . : NdisWan Adapter
\tPhysical Address. . . . . . : 00-00-00-00-00-00
\tDHCP Enabled. . . . . . . . : No
\tIP Address. . . . . . . . . : 0.0.0.0
\tSubnet Mask . . . . . . . . : 0.0.0.0
\tDefault Gateway . . . . . . :
"""

SRVINFO = r"""Server Name: NTWS30
Security: Users
NT Type: NT Workstation
Version: 4.0
Build: 1381, Service Pack 3
Current Type: Uniprocessor Free
Product Name: Microsoft Windows NT
Registered Owner: Lab
Registered Organization: Lab
ProductID: 50036-000-0000000-00000
Original Install Date: Mon Jan 20 09:12:24 1997
Domain: LAB
PDC: \\LABDC1
IP Address: 192.0.2.61
CPU[0]: x86 Family 5 Model 2 Stepping 12: 132 MHz
Hotfixes:
   [Q143474]:
   [Q146965]:
Drive:  [FileSys] [ Size ] [ Free ] [ Used ]
  C$     NTFS      1000     499      501
Services:
   [Stopped]  Alerter
   [Running]  Computer Browser
   [Running]  DHCP Client
   [Running]  EventLog
   [Running]  Remote Access Connection Manager
   [Stopped]  Remote Access Server
   [Running]  Server
   [Running]  Spooler
   [Running]  Workstation
Network Card [0]: 3Com 3C90x Ethernet Adapter
Protocol[0]: WINS Client(TCP/IP) 4.0
System Up Time: 6 Hr 11 Min 4 Sec
"""

DIR_LISTING = r""" Volume in drive C has no label.
 Volume Serial Number is 0000-0000

 Directory of C:\WINNT\system32\drivers

01/20/97  09:02a        <DIR>          .
01/20/97  09:02a        <DIR>          ..
05/01/97  12:00a                63,888 afd.sys
05/01/97  12:00a               119,600 netbt.sys
10/13/96  08:38p                12,688 rasarp.sys
05/01/97  12:00a               147,088 tcpip.sys
               6 File(s)        343,264 bytes
                            510,197,760 bytes free
"""

FILEVER = r"""
C:\WINNT\system32\drivers>filever rasarp.sys
--a-- W32i   DRV ENU     4.0.1381.7117 shp     12,944 12-12-2001 rasarp.sys

C:\WINNT\system32\drivers>
"""


def _crash(when: str, program: str, process: int) -> str:
    return f"""

Application exception occurred:
        App: {program} (pid={process})
        When: {when}
        Exception number: c0000005 (access violation)

*----> System Information <----*
        Computer Name: NTWS30
        User Name: rkeller
        Number of Processors: 1
        Processor Type: x86 Family 5 Model 2 Stepping 12
        Windows Version: 4.0
        Current Build: 1381
        Current Type: Uniprocessor Free
        Registered Organization: Lab
        Registered Owner: Lab

*----> Task List <----*
   0 Idle.exe
   2 System.exe
  {process} {program}
   0 _Total.exe

State Dump for Thread Id 0x51

eax=00000000 ebx=00000000 ecx=0012fb3c edx=00000000 esi=00141f38 edi=00000000

"""


DRWATSON = _crash("1/27/1997 @ 16:41:7.580", "winword.dbg", 128) + _crash("2/24/1997 @ 9:26:53.20", "excel.dbg", 97)

VER = r"""
C:\>ver

Windows NT Version 4.0

C:\>
"""

"""Made-up output of each program, in the layout that the program has."""

from pathlib import Path

from evtscan.base.model.inventory import Inventory
from evtscan.base.model.source import Source
from evtscan.parsers.reports import read_inventory

RULE = "-" * 70

WINMSD = rf"""Microsoft Diagnostics Report For \\NTBOX
{RULE}
OS Version Report
{RULE}
Microsoft (R) Windows NT (TM) Server
Version 4.0 (Build 1381: Service Pack 2) x86 Uniprocessor Free
Registered Owner: Lab
Product Number: 00000-000-0000000-00000
{RULE}
System Report
{RULE}
System: AT/AT COMPATIBLE
Processor list:
0: x86 Family 5 Model 4 Stepping 3 GenuineIntel ~166 Mhz
{RULE}
Services Report
{RULE}
Alerter                                          Running    (Automatic)
    C:\WINNT\System32\services.exe
    Service Account Name: LocalSystem
    Service Dependencies:
        LanmanWorkstation
DHCP Client                                      Running    (Automatic)
EventLog (Event log)                             Running    (Automatic)
Remote Access Connection Manager (Network)       Stopped    (Manual)
{RULE}
Drivers Report
{RULE}
Abiosdsk (Primary disk)                          Stopped    (Disabled)
Npfs (File system)                               Running    (System)
Remote Access ARP Service (PNP_TDI)              Running    (Automatic)
    C:\WINNT\system32\drivers\rasarp.sys
{RULE}
IRQ and Port Report
{RULE}
Devices                                          Vector Level Affinity
"""

MSINFO = (
    "System Information report written at: 03/14/09 09:26:53\n"
    "System Name: HOSTA\n"
    "[System Summary]\n\n"
    "Item\tValue\t\n"
    "OS Name\tMicrosoft Windows XP Professional\t\n"
    "Version\t5.1.2600 Service Pack 3 Build 2600\t\n"
    "System Name\tHOSTA\t\n"
    "[Software Environment]\n\n"
    "[System Drivers]\n\n"
    "Name\tDescription\tFile\tType\tStarted\tStart Mode\tState\tStatus\tError Control\tAccept Pause\tAccept Stop\t\n"
    "npfs\tNpfs\tc:\\windows\\system32\\drivers\\npfs.sys\tFile System Driver\tYes\tSystem\tRunning\tOK\tNormal"
    "\tNo\tYes\t\n"
    "wanarp\tRemote Access IP ARP Driver\tc:\\windows\\system32\\drivers\\wanarp.sys\tKernel Driver\tYes\tManual"
    "\tRunning\tOK\tNormal\tNo\tYes\t\n"
    "[Services]\n\n"
    "Display Name\tName\tState\tStart Mode\tService Type\tPath\tError Control\tStart Name\tTag ID\t\n"
    "Event Log\tEventlog\tRunning\tAuto\tShare Process\tc:\\windows\\system32\\services.exe\tNormal\tLocalSystem\t0\t\n"
    "Telnet\tTlntSvr\tStopped\tDisabled\tOwn Process\tc:\\windows\\system32\\tlntsvr.exe\tNormal\tLocalSystem\t0\t\n"
    "[Loaded Modules]\n\n"
    "Name\tVersion\tSize\tFile Date\tManufacturer\tPath\t\n"
    "dhcpcsvc\t5.1.2600.5512 (xpsp.080413-0852)\t123.50 KB (126,464 bytes)\t4/14/2008 7:42 AM\tMicrosoft Corporation"
    "\tc:\\windows\\system32\\dhcpcsvc.dll\t\n"
    "[Program Groups]\n\n"
)

SYSTEMINFO = """
Host Name:                 HOSTA
OS Name:                   Microsoft Windows XP Professional
OS Version:                5.1.2600 Service Pack 3 Build 2600
OS Manufacturer:           Microsoft Corporation
OS Configuration:          Member Workstation
OS Build Type:             Multiprocessor Free
Registered Owner:          Lab
Registered Organization:
Product ID:                00000-000-0000000-00000
Original Install Date:     3/14/2008, 9:26:53 AM
System Boot Time:          3/21/2009, 8:00:12 AM
System Manufacturer:       Example
Domain:                    example.com
Hotfix(s):                 2 Hotfix(s) Installed.
                           [01]: KB911164 - Update
                           [02]: Q147222
NetWork Card(s):           1 NIC(s) Installed.
                           [01]: Example Ethernet
                                 Connection Name: Local Area Connection
                                 IP address(es)
                                 [01]: 192.0.2.7
"""

SC_QUERY = """
SERVICE_NAME: Eventlog
DISPLAY_NAME: Event Log
        TYPE               : 20  WIN32_SHARE_PROCESS
        STATE              : 4  RUNNING
                                (NOT_STOPPABLE,NOT_PAUSABLE,ACCEPTS_SHUTDOWN)
        WIN32_EXIT_CODE    : 0  (0x0)
        SERVICE_EXIT_CODE  : 0  (0x0)
        CHECKPOINT         : 0x0
        WAIT_HINT          : 0x0

SERVICE_NAME: TlntSvr
DISPLAY_NAME: Telnet
        TYPE               : 10  WIN32_OWN_PROCESS
        STATE              : 1  STOPPED
                                (NOT_STOPPABLE,NOT_PAUSABLE,IGNORES_SHUTDOWN)
        WIN32_EXIT_CODE    : 1077  (0x435)

SERVICE_NAME: Npfs
DISPLAY_NAME: Npfs
        TYPE               : 2  FILE_SYSTEM_DRIVER
        STATE              : 4  RUNNING

SERVICE_NAME: RasArp
DISPLAY_NAME: Remote Access ARP Service
        TYPE               : 1  KERNEL_DRIVER
        STATE              : 1  STOPPED

"""

SC_QC = r"""[SC] GetServiceConfig SUCCESS

SERVICE_NAME: RasArp
        TYPE               : 1  KERNEL_DRIVER
        START_TYPE         : 3   DEMAND_START
        ERROR_CONTROL      : 1   NORMAL
        BINARY_PATH_NAME   : system32\drivers\rasarp.sys
        LOAD_ORDER_GROUP   : PNP_TDI
        TAG                : 0
        DISPLAY_NAME       : Remote Access ARP Service
        DEPENDENCIES       : Tcpip
                           : NetBT
        SERVICE_START_NAME :
"""

NET_START = """These Windows NT services are started:

   Alerter
   EventLog
   Remote Access Connection Manager

The command completed successfully.

"""

IPCONFIG_NT = """
Windows NT IP Configuration

\tHost Name . . . . . . . . . : ntbox.example.com
\tDNS Servers . . . . . . . . : 192.0.2.53
\t                              192.0.2.54
\tNode Type . . . . . . . . . : Hybrid

Ethernet adapter El90x1:

\tDescription . . . . . . . . : Example Ethernet
\tPhysical Address. . . . . . : 00-60-97-00-00-01
\tDHCP Enabled. . . . . . . . : Yes

Ethernet adapter NdisWan5:

\tIP Address. . . . . . . . . : 0.0.0.0
"""

DIR_NT = r""" Volume in drive C has no label.
 Volume Serial Number is 0000-0000

 Directory of C:\WINNT\system32\drivers

05/13/97  12:00a        <DIR>          .
05/01/97  12:00a                12,944 rasarp.sys
03/14/01  09:26a               147,088 tcpip.sys
03/14/01  09:26a                   100 notes.txt
              4 File(s)        160,132 bytes
"""

DRWATSON = """

Application exception occurred:
        App: exe\\spooler.dbg (pid=72)
        When: 1/13/1998 @ 9:26:53.580
        Exception number: c0000005 (access violation)

*----> System Information <----*
        Computer Name: NTBOX
        User Name: SYSTEM
        Number of Processors: 1
        Processor Type: x86 Family 5 Model 4 Stepping 3
        Windows Version: 4.0
        Current Build: 1381
        Current Type: Uniprocessor Free
        Registered Organization: Lab

*----> Task List <----*
   0 Idle.exe
   2 System.exe

State Dump for Thread Id 0x51

Application exception occurred:
        App:  (pid=90)
        When: 3/4/2001 @ 21:07:01.020

*----> System Information <----*
        Computer Name: NTBOX
        Windows Version: 4.0
        Current Build: 1381
        Service Pack: 6
        Current Type: Uniprocessor Free
"""

SRVINFO = r"""Server Name: NTBOX
Security: Users
NT Type: NT Member Server
Version: 4.0
Build: 1381, Service Pack 6
Current Type: Uniprocessor Free
Product Name: Microsoft Windows NT
Registered Owner: Lab
Domain: EXAMPLE
PDC: \\NTPDC
IP Address: 192.0.2.7
CPU[0]: x86 Family 5 Model 4 Stepping 3: 166 MHz
Hotfixes:
   [Q147222]:
   [Q246009]:
Drive:  [FileSys] [ Size ] [ Free ] [ Used ]
  C$     NTFS      2047     1000     1047
Services:
   [Running]  Alerter
   [Running]  EventLog
   [Stopped]  Remote Access Server
Network Card [0]: Example Ethernet
Protocol[0]: TCP/IP
System Up Time: 3 Hr 2 Min 1 Sec
"""

QFECHECK = r"""
Windows 2000 Hotfix Validation Report for \\HOSTB
Report Date:  2/14/2001  3:04am

Current Service Pack Level:  Service Pack 1

Hotfixes Identified:
Q147222:  Current on system.
Q246009:  Current on system.
"""

WMIC_TABLE = (
    "Caption                              CSName  Description      FixComments  HotFixID   InstallDate  InstalledBy\n"
    "http://support.example/?kbid=4012212 HOSTC   Security Update               KB4012212               HOSTC\\admin\n"
    "http://support.example/?kbid=976902  HOSTC   Update                        KB976902                HOSTC\\admin\n"
)

FILEVER = "--a-- W32i   DRV ENU     4.0.1381.7117 shp     12,944 12-12-2001 rasarp.sys\n"


def read(tmp_path: Path, text: str | bytes, name: str = "report.txt") -> tuple[Inventory, ...]:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.replace("\n", "\r\n").encode())
    return read_inventory(Source(path, name))

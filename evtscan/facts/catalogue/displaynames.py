"""Display names of services and drivers in English Windows → the names under which Windows registers them.

Only names that mean one service in every version are included. Names of other languages are not.
"""

_NAMES = {
    "Active Directory Certificate Services": "CertSvc",
    "Active Directory Domain Services": "NTDS",
    "Active Directory Web Services": "ADWS",
    "Alerter": "Alerter",
    "Certificate Services": "CertSvc",
    "ClipBook Server": "ClipSrv",
    "Cluster Server": "ClusSvc",
    "Cluster Service": "ClusSvc",
    "Computer Browser": "Browser",
    "DFS Namespace": "Dfs",
    "DFS Replication": "DFSR",
    "DHCP Client": "Dhcp",
    "DHCP Server": "DHCPServer",
    "DNS Client": "Dnscache",
    "DNS Server": "DNS",
    "Directory Replicator": "Replicator",
    "Distributed File System": "Dfs",
    "Event Log": "EventLog",
    "EventLog": "EventLog",
    "FTP Publishing Service": "MSFTPSVC",
    "File Replication": "NtFrs",
    "File Replication Service": "NtFrs",
    "File Server for Macintosh": "MacFile",
    "Hyper-V Virtual Machine Management": "vmms",
    "IIS Admin Service": "IISADMIN",
    "Intersite Messaging": "IsmServ",
    "Kerberos Key Distribution Center": "kdc",
    "License Logging Service": "LicenseService",
    "Messenger": "Messenger",
    "Microsoft DHCP Server": "DhcpServer",
    "Microsoft DNS Server": "Dns",
    "Microsoft Exchange Directory": "MSExchangeDS",
    "Microsoft Exchange Information Store": "MSExchangeIS",
    "Microsoft Exchange Message Transfer Agent": "MSExchangeMTA",
    "Microsoft Exchange System Attendant": "MSExchangeSA",
    "NT LM Security Support Provider": "NtLmSsp",
    "Net Logon": "Netlogon",
    "Network DDE": "NetDDE",
    "Network DDE DSDM": "NetDDEdsdm",
    "Plug and Play": "PlugPlay",
    "Print Spooler": "Spooler",
    "Protected Storage": "ProtectedStorage",
    "Remote Access ARP Service": "RasArp",
    "Remote Access Auto Connection Driver": "RasAcd",
    "Remote Access Auto Connection Manager": "RasAuto",
    "Remote Access Autodial Manager": "RasAuto",
    "Remote Access Connection Manager": "RasMan",
    "Remote Access IP ARP Driver": "WanArp",
    "Remote Access Server": "RemoteAccess",
    "Remote Desktop Services": "TermService",
    "Remote Procedure Call (RPC)": "RpcSs",
    "Remote Procedure Call (RPC) Locator": "RpcLocator",
    "Remote Procedure Call (RPC) Service": "RpcSs",
    "Routing and Remote Access Service": "Router",
    "SNMP": "SNMP",
    "SNMP Service": "SNMP",
    "SNMP Trap Service": "SNMPTRAP",
    "Server": "LanmanServer",
    "Simple TCP/IP Services": "SimpTcp",
    "TCP/IP NetBIOS Helper": "LmHosts",
    "TCP/IP NetBIOS Helper Service": "LmHosts",
    "Spooler": "Spooler",
    "TCP/IP Print Server": "LPDSVC",
    "TCP/IP Service": "Tcpip",
    "Telephony Service": "TapiSrv",
    "Terminal Services": "TermService",
    "WINS Client(TCP/IP)": "NetBT",
    "Windows Event Log": "EventLog",
    "Windows Internet Name Service": "WINS",
    "Windows Internet Name Service (WINS)": "WINS",
    "Workstation": "LanmanWorkstation",
    "World Wide Web Publishing Service": "W3SVC",
}
_BY_DISPLAY_NAME = {shown.casefold(): name for shown, name in _NAMES.items()}


def service_name(display_name: str) -> str | None:
    """The name of the service or driver that is shown under this name, or None if that is not known.

    >>> service_name("Remote Access ARP Service")
    'RasArp'
    """
    return _BY_DISPLAY_NAME.get(" ".join(display_name.split()).casefold())

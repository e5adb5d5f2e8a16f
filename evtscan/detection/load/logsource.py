"""Sigma's log sources of Windows → their channels and events."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

WINDOWS_SERVICES: Final[Mapping[str, tuple[str, ...]]] = {
    # classic logs
    "application": ("Application",),
    "security": ("Security",),
    "setup": ("Setup",),
    "system": ("System",),
    "directory-service": ("Directory Service",),
    "dfs-replication": ("DFS Replication",),
    "dns-server": ("DNS Server",),
    "file-replication-service": ("File Replication Service",),
    "hardware-events": ("HardwareEvents",),
    "msexchange-management": ("MSExchange Management",),
    "powershell-classic": ("Windows PowerShell",),
    # channels, as the appendix "taxonomy" of the Sigma specification names them
    "application-experience": (
        "Microsoft-Windows-Application-Experience/Program-Telemetry",
        "Microsoft-Windows-Application-Experience/Program-Compatibility-Assistant",
    ),
    "applocker": (
        "Microsoft-Windows-AppLocker/EXE and DLL",
        "Microsoft-Windows-AppLocker/MSI and Script",
        "Microsoft-Windows-AppLocker/Packaged app-Deployment",
        "Microsoft-Windows-AppLocker/Packaged app-Execution",
    ),
    "appmodel-runtime": ("Microsoft-Windows-AppModel-Runtime/Admin",),
    "appxdeployment-server": ("Microsoft-Windows-AppXDeploymentServer/Operational",),
    "appxpackaging-om": ("Microsoft-Windows-AppxPackaging/Operational",),
    "bitlocker": ("Microsoft-Windows-BitLocker/BitLocker Management",),
    "bits-client": ("Microsoft-Windows-Bits-Client/Operational",),
    "capi2": ("Microsoft-Windows-CAPI2/Operational",),
    "certificateservicesclient-lifecycle-system": (
        "Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational",
    ),
    "codeintegrity-operational": ("Microsoft-Windows-CodeIntegrity/Operational",),
    "dhcp": ("Microsoft-Windows-DHCP-Server/Operational",),
    "diagnosis-scripted": ("Microsoft-Windows-Diagnosis-Scripted/Operational",),
    "dns-client": ("Microsoft-Windows-DNS Client Events/Operational",),
    "dns-server-analytic": ("Microsoft-Windows-DNS-Server/Analytical",),
    "dns-server-audit": ("Microsoft-Windows-DNS-Server/Audit",),
    "driver-framework": ("Microsoft-Windows-DriverFrameworks-UserMode/Operational",),
    "firewall-as": ("Microsoft-Windows-Windows Firewall With Advanced Security/Firewall",),
    "hyper-v-worker": ("Microsoft-Windows-Hyper-V-Worker-Admin", "Microsoft-Windows-Hyper-V-Worker-Operational"),
    "iis-configuration": ("Microsoft-IIS-Configuration/Operational",),
    "kernel-event-tracing": ("Microsoft-Windows-Kernel-EventTracing/Admin",),
    "kernel-shimengine": (
        "Microsoft-Windows-Kernel-ShimEngine/Operational",
        "Microsoft-Windows-Kernel-ShimEngine/Diagnostic",
    ),
    "ldap": ("Microsoft-Windows-LDAP-Client/Debug",),
    "lsa-server": ("Microsoft-Windows-LSA/Operational",),
    "ntfs": ("Microsoft-Windows-Ntfs/Operational",),
    "ntlm": ("Microsoft-Windows-NTLM/Operational",),
    "openssh": ("OpenSSH/Operational",),
    "powershell": ("Microsoft-Windows-PowerShell/Operational", "PowerShellCore/Operational"),
    "printservice-admin": ("Microsoft-Windows-PrintService/Admin",),
    "printservice-operational": ("Microsoft-Windows-PrintService/Operational",),
    "security-mitigations": (
        "Microsoft-Windows-Security-Mitigations/KernelMode",
        "Microsoft-Windows-Security-Mitigations/UserMode",
        "Microsoft-Windows-Security-Mitigations/Kernel Mode",
        "Microsoft-Windows-Security-Mitigations/User Mode",
    ),
    "sense": ("Microsoft-Windows-SENSE/Operational",),
    "servicebus-client": ("Microsoft-ServiceBus-Client/Admin", "Microsoft-ServiceBus-Client/Operational"),
    "shell-core": ("Microsoft-Windows-Shell-Core/Operational",),
    "smbclient-connectivity": ("Microsoft-Windows-SmbClient/Connectivity",),
    "smbclient-security": ("Microsoft-Windows-SmbClient/Security",),
    "smbserver-connectivity": ("Microsoft-Windows-SMBServer/Connectivity",),
    "sysmon": ("Microsoft-Windows-Sysmon/Operational",),
    "taskscheduler": ("Microsoft-Windows-TaskScheduler/Operational",),
    "terminalservices-localsessionmanager": ("Microsoft-Windows-TerminalServices-LocalSessionManager/Operational",),
    "vhdmp": ("Microsoft-Windows-VHDMP-Operational", "Microsoft-Windows-VHDMP/Operational"),
    "windefend": ("Microsoft-Windows-Windows Defender/Operational",),
    "wmi": ("Microsoft-Windows-WMI-Activity/Operational",),
}
"""Service → channels. Where converters and Windows spell a channel differently, both spellings are here."""

_OLDER_NAMES: Final[Mapping[str, str]] = {
    "ldap_debug": "ldap",
    "microsoft-servicebus-client": "servicebus-client",
}


@dataclass(frozen=True, slots=True)
class Category:
    """The events of a log source category: channels, the providers that log to them, and event ids."""

    channels: tuple[str, ...]
    providers: tuple[str, ...]
    event_ids: tuple[int, ...]


def _sysmon(*event_ids: int) -> Category:
    return Category(WINDOWS_SERVICES["sysmon"], ("Microsoft-Windows-Sysmon",), event_ids)


def _powershell(*event_ids: int) -> Category:
    return Category(WINDOWS_SERVICES["powershell"], ("Microsoft-Windows-PowerShell", "PowerShellCore"), event_ids)


def _classic_powershell(*event_ids: int) -> Category:
    return Category(WINDOWS_SERVICES["powershell-classic"], ("PowerShell",), event_ids)


WINDOWS_CATEGORIES: Final[Mapping[str, Category]] = {
    "clipboard_capture": _sysmon(24),
    "create_remote_thread": _sysmon(8),
    "create_stream_hash": _sysmon(15),
    "dns_query": _sysmon(22),
    "driver_load": _sysmon(6),
    "file_block_executable": _sysmon(27),
    "file_block_shredding": _sysmon(28),
    "file_change": _sysmon(2),
    "file_delete": _sysmon(23),
    "file_delete_detected": _sysmon(26),
    "file_event": _sysmon(11),
    "file_executable_detected": _sysmon(29),
    "image_load": _sysmon(7),
    "network_connection": _sysmon(3),
    "pipe_created": _sysmon(17, 18),
    "process_access": _sysmon(10),
    "process_creation": _sysmon(1),
    "process_tampering": _sysmon(25),
    "process_termination": _sysmon(5),
    "ps_classic_provider_start": _classic_powershell(600),
    "ps_classic_script": _classic_powershell(800),
    "ps_classic_start": _classic_powershell(400),
    "ps_module": _powershell(4103),
    "ps_script": _powershell(4104),
    "raw_access_thread": _sysmon(9),
    "registry_add": _sysmon(12),
    "registry_delete": _sysmon(12),
    "registry_event": _sysmon(12, 13, 14),
    "registry_rename": _sysmon(14),
    "registry_set": _sysmon(13),
    "sysmon_error": _sysmon(255),
    "sysmon_status": _sysmon(4, 16),
    "wmi_event": _sysmon(19, 20, 21),
}
"""Category → events, as the appendix "taxonomy" of the Sigma specification (2.0.1) has them, whose names of fields are
those of these events.
"""

NEVER_LOGGED: Final = frozenset({"file_access", "file_rename"})
"""Categories of the taxonomy whose events no event log has: they come from traces (ETW)."""


def category_of(name: str) -> Category | None:
    """The events of a Sigma category of product ``windows``, or None if no event log has them."""
    return WINDOWS_CATEGORIES.get(name.lower())


def channels_of(service: str) -> tuple[str, ...] | None:
    """Return the channels of a Sigma service of product ``windows``, or None for an unknown service."""
    name = service.lower()
    return WINDOWS_SERVICES.get(_OLDER_NAMES.get(name, name))

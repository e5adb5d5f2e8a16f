r"""File name → channel, for formats that do not contain the channel.

The names are those of the live files in ``%SystemRoot%\system32\config`` (NT 3.1 to 2003) and of the logs themselves,
which users often choose when they save a log.
"""

_CHANNELS = {
    "sysevent": "System",
    "system": "System",
    "appevent": "Application",
    "application": "Application",
    "secevent": "Security",
    "security": "Security",
    "dnsevent": "DNS Server",
    "dns server": "DNS Server",
    "ntds": "Directory Service",
    "directory service": "Directory Service",
    "ntfrs": "File Replication Service",
    "file replication service": "File Replication Service",
    "internet": "Internet Explorer",
    "internet explorer": "Internet Explorer",
    "windowspowershell": "Windows PowerShell",
    "windows powershell": "Windows PowerShell",
    "osession": "Microsoft Office Sessions",
    "odiag": "Microsoft Office Diagnostics",
}

_SEPARATORS = "_-."


def channel_of(name: str) -> str | None:
    """Return the channel that a file name indicates, or None.

    The name, with or without its suffix, must be a standard name, or end with one after ``_``, ``-`` or ``.``, as in
    ``HOST_SysEvent.evt``. Folders and archives (``case.zip!System.evt``) and upper or lower case are ignored.

    >>> channel_of("NTBOX/Dump-1/NTBOX_SysEvent.Evt"), channel_of("System.evt"), channel_of("ecosystem.evt")
    ('System', 'System', None)
    """
    whole = name.replace("\\", "/").replace("!", "/").rpartition("/")[2].lower()
    for text in (whole.rpartition(".")[0], whole):
        for standard, channel in _CHANNELS.items():
            before = text.removesuffix(standard)
            if before != text and (not before or before[-1] in _SEPARATORS):
                return channel
    return None

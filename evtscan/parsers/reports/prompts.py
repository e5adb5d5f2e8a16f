"""Shell prompts in a text: the command that was typed, and the remote host that it queries."""

import re

_PROMPT = re.compile(r"(?:PS )?(?:[A-Za-z]:\\|\\\\)[^<>|\"*?]{0,260}> ?(?P<command>.*)$")
_REMOTE = re.compile(
    r"""(?: \s"?\\\\                                     # sc \\HOST, dir \\HOST\share
        | \s(?:/node:|-(?:computername|cn)[ :])"?        # wmic, PowerShell
        | ^"?(?:\S*\\)?(?:driverquery|systeminfo)\S*\s(?:.*\s)?/s\s+(?:\\\\)?
        )
        ([a-z0-9][\w-]{0,62}(?:\.[\w-]{1,63}){0,8})(?=[\s\\"]|$)""",
    re.IGNORECASE | re.VERBOSE,
)
_ADDRESS = re.compile(r"[\d.]+|localhost", re.IGNORECASE)


def prompt(line: str) -> str | None:
    """Return the command that was typed at a shell prompt; None if the line is not a prompt."""
    match = _PROMPT.match(line[:4096])
    return match["command"].strip() if match else None


def remote_host(command: str) -> str | None:
    r"""Return the remote host that a command line queries; None if it queries the local host.

    >>> remote_host(r"sc \\SRV2 query"), remote_host("driverquery /s SRV2 /v"), remote_host("dir /s c:")
    ('SRV2', 'SRV2', None)
    """
    match = _REMOTE.search(command.partition(">")[0][:1000])
    return match[1] if match is not None and not _ADDRESS.fullmatch(match[1]) else None

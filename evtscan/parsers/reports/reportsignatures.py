r"""The first bytes of a file, or one line of a text → which program wrote the report, by content alone.

A line that only one program prints begins that program's output wherever it stands, and so does the prompt of a shell
with the program's command. Reports of a Windows in another language have no such line that is known; they show by
their shape, but only at the start of a file.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from itertools import pairwise

_HEAD_LINES = 60
_MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be", b"\xef\xbb\xbf": "utf-8"}

REGISTRY = "registry"
"""Stands for the output of a program that dumps registry keys, which is read as a registry and not as a report."""

_BEGINS = {
    "winmsd": r"\s*(?:Microsoft|Windows NT) Diagnostics Report\b",
    "msinfo": r"System Information report written at:",
    "systeminfo": r'Host Name: {4,}\S|"Host Name","OS Name","OS Version"|Host Name +OS Name +OS Version ',
    "sc": r"SERVICE_NAME:|\[SC\] (?:Query|Get|Enum)\w*Service",
    "netstart": r"These Windows (?:NT )?services are started:",
    "driverquery": r'"Module Name","Display Name",|Module Name +Display Name +|Module Name: {2,}\S',
    "hotfixes": (
        r"(?!.{0,2000}[|$(){}])(?=.{0,2000}\bHotFixID\b)(?=.{0,2000}\b(?:Caption|Description|CSName|InstalledOn|Node|Source)\b)"
        r"|HotFixID\s*[=:]|\S.{0,40}Hotfix Validation Report for \\\\"
    ),
    "ipconfig": r"Windows(?: NT| 2000)? IP Configuration\s*$",
    "srvinfo": r"Server Name: *\S",
    "dirlisting": r" {1,2}(?:Volume in drive [A-Za-z] |Directory of (?:[A-Za-z]:\\|\\\\))",
    "fileversions": (
        r"[-a-z]{5} +(?:W32i|W32-|W16|W64|DOS|----)\s"
        r"|(?i:(?=.{0,2000}\b(?:file ?version|version)\b)(?=.{0,2000}\b(?:path|file ?name|original ?filename)\b)"
        r"\"?[\w ]+\"?(?:,\"?[\w ]+\"?)+$)"
    ),
    "drwatson": r"Application exception occurred:",
    "ver": r"Microsoft.{0,6} Windows.{0,30}\[\S+ \d+\.\d+[\d.]*\]|Windows NT Version \d+\.\d+\s*$",
    REGISTRY: r"! REG\.EXE VERSION|\[?HKEY_(?:LOCAL_MACHINE|USERS|CURRENT_USER|CLASSES_ROOT)(?:\\|\]?$)",
}
_MAY_BEGIN = {
    "dirlisting": r" {1,2}\w[^\\/:\"<>|]{2,40} (?:[A-Za-z]:\\|\\\\[^\\/:*?\"<>|]+\\)[^/:*?\"<>|]*$",
    "ver": r"Version \d+\.\d+[\d.]* ?\(Build \d+[^()]{0,60}\)\s*$",
}


@cache  # compiled when a text is looked at: that takes as long as reading a small log
def _beginning() -> re.Pattern[str]:
    return _any_of(_BEGINS)


@cache
def _possible_beginning() -> re.Pattern[str]:
    return _any_of(_MAY_BEGIN)


def _any_of(patterns: Mapping[str, str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?P<{tool}>{pattern})" for tool, pattern in patterns.items()))


_PROMPT = re.compile(r"(?:PS )?(?:[A-Za-z]:\\|\\\\)[^<>|\"*?]{0,260}> ?(?P<command>.*)$")
_COMMANDS = {
    "winmsd": "winmsd",
    "systeminfo": "systeminfo",
    "sc": "sc",
    "psservice": "sc",
    "driverquery": "driverquery",
    "hotfix": "hotfixes",
    "qfecheck": "hotfixes",
    "get-hotfix": "hotfixes",
    "ipconfig": "ipconfig",
    "srvinfo": "srvinfo",
    "dir": "dirlisting",
    "filever": "fileversions",
    "sigcheck": "fileversions",
    "ver": "ver",
    "reg": REGISTRY,
    "regdmp": REGISTRY,
}


def tool_of_line(line: str) -> str | None:
    """The program whose output begins with this line."""
    match = _beginning().match(line[:4096])
    return match.lastgroup if match else None


def likely_tool_of_line(line: str) -> str | None:
    """The program whose output begins with this line, unless it stands within the output of another one."""
    match = _possible_beginning().match(line[:4096])
    return match.lastgroup if match else None


def prompt(line: str) -> str | None:
    """The command that was typed at a shell's prompt; None if the line is no prompt."""
    match = _PROMPT.match(line[:4096])
    return match["command"].strip() if match else None


_REMOTE = re.compile(
    r"""(?: \s"?\\\\                                     # sc \\HOST, dir \\HOST\share
        | \s(?:/node:|-(?:computername|cn)[ :])"?        # wmic, PowerShell
        | ^"?(?:\S*\\)?(?:driverquery|systeminfo)\S*\s(?:.*\s)?/s\s+(?:\\\\)?
        )
        ([a-z0-9][\w-]{0,62}(?:\.[\w-]{1,63}){0,8})(?=[\s\\"]|$)""",
    re.IGNORECASE | re.VERBOSE,
)
_ADDRESS = re.compile(r"[\d.]+|localhost", re.IGNORECASE)


def remote_host(command: str) -> str | None:
    """The host that a command line asks, where it names another than the one that it runs on.

    >>> remote_host(r"sc \\\\SRV2 query"), remote_host("driverquery /s SRV2 /v"), remote_host("dir /s c:")
    ('SRV2', 'SRV2', None)
    """
    match = _REMOTE.search(command.partition(">")[0][:1000])
    return match[1] if match is not None and not _ADDRESS.fullmatch(match[1]) else None


def tool_of_command(command: str) -> str | None:
    """The program that a command line runs, if its output can be read."""
    words = command.lower().replace('"', " ").split()
    if not words:
        return None
    program = words[0].rpartition("\\")[2].removesuffix(".exe")
    if program in ("net", "wmic"):
        if program == "net" and words[1:] == ["start"]:
            return "netstart"
        return "hotfixes" if program == "wmic" and "qfe" in words[1:] else None
    return _COMMANDS.get(program)


@lru_cache(maxsize=4)
def tool_of_head(head: bytes) -> str | None:
    """The program that wrote the first report of a file, of which ``head`` is the beginning."""
    if head.startswith((b"regf", b"MZ", b"PK", b"SZDD", b"ElfFile")):
        return None
    text = _text(head)
    if text.lstrip().startswith("<") and "<MsInfo" in text:
        return "nfo"
    lines = [line.rstrip("\r\n\x1a \0") for line in text.splitlines(keepends=False)[:_HEAD_LINES]]
    for line in lines:
        command = prompt(line)
        tool = (tool_of_line(line) or likely_tool_of_line(line)) if command is None else tool_of_command(command)
        if tool is not None:
            return tool
    return next((tool for tool, shows in _SHAPES if shows(lines)), None)


def _text(head: bytes) -> str:
    encoding = next((name for mark, name in _MARKS.items() if head.startswith(mark)), None)
    if encoding is None:
        encoding = "utf-16-le" if head[1:64:2].count(0) > 16 else "utf-8"  # letters of a code page do not matter
    return head.decode(encoding, "replace").lstrip("\ufeff")


# ----------------------------------------------------------------------------- reports in other languages


def _is_table_of_msinfo(lines: list[str]) -> bool:
    """``[Section]``, then the two captions of its columns, each with a TAB after it."""
    filled = [line for line in lines if line]
    return any(
        re.fullmatch(r"\[[^\[\]\t]{3,60}\]", above) and re.fullmatch(r"[^\t]{2,40}\t[^\t]{2,40}\t?", below)
        for above, below in pairwise(filled)
    )


_LABELLED_VERSION = re.compile(r"\S[^:]{3,60}: {2,}\d+\.\d+\.\d+ .{0,40}\b\d{3,5}$")
_QUOTED_VERSION = re.compile(r'"[^"]+","[^"]+","\d+\.\d+\.\d+ [^"]{0,40}\b\d{3,5}",')


def _is_systeminfo(lines: list[str]) -> bool:
    return any(_LABELLED_VERSION.match(line[:200]) or _QUOTED_VERSION.match(line[:400]) for line in lines)


_SC_STATE = re.compile(r"\s+\S[^:]{2,20}\s*: [1-7]\s+(?:STOPPED|RUNNING|PAUSED|\w+_PENDING)\b")


def _is_sc(lines: list[str]) -> bool:
    return any(_SC_STATE.match(line[:200]) for line in lines)


_LEADERS = re.compile(r"\s+\S[^:]{2,60}?(?: ?\.){4,} ?: ")


def _is_ipconfig(lines: list[str]) -> bool:
    return sum(1 for line in lines if _LEADERS.match(line[:200])) >= 3


_DIR_ROW = re.compile(
    r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\.?\s+\d{1,2}[:.]\d\d\s?(?:[AaPp]\.?[Mm]?\.?)?\s+(?:<\w{3,9}>|[\d.,'\xa0\u202f\xff]+)\s+\S"
)


def _is_dirlisting(lines: list[str]) -> bool:
    return sum(1 for line in lines if _DIR_ROW.match(line[:400])) >= 2


def _is_list_of_services(lines: list[str]) -> bool:
    """``net start``: a heading with a colon, then lines that are indented by three."""
    filled = [line for line in lines if line]
    if len(filled) < 5 or not re.fullmatch(r"\S[^:.]{10,80}:", filled[0]):
        return False
    return all(re.match(r"   \S", line) for line in filled[1:-1]) and len(filled) >= 5


_HOTFIX_LINE = re.compile(r"\s*(?:Q|KB)\d{6,7}[:;,]?\s*$")


def _is_list_of_hotfixes(lines: list[str]) -> bool:
    """Numbers alone, one to a line; a text about them is no list of what is installed."""
    filled = [line for line in lines if line]
    named = sum(1 for line in filled if _HOTFIX_LINE.match(line[:40]))
    return named >= 2 and 2 * named > len(filled)


def _is_csv_of_drivers(lines: list[str]) -> bool:
    """``driverquery /v /fo csv``: fifteen columns, of which the fourteenth is the path of a driver."""
    rows = [line.split('","') for line in lines if line.startswith('"')]
    return any(len(row) == 15 and row[13].lower().endswith(".sys") for row in rows)


_SHAPES: tuple[tuple[str, Callable[[list[str]], bool]], ...] = (
    ("msinfo", _is_table_of_msinfo),
    ("systeminfo", _is_systeminfo),
    ("driverquery", _is_csv_of_drivers),
    ("sc", _is_sc),
    ("ipconfig", _is_ipconfig),
    ("dirlisting", _is_dirlisting),
    ("netstart", _is_list_of_services),
    ("hotfixes", _is_list_of_hotfixes),
)


# --------------------------------------------------------------------------------------- for the table of formats


def recogniser(tool: str) -> Callable[[bytes, str], bool]:
    """Whether the beginning of a file is the output of a tool, as the table of formats asks it."""
    return lambda head, name: tool_of_head(head) == tool


def is_reg_query(head: bytes, name: str) -> bool:
    """``reg query``: a bare key path in a line of its own, or the heading of the older versions."""
    return tool_of_head(head) == REGISTRY and _REG_QUERY.search(_text(head)) is not None


_REG_QUERY = re.compile(r"^(?:! REG\.EXE VERSION|HKEY_[A-Z_]+(?:\\[^\r\n]*)?\r?$)", re.MULTILINE)


def is_regedt32(head: bytes, name: str) -> bool:
    """REGEDT32's "Save Subtree As"."""
    text = _text(head)
    return re.match(r"\s*Key Name: ", text) is not None and "Class Name:" in text


def is_regdmp(head: bytes, name: str) -> bool:
    r"""``regdmp``: a key of the machine, and below it, indented by four, keys and values ``Name = data``."""
    return _REGDMP.match(_text(head)) is not None


_REGDMP = re.compile(
    r"(?:\s*;[^\n]*\n)*\s*(?:\\Registry(?:\\[^\r\n\[=]+)?|(?:HKEY_LOCAL_MACHINE|HKEY_USERS)(?:\\[^\r\n\[=]+)?)"
    r"(?:\s\[[\d ]+\])?[ \t]*\r?\n {4}\S[^\r\n]*(?: = |\r?\n {8}\S|\s\[[\d ]+\]|\\?\r?\n)",
    re.IGNORECASE,
)


def is_driver(head: bytes, name: str) -> bool:
    """A program file of Windows: ``MZ``, and where its offset 60 points to, the mark of a PE header."""
    if not head.startswith(b"MZ") or len(head) <= 64:
        return False
    offset = int.from_bytes(head[60:64], "little")
    return head[offset : offset + 4] == b"PE\0\0" or len(head) < offset + 4 <= _LAST_PE_HEADER


_LAST_PE_HEADER = 1 << 20


def is_szdd(head: bytes, name: str) -> bool:
    """A file that ``compress`` packed: SZDD, method A."""
    return head.startswith(b"SZDD\x88\xf0\x27\x33A")

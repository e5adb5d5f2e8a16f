"""Formats of registry hives and exports, and how they are recognised."""

import re

from evtscan.parsers.formats import Format, Kind, starts_with
from evtscan.parsers.shared.headtext import text_of_head

_REG_QUERY = re.compile(r"^(?:! REG\.EXE VERSION|HKEY_[A-Z_]+(?:\\[^\r\n]*)?\r?$)", re.MULTILINE)
_REGDMP = re.compile(
    r"(?:\s*;[^\n]*\n)*\s*(?:\\Registry(?:\\[^\r\n\[=]+)?|(?:HKEY_LOCAL_MACHINE|HKEY_USERS)(?:\\[^\r\n\[=]+)?)"
    r"(?:\s\[[\d ]+\])?[ \t]*\r?\n {4}\S[^\r\n]*(?: = |\r?\n {8}\S|\s\[[\d ]+\]|\\?\r?\n)",
    re.IGNORECASE,
)


def is_reg_text(head: bytes, name: str) -> bool:
    """Return whether this is a ``.reg`` file, in any encoding."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or head[1:2] == b"\0":
        text = head.removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff").replace(b"\0", b"").lstrip()
    return text.startswith((b"REGEDIT4", b"Windows Registry Editor Version 5"))


def is_reg_query(head: bytes, name: str) -> bool:
    """Return whether this is ``reg query`` output: a key path alone in a line, or the heading of the older versions."""
    from evtscan.parsers.reports.recognition import REGISTRY, tool_of_head

    return tool_of_head(head) == REGISTRY and _REG_QUERY.search(text_of_head(head)) is not None


def is_regedt32(head: bytes, name: str) -> bool:
    """Return whether this is a text saved by REGEDT32 with "Save Subtree As"."""
    text = text_of_head(head)
    return re.match(r"\s*Key Name: ", text) is not None and "Class Name:" in text


def is_regdmp(head: bytes, name: str) -> bool:
    r"""Return whether this is ``regdmp`` output: a machine key, then keys and values indented by four blanks."""
    return _REGDMP.match(text_of_head(head)) is not None


def is_szdd(head: bytes, name: str) -> bool:
    """Return whether this is a file compressed by ``compress``: SZDD, method A."""
    return head.startswith(b"SZDD\x88\xf0\x27\x33A")


HIVE = Format(
    name="regf",
    title="Registry hive (SYSTEM, SOFTWARE)",
    kind=Kind.REGISTRY,
    module="evtscan.parsers.registry.hive",
    recognises=starts_with(b"regf"),
    keeps="all keys and values, and when each key was written",
    loses="keys that Windows keeps in memory only (`HARDWARE`)",
    known_by="`regf` at the beginning",
)

REG = Format(
    name="reg",
    title="Registry export (.reg of REGEDIT4 and version 5.00)",
    kind=Kind.REGISTRY,
    module="evtscan.parsers.registry.text.regfile",
    recognises=is_reg_text,
    keeps="keys and values of what was exported",
    loses="when keys were written",
    known_by="`REGEDIT4` or `Windows Registry Editor Version 5` at the beginning",
)

SZDD = Format(
    name="szdd",
    title="Compressed repair copy of a hive (system._)",
    kind=Kind.REGISTRY,
    module="evtscan.parsers.registry.hive.szdd",
    recognises=is_szdd,
    keeps="the content of the compressed hive",
    loses="as a hive; it is as old as the set-up of the host or the last `rdisk /s`",
    known_by="`SZDD` and the mark of method A at the beginning",
)

REGEDT32 = Format(
    name="regedt32",
    title="REGEDT32: Save Subtree As",
    kind=Kind.REGISTRY,
    module="evtscan.parsers.registry.text.regedt32",
    recognises=is_regedt32,
    keeps="keys, values, and when keys were written, to the minute in local time",
    loses="the zone; after a full disk the rest, without a message",
    known_by="`Key Name:` at the beginning, with `Class Name:`",
)

REGDMP = Format(
    name="regdmp",
    title="regdmp of the Resource Kits",
    kind=Kind.REGISTRY,
    module="evtscan.parsers.registry.text.regdmp",
    recognises=is_regdmp,
    keeps="keys and values, types of most of them",
    loses="when keys were written",
    known_by="a key of the machine, and below it keys and values indented by four",
)

REG_QUERY = Format(
    name="reg-query",
    title="reg query",
    kind=Kind.REGISTRY,
    module="evtscan.parsers.registry.text.regquery",
    recognises=is_reg_query,
    keeps="keys and values of the requested key",
    loses="when keys were written; the keys below, unless `/s` was given",
    known_by="a key that begins with `HKEY_` alone in its line, or `! REG.EXE VERSION`",
)

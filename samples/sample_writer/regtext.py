r"""Registry keys → the text of those tools that are no regedit: REGEDT32, ``regdmp``, ``reg query``.

Layouts as ``evtscan.parsers`` reads them: regedt32 (Save Subtree As of Windows NT), regdmp (the syntax of regini, in
the Resource Kits), reg query (version 2.0, of the Support Tools of Windows 2000).
"""

from collections.abc import Iterable, Iterator

from sample_writer.reg import ExpandString, RegKey, RegValue

_MACHINE = "HKEY_LOCAL_MACHINE\\"
_INDENT = " " * 4


def regedt32(keys: Iterable[RegKey], written: str) -> bytes:
    r"""A saved subtree; ``written`` is the local time of every key as REGEDT32 prints it, ``2/24/97 - 7:48 AM``."""
    lines = []
    for key in keys:
        lines.append(f"Key Name:          {key.path.removeprefix(_MACHINE)}")
        lines += ["Class Name:        <NO CLASS>", f"Last Write Time:   {written}"]
        for number, (name, value) in enumerate(key.values.items()):
            kind, shown = _described(value)
            lines += [f"Value {number}", f"  Name:            {name or '<NO NAME>'}", f"  Type:            {kind}"]
            lines += [f"{'' if row else '  Data:':19}{text}" for row, text in enumerate(shown or [""])]
            lines.append("")
        lines.append("")
    return _text(lines)


def _described(value: RegValue) -> tuple[str, list[str]]:
    """The type of a value, and its data, a line for each text."""
    if isinstance(value, ExpandString):
        return "REG_EXPAND_SZ", [value.text]
    if isinstance(value, str):
        return "REG_SZ", [value]
    if isinstance(value, int):
        return "REG_DWORD", [f"{value:#x}"]
    if isinstance(value, tuple):
        return "REG_MULTI_SZ", list(value)
    raise NotImplementedError("no sample has a binary value in such a text")


def regdmp(keys: Iterable[RegKey]) -> bytes:
    r"""What ``regdmp \Registry\Machine\…`` prints: the first key with its path, the others indented below it."""
    lines: list[str] = []
    root = ""
    for key in keys:
        root = root or key.path
        below = key.path.removeprefix(root).split("\\")[1:]
        margin = _INDENT * len(below)
        lines.append(margin + below[-1] if below else rf"\Registry\Machine\{root.removeprefix(_MACHINE)}")
        lines += [
            f"{margin}{_INDENT}{name + ' ' if name else ''}= {_scripted(value)}" for name, value in key.values.items()
        ]
    return _text(lines)


def _scripted(value: RegValue) -> str:
    kind, shown = _described(value)
    if isinstance(value, int):
        return f"{kind} {value:#010x}"
    if isinstance(value, tuple):
        return " ".join([kind, *(f'"{text}"' for text in shown)])
    return shown[0] if kind == "REG_SZ" else f"{kind} {shown[0]}"


def reg_query(keys: Iterable[RegKey]) -> bytes:
    """What ``reg query … /s`` of version 2.0 prints, TABs between name, type and data."""
    lines = ["", "! REG.EXE VERSION 2.0", ""]
    for key in keys:
        lines += [key.path, *_queried(key), ""]
    return _text(lines)


def _queried(key: RegKey) -> Iterator[str]:
    for name, value in key.values.items():
        kind, shown = _described(value)
        data = "\\0".join((*shown, "", "")) if isinstance(value, tuple) else shown[0]
        yield f"{_INDENT}{name or '<NO NAME>'}\t{kind}\t{data}"


def _text(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\r\n" for line in lines).encode("cp1252")

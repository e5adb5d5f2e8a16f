r"""Lists of hotfixes → inventory: ``wmic qfe``, ``Get-HotFix``, ``hotfix /l``, QFECheck.

    Caption  CSName  Description  …  HotFixID  InstalledOn …      columns (wmic, Get-HotFix)
    Node,Caption,CSName,…,HotFixID,…                              CSV (wmic /format:csv, Export-Csv)
    HotFixID=KB911164      HotFixID : KB911164                    lists (wmic /format:list, Format-List)
    Q147222: Current on system.                                   QFECheck; hotfix /l scatters numbers

XP lists some hotfixes as ``File 1`` with the number in ServicePackInEffect. Numbers without a caption, one per line,
are read too, but such a list is not assumed to be complete.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from evtscan.base.model.inventory import Inventory
from evtscan.parsers.reports.columns import columns_of, fields_of
from evtscan.parsers.reports.program import Program
from evtscan.parsers.reports.section import Draft, Section
from evtscan.parsers.shared.printedtimes import lone_time

_NUMBER = re.compile(r"(?:KB|Q)\d{6,7}\b", re.IGNORECASE)
_BARE = re.compile(r"\s*((?:KB|Q)\d{6,7})[:;,]?\s*\Z", re.IGNORECASE)
_PAIR = re.compile(r"(\w{2,30})\s{0,30}[=:] ?(.{0,400})\Z")
_QFECHECK = re.compile(r"Hotfix Validation Report for \\\\(\S+)", re.IGNORECASE)
_VALIDATED = re.compile(r"\s*((?:KB|Q)\d{6,7}):\s*(\S.{0,200})", re.IGNORECASE)
_PACK = re.compile(r"Service Pack Level:\s*(Service Pack \d{1,2})?", re.IGNORECASE)
_DATE = re.compile(r"Report Date:\s*(\S.{0,60})", re.IGNORECASE)
_PART = re.compile(r"\bwhere\b|\s-id\b|\s-description\b|\bfind(?:str)?\b", re.IGNORECASE)


def parse(section: Section) -> Iterator[Inventory]:
    """Parse one list in any of these forms."""
    filled = next((line for line in section.lines if line.strip()), "")
    if _QFECHECK.search(filled[:400]):
        yield from _from_qfecheck(section)
        return
    rows = list(_rows(section, filled))
    for of_host in _by_host(rows):
        yield from _listed(section, of_host)
    if not rows:
        yield from _bare(section)


def _by_host(rows: Sequence[tuple[int, dict[str, str]]]) -> list[list[tuple[int, dict[str, str]]]]:
    """Group the rows by host: a command may query several hosts and print one table."""
    hosts: dict[str, list[tuple[int, dict[str, str]]]] = {}
    for index, row in rows:
        hosts.setdefault((_computer(row) or "").casefold(), []).append((index, row))
    named = sum(1 for host in hosts if host)
    return list(hosts.values()) if named > 1 else [list(rows)]


def _listed(section: Section, rows: Sequence[tuple[int, dict[str, str]]]) -> Iterator[Inventory]:
    draft = Draft(section, "hotfixes")
    found: dict[str, int] = {}
    nameless = 0
    for index, row in rows:
        draft.say("computer", _computer(row), index)
        name = _NUMBER.match(row.get("hotfixid", "")) or _NUMBER.match(row.get("servicepackineffect", ""))
        nameless += name is None
        if name is not None:
            found.setdefault(name[0].upper(), index)
    yield from _inventory(draft, found, whole=not nameless)


def _bare(section: Section) -> Iterator[Inventory]:
    found: dict[str, int] = {}
    pattern = _NUMBER if section.command else _BARE
    for index, line in enumerate(section.lines):
        for match in pattern.finditer(line[:1000]):
            found.setdefault(match[0].strip(" \t:;,").upper(), index)
    yield from _inventory(Draft(section, "hotfixes"), found, whole=bool(section.command))


def _inventory(draft: Draft, found: Mapping[str, int], *, whole: bool) -> Iterator[Inventory]:
    """Yield the inventory of the hotfixes, given with their lines; ``whole``: the list shows no sign of gaps."""
    if found:
        section = draft.section
        draft.places["hotfixes"] = section.place(min(found.values()))
        # one row alone is what a question for one hotfix gives, too
        whole = whole and section.closed and len(found) > 1 and not _PART.search(section.command)
        yield draft.inventory(hotfixes=found, whole={"hotfixes"} if whole else ())


def _computer(row: Mapping[str, str]) -> str | None:
    """Return the host name, from the first of the possible columns that is not empty."""
    names = (row.get(column, "").strip() for column in ("csname", "pscomputername", "source", "node"))
    return next((name.lstrip("\\") for name in names if name), None)


def _rows(section: Section, header: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a table, of CSV or of a list, with captions in lower case."""
    if "hotfixid" in header.lower() and "," in header:
        yield from _from_csv(section)
    elif _PAIR.match(header[:500]) is not None:
        yield from _from_pairs(section)
    elif "hotfixid" in header.lower():
        yield from _from_table(section)


def _from_csv(section: Section) -> Iterator[tuple[int, dict[str, str]]]:
    captions: list[str] = []
    for index, line in enumerate(section.lines):
        fields = fields_of(line) if line.strip() else []
        if not captions:
            captions = [field.strip().lower() for field in fields]
        elif len(fields) == len(captions):
            yield index, dict(zip(captions, (field.strip() for field in fields), strict=True))


def _from_pairs(section: Section) -> Iterator[tuple[int, dict[str, str]]]:
    row: dict[str, str] = {}
    for index, line in enumerate([*section.lines, ""]):
        pair = _PAIR.match(line.strip()[:500])
        if pair is not None and pair[1].lower() not in row:
            row[pair[1].lower()] = pair[2].strip()
            continue
        if "hotfixid" in row:
            yield index - 1, row
        row = {pair[1].lower(): pair[2].strip()} if pair is not None else {}


def _from_table(section: Section) -> Iterator[tuple[int, dict[str, str]]]:
    spans: dict[str, tuple[int, int | None]] = {}
    for index, line in enumerate(section.lines):
        if "hotfixid" in line.lower():
            spans = {caption.lower(): span for caption, span in columns_of(line).items()}
        elif line.strip(" -"):
            yield index, {caption: line[start:end].strip() for caption, (start, end) in spans.items()}


def _from_qfecheck(section: Section) -> Iterator[Inventory]:
    draft = Draft(section, "qfecheck")
    names = []
    doubtful = False
    for index, line in enumerate(section.lines):
        line = line[:1000]
        if (host := _QFECHECK.search(line)) is not None:
            draft.say("computer", host[1], index)
            draft.say("version", "5.0" if "Windows 2000" in line else None, index)
        elif (pack := _PACK.search(line)) is not None:
            draft.say("service_pack", pack[1], index)
        elif (date := _DATE.search(line)) is not None:
            draft.taken = lone_time(date[1])
        elif (hotfix := _VALIDATED.match(line)) is not None:
            if hotfix[2].lower().startswith("current on system"):
                names.append(hotfix[1].upper())
            else:
                doubtful = True
    whole = section.closed and bool(names) and not doubtful
    yield draft.inventory(hotfixes=names, whole={"hotfixes"} if whole else ())


_HOTFIX_LINE = re.compile(r"\s*(?:Q|KB)\d{6,7}[:;,]?\s*$")


def _is_list_of_hotfixes(lines: list[str]) -> bool:
    """Return whether most lines are a bare hotfix number; a text about hotfixes is not a list of installed ones."""
    filled = [line for line in lines if line]
    named = sum(1 for line in filled if _HOTFIX_LINE.match(line[:40]))
    return named >= 2 and 2 * named > len(filled)


PROGRAM = Program(
    name="hotfixes",
    title="wmic qfe, Get-HotFix, hotfix, qfecheck",
    keeps="the numbers of hotfixes",
    loses="hotfixes that XP shows as `File 1` without a number",
    known_by="a caption `HotFixID`, the headline of QFECheck, or lines that begin with a Q or KB number",
    begins=r"(?!.{0,2000}[|$(){}])(?=.{0,2000}\bHotFixID\b)(?=.{0,2000}\b(?:Caption|Description|CSName|InstalledOn|Node|Source)\b)"
    r"|HotFixID\s*[=:]|\S.{0,40}Hotfix Validation Report for \\\\",
    commands=(
        "hotfix",
        "qfecheck",
        "get-hotfix",
    ),
    has_shape=_is_list_of_hotfixes,
    parse=parse,
)

"""A template for a new rule file with blanks to fill in, and the list of blanks that remain in a file.

A blank is a text with ``FILL IN`` that describes the required content. With every blank filled, a skeleton passes
``evtscan rules check``.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, Final
from uuid import uuid4

from evtscan.base.errors import Problem
from evtscan.base.yamltext import EntryPath
from evtscan.detection.load.written import RuleFile
from evtscan.detection.model.section import key_of

BLANK: Final = "FILL IN"
LINT: Final = "blank"


class Product(Enum):
    """The two product families of skeletons: Windows NT to 2003, and Vista and later."""

    NT = "nt"
    WINDOWS = "windows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """The values that are known when a rule is begun; empty texts become blanks."""

    title: str = ""
    article: str = ""
    provider: str = ""
    event_id: int | None = None
    product: Product = Product.NT


_CONDITIONS: Final[Mapping[Product, Sequence[tuple[str, str, str, str]]]] = {
    Product.NT: (
        (
            "os.version",
            "the version that is affected, quoted, such as '4.0'",
            "an affected version",
            "the same version",
        ),
        ("os.service_pack", "the levels that are affected, such as '<=3'", "an affected level", "a corrected level"),
    ),
    Product.WINDOWS: (
        ("os.build", "the builds that are affected, such as '>=19041, <=19045'", "an affected build", "another build"),
    ),
}
"""By product the facts that tell affected hosts: name, condition, its value on an affected host and on another one."""


def skeleton(begun: Begun) -> str:
    """The text of a rule file."""
    provider = _text(begun.provider) or _blank("the source, as the log has it")
    event_id = str(begun.event_id) if begun.event_id is not None else _blank("the number of the event")
    event = f"[{{Provider_Name: {provider}, EventID: {event_id}}}]"
    rows = _CONDITIONS[begun.product]
    when = "\n".join(f"        {name}: {_blank(what)}" for name, what, _, _ in rows)
    affected = ", ".join(f"{name}: {_blank(value)}" for name, _, value, _ in rows)
    other = ", ".join(f"{name}: {_blank(value)}" for name, _, _, value in rows)
    return f"""\
title: {_text(begun.title) or _blank("what the user sees, as a phrase")}
id: {uuid4()}
status: test # stable: checked against its source; experimental: from memory, and a comment says what
description: >-
    {BLANK} - two to four sentences: what the user sees, and what it is
references:
    - {_address(begun.article) or _blank("the address of the article")}
author: {_blank("your name")}
date: {date.today().isoformat()}
logsource:
    product: windows
    service: system # or application, security, or leave it out and test Channel
detection:
    selection:
        Provider_Name: {provider}
        EventID: {event_id}
    condition: selection
level: {_blank("informational, low, medium, high or critical")}
known_issue:
    article: {_text(begun.article) or _blank("its number, or take the line out")}
    kind: {_blank("defect, misconfiguration, failure, benign, notice or success")}
    # Only what tells affected hosts from others: a fact that is not known makes a confirmed host a possible one.
    when:
{when}
    cause: >-
        {BLANK} - what goes wrong, in a sentence or two
    remedy:
        - {_blank("the first step")}
    fixed_in: {_blank("the level that corrects it, or take the line out")}
    lookalikes:
        - {_blank("what else logs this event, or take both lines out")}
    cases:
        - events: {event}
          facts: {{{affected}}}
          verdict: confirmed
        - events: {event}
          facts: {{{other}}}
          verdict: {_blank("what must come out there: excluded, or none for an event of another source")}
"""


def blanks_in(file: RuleFile) -> list[Problem]:
    """The blanks of a file that are not filled in yet."""
    return [
        Problem(
            file=file.name,
            line=document.line(path),
            key=key_of(path),
            message=f"{text.partition(BLANK)[2].strip(' -')}: fill it in",
            lint=LINT,
        )
        for document in file.documents
        for path, text in _texts(document.data, ())
        if BLANK in text
    ]


def _blank(what: str) -> str:
    """A blank as a whole value, quoted; as a part of a longer text it has no quotes."""
    return f'"{BLANK} - {what}"'


_PLAIN = re.compile(r"[A-Za-z][\w ./()-]*[\w)]\Z")
_WORDS_OF_YAML = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})


def _text(text: str) -> str:
    """A text as YAML, quoted where it has to be."""
    if not text or (_PLAIN.match(text) and text.lower() not in _WORDS_OF_YAML):
        return text
    return "'" + text.replace("'", "''") + "'"


def _address(article: str) -> str:
    """The address of the article with this number."""
    kind, digits = re.match(r"\D*", article)[0].upper(), re.sub(r"\D", "", article)  # type: ignore[index]
    if kind == "Q":
        return f"https://github.com/jeffpar/kbarchive/blob/master/kb/{digits[:3]}/Q{digits}/README.md"
    if kind == "KB":
        return f"https://support.microsoft.com/help/{digits}"
    return f"https://msrc.microsoft.com/update-guide/vulnerability/{article}" if kind == "CVE-" else ""


def _texts(part: Any, path: EntryPath) -> Iterator[tuple[EntryPath, str]]:
    if isinstance(part, str):
        yield path, part
    elif isinstance(part, (Mapping, list)):
        for step, value in part.items() if isinstance(part, Mapping) else enumerate(part):
            yield from _texts(value, (*path, step))

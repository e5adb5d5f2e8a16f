"""Unknown facts → a ``facts.yaml`` with a blank for each, and instructions to fill it in."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from evtscan.base.safetext import prose
from evtscan.facts.catalogue import names as catalogue

RULES_SHOWN = 5
"""Maximum number of listed rules that need a fact."""

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*", re.ASCII)


def template(host: str, blanks: Mapping[str, Sequence[str]]) -> str:
    """Return a ``facts.yaml`` for a host; ``blanks`` are facts, each with the rules that need it.

    The unedited file states no facts: entries that are left blank are ignored.
    """
    return "".join(f"{line}\n" for line in (*_head(host, bool(blanks)), *_entries(blanks)))


def _head(host: str, any_: bool) -> Iterator[str]:
    if not any_:
        yield f"# {prose(host)}: no rule asks for a fact that is not known."
        return
    yield f"# What no evidence of {prose(host)} says. Fill in what is known; what is left blank says nothing."
    yield "# Put this file beside the evidence as facts.yaml."
    yield "# What changed once gets dates, and may say who knows it:"
    yield "#     os.service_pack: [{value: 2, from: 1997-01-15, source: log book}, {value: 3, from: 1997-08-01}]"


def _entries(blanks: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for fact, rules in blanks.items():
        kind = catalogue.find(fact)
        yield ""
        if kind is not None:
            yield f"# {prose(kind.meaning)} ({kind.type.value})"
        yield f"# How to find out: {prose(catalogue.how_to_get(fact))}"
        more = len(rules) - RULES_SHOWN
        asking = "; ".join(map(prose, rules[:RULES_SHOWN]))
        yield f"# Asked for by: {asking}{f' and {more:,} more rules' if more > 0 else ''}"
        yield f"{fact if _PLAIN.fullmatch(fact) else json.dumps(fact)}:"

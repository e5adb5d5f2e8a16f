"""``known_issue.says``: a sentence with the values of the event: ``{param1/Data1} did not start: {param2|error}``."""

import re
from collections.abc import Iterator
from typing import Final

FILTERS: Final = frozenset({"", "error"})
"""What may follow a field: ``error`` adds the text of an error code."""

FIELD: Final = re.compile(r"\{([A-Za-z_][\w./ -]*)(?:\|([a-z]+))?\}")
"""A field in a template: its name, or several with ``/`` of which the first that the event has counts, and a filter."""


def fields_in(template: str) -> Iterator[tuple[str, str]]:
    """Yield the fields of a template, each with its filter."""
    return ((match[1], match[2] or "") for match in FIELD.finditer(template))


def problems_of(template: str) -> Iterator[str]:
    """Yield the errors in a template."""
    if not FIELD.search(template):
        yield "it names no field of the event, such as {param1}"
    for _, name in fields_in(template):
        if name not in FILTERS:
            yield f"there is no filter {name!r}; known: {', '.join(sorted(FILTERS - {''}))}"
    if set("{}") & set(FIELD.sub("", template)):
        yield "a brace that is part of no field, such as {param1} or {param2|error}"

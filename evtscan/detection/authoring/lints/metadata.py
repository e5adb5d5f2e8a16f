"""Lints of metadata: keys, title, id, references and file name of a rule."""

import re
from typing import Final
from uuid import UUID

from evtscan.detection.authoring.lints.row import Found, Lint, Surroundings
from evtscan.detection.load.written import Written
from evtscan.detection.model.section import did_you_mean

MAX_TITLE: Final = 110

_REQUIRED = ("id", "status", "description", "level")
_KEYS: Final = (
    "title",
    "id",
    "name",
    "related",
    "taxonomy",
    "status",
    "description",
    "license",
    "author",
    "references",
    "date",
    "modified",
    "tags",
    "scope",
    "fields",
    "falsepositives",
    "level",
    "logsource",
    "detection",
    "correlation",
    "generate",
    "known_issue",
)
"""The keys of a document in Sigma's specification 2.1, and our own."""


def _missing_key(rule: Written, around: Surroundings) -> Found:
    for key in _REQUIRED:
        if rule.data.get(key) is None:
            yield (key,), f"there is no {key}"


def _unknown_key(rule: Written, around: Surroundings) -> Found:
    for key in (key for key in rule.data if key not in _KEYS):
        meant = did_you_mean(str(key), _KEYS)
        if meant or rule.rule.known_issue is not None:
            yield (key,), f"Sigma has no key {key!r}{meant}"


def _id_style(rule: Written, around: Surroundings) -> Found:
    if rule.data.get("id") is not None and rule.data["id"] != str(UUID(rule.rule.info.id)):
        yield ("id",), f"{rule.data['id']!r} is not a UUID in its usual form"


def _same_id(rule: Written, around: Surroundings) -> Found:
    if rule.data.get("id") is not None:
        yield from _shared(("id",), rule, around, rule.rule.info.id)


def _same_title(rule: Written, around: Surroundings) -> Found:
    yield from _shared(("title",), rule, around, rule.rule.info.title.casefold())


def _shared(path: tuple[str], rule: Written, around: Surroundings, name: str) -> Found:
    others = list(around.files.get(name, ()))
    if rule.rule.file in others:
        others.remove(rule.rule.file)
    if others:
        yield path, f"{others[0]} has the same {path[0]}"


def _no_reference(rule: Written, around: Surroundings) -> Found:
    if not rule.rule.info.references:
        yield ("references",), "there is no reference"


_URL = re.compile(r"https?://[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:/\S*)?\Z")


def _reference_form(rule: Written, around: Surroundings) -> Found:
    for place, reference in enumerate(rule.rule.info.references):
        if not _URL.match(reference):
            yield ("references", place), f"{reference!r} is no address"


def _title_style(rule: Written, around: Surroundings) -> Found:
    title = rule.rule.info.title
    if len(title) > MAX_TITLE:
        yield ("title",), f"{len(title)} characters are too many"
    if title.endswith("."):
        yield ("title",), "a title ends without a period"
    if title[:1].islower():
        yield ("title",), "a title begins with a capital letter"


_FILE_NAME = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*\.ya?ml\Z")


def _file_name(rule: Written, around: Surroundings) -> Found:
    if not _FILE_NAME.match(rule.path.name):
        yield (), f"{rule.path.name!r} is not a short title in lower case"


METADATA: Final = (
    Lint(
        name="missing-key",
        reason="Reports sort, filter and name rules by these.",
        remedy="add it",
        find=_missing_key,
    ),
    Lint(
        name="unknown-key",
        reason="What stands under a misspelt key is read by nobody.",
        remedy="correct it, or put what it says into a key that there is",
        find=_unknown_key,
    ),
    Lint(
        name="id-style",
        reason="Reports and exclusions compare ids as text.",
        remedy="write it in lower case with hyphens, as 8-4-4-4-12 digits",
        find=_id_style,
    ),
    Lint(
        name="same-id",
        reason="Of two rules with one id only the first is loaded.",
        remedy="give this rule a new one",
        find=_same_id,
    ),
    Lint(
        name="same-title",
        reason="Two rows of a report with one title cannot be told apart.",
        remedy="say in the title what is special about this rule",
        find=_same_title,
    ),
    Lint(
        name="no-reference",
        reason="A reader must be able to check what a rule claims.",
        remedy="name the article under references",
        find=_no_reference,
    ),
    Lint(
        name="reference-form",
        reason="A reference is followed, not searched for.",
        remedy="give the address of the page, with https://",
        find=_reference_form,
    ),
    Lint(
        name="title-style",
        reason="Titles stand in one column of a table.",
        remedy=f"a phrase of at most {MAX_TITLE} characters, such as 'Print spooler stops after an update'",
        find=_title_style,
    ),
    Lint(
        name="file-name",
        reason="A folder of rules is read by file names.",
        remedy="use words of the title with hyphens or underscores, such as print-spooler-stops.yml",
        find=_file_name,
    ),
)
"""Lints of the metadata of a rule."""

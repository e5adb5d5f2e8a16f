"""Lints that compare the events and fields of a rule with the manifests of Windows."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import PurePosixPath
from typing import Final

from evtscan.detection.authoring.lints.row import Found, Line, Lint, Surroundings, lines_of
from evtscan.detection.authoring.manifests import EventVersion, Provider, builds, provider_of
from evtscan.detection.authoring.products import RELEASES, Release, may_hold, products_of
from evtscan.detection.load.sourcenames import row_of
from evtscan.detection.load.written import Written

_FIRST: Final = next(place for place, release in enumerate(RELEASES) if release.version == "6.1")
"""The place of the first release of which there are manifests."""
_REASON: Final = re.compile(r"#\s*manifest:\s*\w")
_OF_EVERY_EVENT: Final = re.compile(
    r"\Z|(?:Provider_\w+|EventID|Channel|Level|EventType|Computer|Qualifiers|Message|Binary|Data\d*|Time\w+|Security_\w+"
    r"|Execution_\w+|EventRecordID|Task|Opcode|Keywords|Version|Correlation_\w+|UserID|ProcessID)\Z"
)
"""Fields that are no data of a manifest: those of the System part, and the strings of classic events."""


def _unknown_event(rule: Written, around: Surroundings) -> Found:
    if not _is_checked(rule):
        return
    for line, pairs in _pairs(rule):
        for provider, event_id in pairs:
            if event_id not in provider.event_ids:
                yield line.path, f"no build has an event {event_id} of {provider.name}"


def _unknown_field(rule: Written, around: Surroundings) -> Found:
    if not _is_checked(rule):
        return
    all_pairs = [pair for _, pairs in _pairs(rule) for pair in pairs]
    own = {str(path[-1]) for path in rule.document.lines if path[:2] == ("known_issue", "derive") and len(path) == 3}
    for _, lines in groupby(lines_of(rule), key=lambda line: line.path[:-1]):
        written = list(lines)
        pairs = _pairs_in(written) or all_pairs
        versions = _versions(pairs)
        if versions is None or not _names_only_known(rule, written):
            continue
        fields = {field for version in versions for field in version.fields}
        for line in written:
            name = line.field.split(".")[-1].replace(" ", "")  # as the table writes “New Value”
            if not _OF_EVERY_EVENT.match(name) and name not in own and name not in fields:
                which = ", ".join(sorted({f"{provider.name} {event_id}" for provider, event_id in pairs}))
                yield line.path, f"no build has a field {name} in {which}"


def _wrong_level(rule: Written, around: Surroundings) -> Found:
    if not _is_checked(rule):
        return
    for _, lines in groupby(lines_of(rule), key=lambda line: line.path[:-1]):
        written = list(lines)
        versions = _versions(_pairs_in(written)) or ()
        levels = {version.level for version in versions}
        for line in written:
            if line.field == "Level" and not line.modifiers and levels and None not in levels:
                for value in line.values:
                    if isinstance(value, int) and value not in levels:
                        yield line.path, f"no build gives the event level {value}"


def _no_such_build(rule: Written, around: Surroundings) -> Found:
    issue = rule.rule.known_issue
    if issue is None or not _is_checked(rule) or products_of(issue.when).places is None:
        return
    hosts = [build for build in builds() if may_hold(issue.when, _release(build))]
    for line, pairs in _pairs(rule):
        versions = _versions(pairs)
        if hosts and versions and not any(version.is_in(build) for version in versions for build in hosts):
            first = min(version.builds.start for version in versions)
            last = max(version.builds.stop for version in versions) - 1
            yield line.path, f"the event is in builds {first} to {last}, and the rule is about others"


def _release(build: int) -> Release:
    return Release("6.1" if build < 9200 else "10.0", build, "")


def _is_checked(rule: Written) -> bool:
    """Whether a rule can match Windows versions with manifests, and has no comment that disables the check."""
    places = products_of(rule.rule.known_issue.when).places if rule.rule.known_issue else None
    if "nt" in PurePosixPath(rule.rule.file).parts or (places is not None and max(places, default=0) < _FIRST):
        return False
    return _REASON.search(rule.text) is None


def _pairs(rule: Written) -> Iterator[tuple[Line, list[tuple[Provider, int]]]]:
    """Each line of a selection that names event ids beside a provider of the table, with the pairs that it names."""
    for _, lines in groupby(lines_of(rule), key=lambda line: line.path[:-1]):
        written = list(lines)
        for line in written:
            if line.field == "EventID":
                yield line, _pairs_in(written)


def _pairs_in(lines: Sequence[Line]) -> list[tuple[Provider, int]]:
    """The pairs of provider and id that a selection names, for providers of the table.

    A provider that has another, classic name in ``sources.yaml`` counts where the table has the event; its classic
    events need not be in the manifest.
    """
    providers = {
        found.name: found
        for line in lines
        if line.field == "Provider_Name" and not line.modifiers
        for name in line.values
        if (found := _only_in_manifest(str(name))) is not None
    }
    ids = [value for line in lines if line.field == "EventID" and not line.modifiers for value in line.values]
    return [(found, value) for found in providers.values() for value in ids if isinstance(value, int)]


def _only_in_manifest(name: str) -> Provider | None:
    return next((found for one in row_of(name) if (found := provider_of(one)) is not None), None)


def _names_only_known(rule: Written, lines: Sequence[Line]) -> bool:
    """Whether all providers that matter for these lines are in the table."""
    own = [line for line in lines if line.field == "Provider_Name"]
    relevant = own or [line for line in lines_of(rule) if line.field == "Provider_Name"]
    return bool(relevant) and all(
        not line.modifiers and all(_only_in_manifest(str(name)) is not None for name in line.values)
        for line in relevant
    )


def _versions(pairs: Sequence[tuple[Provider, int]]) -> list[EventVersion] | None:
    """Return all versions of these events; None if one of the events is not in the table."""
    found = [provider.versions.get(event_id) for provider, event_id in pairs]
    if not found or any(versions is None for versions in found):
        return None
    return [version for versions in found for version in versions or ()]


_GIVE_REASON: Final = "correct it, or give the reason in a comment that begins with “# manifest:”"

MANIFEST: Final = (
    Lint(
        name="event-not-in-manifest",
        reason="A rule about an event that no build of Windows defines can never match.",
        remedy=_GIVE_REASON,
        find=_unknown_event,
    ),
    Lint(
        name="field-not-in-manifest",
        reason="A test of a field that the event does not have is always false.",
        remedy=_GIVE_REASON,
        find=_unknown_field,
    ),
    Lint(
        name="level-not-in-manifest",
        reason="A test of a level that the event never has is always false.",
        remedy=_GIVE_REASON,
        find=_wrong_level,
    ),
    Lint(
        name="build-not-in-manifest",
        reason="A rule whose conditions leave only builds without its event can never match.",
        remedy=_GIVE_REASON,
        find=_no_such_build,
    ),
)
"""Lints that compare a rule with the manifests of Windows."""

"""Build and update revision of Windows 10 and later → when the newest update on the host was released.

``updates.csv`` lists cumulative updates by build: the revision that each brings (the last part of 10.0.19045.2364), the
day of its release and its article; a row without a day says that what follows is not listed. It holds the monthly
security updates, and of the others those whose day is certain (Microsoft's pages "Windows 10 release information",
"Windows 11 release information" and "Windows Server release information"). The rows of Windows 10 from April 2026 on,
of servers from July 2026 on, and of September 2026 are from publications that quote these pages. The table ends with
September 2026: no source for later months could be read by 2026-11-30.

A revision between two rows is of an update that is not listed, and dates to the row before it: the host is not older
than that. A revision before the first row of its build, or after the last one, has no date.
"""

import csv
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from evtscan.base.model.fact import FactValue
from evtscan.facts.history.statement import Statement, Undecided

FACT: Final = "os.update_date"
TABLE: Final = "updates.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """A cumulative update; ``released`` is YYYY-MM-DD, or empty if updates from this revision on are not listed.

    ``article`` may be empty.
    """

    revision: int
    released: str
    article: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Builds that share their updates: a base, and the builds that an enablement package makes of it, in order.

    Such a package changes the build that Windows reports, but not the files. ``enabled_from`` is the revision from
    which such packages could be installed, including previews.
    """

    base: int
    enabled: tuple[int, ...]
    enabled_from: int

    @property
    def builds(self) -> tuple[int, ...]:
        """Return all builds of the family."""
        return (self.base, *self.enabled)


FAMILIES: Final = (
    Family(base=18362, enabled=(18363,), enabled_from=327),
    Family(base=19041, enabled=(19042, 19043, 19044, 19045), enabled_from=330),
    Family(base=22621, enabled=(22631,), enabled_from=1825),
    Family(base=26100, enabled=(26200, 26300), enabled_from=5074),
)
_FAMILY: Final = {build: family for family in FAMILIES for build in family.builds}


def possible_builds(build: int, revision: int | None) -> tuple[int, ...]:
    """The builds that a host may have whose kernel file is of a build and revision: the file is that of the base.

    >>> possible_builds(19041, 2364), possible_builds(19041, 264), possible_builds(17763, 1)
    ((19041, 19042, 19043, 19044, 19045), (19041,), (17763,))
    """
    family = _FAMILY.get(build)
    if family is None or (revision is not None and revision < family.enabled_from):
        return (build,)
    return family.builds[family.builds.index(build) :]


def newest_update(build: int, revision: int) -> Update | None:
    """The newest update listed that a revision of a build contains; None if the revision is not within the table.

    >>> newest_update(19045, 2364)
    Update(revision=2364, released='2022-12-13', article='KB5021233')
    """
    family = _FAMILY.get(build)
    listed = _table().get(family.base if family else build, ())
    if not listed or revision > listed[-1].revision:
        return None
    at = bisect_right(listed, revision, key=lambda update: update.revision)
    found = listed[at - 1] if at else None
    return found if found is not None and found.released else None


@cache
def _table() -> Mapping[int, tuple[Update, ...]]:
    """The updates of each base, in order of their revisions."""
    found: dict[int, list[Update]] = {}
    for row in csv.DictReader((files("evtscan.facts.collectors") / TABLE).read_text(encoding="utf-8").splitlines()):
        update = Update(revision=int(row["revision"]), released=row["released"], article=row["update"])
        found.setdefault(int(row["build"]), []).append(update)
    return {build: tuple(updates) for build, updates in found.items()}


# ------------------------------------------------------------------------------------------------ statements


def date_of(build: int, revision: int) -> tuple[FactValue | Undecided, str]:
    """Return the value of ``os.update_date`` for a build and revision, and a note with the update it is based on."""
    shown = f"{build}.{revision}"
    update = newest_update(build, revision)
    if update is None:
        return Undecided(_why_undated(build, revision)), ""
    came_with = f" by {update.article}" if update.article else ""
    return update.released, f"revision {shown}, reached{came_with} or later"


def _why_undated(build: int, revision: int) -> str:
    """Return why a revision has no date; if the table is older than the host, the text has its last day."""
    family = _FAMILY.get(build)
    listed = _table().get(family.base if family else build, ())
    if listed and listed[-1].released and revision > listed[-1].revision:
        return (
            f"revision {build}.{revision} is newer than the table of updates, which ends with revision "
            f"{listed[-1].revision} of {listed[-1].released}: install a newer evtscan"
        )
    return f"no update with revision {build}.{revision} is listed"


def from_statements(statements: Iterable[Statement]) -> Iterator[Statement]:
    """When the newest update was released, wherever an update revision is stated together with a build."""
    revisions: list[Statement] = []
    builds: dict[str, list[Statement]] = {}
    dated: set[str] = set()
    for statement in statements:
        if statement.name == "os.ubr":
            revisions.append(statement)
        elif statement.name == "os.build":
            builds.setdefault(statement.location.source, []).append(statement)
        elif statement.name == FACT:
            dated.add(statement.location.source)
    for statement in revisions:
        source = statement.location.source
        build = _build_beside(statement, builds.get(source, ()))
        if source in dated or build is None or not isinstance(statement.value, int):
            continue
        value, note = date_of(build, statement.value)
        yield Statement(
            name=FACT,
            value=value,
            location=statement.location,
            event=statement.event,
            taken=statement.taken,
            since=statement.since,
            note=note,
        )


def _build_beside(revision: Statement, builds: Iterable[Statement]) -> int | None:
    """Return the build for a revision: the one stated at the same place, or the only one that its source states."""
    stated = [build for build in builds if isinstance(build.value, int)]
    beside = [build for build in stated if build.event is revision.event and build.taken == revision.taken]
    values = {build.value for build in beside or stated if isinstance(build.value, int)}
    return values.pop() if len(values) == 1 else None

"""When the newest update was released, by build and revision."""

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest
from host_builder import FakeRegistry, at, booted, event, event_log, evidence, facts_file, log

from evtscan.base.model.fact import Basis, Bound
from evtscan.base.model.source import Location
from evtscan.detection.load import catalogue
from evtscan.detection.load.loader import load_rules
from evtscan.facts.catalogue.names import how_to_get, is_known
from evtscan.facts.collectors import updates
from evtscan.facts.collectors.updates import FAMILIES, TABLE, date_of, newest_update, possible_builds
from evtscan.facts.history.statement import Statement, Undecided
from evtscan.facts.host import Host
from evtscan.intake.paths import find
from evtscan.scan import ScanOptions, scan

FILE = Path(updates.__file__).with_name(TABLE)
KERNEL = "Microsoft-Windows-Kernel-General"


def rows():
    with FILE.open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)


def patch_tuesday(day: date) -> date:
    first = day.replace(day=1)
    return first + timedelta((1 - first.weekday()) % 7 + 7)


def test_the_table_rises_in_revision_and_in_time_and_names_each_article_once():
    seen: dict[str, tuple[int, str]] = {}
    articles = []
    for row in rows():
        revision, released = int(row["revision"]), row["released"]
        before = seen.get(row["build"], (-1, ""))
        assert revision > before[0]
        assert released >= before[1] or not released
        seen[row["build"]] = (revision, released)
        articles += [row["update"]] if row["update"] else []
    assert len(articles) == len(set(articles)) > 900
    bases = {family.base for family in FAMILIES}
    assert bases <= {int(build) for build in seen}
    assert not {str(build) for family in FAMILIES for build in family.enabled} & set(seen)


# The last month of updates of each, and 2017-02, when there were none.
SECURITY_MONTHS = {
    "14393": ("2016-08", "2026-09"),
    "17763": ("2018-10", "2026-09"),
    "19041": ("2020-06", "2026-09"),
    "20348": ("2021-09", "2026-09"),
    "22000": ("2021-10", "2024-10"),
    "22621": ("2022-10", "2026-09"),
    "26100": ("2024-10", "2026-09"),
}


@pytest.mark.parametrize("build", SECURITY_MONTHS)
def test_every_monthly_security_update_is_listed(build):
    first, last = SECURITY_MONTHS[build]
    released = {row["released"] for row in rows() if row["build"] == build}
    month = date.fromisoformat(f"{first}-01")
    missing = []
    while month.isoformat()[:7] <= last:
        if patch_tuesday(month).isoformat() not in released:
            missing.append(month.isoformat()[:7])
        month = (month + timedelta(31)).replace(day=1)
    # none came in 2017-02, and that of 2018-01 came six days early
    assert missing == [each for each in ("2017-02", "2018-01") if first <= each and build == "14393"]


@pytest.mark.parametrize(
    ("build", "revision", "released", "article"),
    [
        (14393, 5501, "2022-11-08", "KB5019964"),
        (17763, 3653, "2022-11-17", "KB5021655"),
        (19045, 2364, "2022-12-13", "KB5021233"),
        (19042, 1110, "2021-07-13", "KB5004237"),
        (20348, 2322, "2024-02-13", "KB5034770"),
        (22631, 3007, "2024-01-09", "KB5034123"),
        (26200, 6899, "2025-10-14", "KB5066835"),
        (26100, 32230, "2026-01-13", "KB5073379"),
        (26100, 32698, "2026-04-19", "KB5091157"),
        (17763, 8644, "2026-04-14", "KB5082123"),
        (14393, 9339, "2026-07-14", "KB5099535"),
        (19044, 7548, "2026-07-14", "KB5099539"),
        (20348, 5631, "2026-09-14", "KB5129237"),
        (26100, 33438, "2026-09-08", "KB5122871"),
        (26300, 9550, "2026-09-22", "KB5124010"),
        (10240, 17738, "2018-01-03", "KB4056893"),
        (18363, 2274, "2022-05-10", "KB5013945"),
    ],
)
def test_an_update(build, revision, released, article):
    found = newest_update(build, revision)
    assert (found.revision, found.released, found.article) == (revision, released, article)


def test_a_revision_between_two_rows_dates_to_the_one_before_it():
    assert newest_update(17763, 3769).released == "2022-11-17"
    assert date_of(17763, 3769) == ("2022-11-17", "revision 17763.3769, reached by KB5021655 or later")
    assert date_of(10240, 16384) == ("2015-07-29", "revision 10240.16384, reached or later")


@pytest.mark.parametrize(
    ("build", "revision"),
    [(17763, 99999), (17763, 0), (7601, 17514), (26100, 10000), (26100, 40000), (22000, 3261)],
)
def test_what_is_not_in_the_table_has_no_date(build, revision):
    assert newest_update(build, revision) is None
    value, note = date_of(build, revision)
    assert isinstance(value, Undecided)
    assert f"{build}.{revision}" in value.why
    assert note == ""


def test_an_enabled_build_stays_one():
    assert possible_builds(19044, 2364) == (19044, 19045)
    assert possible_builds(22631, 5) == (22631,)


# -------------------------------------------------------------------------------------------------- on a host


def started(sequence, build, revision, **more):
    fields = {"MajorVersion": "10", "MinorVersion": "0", "BuildVersion": build, "QfeVersion": revision}
    return event(sequence, KERNEL, 12, **fields, **more)


def now(host, fact):
    return host.known(fact, host.now)


def test_a_log_dates_its_updates_boot_by_boot():
    host = Host(
        evidence(
            log(
                started(1, "17763", "3650"),
                event_log(2, 6005),
                started(11, "17763", "3770"),
                event_log(12, 6005),
                last=20,
            )
        )
    )
    dates = [host.known("os.update_date", host.point_of(one)).value for one in host.evidence.logs[0].events[::2]]
    assert dates == ["2022-11-08", "2022-12-13"]


def test_newer_than_the_table_ends_an_older_date():
    host = Host(
        evidence(
            log(started(1, "17763", "3650"), event_log(2, 6005), started(11, "17763", "99999"), event_log(12, 6005))
        )
    )
    known = now(host, "os.update_date")
    assert known.basis is Basis.UNKNOWN
    assert "17763.99999" in known.why


def test_the_kernel_of_a_base_bounds_the_build():
    host = Host(evidence(log(started(1, "19041", "2364"), event_log(2, 6005))))
    known = now(host, "os.build")
    assert (known.basis, known.limit.bound) == (Basis.UNKNOWN, Bound(19041, 19045))
    assert known.limit.locations[0].record == 1
    assert now(host, "os.update_date").value == "2022-12-13"


def test_a_registry_says_which_build_it_is():
    key = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
    values = {"CurrentBuildNumber": "19045", "UBR": 2364, "CurrentVersion": "6.3"}
    host = Host(evidence(log(started(1, "19041", "2364"), event_log(2, 6005)), FakeRegistry({key: values})))
    assert now(host, "os.build").value == 19045
    assert now(host, "os.update_date").value == "2022-12-13"


def test_a_facts_file_gives_build_and_revision_or_the_day_itself():
    host = Host(evidence(log(booted(1)), facts_file(os_build=20348, os_ubr=2322)))
    assert now(host, "os.update_date").value == "2024-02-13"
    host = Host(evidence(log(booted(1)), facts_file(os_build=20348, os_ubr=2322, os_update__date="2024-03-12")))
    assert now(host, "os.update_date").value == "2024-03-12"
    host = Host(evidence(log(booted(1)), facts_file(os_ubr=2322)))
    assert now(host, "os.update_date").basis is Basis.UNKNOWN


def test_a_revision_over_time_has_the_one_build_of_its_file():
    host = Host(evidence(log(booted(1), last=30), facts_file(os_build=17763, os_ubr=[(3650, 2), (3770, 20)])))
    assert now(host, "os.update_date").value == "2022-12-13"


def test_how_to_get_it():
    assert how_to_get("os.update_date").startswith("note the newest update of the host")


def test_a_revision_newer_than_the_table_says_with_which_day_the_table_ends():
    newest = max(updates._table()[26100], key=lambda update: update.revision)
    value, _ = updates.date_of(26200, newest.revision + 1)
    assert isinstance(value, Undecided)
    assert newest.released in value.why
    for build, revision in ((12345, 1), (17763, 0)):
        value, _ = updates.date_of(build, revision)
        assert isinstance(value, Undecided)
        assert "table" not in value.why


@pytest.mark.corpus
def test_the_table_is_not_older_than_the_newest_log_of_the_corpus(corpus):
    rules = load_rules([catalogue.folder()], fact_known=is_known).rules
    late = {}
    for path in sorted((corpus / "evtx").glob("*ystem*.evtx")):
        for fact in scan(find([path]).sources, rules, ScanOptions()).facts:
            if fact.name == updates.FACT and "newer than the table" in str(fact):
                late[path.name] = str(fact)
    assert late == {}


def test_a_revision_goes_with_the_build_of_its_own_time():
    def stated(name, value, minute):
        return Statement(name=name, value=value, location=Location(source="facts.yaml"), taken=at(minute))

    statements = [
        stated("os.build", 17134, 1),
        stated("os.ubr", 165, 1),
        stated("os.build", 17763, 2),
        stated("os.ubr", 1, 2),
    ]
    dates = {one.taken: one.value for one in updates.from_statements(statements)}
    assert dates[at(1)] == "2018-07-10"
    assert dates[at(2)] != dates[at(1)]


def test_a_revision_alone_goes_with_the_only_build_of_its_source():
    def stated(name, value, minute):
        return Statement(name=name, value=value, location=Location(source="facts.yaml"), taken=at(minute))

    alone = [stated("os.build", 17134, 1), stated("os.ubr", 165, 2)]
    assert [one.value for one in updates.from_statements(alone)] == ["2018-07-10"]
    assert list(updates.from_statements([*alone, stated("os.build", 17763, 3)])) == []

"""The products that a condition leaves, in words."""

import example_rules
import pytest
from example_rules import load_one

from evtscan.base.versions import os_name
from evtscan.detection.authoring.products import RELEASES, products_of
from evtscan.detection.model.condition import All

DETECTION = "s: {Provider_Name: Disk, EventID: 7}\ncondition: s"

WORDS = [
    ("os.version: '4.0'", "Windows NT 4.0"),
    ("os.version: ['3.51', '4.0']", "Windows NT 3.51 to Windows NT 4.0"),
    ("os.version: ['3.51', '5.0']", "Windows NT 3.51, Windows 2000"),
    ("os.version: '<=4.0'", "up to Windows NT 4.0"),
    ("os.version: '>=3.5, <5.0'", "Windows NT 3.5 to Windows NT 4.0"),
    ("os.version: '>=6.2'", "Windows 8, Server 2012 and later"),
    ("os.version: '10.0'", "Windows 10 1507 and later"),
    ("os.build: 17763", "Windows 10 1809, Server 2019"),
    (
        "os.build: [14393, 17763, 20348]",
        "Windows 10 1607, Server 2016, Windows 10 1809, Server 2019, Windows Server 2022",
    ),
    ("os.build: '>=26100'", "Windows 11 24H2, Server 2025 and later"),
    ("os.version: '4.0'\nos.service_pack: '<=3'", "Windows NT 4.0"),
    ("os.version: '4.0'\nos.build: 2195", "no release that is known"),
    ("any: [{os.version: '4.0', os.service_pack: 2}, {os.version: '5.0'}]", "Windows NT 4.0 to Windows 2000"),
    ("not: {os.version: '>=5.0'}", "up to Windows NT 4.0"),
    ("any: [{os.version: '4.0'}, {component.ras: true}]", "Windows NT 3.1 and later"),
    ("component.ras: true", ""),
]


@pytest.mark.parametrize(("when", "words"), WORDS)
def test_products_in_words(tmp_path, monkeypatch, when, words):
    monkeypatch.setattr(example_rules, "FACTS", example_rules.FACTS | {"os.build"})
    lines = "\n".join(f"    {line}" for line in when.splitlines())
    issue = f"kind: defect\nwhen:\n{lines}\ncases: []\n"
    rule = load_one(tmp_path, DETECTION, issue)
    assert str(products_of(rule.known_issue.when)) == words


def test_what_says_nothing_of_products_comes_last():
    assert products_of(All(())).first == len(RELEASES)
    assert products_of(All(())).places is None


def test_releases_are_in_order_and_their_versions_have_names():
    assert [release.build for release in RELEASES] == sorted({release.build for release in RELEASES})
    for release in RELEASES:
        assert os_name(release.version) != f"Windows {release.version}"

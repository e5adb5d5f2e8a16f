"""Accepted findings: what a file of them says, and which findings that covers on a day."""

from datetime import date
from pathlib import Path

import pytest

from evtscan.base.errors import EvidenceError, UsageError
from evtscan.base.model.finding import Finding
from evtscan.base.model.rule import RuleInfo
from evtscan.report.acceptance import NOTHING, Acceptance, Accepted, read_acceptances

TODAY = date(2026, 6, 1)
DHCP = RuleInfo(id="rule-1", title="", level="", article="Q162396")
DISK = RuleInfo(id="rule-2", title="", level="")

YAML = """\
- host: NTWS07
  article: Q162396
  until: 2026-12-31
  reason: replaced in January
- {host: '*', article: rule-2, entity: disk 0, until: 2026-06-01, reason: 'spare, unused'}
"""
CSV = (
    "Host,Article,Entity,Until,Reason\r\n"
    "NTWS07,Q162396,,2026-12-31,replaced in January\r\n"
    '*,rule-2,disk 0,2026-06-01,"spare, unused"\r\n'
)


def finding(host: str = "NTWS07", rule: RuleInfo = DHCP, entity: str = "") -> Finding:
    return Finding(finding_id="x", host=host, computer="", verdict="confirmed", rule_id=rule.id, entity=entity)


def entry(**fields: object) -> Acceptance:
    basis = {"host": "NTWS07", "article": "Q162396", "until": date(2026, 12, 31), "reason": "why"}
    return Acceptance(**{**basis, **fields})  # type: ignore[arg-type]


def accepted(*entries: Acceptance) -> Accepted:
    return Accepted(entries, (DHCP, DISK), TODAY)


@pytest.mark.parametrize(("name", "text"), [("a.yaml", YAML), ("a.csv", CSV), ("b.CSV", CSV.replace(",", ";"))])
def test_a_file_of_either_form(tmp_path: Path, name: str, text: str) -> None:
    text = text.replace("spare; unused", "spare, unused")
    (tmp_path / name).write_text(text, "utf-8")
    assert read_acceptances(tmp_path / name) == (
        entry(reason="replaced in January"),
        entry(host="*", article="rule-2", entity="disk 0", until=TODAY, reason="spare, unused"),
    )


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.yaml", "- {host: a, article: b, until: 2026-12-31}", "a.yaml, line 1, entry 1 (host a): without reason"),
        (
            "a.yaml",
            "- {host: a, article: b, reason: c, until: soon}\n- {host: a}\n",
            "a.yaml, line 1, entry 1 (host a): until: soon is not a date; write 2026-12-31\n"
            "a.yaml, line 2, entry 2 (host a): without article and until and reason",
        ),
        ("a.yaml", "- {host: a, article: b, reason: c, until: 2026-02-30}", "2026-02-30 is not a date"),
        (
            "a.yaml",
            "- {host: a, article: b, reason: c, until: 2026-02-01, by: me}",
            "line 1, entry 1 (host a): unknown: by; use host",
        ),
        ("a.yaml", "host: a\n", "a.yaml, line 1: not a list of entries"),
        ("a.yaml", "- [a, b]\n", "line 1, entry 1: not an entry"),
        ("a.yaml", "- {host: [", "a.yaml, line"),
        ("a.csv", "Host,Article\na,b\n", "a.csv, line 1: no column Until, Reason"),
        ("a.csv", "Host,Article,Until,Reason\na,b,2026-01-01,\n", "a.csv, line 2, entry 1 (host a): without reason"),
        ("a.yaml", "- {host: a, host: b, article: c, until: 2026-12-31, reason: d}", "a.yaml, line 1, entry 1"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(UsageError) as caught:
        read_acceptances(tmp_path / name)
    assert message in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--accept .*: there is no such file"):
        read_acceptances(tmp_path / "a.yaml")


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"x" * ((16 << 20) + 1))
    with pytest.raises(EvidenceError, match="larger than 16 MiB"):
        read_acceptances(tmp_path / "a.csv")


def test_an_empty_file_accepts_nothing(tmp_path: Path) -> None:
    for name in ("a.yaml", "a.csv"):
        (tmp_path / name).write_text("")
        assert read_acceptances(tmp_path / name) == ()


def test_host_and_article_or_rule_say_what_is_accepted() -> None:
    by_article = accepted(entry())
    assert str(by_article.of(finding())) == "until 2026-12-31: why"
    assert by_article.of(finding(host="ntws07")) is not None
    assert by_article.of(finding(host="NTWS08")) is None
    assert by_article.of(finding(rule=DISK)) is None
    by_rule = accepted(entry(host="*", article="RULE-2"))
    assert by_rule.of(finding(host="any", rule=DISK)) is not None
    assert by_rule.of(finding(rule=DHCP)) is None


def test_an_entity_narrows_it_down() -> None:
    some = accepted(entry(entity="disk 0"))
    assert some.of(finding(entity="disk 0")) is not None
    assert some.of(finding(entity="disk 1")) is None
    assert accepted(entry()).of(finding(entity="disk 1")) is not None


def test_it_ends_after_its_last_day() -> None:
    assert accepted(entry(until=TODAY)).of(finding()) is not None
    assert accepted(entry(until=date(2026, 5, 31))).of(finding()) is None


def test_the_entry_that_holds_longest_counts() -> None:
    several = accepted(entry(until=TODAY), entry(host="*", until=date(2027, 1, 1), reason="longer"))
    assert str(several.of(finding())) == "until 2027-01-01: longer"


def test_remarks_name_what_does_not_fit() -> None:
    entries = [entry(), entry(host="GONE"), entry(host="*", article="Q999"), entry(until=date(2025, 1, 1))]
    assert list(accepted(*entries).remarks(["NTWS07", "other"])) == [
        "there is no host GONE",
        "no rule has the article or id Q999",
        "no longer accepted: Q162396 on NTWS07 (2025-01-01)",
    ]
    assert list(accepted(entry(host="ntws07")).remarks({"NTWS07"})) == []
    (many,) = accepted(*(entry(host=f"h{number}") for number in range(9))).remarks([])
    assert many == "there is no host h0, h1, h2, h3, h4 and 4 more"


def test_what_is_in_force_changes_when_an_entry_ends() -> None:
    entries = (entry(until=TODAY), entry(until=date(2027, 1, 1)))
    later = Accepted(entries, (DHCP,), date(2026, 6, 2))
    assert accepted(*entries).in_force != later.in_force
    assert later.in_force == Accepted(entries[1:], (DHCP,), TODAY).in_force


def test_nothing_is_accepted_without_a_file() -> None:
    assert not NOTHING
    assert NOTHING.of(finding()) is None
    assert list(NOTHING.remarks(["a"])) == []

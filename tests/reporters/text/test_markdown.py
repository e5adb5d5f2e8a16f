import io
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from sample_reports import BIDI, HOSTILE, finding

from evtscan.base.logic import Truth
from evtscan.base.model.diagnosis import Change, ChangeKind, ChangesBefore
from evtscan.base.model.finding import Explanation, Verdict
from evtscan.base.model.rule import RuleInfo
from evtscan.base.safetext import prose
from evtscan.report.model import HostReport, Report
from evtscan.reporters.digest.summary import feed
from evtscan.reporters.text.markdown import escaped, sink


def written(report: Report) -> str:
    stream = io.BytesIO()
    feed(report, [sink(report, stream)])
    return stream.getvalue().decode("utf-8")


def rendered(text: str) -> str:
    return str(MarkdownIt("commonmark").enable("table").enable("strikethrough").render(text))


def plain(html: str) -> str:
    for entity, sign in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        html = html.replace(entity, sign)
    return html


def test_a_finding_is_a_section_with_a_check_list(one_host: Report) -> None:
    (host,) = one_host.hosts
    report = replace(one_host, hosts=(replace(host, findings=host.findings[1:2]),))
    text = written(report)
    lines = text.splitlines()
    start = lines.index("## NT4 (NT4-COMPUTER): Windows NT 4.0, Service Pack 2")
    assert lines[start + 2] == "### Confirmed: Q162396, DHCP decline fails on an NT 4.0 SP2 client with RAS"
    assert "**Why.** Service Pack 2 with RAS: the DHCP client could not decline a duplicate address." in lines
    assert "**Cause.** The decline cannot be sent through the RAS ARP module." in lines
    assert lines[lines.index("**What to do**") :] == [
        "**What to do**",
        "",
        "- [ ] Install Service Pack 3 or later.",
        "- [ ] Re-apply the pack if RAS was added after it.",
        "",
    ]
    evidence = next(line for line in lines if line.startswith("**Evidence.**"))
    assert evidence.startswith("**Evidence.** Dhcp 1008 in SysEvent.Evt, records 101, 102, ")
    assert evidence.endswith("1998-01-01T00:00:00Z to 1998-03-15T10:00:00Z, wrapped")
    assert "  true     os.service_pack is 2 (carried): Service Pack 2 (carried forward over 1 restart)" in lines


def test_what_is_missing_and_how_to_get_it(one_host: Report) -> None:
    lines = written(one_host).splitlines()
    assert lines[lines.index("**What is missing**") + 2] == "- [ ] component.ras"
    assert lines[lines.index("**How to get it**") + 2] == (
        r"- [ ] component.ras: Export HKLM\\SYSTEM\\CurrentControlSet\\Services with regedit."
    )


def test_the_beginning_says_what_to_do_and_to_collect(full: Report) -> None:
    lines = written(full).splitlines()
    assert lines[:7] == [
        "# Windows event logs: findings",
        "",
        "5 hosts, 4 with findings.",
        "",
        "| confirmed | possible | exposed | resolved | excluded | detected | not applicable | clear | not assessed |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| 2 | 1 | 1 | 1 | 1 | 2 | 1 | 1 | 1 |",
    ]
    assert lines[8] == "7 new, 1 accepted."
    assert lines[lines.index("## Do first") + 2] == ("- [ ] **Q100001, Bad block** (possible, critical) on 1 host: NT4")
    assert "- [ ] **component.ras**, helps to decide 1 finding on 1 host" in lines
    assert "### Clear" not in "\n".join(lines)


def test_excluded_and_quiet_findings_have_no_check_list(full: Report) -> None:
    text = written(replace(full, hosts=full.hosts[1:2]))
    assert "### Excluded: Q162396" in text
    assert "What to do" not in text


def test_nothing_hostile_becomes_markup(full: Report) -> None:
    html = rendered(written(full))
    assert not re.search(r"<(script|a|img|b|s|em)\b", html)
    assert set(re.findall(r"<(\w+)", html)) == {
        *("h1", "h2", "h3", "p", "ul", "li", "strong", "pre", "code", "table", "thead", "tbody", "tr", "th", "td")
    }
    assert "\u202e" not in html


def test_a_block_of_conditions_ends_where_it_should() -> None:
    rule = RuleInfo(id="x", title="x", level="low")
    hostile = Explanation(text="````<b>x</b>", truth=Truth.TRUE)
    host = HostReport(host="h", findings=(finding(Verdict.CONFIRMED, rule, explanation=hostile),))
    assert "<b>" not in rendered(written(Report(hosts=(host,), rules=(rule,))))


MARKUP = (
    *("# heading", "1. one", "2) two", "- item", "+ item", "=====", "> quote", "a | b", "~~gone~~", "[x](y)"),
    *("![x](y)", "<!-- x -->", "&lt;", "**x**", "__x__", "`x`", "https://evil.example", "WWW.evil.example", "$x$"),
)


@pytest.mark.parametrize("text", [*HOSTILE, *MARKUP])
def test_text_stays_text(text: str) -> None:
    for before, after in (("", ""), ("- [ ] ", ""), ("**Why.** ", ""), ("### Confirmed: ", ""), ("**", "**")):
        html = rendered(f"{before}{escaped(text)}{after}")
        assert prose(text) in plain(html)
        assert not re.search(r"<(script|a|img|b|s|em|code|blockquote|ol)\b", html)


@settings(deadline=None, max_examples=100)
@given(st.text(st.sampled_from("#+-=*_`~[]()<>!|&\\:/.@1a \n\t"), max_size=12) | st.text(max_size=8))
def test_any_text_stays_text(text: str) -> None:
    html = rendered(f"- [ ] {escaped(text)}")
    assert " ".join(prose(text).split()) in plain(html)
    assert set(re.findall(r"<(\w+)", html)) <= {"ul", "li"}


def test_a_link_is_broken_for_readers_that_make_links_of_text() -> None:
    assert escaped("see https://x.example and www.x.example") == "see https&#58;//x.example and www&#46;x.example"
    assert BIDI not in escaped(BIDI)


def test_changes_before_and_what_a_finding_follows_from(full: Report) -> None:
    host = full.hosts[0]
    change = Change(kind=ChangeKind.UPDATE, subject="KB1", text="update KB1 was installed", seconds_before=7200)
    first, *rest = host.findings
    follower = replace(first, changes=ChangesBefore(changes=(change,)), consequence_of=(rest[0].finding_id,))
    text = written(replace(full, hosts=(replace(host, findings=(follower, *rest)),)))
    assert "**Changes before.** update KB1 was installed (2 hours before)" in text
    assert "**May follow from.** " in text

"""``report.html`` in a real browser: what people do with it, and what hostile text does not."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from sample_reports import FORMULA, FULL, MARKUP, SCRIPT, judged, ranked

from benchmarks.synthetic_fleet import fleet
from evtscan.audit.plan import plan
from evtscan.audit.run import run
from evtscan.cli.output.session import rules_of
from evtscan.report.model import HostReport, Report
from evtscan.reporters.digest.remedies import Remedies
from evtscan.reporters.digest.summary import feed, summaries
from evtscan.reporters.html import sink
from evtscan.scan import ScanOptions

pytest.importorskip("selenium", reason="selenium is not installed: pip install -e '.[test]'")
from browser import CHECKS, CHROMIUM, DRIVER, MISSING, Page, chromium

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None or DRIVER is None, reason=MISSING),
    pytest.mark.filterwarnings("default::ResourceWarning"),  # sockets of the driver
]

ROOT = Path(__file__).parents[2]
HOSTS, FINDINGS = 250, 180
SAMPLED = ("LAB-PC3", "NTWS05", "NTWS07", "NTWS12", "NTWS19")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture(autouse=True)
def _nothing_to_complain_about(browser) -> Iterator[None]:
    """Whatever a test does: no error on the console, and nothing asked of a network."""
    Page(browser, ROOT).complaints()
    yield
    assert Page(browser, ROOT).complaints() == []


def _page(browser, folder: Path, report: Report) -> Page:
    file = folder / "report of a fleet.html"
    with file.open("wb") as stream:
        feed(report, [sink(report, stream)])
    return Page(browser, file)


@pytest.fixture(scope="module")
def many(browser, tmp_path_factory) -> Page:
    return _page(browser, tmp_path_factory.mktemp("many"), fleet(HOSTS, FINDINGS))


@pytest.fixture(scope="module")
def made_up() -> Report:
    return fleet(HOSTS, FINDINGS)


@pytest.fixture(scope="module")
def hostile(browser, tmp_path_factory) -> Page:
    return _page(browser, tmp_path_factory.mktemp("hostile"), FULL)


@pytest.fixture(scope="module")
def sampled() -> Report:
    rules = [rule for rule in rules_of(None).rules if rule.info.article == "Q162396"]
    plans = [item for item in plan(ROOT / "samples" / "hosts") if item.name in SAMPLED]
    hosts = run(plans, rules, ScanOptions(), jobs=1)
    return Report(hosts=tuple(hosts), rules=tuple(rule.info for rule in rules), evtscan="0.1.0")


@pytest.fixture(scope="module")
def samples(browser, tmp_path_factory, sampled) -> Page:
    return _page(browser, tmp_path_factory.mktemp("samples"), sampled)


def finding_of(report: Report, host: str) -> str:
    (item,) = [item for item in judged(report) if item.host.host == host]
    return f"#/finding/{item.finding.finding_id}"


# ------------------------------------------------------------------------------------------------- overview


def test_the_overview_says_what_to_do_and_what_to_collect(many, made_up):
    many.open()
    assert many.heading == f"What was found on {HOSTS} hosts"
    assert many.browser.title == "Overview · evtscan report"
    first = ranked(Remedies(), judged(made_up))[0]
    listed = many.texts(".columns section:nth-child(1) li .title")
    assert listed[0] == first.rule.title
    assert len(listed) == 6
    assert many.texts(".columns section:nth-child(1) li .facts strong")[0] == f"{len(first.hosts)} hosts"
    assert many.texts(".columns section:nth-child(2) li .title") == ["Whether RAS is installed", "The service pack"]
    confirmed = sum(item.finding.verdict == "confirmed" for item in judged(made_up))
    assert f"{confirmed}confirmed findings" in many.texts(".tiles li")


def test_the_overview_explains_the_verdicts_that_occur(samples, sampled):
    samples.open()
    occurring = {item.finding.verdict for item in judged(sampled)}
    assert {"confirmed", "possible", "exposed", "resolved"} == occurring
    explained = samples.texts("[aria-labelledby=s-what-the-verdicts-say] dt")
    assert explained == ["confirmed", "possible", "exposed", "resolved"]


def test_the_places_of_the_page_lead_somewhere(many):
    many.open()
    headings = {}
    for link in many.texts("header nav a"):
        if link != "Overview":
            many.follow("header nav a", link)
        headings[link] = many.heading
        assert many.texts("header nav a[aria-current=page]") == [link]
    assert headings == {
        "Overview": f"What was found on {HOSTS} hosts",
        "Do first": "Do first",
        "Collect next": "Collect next",
        "Findings": "Findings",
        "Hosts": "Hosts",
        "Rules": "Rules",
        "Blind spots": "Blind spots",
    }


def test_no_link_leads_astray(hostile):
    """Follows each address in the page from the overview on."""
    hostile.open("#/")
    waiting, seen = ["#/"], set()
    while waiting:
        route = waiting.pop()
        if route in seen:
            continue
        seen.add(route)
        if route != hostile.route:
            hostile.go(route)
        assert hostile.heading != "Not in this report", route
        links = hostile.run("return [...document.querySelectorAll('a[href^=\"#/\"]')].map(a => a.getAttribute('href'))")
        waiting.extend(links)
    kinds = {route.split("/")[1].split("?")[0] for route in seen}
    assert kinds == {"", "first", "collect", "findings", "hosts", "rules", "blind", "finding", "host", "rule"}


def test_an_address_that_leads_nowhere_says_so(many):
    assert many.open("#/finding/none").heading == "Not in this report"
    assert many.go("#/first/9999").heading == "Not in this report"
    many.open("#/toString")
    assert many.heading == "Not in this report"


# --------------------------------------------------------------------------------------------------- lists


def test_filters_narrow_a_list_and_stand_in_the_address(many, made_up):
    many.open("#/findings")
    possible = [item for item in judged(made_up) if item.finding.verdict == "possible"]
    assert many.text(".count") == f"{FINDINGS} findings"
    many.click(".facet button", "possible")
    assert many.text(".count") == f"{len(possible)} of {FINDINGS} findings"
    assert many.one(".facet button[aria-pressed=true]").text.startswith("possible") or "possible" in many.text(
        ".facet button[aria-pressed=true]"
    )
    assert set(many.column(1)) == {"◐possible"}
    high = [item for item in possible if item.rule.level == "high"]
    many.run(
        "const s = document.querySelector('select[aria-label=Level]');"
        "s.value = 'high'; s.dispatchEvent(new Event('change'))"
    )
    assert many.text(".count") == f"{len(high)} of {FINDINGS} findings"
    assert many.route == "#/findings?verdict=possible&level=high"
    many.open(many.route)
    assert many.text(".count") == f"{len(high)} of {FINDINGS} findings"
    many.click(".reset")
    assert (many.text(".count"), many.route) == (f"{FINDINGS} findings", "#/findings")
    assert not many.one(".reset").is_displayed()


def test_each_value_of_a_filter_says_how_many_it_gives(many, made_up):
    many.open("#/findings?level=low")
    low = [item.finding.verdict for item in judged(made_up) if item.rule.level == "low"]
    shown = {
        text.strip("●◐◇✓–0123456789"): int("".join(filter(str.isdigit, text))) for text in many.texts(".facet button")
    }
    assert shown == {
        verdict: low.count(verdict) for verdict in ("confirmed", "possible", "exposed", "resolved", "excluded")
    }


def test_a_search_looks_for_all_words_and_for_phrases(many, made_up):
    many.open("#/hosts")
    box = many.one("main .search")
    box.send_keys('NTWS "service pack 2"')
    expected = {host.host for host in made_up.hosts if host.host.startswith("NTWS") and host.service_pack == "2"}
    assert many.text(".count") == f"{len(expected)} of {HOSTS} hosts"
    assert set(many.column(1)) == expected
    assert "q=NTWS+%22service+pack+2%22" in many.route
    box.send_keys(" nothing like it")
    assert many.text(".count") == f"None of {HOSTS} hosts fits these filters."
    assert many.run("return document.activeElement.type") == "search"


def test_columns_sort_both_ways_as_text_and_as_numbers(many, made_up):
    many.open("#/hosts?worst=none")
    records = {host.host: sum(row.records or 0 for row in host.evidence) for host in made_up.hosts}
    names = sorted(item.host.host for item in summaries(made_up) if item.worst_verdict is None)
    many.click("th button", "Host")
    assert many.column(1) == names[:100]
    assert many.one("th:nth-child(1)").get_attribute("aria-sort") == "ascending"
    many.click("th button", "Records")
    head = many.run("return [...document.querySelectorAll('th')].find(h => h.ariaSort === 'descending').textContent")
    assert head == "Records"
    listed = many.column(1)
    assert [records[name] for name in listed] == sorted((records[name] for name in names), reverse=True)[:100]
    many.click("th button", "Records")
    assert records[many.column(1)[0]] == min(records[name] for name in names)
    assert "sort=records" in many.route
    assert many.run("return [...document.querySelectorAll('th')].filter(h => h.ariaSort !== 'none').length") == 1


def test_findings_begin_with_the_gravest(many, made_up):
    many.open("#/findings")
    expected = sorted(judged(made_up), key=lambda item: (item.rule.kind == "benign", item.reading_order[:5]))
    shown = [text[1:] for text in many.column(1)]
    assert shown == [item.verdict.value for item in expected[: len(shown)]]  # what is only worth knowing comes last


def test_a_long_list_has_pages(many):
    many.open("#/hosts?sort=host")
    assert len(many.column(1)) == 100
    assert many.text(".pager .place") == f"1–100 of {HOSTS}"
    first = many.column(1)
    many.click(".pager button", "Next")
    assert many.text(".pager .place") == f"101–200 of {HOSTS}"
    assert not set(first) & set(many.column(1))
    many.click(".pager button", "Last")
    assert (len(many.column(1)), many.route) == (50, "#/hosts?sort=host&page=3")
    many.click(".pager button", "Next")  # off, and stays where it is
    assert many.text(".pager .place") == f"201–{HOSTS} of {HOSTS}"
    many.one("main .search").send_keys("ntsrv")
    assert "page" not in many.route


def test_going_back_finds_the_list_as_it_was_left(many):
    many.open("#/findings")
    many.click(".facet button", "excluded")
    count = many.text(".count")
    many.follow("td a")
    many.back()
    assert many.text(".count") == count
    assert many.route == "#/findings?verdict=excluded"


def test_the_command_that_collects_what_is_missing_has_all_that_it_needs(many):
    many.open("#/collect")
    assert many.text("main .lead code") == "evtscan collect --for modern --missing report.json"


def test_a_remedy_lists_its_hosts_and_a_missing_fact_its_findings(many, made_up):
    first = ranked(Remedies(), judged(made_up))[0]
    many.open("#/first/1")
    assert many.heading == first.rule.title
    assert many.texts(".steps li") == list(first.steps)
    assert set(many.texts("td.name")) == set(first.hosts)
    many.go("#/collect/1")
    lacking = [
        item for item in judged(made_up) if "component.ras" in item.finding.missing_facts and item.rule.kind != "benign"
    ]
    assert many.text(".count") == f"{len(lacking)} findings"
    assert many.texts("section:nth-of-type(1) li") == ["Export the key with regedit to a .reg file"]


def test_a_host_is_found_by_name(many, made_up):
    many.open()
    name = made_up.hosts[7].host
    many.one(".jump input").send_keys(name.lower())
    assert many.press("\n").heading == name


# ------------------------------------------------------------------------------------------- a finding, a host


def test_a_finding_gives_its_reasons_with_their_places(samples, sampled):
    samples.open(finding_of(sampled, "NTWS07"))
    assert samples.heading == "DHCP decline fails with RAS on Windows NT 4.0 Service Pack 2"
    assert samples.text(".reason").startswith("Dhcp 1008 was logged twice while every condition held")
    assert samples.text("main .badge") == "●confirmed"
    conditions = samples.texts(".condition")
    assert conditions[0] == "✓trueall ofstated"
    (pack,) = (text for text in conditions if "os.service_pack" in text)
    assert pack.startswith("✓trueos.service_pack is 2statedService Pack 2control.reg, HKEY_LOCAL_MACHINE")
    assert len(samples.all(".tree ul li")) == len(conditions) - 1


def test_a_finding_shows_its_events_and_the_records_around_them(samples, sampled):
    samples.open(finding_of(sampled, "NTWS07"))
    tables = {
        table: samples.texts(f"[aria-label='{table}'] tbody tr")
        for table in samples.run("return [...document.querySelectorAll('main .scroll')].map(n => n.ariaLabel)")
    }
    events = tables["Events of this finding"]
    assert [("Dhcp 1008" in row, "Data1=0060083A1C42" in row) for row in events] == [(True, True)] * 2
    around = tables["The records around its first event in SysEvent.Evt"]
    assert len(around) == 11
    assert [place for place, row in enumerate(around) if row.startswith("▶an event of this finding")] == [5, 7]
    assert around[4].startswith("−1")
    assert "Tcpip 4199" in around[4]


def test_a_finding_draws_the_history_of_its_host_and_says_it_too(samples, sampled):
    samples.open(finding_of(sampled, "NTWS05"))
    picture = samples.one(".picture svg")
    told = picture.get_attribute("aria-label")
    assert told.startswith("Time line: 4 boot sessions from 1998-11-05 to 2000-01-20")
    assert "os.service_pack 6" in told
    assert len(samples.all(".picture rect.session")) == 4
    assert len(samples.all(".picture path.start")) == 3
    assert len(samples.all(".picture rect.stop")) == 1
    assert len(samples.all(".picture path.mark[data-verdict=possible]")) == 1
    assert samples.texts(".picture text.fact-name title") == ["os.version", "os.service_pack", "component.ras"]
    mark = samples.run("return document.querySelector('.picture path.mark').getBBox().x")
    packs = samples.run("return [...document.querySelectorAll('.picture rect.stated')].map(r => r.getBBox().x)")
    assert mark < min(packs)  # logged before anything states what the host is
    rows = samples.texts(".as-list tbody tr")
    assert rows[0].endswith("the log begins at record 4127 (SysEvent.Evt: wrapped) SysEvent.Evt, record 4127")
    assert any("Dhcp 1008, possible" in row for row in rows)
    assert [row for row in rows if "stopped in order (EventLog 6006)" in row]


def test_what_is_missing_and_how_to_get_it(samples, sampled):
    samples.open(finding_of(sampled, "NTWS19"))
    missing = samples.text("section.missing")
    assert "os.service_pack" in missing
    assert "Compare Rasarp.sys in %SystemRoot%" in missing
    samples.open(finding_of(sampled, "LAB-PC3"))
    assert "os.version: export HKEY_LOCAL_MACHINE" in samples.text("section.missing")


def test_steps_are_ticked_off_and_stay_so(samples, sampled):
    samples.open(finding_of(sampled, "NTWS07"))
    assert samples.text(".checklist + p") == "0 of 5 steps done"
    samples.click(".checklist label", "Restart")
    assert samples.text(".checklist + p") == "1 of 5 steps done"
    samples.open(finding_of(sampled, "NTWS07"))
    assert samples.run("return [...document.querySelectorAll('.checklist input')].map(box => box.checked)") == [
        False,
        False,
        True,
        False,
        False,
    ]
    samples.click(".checklist label", "Restart")
    assert samples.run("return localStorage.length") == 0


def copied(page: Page) -> str:
    page.run("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    page.click(".actions button", "Copy as ticket")
    page.wait_for("#status:not(:empty)")
    assert page.text("#status") == "Copied as Markdown."
    return str(page.run("return window.copied"))


def test_a_finding_becomes_a_ticket(samples, sampled):
    samples.open(finding_of(sampled, "NTWS07"))
    samples.click(".checklist label", "Restart")
    lines = copied(samples).splitlines()
    samples.click(".checklist label", "Restart")
    assert lines[0] == "## DHCP decline fails with RAS on Windows NT 4.0 Service Pack 2 on NTWS07 (Q162396)"
    assert "- **Verdict:** confirmed, medium, defect" in lines
    assert "- **Logged:** 2 times, 1997-01-28T07:58:05Z to 1997-01-28T08:03:12Z" in lines
    assert "- true: all of (stated)" in lines
    assert "  - true: os.service_pack is 2 (stated): Service Pack 2" in lines
    assert any(line.startswith("    - `") and "CSDVersion" in line for line in lines)
    assert [line[:5] for line in lines if line.startswith("- [")] == ["- [ ]", "- [ ]", "- [x]", "- [ ]", "- [ ]"]


def test_a_remedy_becomes_a_ticket_for_all_its_hosts(many, made_up):
    first = ranked(Remedies(), judged(made_up))[0]
    many.open("#/first/1")
    lines = copied(many).splitlines()
    assert lines[0] == f"## {first.rule.title} ({first.rule.article}): {len(first.hosts)} hosts"
    assert [line for line in lines if line.startswith("- [ ]")] == [
        f"- [ ] {text}" for text in (*first.steps, *first.hosts)
    ]


def test_where_the_clipboard_is_refused_the_text_is_there_to_copy(samples, sampled):
    samples.open(finding_of(sampled, "NTWS07"))
    samples.run(
        "navigator.clipboard.writeText = async () => { throw new Error('refused'); };"
        "document.execCommand = (name) => { window.tried = name; return false; }"
    )
    samples.click(".actions button", "Copy as ticket")
    samples.wait_for("dialog[open]")
    assert samples.run("return window.tried") == "copy"
    assert samples.run(
        "const a = document.querySelector('dialog textarea'); return a.value.slice(a.selectionStart, a.selectionEnd)"
    ).startswith("## DHCP decline")
    samples.click("dialog button", "Close")
    samples.until(lambda: samples.all("dialog") == [])


def test_a_host_has_its_facts_evidence_and_findings(samples):
    samples.open("#/host/NTWS05")
    assert samples.heading == "NTWS05"
    assert "Service Pack 6" in samples.text(".facts")
    facts = dict(
        zip(
            samples.texts("[aria-label=Facts] td:nth-child(1)"),
            samples.texts("[aria-label=Facts] td:nth-child(2)"),
            strict=True,
        )
    )
    assert (facts["os.service_pack"], facts["component.ras"]) == ("6", "true")
    assert samples.texts("[aria-label=Evidence] td:nth-child(1)") == ["SysEvent.Evt", "services.reg"]
    assert samples.texts("[aria-label=Findings] td:nth-child(1)") == ["✓resolved"]


def test_a_host_without_a_log_says_so(samples):
    samples.open("#/host/NTWS12")
    assert "No event log" in samples.text("main")
    assert samples.one(".picture svg").get_attribute("aria-label").startswith("Time line: 0 boot sessions")


def test_one_leafs_through_the_findings_of_a_list(many):
    many.open("#/findings")
    many.click(".facet button", "excluded")
    hosts = many.texts("td.name")
    many.follow("td a")
    assert many.text(".steps-through .place") == f"1 of {len(hosts)}"
    assert many.text(".trail a:last-child") == hosts[0]
    assert many.press("]").text(".trail a:last-child") == hosts[1]
    assert many.press("]").text(".trail a:last-child") == hosts[2]
    assert many.press("[").text(".trail a:last-child") == hosts[1]
    assert many.follow(".steps-through a", "Next").text(".trail a:last-child") == hosts[2]


# -------------------------------------------------------------------------------------------- hostile strings


def test_hostile_text_is_shown_and_does_nothing(hostile):
    for route in (
        "#/",
        "#/findings",
        "#/hosts",
        "#/rules",
        "#/blind",
        "#/host/NT4",
        f"#/host/{quote(MARKUP)}",
        "#/host/fixed",
    ):
        hostile.open(route)
        assert (
            hostile.run("return document.querySelectorAll('main script, main img, main iframe, main object').length")
            == 0
        )
    hostile.open("#/host/NT4")
    text = hostile.text("main")
    assert r"one two three four\x00five\x1b[2J\x9b31m" in text
    assert FORMULA in text
    hostile.open("#/finding/fixed-0f6a7c52-0004-detected")
    assert SCRIPT in hostile.text(".reason")
    assert hostile.heading == MARKUP
    assert hostile.run("return document.title").startswith(f"{MARKUP} on fixed")


def test_direction_and_half_characters_are_made_visible(hostile):
    hostile.open("#/host/NT4")
    assert hostile.run(r"return /[\u0000-\u0008\u001b\u009b\u202e]/.test(document.body.textContent)") is False
    hostile.open("#/finding/NT4-0f6a7c52-0001-confirmed")
    assert r"gpj.\u202eexe" in hostile.text(".tree")


def test_characters_that_nobody_sees_are_made_visible(browser, tmp_path):
    page = _page(browser, tmp_path, Report(hosts=(HostReport(host="\ufeffNTWS07\u200b\U000e0041"),)))
    page.open("#/hosts")
    assert page.column(1) == [r"\ufeffNTWS07\u200b\U000e0041"]


def test_a_ticket_of_hostile_text_stays_text(hostile):
    hostile.open("#/finding/fixed-0f6a7c52-0004-detected")
    lines = copied(hostile).splitlines()
    assert lines[0] == r"## \[red\]blood\[/red\] on fixed"
    assert r"\<script\>alert(1)\</script\>" in lines


def test_the_page_lets_in_no_script_and_no_request(hostile):
    hostile.open()
    ran, stopped = hostile.browser.execute_async_script((CHECKS / "forbidden.js").read_text("utf-8"))
    hostile.complaints()  # what the policy says of this
    assert ran is False
    assert stopped == ["connect-src", "img-src", "require-trusted-types-for"]


# --------------------------------------------------------------------------------------- light, dark, keys, paper


def prefer(page: Page, scheme: str) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": features})


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_in_both_colours(samples, sampled, scheme):
    prefer(samples, scheme)
    for route in (
        "",
        finding_of(sampled, "NTWS07"),
        finding_of(sampled, "NTWS19"),
        "#/host/NTWS05",
        "#/findings",
        "#/hosts",
        "#/rules",
    ):
        samples.open(route)
        assert samples.run("return document.documentElement.dataset.theme") == scheme
        assert samples.check("contrast") == [], route


def test_the_colours_follow_the_system_until_somebody_chooses(samples):
    def background() -> object:
        return samples.run("return getComputedStyle(document.documentElement).backgroundColor")

    prefer(samples, "light")
    samples.open()
    light = background()
    prefer(samples, "dark")
    samples.until(lambda: background() != light)
    dark = background()
    samples.click(".theme")
    assert (samples.text(".theme"), background()) == ("○ Light", light)
    samples.open()
    assert background() == light
    samples.click(".theme")
    assert (samples.text(".theme"), background()) == ("● Dark", dark)
    samples.click(".theme")
    prefer(samples, "light")
    samples.until(lambda: background() == light)
    assert samples.text(".theme") == "◑ Auto"
    assert samples.run("return localStorage.length") == 0


def test_the_keyboard_is_enough(many):
    from selenium.webdriver.common.keys import Keys  # not there without the extra

    many.open("#/findings")
    body = many.one("body")
    body.send_keys(Keys.TAB)
    assert many.run("return document.activeElement.className") == "skip"
    many.browser.switch_to.active_element.send_keys(Keys.ENTER)
    assert many.run("return document.activeElement.id") == "main"
    assert many.route == "#/findings"
    body.send_keys("/")
    assert many.run("return document.activeElement.className") == "search"
    many.run("document.querySelector('th:nth-child(2) button').focus()")
    many.browser.switch_to.active_element.send_keys(Keys.ENTER)
    assert many.one("th:nth-child(2)").get_attribute("aria-sort") == "ascending"
    many.run("document.querySelector('td a').focus()")
    many.press(Keys.ENTER)
    assert many.run("return document.activeElement.tagName") == "H1"


def test_a_screen_reader_finds_its_way(samples, sampled):
    for route in ("", finding_of(sampled, "NTWS07"), "#/hosts", "#/host/NTWS07", "#/rules"):
        samples.open(route)
        assert samples.check("structure") == [], route
    assert samples.run("return document.documentElement.lang") == "en"


def test_paper_gets_everything_in_light_colours(many):
    prefer(many, "dark")
    many.open("#/hosts")
    many.run("dispatchEvent(new Event('beforeprint'))")
    assert len(many.column(1)) == HOSTS
    assert many.run("return document.documentElement.dataset.theme") == "light"
    many.run("dispatchEvent(new Event('afterprint'))")
    assert len(many.column(1)) == 100
    assert many.run("return document.documentElement.dataset.theme") == "dark"
    many.follow("td a")
    many.run("dispatchEvent(new Event('beforeprint'))")
    assert many.run("return document.querySelector('details.as-list').open") is True
    many.run("dispatchEvent(new Event('afterprint'))")
    assert many.run("return document.querySelector('details.as-list').open") is False


def test_a_narrow_window_scrolls_down_only(many):
    many.browser.set_window_size(500, 800)
    try:
        for route in ("", "#/hosts", "#/findings", "#/first/1"):
            many.open(route)
            assert many.run("return document.documentElement.scrollWidth <= innerWidth"), route
    finally:
        many.browser.set_window_size(1280, 900)


def test_a_browser_that_is_too_old_is_told(samples):
    removed = samples.browser.execute_cdp_cmd(
        "Page.addScriptToEvaluateOnNewDocument", {"source": "delete window.DecompressionStream"}
    )
    try:
        samples.open()
        assert samples.heading == "The report cannot be shown"
        assert "too old" in samples.text("main")
        assert any("too old" in said for said in samples.complaints())
    finally:
        samples.browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", removed)


def test_a_report_of_nothing_opens(browser, tmp_path):
    page = _page(browser, tmp_path, Report(hosts=()))
    page.open()
    assert page.heading == "What was found on 0 hosts"
    for route in ("#/first", "#/collect", "#/findings", "#/hosts", "#/rules", "#/blind"):
        page.open(route)
        assert page.heading != "Not in this report"


def test_one_host_is_named_in_the_heading(browser, tmp_path, sampled):
    page = _page(browser, tmp_path, replace(sampled, hosts=sampled.hosts[:1]))
    assert page.open().heading == f"What was found on {sampled.hosts[0].host}"
    assert page.all(".jump") == []

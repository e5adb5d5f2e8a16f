"""What ``report.html`` carries, read as a browser would read it; ``test_html_browser.py`` opens it in one."""

import base64
import hashlib
import io
import json
import re
import zlib
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from sample_reports import BIDI, DHCP, DISK, FULL, HOSTILE, MARKUP, NOTICE, SURROGATE, finding

import evtscan.reporters.html as html
from evtscan.base.logic import Truth
from evtscan.base.model.finding import Explanation, NearbyRow, Surroundings, Verdict
from evtscan.base.model.source import EvidenceRow, ExtractionWarning, Location, SkippedFile
from evtscan.report.model import FactRow, HostReport, MatchRow, Report, SessionRow, TimelineRow
from evtscan.reporters.digest.summary import feed
from evtscan.reporters.html.content import BLIND_SPOTS_SHOWN, HOSTS_IN_PART
from evtscan.reporters.html.details import EVENTS_SHOWN, MARKS_SHOWN, PLACES_SHOWN, WARNINGS_SHOWN
from evtscan.reporters.html.rows import SHAPES
from evtscan.reporters.json.report import dump, load

STATIC = Path(html.__file__).with_name("static")


class Page(HTMLParser):
    """The markup of a page: its data, its program, its style, and every other tag and text."""

    def __init__(self, report: Report) -> None:
        super().__init__()
        stream = io.BytesIO()
        feed(report, [html.sink(report, stream)])
        self.text = stream.getvalue().decode("utf-8")
        self.scripts: dict[str, str] = {}
        self.style = self.policy = ""
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open: tuple[str, dict[str, str | None]] = ("", {})
        self.feed(self.text)
        self.index = self._unpacked("index")
        self.parts = [self._unpacked(f"part-{number}") for number in range(len(self.scripts) - 2)]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open = (tag, dict(attrs))
        self.tags.append(self._open)
        if self._open[1].get("http-equiv") == "Content-Security-Policy":
            self.policy = self._open[1]["content"] or ""

    def handle_data(self, data: str) -> None:
        tag, attributes = self._open
        if tag == "script":
            self.scripts[attributes.get("id") or "program"] = data
        elif tag == "style":
            self.style = data
        self._open = ("", {})

    def _unpacked(self, name: str) -> dict:
        return json.loads(zlib.decompress(base64.b64decode(self.scripts[name])))

    def rows(self, shape: str, rows: list) -> list[dict]:
        """Rows as the program reads them."""
        return [dict(zip(SHAPES[shape], row, strict=True)) for row in rows]

    def list(self, name: str, shape: str) -> list[dict]:
        """A list of the index."""
        return self.rows(shape, self.index[name])

    def detail(self, number: int) -> dict:
        """All that is carried of a host."""
        part = self.parts[number // HOSTS_IN_PART]
        (found,) = self.rows("hostDetail", [part["hosts"][number % HOSTS_IN_PART]])
        found["facts"] = self.rows("fact", [part["facts"][fact] for fact in found["facts"]])
        for fact in found["facts"]:
            fact["statements"] = self.rows("statement", fact["statements"])
        for name, shape in (
            ("evidence", "evidence"),
            ("warnings", "warning"),
            ("skipped", "skipped"),
            ("sessions", "session"),
            ("timeline", "timeline"),
            ("findings", "findingDetail"),
        ):
            found[name] = self.rows(shape, found[name])
        for item in found["findings"]:
            item["explanation"] = self.rows("condition", item["explanation"])
            item["events"] = self.rows("event", item["events"])
            item["marks"] = self.rows("mark", item["marks"])
            item["surroundings"] = [(source, self.rows("nearby", rows)) for source, rows in item["surroundings"]]
        return found


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(FULL)


# ------------------------------------------------------------------------------------------------- the file


def test_the_policy_lets_in_this_program_and_this_style_and_nothing_else(page: Page) -> None:
    def digest(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    directives = dict(part.strip().split(" ", 1) for part in page.policy.split(";"))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == digest(page.scripts["program"])
    assert directives["style-src"] == digest(page.style)
    assert directives["require-trusted-types-for"] == "'script'"
    assert {name for name in directives if "unsafe" in directives[name]} == set()


def test_the_page_asks_for_nothing_from_anywhere(page: Page) -> None:
    addresses = [attributes.get(name) for _, attributes in page.tags for name in ("src", "href", "action", "data")]
    assert {address for address in addresses if address} == {"#main", "data:,"}
    assert not re.search(r"url\(|@import|sourceMappingURL", page.style + page.scripts["program"])
    assert {tag for tag, _ in page.tags} <= {
        *("html", "head", "meta", "title", "link", "style", "body", "a", "header", "main", "p", "footer", "div"),
        *("noscript", "script"),
    }


def test_the_program_builds_everything_out_of_text(page: Page) -> None:
    program = page.scripts["program"]
    for name in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "DOMParser"):
        assert name not in program
    assert "</script" not in program.lower()
    assert "<!--" not in program


def test_every_file_of_the_page_is_in_it(page: Page) -> None:
    names = {path.stem for path in STATIC.glob("*.js")}
    assert names == set(html.SCRIPTS)
    for name in html.SCRIPTS:
        text = (STATIC / f"{name}.js").read_text("utf-8")
        body = re.sub(r"^import \{[^}]*\} from [^;]*;\n|^export ", "", text, flags=re.MULTILINE)
        assert body in page.scripts["program"]
    assert page.style == (STATIC / "style.css").read_text("utf-8")


def test_no_text_of_the_report_is_markup(page: Page) -> None:
    for text in HOSTILE:
        assert text not in page.text
    assert "NT4-COMPUTER" not in page.text  # nothing at all stands outside the packed data
    assert re.search(r"<script type=\"application/octet-stream\" id=\"index\">[A-Za-z0-9+/=]+</script>", page.text)


def test_a_saved_report_gives_the_same_page(page: Page) -> None:
    assert Page(load(dump(FULL), "report.json")).text == page.text


def test_no_path_of_this_machine_and_no_time_of_the_clock(page: Page) -> None:
    everything = json.dumps([page.index, page.parts]) + page.scripts["program"]
    assert str(Path.cwd()) not in everything
    assert str(Path.home()) + "/" not in everything


def test_without_a_script_the_page_says_where_the_report_is(page: Page) -> None:
    assert "scripts are turned off" in page.text


# ------------------------------------------------------------------------------------------------- the index


def test_hosts_in_order_of_their_names_with_their_findings(page: Page) -> None:
    hosts = page.list("hosts", "host")
    names = [host["name"] for host in hosts]
    assert names == [r"=cmd|'/C calc'!A0 half\ud83d", "NT4", MARKUP, "fixed", "lone"]
    sick = hosts[1]
    assert (sick["os"], sick["service_pack"], sick["worst"], sick["worst_level"]) == (
        "Windows NT 4.0",
        "2",
        "confirmed",
        "medium",
    )
    assert (sick["records"], sick["logs"], sick["warnings"], sick["findings"]) == (1210, 2, 2, 4)
    assert sum(host["findings"] for host in hosts) == len(page.index["findings"])
    assert hosts[0]["os"] == "Windows version 4.0"


def test_findings_with_their_rule_and_whether_somebody_has_to_act(page: Page) -> None:
    rules = page.list("rules", "rule")
    findings = page.list("findings", "finding")
    of_nt4 = findings[2:6]
    told = [
        (page.index["verdicts"][item["verdict"]], rules[item["rule"]]["article"], item["action"]) for item in of_nt4
    ]
    assert told == [
        ("confirmed", "Q100002", False),
        ("confirmed", "Q162396", True),
        ("possible", "Q100001", True),
        ("exposed", "Q100001", True),
    ]
    assert of_nt4[1]["count"] == 14
    assert of_nt4[1]["last_seen"] == "1998-03-15T10:00:00Z"


def test_rules_by_weight_with_texts_only_where_they_found_something() -> None:
    unused = replace(DHCP, id="unused", level="critical", title="Unused")
    report = replace(FULL, rules=(*FULL.rules, unused))
    rules = Page(report).list("rules", "rule")
    assert [rule["level"] for rule in rules] == ["critical", "critical", "high", "medium", "low", ""]
    by_id = {rule["id"]: rule for rule in rules}
    assert by_id["unused"]["text"] is None
    (text,) = Page(report).rows("ruleText", [by_id[DHCP.id]["text"]])
    assert (text["cause"], text["fixed_in"], text["references"]) == (
        DHCP.cause,
        "Service Pack 3",
        list(DHCP.references),
    )
    assert (by_id[NOTICE.id]["quiet"], by_id[DHCP.id]["quiet"]) == (True, False)
    assert by_id["gone"]["title"] == ""  # a finding names it, the report does not


def test_remedies_and_needs_point_to_their_findings(page: Page) -> None:
    findings = page.list("findings", "finding")
    rules = page.list("rules", "rule")
    remedies = page.list("remedies", "remedy")
    assert [(rules[remedy["rule"]]["article"], remedy["steps"]) for remedy in remedies] == [
        ("Q100001", ["Replace the disk."]),
        ("Q162396", list(DHCP.remedy)),
    ]
    assert [findings[number]["key"] for number in remedies[1]["findings"]] == [f"NT4-{DHCP.id}-confirmed"]
    needs = page.list("needs", "need")
    assert [(need["fact"], need["noun"], need["alone"]) for need in needs] == [
        ("component.ras", "whether RAS is installed", 0),
        (BIDI, BIDI, 0),
    ]
    assert [findings[number]["key"] for number in needs[0]["findings"]] == [f"NT4-{DISK.id}-possible"]
    assert needs[0]["ways"] == [r"Export HKLM\SYSTEM\CurrentControlSet\Services with regedit."]


def test_blind_spots_with_their_hosts(page: Page) -> None:
    hosts = page.list("hosts", "host")
    spots = [
        (hosts[spot["host"]]["name"], spot["kind"], spot["source_file"])
        for spot in page.list("blindSpots", "blindSpot")
    ]
    assert ("NT4", "damaged", "SysEvent.Evt") in spots
    assert ("NT4", "cleared", "AppEvent.Evt") in spots
    assert ("lone", "no log", "") in spots
    kinds = {kind["kind"] for kind in page.list("blindKinds", "blindKind")}
    assert {kind for _, kind, _ in spots} <= kinds


def test_rules_that_did_not_load(page: Page) -> None:
    (refused,) = page.list("refused", "refused")
    assert (refused["file"], refused["line"], refused["key"]) == ("rules/bad.yml", 3, "detection")


def test_two_things_of_one_name_get_an_address_each() -> None:
    twin = HostReport(
        host="twin", findings=(finding(Verdict.CONFIRMED, finding_id="f"), finding(Verdict.EXPOSED, finding_id="f"))
    )
    found = Page(Report(hosts=(twin, twin)))
    assert [host["key"] for host in found.list("hosts", "host")] == ["twin", "twin~2"]
    assert [item["key"] for item in found.list("findings", "finding")] == ["f", "f~2", "f~3", "f~4"]


def test_an_empty_report() -> None:
    found = Page(Report(hosts=()))
    assert found.index["hosts"] == found.index["findings"] == found.parts == []


def test_a_host_with_many_blind_spots_and_warnings_lists_some() -> None:
    many = 1000
    host = HostReport(
        host="h",
        evidence=tuple(
            EvidenceRow(source_file=f"{n:04}", size=1, format="evtx", records=1, cleared=True, channels=("System",))
            for n in range(many)
        ),
        warnings=tuple(
            ExtractionWarning(location=Location(source="a", record=n), kind="conflict", message="") for n in range(many)
        ),
        skipped=tuple(SkippedFile(source_file=str(n), reason="empty") for n in range(many)),
    )
    found = Page(Report(hosts=(host,)))
    spots = found.list("blindSpots", "blindSpot")
    assert [spot["source_file"] for spot in spots[:2]] == ["0000", "0001"]
    assert len(spots) == BLIND_SPOTS_SHOWN + 1
    assert spots[-1]["text"] == f"and {many - BLIND_SPOTS_SHOWN} more files"
    (row,) = found.list("hosts", "host")
    assert (row["warnings"], row["skipped"]) == (many, many)
    detail = found.detail(0)
    assert (len(detail["warnings"]), len(detail["skipped"])) == (WARNINGS_SHOWN, WARNINGS_SHOWN)
    assert len(detail["evidence"]) == many


# ----------------------------------------------------------------------------------------------- the details


def test_every_row_fits_its_shape(page: Page) -> None:
    for number in range(len(page.index["hosts"])):
        page.detail(number)  # fails where a row is longer or shorter than its shape


def test_hosts_come_in_parts() -> None:
    hosts = tuple(HostReport(host=f"h{number:03}", version=str(number)) for number in range(2 * HOSTS_IN_PART + 1))
    found = Page(Report(hosts=hosts))
    assert [len(part["hosts"]) for part in found.parts] == [HOSTS_IN_PART, HOSTS_IN_PART, 1]
    assert found.detail(HOSTS_IN_PART)["version"] == str(HOSTS_IN_PART)


def test_conditions_are_told_from_the_top(page: Page) -> None:
    detail = page.detail(1)["findings"][1]
    told = [(node["depth"], node["truth"], node["text"], node["basis"]) for node in detail["explanation"]]
    assert told == [
        (0, "unknown", "all of", ""),
        (1, "true", "os.service_pack is 2", "carried"),
        (1, "true", "not: component.ras.leftovers is true", "stated"),
        (1, "unknown", f"component.ras is true: not collected {BIDI}", ""),
    ]
    assert detail["explanation"][1]["places"] == [r"SOFTWARE.reg, SOFTWARE\Microsoft\Windows NT, line 12"]
    assert [node["fact"] for node in detail["explanation"]] == ["", "os.service_pack", "", "component.ras"]


def test_a_condition_on_a_field_of_the_event_is_about_no_fact() -> None:
    explained = finding(Verdict.CONFIRMED, explanation=Explanation(text="x", truth=Truth.TRUE, fact="Provider_Name"))
    found = Page(Report(hosts=(HostReport(host="h", findings=(explained,)),)))
    assert [node["fact"] for node in found.detail(0)["findings"][0]["explanation"]] == [""]


def test_a_condition_with_many_places_counts_the_rest() -> None:
    places = tuple(Location(source="a", record=number) for number in range(PLACES_SHOWN + 3))
    explained = finding(Verdict.CONFIRMED, explanation=Explanation(text="x", truth=Truth.TRUE, locations=places))
    found = Page(Report(hosts=(HostReport(host="h", findings=(explained,)),)))
    (node,) = found.detail(0)["findings"][0]["explanation"]
    assert (len(node["places"]), node["more"]) == (PLACES_SHOWN, 3)


def test_matches_belong_to_the_findings_of_their_article(page: Page) -> None:
    first, second = (page.detail(1)["findings"][place] for place in (1, 2))
    assert [event["record_id"] for event in first["events"]] == [101]
    assert [event["computer"] for event in second["events"]] == [SURROGATE.encode("utf-8", "backslashreplace").decode()]
    assert page.detail(1)["findings"][3]["events"] == []  # exposed, and of another entity


def match(number: int, **fields: object) -> MatchRow:
    values = {
        "timestamp": "",
        "computer": "",
        "verdict": "confirmed",
        "rule_id": DHCP.id,
        "entity": "",
        "channel": "System",
        "provider": "Dhcp",
        "event_id": 1008,
        "event_level": 2,
        "record_id": number,
        "details": "",
        "basis": "",
        "source_file": "a",
        "offset": None,
        "session": 0,
        "sequence": number,
    }
    return MatchRow(**(values | fields))


def of_matches(*rows: MatchRow, sessions: tuple[SessionRow, ...] = ()) -> dict:
    host = HostReport(host="h", findings=(finding(Verdict.CONFIRMED),), matches=rows, sessions=sessions)
    return Page(Report(hosts=(host,), rules=(DHCP,))).detail(0)["findings"][0]


def test_of_many_matches_the_first_and_the_last_are_listed() -> None:
    detail = of_matches(*(match(number) for number in range(1000)))
    assert detail["matches"] == 1000
    events = detail["events"]
    half = EVENTS_SHOWN // 2
    assert [event["record_id"] for event in events] == [*range(half), *range(1000 - half, 1000)]
    assert len(of_matches(*(match(number) for number in range(EVENTS_SHOWN)))["events"]) == EVENTS_SHOWN


def test_matches_close_to_each_other_are_one_mark() -> None:
    session = SessionRow(session=0, begins="", ends="", first=1, last=2000)
    rows = [match(number) for number in range(1, 2001)]
    marks = of_matches(*rows, sessions=(session,))["marks"]
    assert [mark["sequence"] for mark in marks] == [10 * cell + 1 for cell in range(200)]
    assert len(of_matches(*rows)["marks"]) == MARKS_SHOWN  # the session is not known: one each, and not too many
    apart = of_matches(
        match(1), match(2, verdict="excluded"), match(3, session=None, sequence=None), sessions=(session,)
    )
    assert [(mark["session"], mark["verdict"]) for mark in apart["marks"]] == [
        (0, "confirmed"),
        (0, "excluded"),
        (None, "confirmed"),
    ]


def test_a_fact_says_once_what_its_statements_repeat() -> None:
    here, there = Location(source="a", record=1), Location(source="b", record=2)
    facts = (
        FactRow(name="os.version", value="4.0", basis="stated", time="now", location=here, note="n"),
        FactRow(
            name="os.version", value="4.0", basis="stated", location=here, note="n", history=True, session=1, sequence=3
        ),
        FactRow(name="os.version", value="5.0", basis="stated", location=there, history=True, session=2),
        FactRow(name="service.x.start", value="2", basis="stated", location=here),
    )
    found = Page(Report(hosts=(HostReport(host="h", facts=facts), HostReport(host="i", facts=facts))))
    assert len(found.parts[0]["facts"]) == 2  # what two hosts have in common stands once
    version, start = found.detail(1)["facts"]
    assert (version["value"], version["place"], version["note"], version["across_restart"]) == (
        "4.0",
        "a, record 1",
        "n",
        True,
    )
    assert [
        (one["value"], one["session"], one["sequence"], one["note"], one["place"]) for one in version["statements"]
    ] == [
        ("4.0", 1, 3, "", ""),
        ("5.0", 2, None, "", "b, record 2"),
    ]
    assert (start["statements"], start["across_restart"]) == ([], True)


def test_history_and_surroundings_of_a_host() -> None:
    near = NearbyRow(
        distance=-1,
        timestamp="t",
        computer="c",
        channel="System",
        provider="Tcpip",
        event_id=4199,
        event_level=2,
        record_id=7,
        details="d",
        offset=9,
    )
    host = HostReport(
        host="h",
        findings=(finding(Verdict.CONFIRMED, surroundings=(Surroundings(source_file="a", rows=(near,)),)),),
        sessions=(SessionRow(session=3, begins="b", ends="e", first=1, last=2, started="unclean", whole=True),),
        timeline=(
            TimelineRow(
                session=3, sequence=1, time="t", kind="gap", text="x", location=Location(source="a", record=1, offset=8)
            ),
        ),
    )
    detail = Page(Report(hosts=(host,))).detail(0)
    assert detail["sessions"] == [
        {"session": 3, "begins": "b", "ends": "e", "first": 1, "last": 2, "started": "unclean", "whole": True}
    ]
    (row,) = detail["timeline"]
    assert (row["kind"], row["text"], row["place"]) == ("gap", "x", "a, record 1")
    ((source, (nearby,)),) = detail["findings"][0]["surroundings"]
    assert (source, nearby["distance"], nearby["provider"], nearby["event_id"]) == ("a", -1, "Tcpip", 4199)


def test_evidence_warnings_and_files_that_were_not_read(page: Page) -> None:
    detail = page.detail(1)
    assert [row["source_file"] for row in detail["evidence"]] == ["AppEvent.Evt", "SOFTWARE.reg", "SysEvent.Evt"]
    assert detail["warnings"][0]["place"] == "SysEvent.Evt, record 7, offset 0x1000"
    assert detail["skipped"] == [{"source_file": "notes.txt", "reason": "not evidence"}]


MODULES = {name: (STATIC / f"{name}.js").read_text("utf-8") for name in html.SCRIPTS}
IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([a-z]+)\.js";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?:async )?(?:function\*?|class|const|let) +([\w$]+)", re.MULTILINE)


def test_the_modules_of_the_page_import_what_others_export() -> None:
    assert {path.stem for path in STATIC.glob("*.js")} == set(html.SCRIPTS)
    exported = {name: set(EXPORT.findall(text)) for name, text in MODULES.items()}
    imported: dict[str, set[str]] = {name: set() for name in html.SCRIPTS}
    for text in MODULES.values():
        for names, module in IMPORT.findall(text):
            imported[module] |= {name.strip() for name in names.split(",") if name.strip()}
    assert imported == exported


def test_no_two_modules_declare_one_name() -> None:
    declared = [
        name
        for text in MODULES.values()
        for name in re.findall(r"^(?:export )?(?:async )?(?:function\*?|class|const|let) +([\w$]+)", text, re.MULTILINE)
    ]
    assert len(declared) == len(set(declared))  # they are joined into one scope

"""The page of a report against the rules of axe-core, in light and dark, narrow and wide.

axe-core is an npm package (MPL-2.0): ``npm install --no-save axe-core`` in the repository, or EVTSCAN_AXE names its
``axe.min.js``. Without it, or without Chromium, these tests are skipped, but for the one on the width.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.synthetic_fleet import fleet
from evtscan.audit.plan import plan
from evtscan.audit.run import run
from evtscan.cli.output.session import rules_of
from evtscan.report.model import Report
from evtscan.reporters.digest.summary import feed
from evtscan.reporters.html import sink
from evtscan.scan import ScanOptions

pytest.importorskip("selenium", reason="selenium is not installed: pip install -e '.[test]'")
from browser import CHROMIUM, DRIVER, MISSING, Page, chromium

ROOT = Path(__file__).parents[2]
AXE = Path(os.environ.get("EVTSCAN_AXE") or ROOT / "node_modules" / "axe-core" / "axe.min.js")
HOSTS = ("DC-01", "FS-03", "LT-0142", "LAB-PC3", "NTWS12")
ROUTES = ("#/", "#/first", "#/first/1", "#/collect", "#/collect/1", "#/findings", "#/hosts", "#/rules", "#/blind")
RUN = """
const done = arguments[arguments.length - 1];
axe.run(document, { resultTypes: ["violations"] }).then((result) =>
  done(result.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" ")}`.slice(0, 400))));
"""

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None or DRIVER is None, reason=MISSING),
    pytest.mark.filterwarnings("default::ResourceWarning"),  # sockets of the driver
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture(scope="module")
def report() -> Report:
    rules = rules_of(None).rules
    plans = [item for item in plan(ROOT / "samples" / "hosts") if item.name in HOSTS]
    hosts = (*run(plans, rules, ScanOptions(), jobs=1), *fleet(40, 30).hosts)
    infos = tuple(rule.info for rule in rules) + fleet(40, 30).rules
    return Report(hosts=hosts, rules=infos, evtscan="0.1.0", title="Contoso", date="2026-11-30")


@pytest.fixture(scope="module")
def file(tmp_path_factory, report) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    with path.open("wb") as stream:
        feed(report, [sink(report, stream)])
    return path


def routes(report: Report) -> list[str]:
    worst = next(host for host in report.hosts if host.host == "FS-03")
    others = [host for host in report.hosts if host.host in ("LAB-PC3", "NTWS12")]
    of_hosts = [f"#/host/{host.host}" for host in (worst, *others)]
    of_findings = [f"#/finding/{host.findings[0].finding_id}" for host in (worst, *others)]
    return [*ROUTES, *of_hosts, *of_findings, f"#/rule/{worst.findings[0].rule_id}"]


@pytest.fixture(params=[("light", 400), ("light", 1400), ("dark", 400), ("dark", 1400)], ids=lambda one: f"{one}")
def page(browser, file, request) -> Page:
    scheme, width = request.param
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    return Page(browser, file)


def test_no_page_is_wider_than_the_window(page, report):
    wide = {}
    for route in routes(report):
        page.open(route)
        width, window = page.run("return [document.documentElement.scrollWidth, innerWidth]")
        if width > window:
            wide[route] = width
    assert wide == {}


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not here: npm install --no-save axe-core")
def test_axe_finds_nothing(page, report):
    program = AXE.read_text("utf-8")
    found = {}
    for route in routes(report):
        page.open(route)
        page.browser.execute_script(program)
        if violations := page.browser.execute_async_script(RUN):
            found[route] = violations
    assert found == {}

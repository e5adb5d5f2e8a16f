"""How large ``report.html`` of a fleet is, how long it takes to write, and how long Chromium takes to open it.

    python benchmarks/report_html.py [--hosts 10000] [--findings 5000] [--repeat 3] [--keep FILE]

The report is made up, as ``synthetic_fleet.py`` says; each host has its own times, numbers and texts, which compress
worse than those of machines that are alike. A page is opened from its file by a fresh headless Chromium, from the
navigation to the moment at which a table has its rows; then come a search, a sort and the page of a finding. Without
Chromium and its driver (Debian's ``chromium`` and ``chromium-driver``) only size and writing are measured.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from synthetic_fleet import fleet

from evtscan.report.model import Report
from evtscan.reporters.digest.summary import feed
from evtscan.reporters.html import sink

MOST_MEGABYTES = 15
MOST_SECONDS = 3.0

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1360,1000",
)

DRAWN = """
const done = arguments[arguments.length - 1];
const [action, condition] = [...arguments].slice(0, 2).map((text) => new Function(text));
const begun = performance.now();
action();
const look = () =>
  condition()
    ? requestAnimationFrame(() => setTimeout(() => done(performance.now() - begun)))
    : setTimeout(look, 1);
look();
"""
"""Does something, and gives the milliseconds until something holds and is drawn."""

HAS_ROWS = 'return document.querySelector("main tbody tr")'
SEARCH = """
const box = document.querySelector("main .search");
box.value = "ntws 1";
box.dispatchEvent(new Event("input"));
"""
IS_SEARCHED = 'return document.querySelector(".count").textContent.includes(" of ")'
SORT = 'document.querySelector("th button").click()'
IS_SORTED = 'return document.querySelector("th").ariaSort === "ascending"'
TO_FINDINGS = "document.querySelector(\"nav a[href='#/findings']\").click()"
HAS_FINDINGS = "return document.querySelector(\"td a[href^='#/finding/']\")"
TO_FINDING = "document.querySelector(\"td a[href^='#/finding/']\").click()"
HAS_PICTURE = 'return document.querySelector("main svg[role=img]")'
STEPS = {
    "searched": (SEARCH, IS_SEARCHED),
    "sorted": (SORT, IS_SORTED),
    "all findings": (TO_FINDINGS, HAS_FINDINGS),
    "one finding": (TO_FINDING, HAS_PICTURE),
}
"""What is done one after the other, from the list of hosts on."""


def main() -> None:
    options = _options()
    report = fleet(options.hosts, options.findings)
    with tempfile.TemporaryDirectory() as folder:
        page = options.keep or Path(folder, "report.html")
        seconds = min(_written(report, page) for _ in range(options.repeat))
        size = page.stat().st_size / 1e6
        print(f"{options.hosts:,} hosts, {options.findings:,} findings")
        print(f"  written in  {seconds:6.2f} s")
        print(f"  size        {size:6.2f} MB  (at most {MOST_MEGABYTES}: {'yes' if size <= MOST_MEGABYTES else 'NO'})")
        if shutil.which("chromium") and shutil.which("chromedriver"):
            _browse(page, options.repeat)
        else:
            print("  not opened: there is no Chromium with its driver here")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, default=10_000)
    parser.add_argument("--findings", type=int, default=5_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="write the page here, and leave it")
    return parser.parse_args()


def _written(report: Report, page: Path) -> float:
    begun = time.perf_counter()
    with page.open("wb") as stream:
        feed(report, [sink(report, stream)])
    return time.perf_counter() - begun


def _browse(page: Path, repeat: int) -> None:
    opened = {route: min(_open(page, route) for _ in range(repeat)) for route in ("", "#/hosts", "#/findings")}
    for route, seconds in opened.items():
        verdict = "yes" if seconds <= MOST_SECONDS else "NO"
        print(f"  opened in   {seconds:6.2f} s   {route or 'overview'}  (at most {MOST_SECONDS:.0f}: {verdict})")
    with _chromium() as browser:
        browser.get(f"{page.absolute().as_uri()}#/hosts")
        browser.execute_async_script(DRAWN, "", HAS_ROWS)
        for name, (action, condition) in STEPS.items():
            print(f"  {name:<11} {browser.execute_async_script(DRAWN, action, condition):6.0f} ms")


def _open(page: Path, route: str) -> float:
    """Seconds from the navigation to the first table with rows in a fresh browser."""
    with _chromium() as browser:
        browser.get("about:blank")
        begun = time.perf_counter()
        browser.get(f"{page.absolute().as_uri()}{route}")
        browser.execute_async_script(DRAWN, "", HAS_ROWS)
        return time.perf_counter() - begun


@contextmanager
def _chromium() -> Iterator[Any]:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium") or ""
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        browser = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        try:
            yield browser
        finally:
            browser.quit()


if __name__ == "__main__":
    main()

"""A headless Chromium that tests drive, and what they ask of it."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.wait import WebDriverWait

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
MISSING = "no Chromium with its driver here: apt-get install chromium chromium-driver"

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--window-size=1280,900",
)
LOCAL = {"file", "data", "blob", "about", "chrome"}
"""Schemes of addresses that nobody has to be asked for."""
SECONDS = 10
CHECKS = Path(__file__).with_name("page_checks")


@contextmanager
def chromium(profile: Path) -> Iterator[WebDriver]:
    """A fresh browser, with all that it logs."""
    os.environ["SE_OFFLINE"] = "true"  # the driver is here; nothing is to be looked up
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options=options, service=Service(DRIVER))
    try:
        yield browser
    finally:
        browser.quit()


class Page:
    """One report in the browser, opened from its file."""

    def __init__(self, browser: WebDriver, file: Path) -> None:
        self.browser = browser
        self.address = file.absolute().as_uri()

    def open(self, route: str = "") -> "Page":
        """Load the page anew at an address in it, and wait until it is there."""
        self.browser.get("about:blank")
        self.browser.get(self.address + route)
        return self.wait_for("main h1")

    def go(self, route: str) -> "Page":
        """Follow an address in the page that is open."""
        with self._turning():
            self.run("location.hash = arguments[0]", route)
        return self

    def follow(self, selector: str, text: str = "") -> "Page":
        """Click what leads to another address."""
        with self._turning():
            self.click(selector, text)
        return self

    def press(self, keys: str) -> "Page":
        """Press keys that lead to another address."""
        with self._turning():
            self.browser.switch_to.active_element.send_keys(keys)
        return self

    def back(self) -> "Page":
        """Go back to where one came from."""
        with self._turning():
            self.browser.back()
        return self

    @contextmanager
    def _turning(self) -> Iterator[None]:
        """Wait until another page is there than before."""
        before = self.one("main h1")
        yield
        WebDriverWait(self.browser, SECONDS).until(staleness_of(before))
        self.wait_for("main h1")

    def run(self, script: str, *arguments: object) -> object:
        """Run a script in the page, as its reader could in the console."""
        return self.browser.execute_script(script, *arguments)

    def wait_for(self, selector: str) -> "Page":
        """Wait until there is such an element."""
        return self.until(lambda: bool(self.all(selector)))

    def until(self, holds: Callable[[], bool]) -> "Page":
        """Wait until something holds."""
        WebDriverWait(self.browser, SECONDS).until(lambda _: holds())
        return self

    def check(self, name: str) -> object:
        """Run one of the checks that lie beside this file."""
        return self.run((CHECKS / f"{name}.js").read_text("utf-8"))

    def all(self, selector: str) -> list[WebElement]:
        """All elements that a selector finds."""
        return self.browser.find_elements("css selector", selector)

    def one(self, selector: str) -> WebElement:
        """The first of them, as soon as there is one."""
        return self.wait_for(selector).browser.find_element("css selector", selector)

    def text(self, selector: str) -> str:
        """What the first of them says, shown or not, in one line."""
        return " ".join(str(self.one(selector).get_property("textContent")).split())

    def texts(self, selector: str) -> list[str]:
        """What each of them says."""
        found = self.run("return [...document.querySelectorAll(arguments[0])].map(n => n.textContent)", selector)
        assert isinstance(found, list)
        return [" ".join(str(text).split()) for text in found]

    def click(self, selector: str, text: str = "") -> None:
        """Click the first of them that holds a text."""
        next(node for node in self.all(selector) if text in str(node.get_property("textContent"))).click()

    def column(self, number: int) -> list[str]:
        """The cells of one column of the first list, counted from 1."""
        return self.texts(f"main table.rows tbody td:nth-child({number})")

    @property
    def heading(self) -> str:
        """The heading of the page."""
        return self.text("main h1")

    @property
    def route(self) -> str:
        """The address in the page."""
        return str(self.run("return location.hash"))

    def complaints(self) -> list[str]:
        """What the console has heard since somebody asked, and each address that was asked of a network."""
        said = [str(entry["message"]) for entry in self.browser.get_log("browser")]
        requests = (json.loads(entry["message"])["message"] for entry in self.browser.get_log("performance"))
        asked = [item["params"]["request"]["url"] for item in requests if item["method"] == "Network.requestWillBeSent"]
        return said + [address for address in asked if urlsplit(address).scheme not in LOCAL]

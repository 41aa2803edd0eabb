"""A headless Chromium for the tests of pages; where REQUIRE_BROWSER is set, its absence is a failure, not a skip."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
SETTLED = "const done = arguments[0]; requestAnimationFrame(() => setTimeout(done));"


@contextmanager
def chromium() -> Iterator[Any]:
    """Start a browser that says all it logs, and end it whatever happens."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    driver = shutil.which("chromedriver")
    if program is None or driver is None:
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail("REQUIRE_BROWSER is set, and there is no chromium with chromedriver")
        pytest.skip("chromium or chromedriver is not installed")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = program
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=Service(driver))
    try:
        yield browser
    finally:
        browser.quit()


class Page:
    """One page in a browser: its scripts, its keys, what it shows."""

    def __init__(self, browser: Any, path: Path) -> None:
        self.browser, self.path = browser, path

    def open(self, fragment: str = "") -> None:
        """Load the page anew, with a setting in its address."""
        self.browser.get("about:blank")
        self.browser.get(self.path.as_uri() + fragment)
        self.settle()

    def settle(self) -> None:
        """Wait until what was asked for is drawn."""
        self.browser.execute_async_script(SETTLED)

    def read(self, script: str, *arguments: Any) -> Any:
        """Return what a script returns that changes nothing."""
        return self.browser.execute_script(script, *arguments)

    def run(self, script: str, *arguments: Any) -> Any:
        """Return what a script returns, once the page is drawn."""
        found = self.read(script, *arguments)
        self.settle()
        return found

    def press(self, *keys: str) -> None:
        """Send keys to what has the focus."""
        from selenium.webdriver import ActionChains

        ActionChains(self.browser, duration=0).send_keys(*keys).perform()
        self.settle()

    def text(self, selector: str) -> str:
        """Return the text of the first element that a selector finds, as it stands in the page."""
        return str(self.read("return document.querySelector(arguments[0]).textContent", selector))

    def table(self, selector: str) -> list[list[str]]:
        """Return the rows of a table's body as texts."""
        rows = "[...document.querySelectorAll(arguments[0] + ' tbody tr')]"
        found: list[list[str]] = self.read(
            f"return {rows}.map((row) => [...row.cells].map((cell) => cell.textContent))", selector
        )
        return found

    def setting(self) -> dict[str, float]:
        """Return the setting that the address holds."""
        pairs = self.read("return location.hash").removeprefix("#").split("&")
        return {key: float(value) for key, value in (pair.split("=") for pair in pairs)}

    def emulate(self, *, width: int = 1280, height: int = 900, dark: bool = False, still: bool = False) -> None:
        """Set the size of the window, the colour scheme, and whether less motion is asked for."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        wishes = {
            "prefers-color-scheme": "dark" if dark else "light",
            "prefers-reduced-motion": "reduce" if still else "",
        }
        features = [{"name": name, "value": value} for name, value in wishes.items()]
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def complaints(self) -> list[str]:
        """Return what the browser logged since the last call: errors of scripts, of loading, of policy."""
        return [entry["message"] for entry in self.browser.get_log("browser")]

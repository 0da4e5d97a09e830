"""The student notebook in a real browser: mathematics is rendered, the set-up cell is folded, nothing is in red."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import ROOT

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="NO CHROMIUM: the notebook was not looked at in a browser"),
]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Homework 4 as released, opened in JupyterLab."""
    from playwright.sync_api import sync_playwright

    folder = tmp_path_factory.mktemp("lab")
    shutil.copy(ROOT / "release/student/hw4_adam/hw4_adam.ipynb", folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [f"--port={port}", "--IdentityProvider.token=", f"--ServerApp.root_dir={folder}", "--LabApp.news_url=", "--allow-root"]
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyter", "lab", "--no-browser", *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/api/status")
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            opened = browser.new_page(viewport={"width": 1100, "height": 3000})
            opened.goto(f"http://127.0.0.1:{port}/doc/tree/hw4_adam.ipynb", timeout=90_000)
            opened.wait_for_selector(".jp-Notebook mjx-container", timeout=90_000)
            yield opened
            browser.close()
    finally:
        server.terminate()
        server.wait()


def _wait_for(address: str, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except OSError:
            time.sleep(0.3)
    raise TimeoutError(address)


def test_mathematics_is_rendered(page: Any) -> None:
    page.wait_for_function("document.querySelectorAll('mjx-container').length > 20", timeout=60_000)
    assert page.locator("mjx-merror").count() == 0


def test_no_formula_is_left_as_source(page: Any) -> None:
    assert r"\frac" not in page.locator(".jp-Notebook").inner_text()


def test_the_set_up_cell_is_folded(page: Any) -> None:
    assert page.get_by_text("FILES = {").count() == 0


def test_pictures_of_the_reference_wait_folded_and_have_a_text(page: Any) -> None:
    Path(ROOT / ".cache").mkdir(exist_ok=True)
    page.screenshot(path=str(ROOT / ".cache" / "hw4_adam.png"))
    panels = page.locator("details")
    panels.first.locator("summary").click()
    picture = panels.first.locator("img")
    assert picture.is_visible() and len(picture.get_attribute("alt")) > 30
    assert picture.evaluate("image => image.naturalWidth") > 300

"""A real browser, and Jupyter's servers for it to open."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]

_MARKS = (
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="NO CHROMIUM: nothing was looked at in a browser"),
)


def needs_browser(test: Callable[..., None]) -> Callable[..., None]:
    """Mark a test that opens pages."""
    for mark in _MARKS:
        test = mark(test)
    return test


@contextlib.contextmanager
def jupyter(app: str, folder: Path) -> Iterator[str]:
    """``jupyter app`` with `folder` as its root; gives its address once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [f"--port={port}", "--IdentityProvider.token=", f"--ServerApp.root_dir={folder}", "--allow-root", "--no-browser"]
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyter", app, *options], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/api/status")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


@contextlib.contextmanager
def browser_page() -> Iterator[Any]:
    """An empty page of a headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1100, "height": 3000})
        page.set_default_timeout(90_000)
        yield page
        browser.close()


def _wait_for(address: str, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except OSError:
            time.sleep(0.3)
    raise TimeoutError(address)

"""The student notebook in a real browser: mathematics is rendered, the set-up cell is folded, nothing is in red."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import browser_page, jupyter, needs_browser
from tests.support import ROOT

TYPESET = "document.querySelectorAll('.jp-Notebook mjx-container').length > 20"
NO_SOURCE = r"!document.querySelector('.jp-Notebook').innerText.includes('\\frac')"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Homework 4 as released, opened in JupyterLab."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copy(ROOT / "release/student/hw4_adam/hw4_adam.ipynb", folder)
    with jupyter("lab", folder) as address, browser_page() as opened:
        opened.goto(f"{address}/doc/tree/hw4_adam.ipynb")
        opened.wait_for_function(TYPESET)
        yield opened


@needs_browser
def test_mathematics_is_rendered(page: Any) -> None:
    assert page.locator("mjx-merror").count() == 0


@needs_browser
def test_no_formula_is_left_as_source(page: Any) -> None:
    page.wait_for_function(NO_SOURCE)


@needs_browser
def test_the_set_up_cell_is_folded(page: Any) -> None:
    assert page.get_by_text("PACKED =").count() == 0


@needs_browser
def test_pictures_of_the_reference_wait_folded_and_have_a_text(page: Any) -> None:
    Path(ROOT / ".cache").mkdir(exist_ok=True)
    page.screenshot(path=str(ROOT / ".cache" / "hw4_adam.png"))
    panels = page.locator("details")
    panels.first.locator("summary").click()
    picture = panels.first.locator("img")
    assert picture.is_visible() and len(picture.get_attribute("alt")) > 30
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 300

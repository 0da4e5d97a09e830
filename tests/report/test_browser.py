"""The pages in a real browser: they fetch nothing, run nothing, fit the window, and can be read in light, dark and print."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.content import Course
from autograder.report.classreport import class_report
from autograder.report.feedback import feedback_page
from tests.browser import CHROMIUM, FLAGS
from tests.report.conftest import MakeGrade
from tests.support import ROOT

NONE = "none (no fault gives the same answers)"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="NO CHROMIUM: the pages were not looked at in a browser"),
]

CONTRAST = """() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const luminance = color => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    const part = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = canvas.getImageData(0, 0, 1, 1).data;
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const ground = matchMedia("(prefers-color-scheme: dark)").matches ? luminance("#121212") : 1;
  const ratio = color => { const l = luminance(color); return (Math.max(l, ground) + 0.05) / (Math.min(l, ground) + 0.05); };
  const ratios = (names, property) => [...document.querySelectorAll(names)].map(e => ratio(getComputedStyle(e)[property]));
  return Math.min(...ratios("p, td, th, li, figcaption, h1, h2, summary, pre", "color"), ...ratios("svg text", "fill"));
}"""
"""The smallest contrast of text with the page's ground."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def report(toy: Course, make_grade: MakeGrade, tmp_path: Path) -> Path:
    """A class of 24 with known and unknown mistakes."""
    kinds: list[tuple[dict[str, str], dict[str, str]]] = [
        ({}, {}),
        ({"1.1": "incorrect", "1.3": "incorrect"}, {"q1": "forgets_to_divide"}),
        ({"1.1": "incorrect: Got 21.", "2.1": "incorrect"}, {"q1": NONE, "q2": "climbs"}),
        ({"2.2": "incorrect"}, {"q2": NONE}),
    ]
    grades = [make_grade(f"s{n}", *kinds[n % 4][:1], **kinds[n % 4][1]) for n in range(24)]
    path = tmp_path / "report.html"
    path.write_text(class_report(toy.assignment("toy"), grades), encoding="utf-8")
    return path


@pytest.fixture
def feedback(toy: Course, make_grade: MakeGrade, tmp_path: Path) -> Path:
    """The page of work that tries to do harm."""
    evil = "<script>document.title = 'mine'</script><img src=x onerror=\"document.title = 'mine'\"> ![x](http://127.0.0.1:9/x.png)"
    png = base64.b64encode((ROOT / "release/expected/hw4_adam/line-fit-1.png").read_bytes()).decode()
    cells = [
        {"cell_type": "markdown", "source": "## Question 3 · Why"},
        {"cell_type": "code", "source": "plot()", "outputs": [{"output_type": "display_data", "data": {"image/png": png}}]},
        {"cell_type": "markdown", "source": f"<!-- answer: q3 -->\n\n{evil} and a {'long' * 60} word"},
    ]
    notebook = tmp_path / "work.ipynb"
    notebook.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    path = tmp_path / "feedback.html"
    path.write_text(feedback_page(toy.assignment("toy"), make_grade(failed={"1.1": f"error: {evil}"}), notebook), encoding="utf-8")
    return path


def open_page(browser: Any, path: Path, *, scheme: str = "light", media: str = "screen", width: int = 1000) -> Any:
    """The opened page; its attribute `said` holds requests and console messages."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.said = []
    page.on("request", lambda r: page.said.append(r.url) if not r.url.startswith(("file:", "data:")) else None)
    page.on("console", lambda m: page.said.append(m.text))
    page.emulate_media(media=media, color_scheme=scheme)
    page.goto(f"file://{path}")
    return page


def test_the_class_report_fetches_nothing_and_complains_of_nothing(browser: Any, report: Path) -> None:
    assert open_page(browser, report).said == []


def test_every_plot_has_its_numbers_in_words(browser: Any, report: Path) -> None:
    page = open_page(browser, report)
    texts = page.evaluate("[...document.querySelectorAll('figure')].map(f => [f.querySelector('svg').ariaLabel, f.innerText])")
    assert len(texts) == 4
    for alternative, caption in texts:
        sentence = caption.strip().splitlines()[-1]
        assert sentence in alternative and any(c.isdigit() for c in sentence)


@pytest.mark.parametrize(("scheme", "media"), [("light", "screen"), ("dark", "screen"), ("light", "print")])
@pytest.mark.parametrize("name", ["report", "feedback"])
def test_text_stands_out_from_its_ground(browser: Any, name: str, scheme: str, media: str, request: pytest.FixtureRequest) -> None:
    page = open_page(browser, request.getfixturevalue(name), scheme=scheme, media=media)
    assert page.evaluate(CONTRAST) >= 4.5


@pytest.mark.parametrize("width", [360, 1400])
@pytest.mark.parametrize("name", ["report", "feedback"])
def test_a_page_is_never_wider_than_its_window(browser: Any, name: str, width: int, request: pytest.FixtureRequest) -> None:
    page = open_page(browser, request.getfixturevalue(name), width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_students_text_runs_nothing_and_fetches_nothing(browser: Any, feedback: Path) -> None:
    page = open_page(browser, feedback)
    page.wait_for_timeout(200)
    assert page.said == [] and page.title().startswith("A toy homework")


def test_a_students_figure_is_shown(browser: Any, feedback: Path) -> None:
    page = open_page(browser, feedback)
    assert page.evaluate("document.querySelector('img').naturalWidth") > 100


def test_what_is_folded_is_printed(browser: Any, report: Path) -> None:
    page = open_page(browser, report, media="print")
    assert page.locator("details table").first.is_visible()

"""Paper versions, their key for bubble sheets, and the staff's preview, also in a browser."""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from pathlib import Path

import pytest

from autograder.content import ContentError
from autograder.prose import html, joined
from autograder.quiz.bank import Quiz, load_quizzes
from autograder.quiz.pages import quiz_preview
from autograder.quiz.paper import paper_files
from autograder.quiz.papers import Paper, papers
from tests.browser import browser_page, needs_browser


@pytest.fixture
def quiz(course_root: Path) -> Quiz:
    return load_quizzes(course_root)["quiz03"]


@pytest.fixture
def drawn(quiz: Quiz) -> tuple[Paper, ...]:
    return papers(quiz)


def test_five_versions_with_different_statements_and_no_key(quiz: Quiz, drawn: tuple[Paper, ...]) -> None:
    files = paper_files(quiz, drawn)
    pages = [text for name, text in files.items() if name.endswith(".html")]
    assert sorted(files) == ["key.csv", *(f"quiz03-{letter}.html" for letter in "ABCDE")]
    assert len(set(pages)) == 5
    for page in pages:
        assert page.count("<section>") == 5
        assert 'class="right"' not in page
        assert "It descends" not in page
        assert "It climbs" not in page


def test_the_key_has_bubbles_for_options_and_the_answer_for_the_rest(quiz: Quiz, drawn: tuple[Paper, ...]) -> None:
    rows = list(csv.DictReader(io.StringIO(paper_files(quiz, drawn)["key.csv"])))
    assert [(row["version"], row["number"]) for row in rows] == [(v, str(n)) for v in "ABCDE" for n in range(1, 6)]
    second = {row["question"]: row for row in rows if row["version"] == "B"}
    keys = {v.prompt.question: v.key for v in drawn[1].variants}
    assert second["l03-direction"]["bubbles"] == keys["l03-direction"].answer
    assert second["l03-minimizers"]["bubbles"] == "".join(keys["l03-minimizers"].answer)
    assert second["l03-slope"]["bubbles"] == ""
    assert second["l03-slope"]["answer"].startswith(f"{keys['l03-slope'].answer:g}, within")
    assert second["l03-shape"]["answer"] == f"`{keys['l03-shape'].answer}`"


def test_paper_needs_as_many_variants_as_versions(quiz: Quiz, drawn: tuple[Paper, ...]) -> None:
    with pytest.raises(ContentError, match="quiz03: 4 variants; paper needs 5"):
        paper_files(quiz, drawn[:4])


def test_the_preview_has_every_variant_with_key_explanation_and_misconceptions(quiz: Quiz, drawn: tuple[Paper, ...]) -> None:
    page = quiz_preview(quiz, drawn)
    assert page.count("<b>Key: ") == 40
    assert page.count("It descends.") == 8
    assert page.count("The factor two is lost.") == 16
    assert len(re.findall(r'<img src="data:image/png;base64,[^"]+" alt="A straight line', page)) == 8
    assert 'src="http' not in page


def test_paragraphs_are_joined_and_code_lists_and_tables_are_not() -> None:
    text = "One\ntwo $a$\nthree.\n\n- a\n- b\n\n```python\nx = 1\ny = 2\n```\nAfter\nit.\n\n| a | b |\n|---|---|\n| 1 | 2 |"
    assert joined(text) == "One two $a$ three.\n\n- a\n- b\n\n```python\nx = 1\ny = 2\n```\nAfter it.\n\n| a | b |\n|---|---|\n| 1 | 2 |"


def test_formulas_become_mathml_and_code_stays_code() -> None:
    shown = html(r"The set $x<y$ and `$z$`, \$3.")
    assert "<math" in shown
    assert "<code>$z$</code>" in shown
    assert "$3" in shown
    assert "\N{DOUBLE-STRUCK CAPITAL R}" in unescape(html(r"$X\in\mathbb R^2$"))


def test_html_of_a_statement_is_shown_and_not_obeyed() -> None:
    assert "<script>" not in html("<script>alert(1)</script>")


@needs_browser
def test_pages_fit_the_screen_in_light_and_dark_and_print_on_several_sheets(quiz: Quiz, drawn: tuple[Paper, ...], tmp_path: Path) -> None:
    preview, paper = tmp_path / "preview.html", tmp_path / "paper.html"
    preview.write_text(quiz_preview(quiz, drawn), encoding="utf-8")
    paper.write_text(paper_files(quiz, drawn)["quiz03-B.html"], encoding="utf-8")
    with browser_page() as page:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.goto(preview.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            assert page.locator("math").first.bounding_box()["width"] > 10
            assert contrast(page.evaluate(COLORS)) > 7
        page.goto(paper.as_uri())
        assert page.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
        assert sheets(page.pdf(prefer_css_page_size=True)) in (1, 2)
        page.goto(preview.as_uri())
        assert sheets(page.pdf(prefer_css_page_size=True)) > 5  # the folded variants are printed


COLORS = """() => {
  const ground = document.body.appendChild(document.createElement('div'));
  ground.style.background = 'Canvas';
  const numbers = color => color.match(/[0-9.]+/g).slice(0, 3).map(Number);
  return [numbers(getComputedStyle(document.querySelector('h1')).color), numbers(getComputedStyle(ground).backgroundColor)];
}"""


def contrast(colors: list[list[int]]) -> float:
    """The contrast of two colors as WCAG defines it."""

    def luminance(rgb: list[int]) -> float:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (x / 255 for x in rgb)]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted(map(luminance, colors))
    return (high + 0.05) / (low + 0.05)


def sheets(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))

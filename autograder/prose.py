"""The course's own Markdown for places that read it in their own ways: on single lines, or as HTML with formulas in MathML."""

from __future__ import annotations

import re
from typing import Any

from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

_BARE = re.compile(r"(\\math[a-z]+) +([A-Za-z])")
"""An alphabet's command without braces, which the converter writes in a way that browsers ignore."""
_STARTS_A_LINE = re.compile(r"\s*([-*+|>#]|\d+[.)]\s|```)")


def joined(text: str) -> str:
    """The text without line breaks inside paragraphs, which some readers of Markdown keep. Code, lists and tables stay as they are."""
    lines: list[str] = []
    fenced = False
    for line in text.splitlines():
        opens = line.strip().startswith("```")
        if lines and lines[-1].strip() and line.strip() and not fenced and not _STARTS_A_LINE.match(line) and not _ends(lines[-1]):
            lines[-1] = f"{lines[-1]} {line.strip()}"
        else:
            lines.append(line)
        fenced ^= opens
    return "\n".join(lines)


def _ends(line: str) -> bool:
    """Whether nothing can be joined to a line: the end of code, a table's row."""
    return line.strip().startswith(("```", "|"))


def _mathml(formula: str, options: dict[str, Any]) -> str:
    formula = _BARE.sub(r"\1{\2}", formula)
    return str(convert(formula, display="block" if options["display_mode"] else "inline"))


_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table").use(dollarmath_plugin, renderer=_mathml)


def html(text: str) -> str:
    """Markdown with LaTeX as HTML with MathML, which browsers show and read aloud without any script."""
    return str(_MARKDOWN.render(text)).strip()


def inline_html(text: str) -> str:
    """The same of one line, without a paragraph around it."""
    return str(_MARKDOWN.renderInline(joined(text)))

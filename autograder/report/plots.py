"""Plots as SVG text that takes the page's own colors, so that one picture serves light, dark and print."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from html import escape

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

ACCENT, SECOND = "#3b7dd8", "#d07a1e"
"""Both stand out on white and on black."""

STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "autograder",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10,
}


def histogram(values: Sequence[float], *, bins: Sequence[float], x: str, y: str, alt: str) -> str:
    """How many values fall between neighbouring `bins`; the last bin has both its ends."""
    with matplotlib.rc_context(STYLE):
        figure, axes = _axes(9.0, 2.9)
        axes.hist(values, bins=list(bins), color=ACCENT, rwidth=0.92)
        axes.set(xlabel=x, ylabel=y, xlim=(bins[0], bins[-1]))
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        return _svg(figure, alt)


def bars(names: Sequence[str], values: Sequence[float], *, marked: Sequence[bool], legend: tuple[str, str], x: str, alt: str) -> str:
    """One horizontal bar for each name, from 0 to 100 %; marked ones in the second color, hatched for readers who see no colors."""
    with matplotlib.rc_context(STYLE):
        figure, axes = _axes(9.0, 0.9 + 0.24 * len(names))
        for mark, color, hatch in ((False, ACCENT, ""), (True, SECOND, "///")):
            chosen = [n for n, m in enumerate(marked) if m is mark]
            heights = [100 * values[n] for n in chosen]
            axes.barh(chosen, heights, height=0.7, color=color, hatch=hatch, edgecolor="white", linewidth=0, label=legend[mark])
        for n, value in enumerate(values):
            axes.text(100 * value + 1, n, f"{100 * value:.0f}", va="center", fontsize=8.5)
        axes.set_yticks(range(len(names)), names)
        axes.set(xlabel=x, xlim=(0, 106), ylim=(len(names) - 0.4, -0.6))
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, borderaxespad=0.2)
        return _svg(figure, alt)


def dots(names: Sequence[str], series: Mapping[str, Sequence[float | None]], *, x: str, alt: str) -> str:
    """For each name a line with one dot of each series, two at most, told apart by color and shape; x from the lowest value or 0 to 1."""
    with matplotlib.rc_context(STYLE):
        figure, axes = _axes(9.0, 0.9 + 0.3 * len(names))
        for (label, values), color, shape in zip(series.items(), (ACCENT, SECOND), ("o", "D"), strict=False):
            there = [(value, n) for n, value in enumerate(values) if value is not None]
            axes.scatter([v for v, _ in there], [n for _, n in there], color=color, marker=shape, s=45, label=label, zorder=2)
        lowest = min([0.0, *(v for values in series.values() for v in values if v is not None)])
        axes.grid(axis="y", linewidth=0.5, alpha=0.4)
        axes.set_yticks(range(len(names)), names)
        axes.set(xlabel=x, xlim=(lowest - 0.02, 1.02), ylim=(len(names) - 0.4, -0.6))
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, borderaxespad=0.2)
        return _svg(figure, alt)


def _axes(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _svg(figure: Figure, alt: str) -> str:
    """The picture with its alternative text; black becomes the page's color, and the groups' ids, which nothing names, go."""
    out = io.StringIO()
    figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'<g id="[^"]*"', "<g", text)
    text = text.replace("#000000", "currentColor")
    return text.replace("<svg ", f'<svg role="img" aria-label="{escape(alt)}" ', 1)

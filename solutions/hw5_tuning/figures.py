"""Pictures of a study for the people who read the write-up, drawn from the student's own table. No cell is run: the table is a literal."""

import ast
import math
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

MAX_TEXT = 200_000
MAX_ROWS = 200
EVAL_EVERY = 30
NUMBERS = ("trial", "lr", "weight_decay", "average", "batch_size", "width", "steps", "seed")
WORDS = ("study", "schedule")

Row = dict[str, Any]


def figures(cells: Sequence[str]) -> list[tuple[str, Figure]]:
    """Axis plots of the planned study, its winners run again, and their curves: pairs of a sentence with the numbers and a picture.

    cells: the sources of the notebook's code cells. Without a table that can be read as a literal there is no picture.
    """
    rows = list(_rows(cells))
    plan = _literals(cells, "plan").get("return")
    if not rows or not isinstance(plan, dict):
        return []
    scientific = plan.get("scientific")
    hp = str(next(iter(scientific), "")) if isinstance(scientific, dict) else ""
    arms: dict[Any, list[Row]] = {}
    for row in rows:
        if row["study"] == plan.get("study") and hp in (*NUMBERS, *WORDS):
            arms.setdefault(row[hp], []).append(row)
    if not arms:
        return []
    searched = [name for name in _names(plan.get("nuisance")) if name in NUMBERS]
    repeats = {value: [r for r in rows if r["study"] == "seeds" and r.get(hp) == value] for value in arms}
    return [_axis_plots(hp, arms, searched, plan.get("search_space")), _repetitions(hp, arms, repeats)]


def best(row: Row) -> float:
    """A trial's error at its best checkpoint."""
    return min(row["curve"], default=math.inf)


def _axis_plots(hp: str, arms: Mapping[Any, list[Row]], searched: Sequence[str], space: Any) -> tuple[str, Figure]:
    figure = Figure(figsize=(4.5 * max(1, len(searched)), 3.6), layout="constrained")
    winners = {value: min(arm, key=best) for value, arm in arms.items()}
    for axis, name in zip(figure.subplots(1, max(1, len(searched)), squeeze=False)[0], searched, strict=False):
        for number, (value, arm) in enumerate(arms.items()):
            axis.plot([r[name] for r in arm], [best(r) for r in arm], "o", color=f"C{number}", label=_label(hp, value))
            axis.plot(winners[value][name], best(winners[value]), "*", color=f"C{number}", markersize=15)
        axis.set_xlabel(name)
        entry = space.get(name) if isinstance(space, dict) else None
        if isinstance(entry, dict) and all(_number(entry.get(end)) for end in ("low", "high")):
            axis.axvspan(entry["low"], entry["high"], color="k", alpha=0.06)
            axis.set_xlabel(f"{name} (grey: the range)")
        if isinstance(entry, dict) and entry.get("scale") == "log" and all(r[name] > 0 for arm in arms.values() for r in arm):
            axis.set_xscale("log")
        _errors(axis)
        axis.legend()
    told = "; ".join(
        f"{_label(hp, value)}: {len(arm)} trials, best {best(winners[value]):g} (trial {winners[value]['trial']})"
        for value, arm in arms.items()
    )
    return f"The planned study, from the student's table. {told}.", figure


def _repetitions(hp: str, arms: Mapping[Any, list[Row]], repeats: Mapping[Any, list[Row]]) -> tuple[str, Figure]:
    figure = Figure(figsize=(9.0, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    told = []
    for number, (value, again) in enumerate(repeats.items()):
        left.plot([number] * len(again), [best(r) for r in again], "o", color=f"C{number}")
        left.plot(number, min(map(best, arms[value])), "k*", markersize=12)
        for row in again:
            steps = [min(EVAL_EVERY * (i + 1), row["steps"]) for i in range(len(row["curve"]))]
            right.plot(steps, row["curve"], color=f"C{number}", alpha=0.6, label=_label(hp, value) if row is again[0] else None)
        mean = f"mean {fmean(map(best, again)):.4f}" if again else "none"
        told.append(f"{_label(hp, value)}: {len(again)} repetitions, {mean}")
    left.set_xticks(range(len(arms)), [_label(hp, value) for value in arms])
    left.set_xlim(-0.5, len(arms) - 0.5)
    left.set_ylabel("validation error (star: the winner's own)")
    _errors(right)
    right.set_xlabel("step")
    if any(repeats.values()):
        right.legend()
    return f"The winners run again with other seeds, from the student's table. {'; '.join(told)}.", figure


def _label(hp: str, value: Any) -> str:
    """Text of the student's, as plain text: a dollar sign would begin a formula."""
    return f"{hp} {value}".replace("$", "")[:40]


def _errors(axis: Axes) -> None:
    axis.set_yscale("log")
    axis.set_ylabel("validation error")


def _rows(cells: Sequence[str]) -> Iterator[Row]:
    """The rows of the table that are sound enough to draw."""
    literals = _literals(cells, "trial_table")
    rows = literals.get("rows", literals.get("return"))
    columns = _columns(cells)
    for row in (rows if isinstance(rows, list | tuple) else [])[:MAX_ROWS]:
        if isinstance(row, tuple) and len(row) == len(columns):
            row = dict(zip(columns, row, strict=True))
        if (
            isinstance(row, dict)
            and all(_number(row.get(name)) for name in NUMBERS)
            and all(isinstance(row.get(name), str) for name in WORDS)
        ):
            curve = row.get("curve")
            if isinstance(curve, list | tuple) and curve and all(_number(e) and 0 <= e <= 1 for e in curve):
                yield row


def _columns(cells: Sequence[str]) -> Sequence[str]:
    """The names of a row's entries: COLUMNS of the notebook."""
    for node in _top_level(cells):
        if isinstance(node, ast.Assign) and [ast.unparse(t) for t in node.targets] == ["COLUMNS"]:
            return _names(_value(node.value))
    return ()


def _literals(cells: Sequence[str], function: str) -> dict[str, Any]:
    """What the last definition of a function assigns and returns, as far as it is written as literals; its result is under "return"."""
    found: dict[str, Any] = {}
    for node in _top_level(cells):
        if isinstance(node, ast.FunctionDef) and node.name == function:
            found = {}
            for inner in node.body:
                if isinstance(inner, ast.Assign) and len(inner.targets) == 1 and isinstance(inner.targets[0], ast.Name):
                    found[inner.targets[0].id] = _value(inner.value)
                elif isinstance(inner, ast.Return):
                    found["return"] = found.get(inner.value.id) if isinstance(inner.value, ast.Name) else _value(inner.value)
    return {name: value for name, value in found.items() if value is not None}


def _top_level(cells: Sequence[str]) -> Iterator[ast.stmt]:
    for cell in cells:
        if len(cell) <= MAX_TEXT:
            try:
                yield from ast.parse(cell).body
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue


def _value(node: ast.expr | None) -> Any:
    try:
        return None if node is None else ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None


def _names(value: Any) -> Sequence[str]:
    return [name for name in value if isinstance(name, str)] if isinstance(value, list | tuple) else ()


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)

"""Every attack against this grader, stock Otter and stock nbgrader; rewrites the table in docs/security.md."""

from __future__ import annotations

import argparse
import os
import re
import socket
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from rich.console import Console

from autograder.grading import confine
from autograder.grading.grade import Foreman
from autograder.progress import Bars
from tests.attacks.arena import HONEST, Arena, Attack, Canaries, Outcome, attacks, plant
from tests.attacks.stock import stock_nbgrader, stock_otter
from tests.support import ROOT

PAGE = ROOT / "docs" / "security.md"
BEGIN, END = "<!-- attacks: begin -->", "<!-- attacks: end -->"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", nargs="+", default=[], metavar="ATTACK")
    options = parser.parse_args(arguments)
    if os.geteuid() != 0:
        print("bench-attacks: needs root, to run each attack as a user of its own.", file=sys.stderr)
        return 2
    chosen = [a for a in attacks() if not options.only or a.name in options.only]
    table = compare(chosen, options.jobs)
    print(table)
    if not options.only:
        text = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(re.sub(rf"{BEGIN}.*{END}", lambda _: f"{BEGIN}\n{table}\n{END}", text, flags=re.DOTALL), encoding="utf-8")
    return 0


def compare(chosen: list[Attack], jobs: int) -> str:
    """The table, in Markdown. The folder of a run is readable by its user alone."""
    canaries = Canaries()
    with tempfile.TemporaryDirectory(prefix="attacks-") as base, socket.create_server(("127.0.0.1", 0)) as server, Bars(Console()) as bars:
        top = Path(base)
        top.chmod(0o711)
        course = plant(top / "course", canaries)
        port = server.getsockname()[1]
        with Foreman() as foreman, canaries.beside():
            arena = Arena(course, canaries, foreman, port, top)
            step = bars.start("this grader", len(chosen))
            ours = []
            for attack in chosen:
                ours.append(arena.grade(attack)[0])
                step()
            columns = {"this grader": ours}
            (top / "template").mkdir()
            runners = {
                f"Otter {version('otter-grader')}": stock_otter(course, canaries, port),
                f"nbgrader {version('nbgrader')}": stock_nbgrader(course, canaries, port, top / "template"),
            }
            controls = {}
            for title, run in runners.items():
                (top / "control" / title).mkdir(parents=True)
                control = controls[title] = run(Attack("control", "", ()), top / "control" / title)
                if control.points != HONEST:
                    raise RuntimeError(f"{title}: {control.points} points for honest work, not {HONEST}; the comparison would say nothing.")
            with ThreadPoolExecutor(jobs) as pool:
                for title, run in runners.items():
                    step = bars.start(title, len(chosen))

                    def one(attack: Attack, run=run, title=title, step=step) -> Outcome:
                        folder = top / title.split()[0] / attack.name
                        folder.mkdir(parents=True)
                        outcome = run(attack, folder)
                        confine.remove(folder)
                        step()
                        return replace(outcome, seen=[s for s in outcome.seen if s not in controls[title].seen])

                    columns[title] = list(pool.map(one, chosen))
    return _markdown(chosen, columns)


def _markdown(chosen: list[Attack], columns: dict[str, list[Outcome]]) -> str:
    lines = [f"| what is attacked | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for number, attack in enumerate(chosen):
        outcomes = [column[number] for column in columns.values()]
        print(f"{attack.name:36}", *(f"{o.points} points in {o.seconds:.0f} s" for o in outcomes), sep="  ")
        cells = [o.got_through or "held" for o in outcomes]
        lines.append(f"| {attack.protects} | {' | '.join(cells)} |")
    held = [sum(not o.got_through for o in outcomes) for outcomes in columns.values()]
    lines.append(f"| **held** | {' | '.join(f'**{n} of {len(chosen)}**' for n in held)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

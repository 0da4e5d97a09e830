"""The matrix as one HTML file: which row lost which points in which case, and the message that a student sees. No external resources."""

from __future__ import annotations

from html import escape

from autograder.audit.audit import Audit
from autograder.audit.marks import Fault, Legal
from autograder.audit.matrix import Graded
from autograder.audit.rows import Outcome

STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 80rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid color-mix(in srgb, currentcolor 25%, transparent); padding: .3rem .5rem; }
th, td { text-align: left; vertical-align: top; }
th { position: sticky; top: 0; background: Canvas; }
td.points { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.scroll { overflow-x: auto; }
.wrong { font-weight: 700; }
.lost { background: color-mix(in srgb, #c60 22%, transparent); }
pre { white-space: pre-wrap; margin: .2rem 0 .6rem; padding: .4rem .6rem; background: color-mix(in srgb, currentcolor 7%, transparent); }
form { display: flex; flex-wrap: wrap; gap: 1rem; margin: 1rem 0; }
label { display: inline-flex; gap: .4rem; align-items: center; }
"""

SCRIPT = """
const form = document.querySelector("form"), rows = [...document.querySelectorAll("tbody tr")], count = document.querySelector("output");
function filter() {
  const kind = form.kind.value, question = form.question.value, text = form.text.value.toLowerCase(), wrong = form.wrong.checked;
  let shown = 0;
  for (const row of rows) {
    const data = row.dataset;
    row.hidden = (kind && data.kind !== kind) || (question && !data.lost.split(" ").includes(question)) || (wrong && data.wrong !== "yes")
      || !row.textContent.toLowerCase().includes(text);
    shown += !row.hidden;
  }
  count.textContent = `${shown} of ${rows.length} rows`;
}
form.addEventListener("input", filter);
form.addEventListener("submit", event => event.preventDefault());
filter();
"""


def page(audit: Audit) -> str:
    """The whole page."""
    wrong = {f.row for f in audit.findings if not f.warning}
    questions = [q.id for q in audit.assignment.coded]
    title = f"Audit of {audit.assignment.name}"
    diagnosed, faults = audit.diagnosed
    verdict = "FAIL" if audit.failed else "PASS"
    kinds = "".join(f"<option>{kind}</option>" for kind in ("reference", "stub", "legal", "fault"))
    options = "".join(f"<option>{escape(q)}</option>" for q in questions)
    heads = "".join(f"<th scope=col>{escape(h)}</th>" for h in ("row", "kind", *questions, "score", "verdict"))
    found = "".join(f"<li>{escape(str(f))}</li>" for f in sorted(audit.findings, key=lambda f: f.warning))
    body = "".join(_row(g, questions, wrong=g.row.name in wrong) for g in audit.matrix)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>
<style>{STYLE}</style></head><body>
<h1>{escape(title)}: {verdict}</h1>
<p>{escape(audit.assignment.title)}. {len(audit.matrix)} rows, {faults} faults, {diagnosed} of them named by the feedback.</p>
<ul>{found}</ul>
<form>
<label>Kind <select name="kind"><option value="">all</option>{kinds}</select></label>
<label>Loses <select name="question"><option value="">any</option>{options}</select></label>
<label>Text <input name="text" type="search"></label>
<label><input name="wrong" type="checkbox"> only what is wrong</label>
<output></output>
</form>
<div class="scroll"><table><thead><tr>{heads}</tr></thead>
<tbody>{body}</tbody></table></div>
<script>{SCRIPT}</script></body></html>
"""


def _row(graded: Graded, questions: list[str], *, wrong: bool) -> str:
    cells = "".join(_cell(graded, q) for q in questions)
    verdict = '<td class="wrong">FAIL</td>' if wrong else "<td>ok</td>"
    data = f'data-kind="{graded.row.kind}" data-lost="{" ".join(sorted(graded.lost))}" data-wrong="{"yes" if wrong else "no"}"'
    score = f"<td class=points>{graded.score:g} of {graded.possible:g}</td>"
    return f"<tr {data}><td>{_about(graded)}</td><td>{graded.row.kind}</td>{cells}{score}{verdict}</tr>"


def _about(graded: Graded) -> str:
    declaration = graded.row.declaration
    text = ""
    if isinstance(declaration, Fault):
        text = (
            f"<p>{escape(declaration.misconception)}<br><em>{escape(declaration.hint)}</em></p><p>Diagnosis: {escape(graded.diagnosis)}</p>"
        )
    elif isinstance(declaration, Legal):
        text = f"<p>{escape(declaration.difference)}</p>"
    failed = "".join(map(_message, (o for o in graded.outcomes if not o.passed)))
    return f"<details><summary>{escape(graded.row.name)}</summary>{text}{failed}</details>"


def _message(outcome: Outcome) -> str:
    kind = "hidden" if outcome.hidden else "public"
    heading = f"{outcome.case} {outcome.name} ({kind}, {outcome.points:g} points): {outcome.outcome}"
    return f"<p>{escape(heading)}</p><pre>{escape(outcome.message)}</pre>"


def _cell(graded: Graded, question: str) -> str:
    own = [o for o in graded.outcomes if o.question == question]
    failed = [o for o in own if not o.passed]
    if not failed:
        return "<td class=points>PASS</td>"
    cases = escape(", ".join(o.case for o in failed))
    return f'<td class="points lost" title="{cases}">FAIL −{sum(o.points for o in failed):g}</td>'

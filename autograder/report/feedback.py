"""A student's page: what every case said, and written answers beside their rubric. A part that nobody has graded is shown as missing."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from autograder import prose
from autograder.content import Assignment, Question
from autograder.report.drawn import Drawn, drawn_figures
from autograder.report.grades import CaseGrade, Grade, QuestionGrade
from autograder.report.html import answer_html, markdown, page, table
from autograder.report.written import Written, written_answer
from autograder.rubric import written_section


def feedback_page(assignment: Assignment, grade: Grade, notebook: Path | None) -> str:
    """The page of one submission. notebook: the upload, for its written answers; None when there was none."""
    rows = [[f"Question {q.question.number}", escape(q.question.title), _score(q), str(q.question.points)] for q in grade.questions]
    body = [
        f"<h1>{escape(assignment.title)}</h1>",
        f"<p>{escape(grade.label)}</p>",
        _total(grade),
        table(["", "", "points", "of"], rows, numbers=2),
        f"<h2>What was received</h2>{markdown(grade.received)}",
    ]
    drawn = drawn_figures(assignment, notebook) if notebook else []
    for q in grade.questions:
        if not q.question.manual and not q.cases:
            continue  # nothing was judged; the table has its points
        body.append(f'<section id="{q.question.id}"><h2>Question {q.question.number} · {escape(q.question.title)}</h2>')
        body.append(f"<p>{_score(q)}{',' if q.earned is None else ''} of {q.question.points} points</p>")
        if q.question.manual:
            answer = written_answer(notebook, q.question) if notebook else Written("", ())
            body.append(_written(assignment, q, answer, drawn))
            drawn = []  # they belong to the first written question
        else:
            body += _cases(q)
        body.append("</section>")
    return page(f"{assignment.title} · {grade.label}", "\n".join(body))


def _total(grade: Grade) -> str:
    if not grade.missing:
        return f"<p><strong>{grade.earned:g} of {grade.possible} points</strong></p>"
    left = ", ".join(f"question {q.number} ({q.points} {'point' if q.points == 1 else 'points'})" for q in grade.missing)
    so_far = grade.possible - sum(q.points for q in grade.missing)
    return f'<p class="missing"><strong>{grade.earned:g} of {so_far} points so far.</strong> Not graded yet: {left}.</p>'


def _score(q: QuestionGrade) -> str:
    return "not graded yet" if q.earned is None else f"{q.earned:g}"


def _cases(q: QuestionGrade) -> list[str]:
    """The cases that students may see, what others earned together, and the likely cause of the failures."""
    kept = [c for c in q.cases if not c.shown]
    others = f"{sum(c.earned for c in kept):g} of {sum(c.points for c in kept):g} points come from cases that are not shown."
    cause = [f"<div>{markdown(q.cause)}</div>"] if q.cause else []
    return [*(_case(c) for c in q.cases if c.shown), *([f"<p>{others}</p>"] if kept else []), *cause]


def _case(case: CaseGrade) -> str:
    kind = "hidden" if case.hidden else "public"
    points = f'<span class="quiet">({kind}, {case.earned:g} of {case.points:g})</span>'
    state = "PASS" if case.passed else "FAIL"
    title = f'<span class="state">{state}</span> {case.number} {escape(case.title)} {points}'
    if case.passed and case.output == "**PASS**":
        return f'<p class="pass">{title}</p>'
    shown = markdown(case.output if case.outcome == "void" else case.output.partition("\n\n")[2])  # without PASS or FAIL
    return f'<details class="{state.lower()}" open><summary>{title}</summary><div>{shown}</div></details>'


def _written(assignment: Assignment, q: QuestionGrade, answer: Written, drawn: Sequence[Drawn]) -> str:
    """drawn: figures made here from the student's own table, which take the place of those that the notebook brings along."""
    figures = "".join(f"<figure>{d.svg}<figcaption>{escape(d.says)}</figcaption></figure>" for d in drawn) or "".join(
        f'<figure><img src="data:image/png;base64,{png}" alt="Figure {n} of your notebook in question {q.question.number}"></figure>'
        for n, png in enumerate(answer.figures, start=1)
    )
    said = answer_html(answer.prose) if answer.prose else "<p><em>No answer was handed in.</em></p>"
    comment = f"<h3>Comment</h3>{markdown(q.comment)}" if q.comment else ""
    return (
        f'<div class="beside"><div><h3>Your answer</h3>{said}{figures}</div>'
        f"<div>{comment}<h3>Rubric</h3>{prose.html(_rubric(assignment, q.question))}</div></div>"
    )


def _rubric(assignment: Assignment, question: Question) -> str:
    return written_section(assignment, question.id, "Rubric")

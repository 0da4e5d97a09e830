"""The class report: one HTML file that shows what a class can do, what it misunderstood, and which questions need attention."""

from __future__ import annotations

import re
import statistics
from collections.abc import Mapping, Sequence
from html import escape

from autograder.audit.marks import Fault
from autograder.audit.rows import variant_rows
from autograder.content import Assignment
from autograder.report import plots
from autograder.report.grades import Grade
from autograder.report.html import figure, page, table
from autograder.report.statistics import ENOUGH, FEW, CaseStatistics, ClassStatistics, Cluster, class_statistics
from autograder.report.survey import Survey, survey_section

BINS = 20
TOP = 12
"""Misconceptions that are shown at once; rarer ones are folded."""


def class_report(assignment: Assignment, grades: Sequence[Grade], surveys: Sequence[Survey] = (), *, identify: bool = False) -> str:
    """The page. It names nobody and shows no text of a submission but the survey's remarks.

    identify: also who is in a cluster and what their code answered.
    """
    found = class_statistics(assignment, grades)
    faults = {row.name: row.declaration for row in variant_rows(assignment, "fault") if isinstance(row.declaration, Fault)}
    labels = {g.record.submission: g.label for g in grades}
    parts = [f"<h1>{escape(assignment.title)}: class report</h1>", _opening(found, grades)]
    if found.questions:
        parts += [
            _attention(found),
            _scores(found),
            _questions(found),
            _misconceptions(found, faults),
            _clusters(found, labels if identify else {}),
            _cases(found),
            _timing(found),
        ]
    if surveys:
        parts.append(survey_section(assignment, surveys))
    return page(f"{assignment.title}: class report", "\n".join(parts))


def _opening(found: ClassStatistics, grades: Sequence[Grade]) -> str:
    users = sum(len(g.record.users) for g in grades)
    text = [f"{_count(len(grades), 'submission')} of {_count(users, 'student')}."]
    if not found.questions:
        text.append("None of them could be graded, so there is nothing to report.")
    manual = [q for q in found.assignment.questions if q.manual]
    if manual:
        waiting = sum(bool(g.missing) for g in grades)
        names = " and ".join(f"question {q.number}" for q in manual)
        text.append(f"All figures are about the {found.possible} points that tests give; people grade {names}, and {waiting} wait for it.")
    if found.problems:
        text.append(f"{_count(found.problems, 'submission')} could not be graded because the grader failed: run the command again.")
    return f"<p>{escape(' '.join(text))}</p>"


def _attention(found: ClassStatistics) -> str:
    listed = "<ul>" + "".join(f"<li>{escape(text)}</li>" for text in found.attention) + "</ul>" if found.attention else ""
    if len(found.scores) < ENOUGH:
        listed += f"<p>With fewer than {ENOUGH} submissions there is little to say about the questions.</p>"
    elif not listed:
        listed = "<p>Nothing stands out.</p>"
    return f"<h2>Needs attention</h2>{listed}"


def _scores(found: ClassStatistics) -> str:
    scores = sorted(found.scores)
    middle = statistics.median(scores)
    quarter = statistics.quantiles(scores, n=4) if len(scores) > 1 else [middle] * 3
    sentence = (
        f"The median is {middle:.3g} of {found.possible} points; the middle half lies from {quarter[0]:.3g} to {quarter[2]:.3g}, "
        f"all from {scores[0]:.3g} to {scores[-1]:.3g}, and {sum(s == found.possible for s in scores)} of {len(scores)} earn everything."
    )
    width = max(1, round(found.possible / BINS))
    bins = [width * n for n in range(-(-found.possible // width) + 1)]
    picture = plots.histogram(scores, bins=bins, x=f"points of {found.possible}", y="submissions", alt=f"Histogram of scores. {sentence}")
    return f"<h2>Scores</h2>{figure(picture, sentence)}"


def _questions(found: ClassStatistics) -> str:
    easiest = max(found.questions, key=lambda q: q.difficulty)
    hardest = min(found.questions, key=lambda q: q.difficulty)
    sentence = (
        f"Question {easiest.question.number} is the easiest ({_percent(easiest.difficulty)} of its points are earned) and question "
        f"{hardest.question.number} the hardest ({_percent(hardest.difficulty)})."
    )
    told = [(q.discrimination, q.question.number) for q in found.questions if q.discrimination is not None]
    if len(told) > 1:
        (low, weakest), (high, strongest) = min(told), max(told)
        sentence += f" Discrimination runs from {low:.2f} (question {weakest}) to {high:.2f} (question {strongest})."
    series: dict[str, list[float | None]] = {"share of the points earned": [q.difficulty for q in found.questions]}
    note = (
        "Discrimination is the correlation between the points of a question and those of all others: near 1, strong work passes it "
        "and weak work does not; near 0, it tells nothing about the rest. "
    )
    if len(found.seconds) < FEW:
        note += f"It is not computed for fewer than {FEW} submissions, of which one or two would decide it."
    else:
        series["discrimination"] = [q.discrimination for q in found.questions]
        note += "A dash: all earn the same."
    picture = plots.dots(
        [f"Question {q.question.number}" for q in found.questions],
        series,
        x=", ".join(["share", "correlation"][: len(series)]),
        alt=f"{' and '.join(['Difficulty', 'discrimination'][: len(series)])} of each question. {sentence}",
    )
    rows = [
        [
            f"Question {q.question.number}",
            escape(q.question.title),
            str(q.question.points),
            _percent(q.difficulty),
            _correlation(q.discrimination),
            _percent(q.public_passed / len(found.seconds)),
            _percent(q.all_passed / len(found.seconds)),
        ]
        for q in found.questions
    ]
    heads = ["", "", "points", "earned", "discrimination", "pass public", "pass all"]
    return f"<h2>Difficulty and discrimination</h2>{figure(picture, sentence)}<p class=quiet>{note}</p>{table(heads, rows, numbers=5)}"


def _misconceptions(found: ClassStatistics, faults: Mapping[str, Fault]) -> str:
    heading = "<h2>Misconceptions</h2>"
    if not found.misconceptions:
        return f"{heading}<p>No submission answers like one of the known mistakes.</p>"
    total = sum(count for *_, count in found.misconceptions)
    question, fault, count = found.misconceptions[0]
    first = faults[fault].misconception.rstrip(".") if fault in faults else fault
    sentence = (
        f"{_count(total, 'lost question')} coincide with a known mistake. "
        f"The most frequent, {_count(count, 'submission')} in question {question[1:]}: {first}."
    )
    rows = [
        [f"Question {q[1:]}", escape(faults[name].misconception if name in faults else name.replace("_", " ")), str(n)]
        for q, name, n in found.misconceptions
    ]
    heads = ["", "what the answers coincide with", "submissions"]
    rarer = f"<details><summary>{len(rows) - TOP} more</summary><div>{table(heads, rows[TOP:], numbers=1)}</div></details>"
    return f"{heading}<p>{escape(sentence)}</p>{table(heads, rows[:TOP], numbers=1)}{rarer if len(rows) > TOP else ''}"


def _clusters(found: ClassStatistics, labels: Mapping[str, str]) -> str:
    heading = "<h2>Failures that no known mistake explains</h2>"
    if not found.clusters:
        return f"{heading}<p>No two submissions fail a question in the same unexplained way.</p>"
    intro = (
        "Each group fails a question with the same answers to its public cases, and no declared fault gives these answers. "
        "It may be the next entry of faults.py, or a sentence that the prompt lacks."
    )
    return f"{heading}<p>{intro}</p>" + "".join(_cluster(c, labels) for c in found.clusters)


def _cluster(cluster: Cluster, labels: Mapping[str, str]) -> str:
    title = f"Question {cluster.question.number}: {_count(len(cluster.submissions), 'submission')}"
    failed = "".join(
        f"<li>Case {escape(case[1:])}: {escape(outcome)}{_behaviour(outcome, text, shown=bool(labels))}</li>"
        for case, outcome, text in cluster.failed
    )
    names = f"<p>{escape('; '.join(labels[s] for s in cluster.submissions))}</p>" if labels else ""
    return f"<h3>{title}</h3>{names}<ul>{failed}</ul>"


def _behaviour(outcome: str, text: str, *, shown: bool) -> str:
    """What came back. Unless asked for, only what the checks composed, without texts, which could be the submission's own words."""
    if not text or not (shown or outcome in ("incorrect", "invalid")):
        return ""
    return f"<pre>{escape(text if shown else OWN_WORDS.sub('…', text))}</pre>"


OWN_WORDS = re.compile(r"(?<= raised )\w+: .*|'[^'\n]*'|\"[^\"\n]*\"", re.DOTALL)
"""In a check's message: the text of an exception, and quoted texts."""


def _cases(found: ClassStatistics) -> str:
    hardest = min(found.cases, key=lambda c: c.rate)
    mean = {
        kind: statistics.fmean(rates) if (rates := [c.rate for c in found.cases if c.hidden is hidden]) else None
        for kind, hidden in (("public", False), ("hidden", True))
    }
    said = " and ".join(f"{_percent(rate)} of {kind} cases" for kind, rate in mean.items() if rate is not None)
    sentence = f"On average a submission passes {said}; case {hardest.number} is passed least often ({_percent(hardest.rate)})."
    names = [f"{c.number}  {_shortened(c.title)}" for c in found.cases]
    picture = plots.bars(
        names,
        [c.rate for c in found.cases],
        marked=[c.hidden for c in found.cases],
        legend=("public", "hidden"),
        x="submissions that pass, %",
        alt=f"Pass rate of each case. {sentence}",
    )
    rows = [_case_row(c) for c in found.cases]
    details = table(["case", "", "", "points", "pass", "discrimination"], rows, numbers=3)
    shown = f"<details><summary>The same as a table, with discrimination</summary><div>{details}</div></details>"
    return f"<h2>Pass rate of each case</h2>{figure(picture, escape(sentence))}{shown}"


def _case_row(case: CaseStatistics) -> list[str]:
    kind = "hidden" if case.hidden else "public"
    return [case.number, escape(case.title), kind, f"{case.points:g}", _percent(case.rate), _correlation(case.discrimination)]


def _timing(found: ClassStatistics) -> str:
    seconds = sorted(found.seconds)
    longest = seconds[-1]
    sentence = (
        f"Grading a submission took {statistics.median(seconds):.1f} s in the median and {longest:.1f} s at most, "
        f"{sum(seconds) / 60:.1f} minutes of one foreman for all."
    )
    bins = [longest * 1.02 * n / BINS for n in range(BINS + 1)]
    picture = plots.histogram(seconds, bins=bins, x="seconds", y="submissions", alt=f"Histogram of grading times. {sentence}")
    return f"<h2>Time</h2>{figure(picture, sentence)}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _correlation(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _shortened(title: str) -> str:
    return title if len(title) <= 58 else f"{title[:56].rstrip()} …"

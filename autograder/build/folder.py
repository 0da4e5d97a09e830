"""The pages of the student folder, around the notebooks."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.build.notebook import colab_badge
from autograder.content import Assignment, Course, read_text

HOMEWORK = "<!-- homework -->"


def student_pages(course: Course, names: Sequence[str] | None = None) -> dict[str, str]:
    """What lies beside the notebooks: assignments/student/*.md. The mark becomes the table of homework: all, or those named."""
    assignments = [course.assignment(name) for name in course.assignments if names is None or name in names]
    pages = {p.name: read_text(p) for p in sorted((course.root / "assignments" / "student").glob("*.md"))}
    return {name: text.replace(HOMEWORK, homework_table(course, assignments)) for name, text in pages.items()}


def homework_table(course: Course, assignments: Sequence[Assignment]) -> str:
    """One row per homework: what it is about, its lectures, the hours of the median student, its points."""
    lines = ["| homework | about | lectures | hours | points |", "|---|---|---|---|---|"]
    for a in assignments:
        topic = f"[{a.title}]({a.name}/{a.name}.ipynb) {colab_badge(course, a)}".strip()
        lectures = ", ".join(map(str, a.lectures))
        lines.append(f"| {topic} | {a.summary} | {lectures} | {a.minutes / 60:.2g} | {a.points} |")
    return "\n".join(lines)


def write_student_pages(course: Course) -> None:
    """Write README.md and the like into release/student."""
    folder = course.root / "release" / "student"
    for name, text in student_pages(course).items():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")

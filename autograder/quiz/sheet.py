"""What a quiz notebook does: it finds its reader's paper, shows the questions, and says what would be handed in. It knows no key.

Quiz notebooks carry this file's text, after those of `draw` and `responses`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograder.quiz.draw import variant_number
from autograder.quiz.responses import form_problem, gather, is_blank, read_who

HINTS = {
    "choice": "*Pick one in the next cell.*",
    "select": "*Tick all that are right in the next cell.*",
    "numeric": "*Write a number in the next cell, such as 0.25, 1e-3 or 3/4.*",
    "literal": "*Write your answer in the next cell.*",
}


class Sheet:
    """One quiz. seed: what papers are drawn from, beside the quiz and the person. papers: the wording of each, and its fingerprint."""

    def __init__(self, quiz: str, version: str, seed: str, papers: list[dict[str, Any]]) -> None:
        self.quiz, self.version, self.seed, self.papers = quiz, version, seed, papers
        self.who = ""
        self.paper: dict[str, Any] = {}

    def open(self, who: Any) -> None:
        """Find the paper of a person."""
        self.who = read_who(who)
        if not self.who:
            self.paper = {}
            print("Write your PennKey into the field above, then run all cells (Runtime > Run all).")
            return
        number = variant_number(self.seed, self.quiz, self.who, len(self.papers))
        self.paper = self.papers[number]
        print(f"{self.who} has variant {number + 1} of {len(self.papers)} (fingerprint {self.paper['fingerprint']}).")

    def show(self, number: int) -> None:
        """Show question `number`, from 1."""
        from IPython.display import HTML, Markdown, display

        if not self.paper:
            print("This question shows once your PennKey is in its field at the top: fill it in, then run all cells.")
            return
        question = self.paper["questions"][number - 1]
        display(Markdown(question["statement"]))
        if question["png"]:
            alt = question["alt"].replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
            display(HTML(f'<img style="background: white; max-width: 100%" src="data:image/png;base64,{question["png"]}" alt="{alt}">'))
        options = [f"**{label}.** {text}" for label, text in question["options"]]
        display(Markdown("\n\n".join([*options, HINTS[question["kind"]]])))

    def answer(self, number: int, values: Mapping[str, Any]) -> tuple[Any, str]:
        """What the cells' names hold for question `number`, and what is wrong with its form, which says nothing about what is right."""
        question = self.paper["questions"][number - 1]
        labels = tuple(label for label, _ in question["options"])
        answer = gather(values, f"{self.quiz}_q{number}", labels)
        return answer, "no answer yet" if is_blank(answer) else form_problem(question["kind"], labels, answer)

    def review(self, values: Mapping[str, Any]) -> None:
        """Print every answer, or what is wrong with its form."""
        if not self.paper:
            print("Nothing to look at yet: fill in your PennKey at the top, then run all cells.")
            return
        print(f"{self.quiz}, release {self.version}, variant fingerprint {self.paper['fingerprint']}, for {self.who}")
        answered = 0
        for number, question in enumerate(self.paper["questions"], start=1):
            answer, problem = self.answer(number, values)
            answered += not problem
            shown = answer if isinstance(answer, str) else ", ".join(answer) if question["kind"] == "select" else repr(answer)
            print(f"{number:>4}  {problem or shown}")
        print(f"{answered} of {len(self.paper['questions'])} answers have the right form.")
        print(
            "Not what you wrote? Run its cell, then this one. Then File > Download > Download .ipynb, and upload that file to Gradescope."
        )

"""What the documents name exists: files, make targets, commands with their options."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.cli import _parser
from autograder.quiz.command import _parser as quiz_parser
from tests.support import ROOT

DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")
COMMAND = re.compile(r"(?:^|[`\s/])autograder ([a-z][\w-]*(?: [^`\n]*)?)")
TARGET = re.compile(r"(?:^|`)make ([a-z][\w-]*)", re.MULTILINE)


@pytest.fixture(params=DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def document(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def code(text: str) -> str:
    """The code of a document: blocks, and what stands between backquotes."""
    blocks = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
    return "\n".join([*blocks, *(f"`{c}`" for c in re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL)))])


def commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    return next((dict(a.choices) for a in parser._actions if isinstance(a, argparse._SubParsersAction)), {})


def unknown_words(parser: argparse.ArgumentParser, words: list[str]) -> Iterator[str]:
    """The subcommands and options among the words that the parser does not know."""
    inner = commands(parser)
    if inner and words and re.fullmatch(r"[a-z][a-z-]*", words[0]):
        if words[0] not in inner:
            yield words[0]
        else:
            yield from unknown_words(inner[words[0]], words[1:])
        return
    known = {option for action in parser._actions for option in action.option_strings}
    yield from (word for word in words if word.startswith("--") and word.split("=")[0] not in known)


def unknown(words: list[str]) -> list[str]:
    """The same for a command line after `autograder`; the quiz commands have a parser of their own."""
    return [*(unknown_words(quiz_parser(), words[1:]) if words[0] == "quiz" else unknown_words(_parser(), words))]


def test_its_links_lead_to_files(document: Path) -> None:
    prose = re.sub(r"```.*?```|`[^`\n]+`", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = [link for link in LINK.findall(prose) if "://" not in link]
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_its_commands_exist_with_their_options(document: Path) -> None:
    found = [re.split(r"\s[#>|&]", line)[0].split() for line in COMMAND.findall(code(document.read_text(encoding="utf-8")))]
    assert [" ".join(words) for words in found if unknown(words)] == []


def test_its_make_targets_exist(document: Path) -> None:
    targets = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(TARGET.findall(code(document.read_text(encoding="utf-8")))) - targets == set()


def test_the_examples_in_the_help_are_commands(capsys: pytest.CaptureFixture[str]) -> None:
    for name, sub in commands(_parser()).items():
        example = (sub.epilog or "").removeprefix("Example: ").split()
        assert not example or (example[:2] == ["autograder", name] and not [*unknown_words(sub, example[2:])]), name


def every_command() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Each command with its parser, those of quizzes among them."""
    yield from ((f"autograder {name}", sub) for name, sub in commands(_parser()).items() if name != "quiz")
    yield "autograder quiz", quiz_parser()
    yield from ((f"autograder quiz {name}", sub) for name, sub in commands(quiz_parser()).items())


@pytest.mark.parametrize(("name", "parser"), [*every_command()], ids=lambda value: value if isinstance(value, str) else "")
def test_the_help_of_a_command_explains_every_argument_and_has_an_example(name: str, parser: argparse.ArgumentParser) -> None:
    assert [action.dest for action in parser._actions if not action.help and not isinstance(action, argparse._SubParsersAction)] == []
    assert (parser.epilog or "").startswith(f"Example: {name}")


def test_the_page_of_the_commands_has_the_exit_codes_of_the_help() -> None:
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    told = re.findall(r"^  (\d+) +(.*)$", _parser().epilog or "", re.MULTILINE)
    assert [f"| {code} | {meaning} |" in page for code, meaning in told] == [True] * 5

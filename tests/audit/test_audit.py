"""The audit of a whole homework: the toy course, broken on purpose."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.audit.audit import Audit, repeat
from autograder.audit.page import page
from autograder.cli import main
from autograder.content import load_course
from tests.audit.conftest import Quiet
from tests.support import TOY

Run = Callable[..., Audit]


def append(root: Path, file: str, text: str) -> None:
    path = root / "solutions" / "toy" / file
    path.write_text(path.read_text() + text)


def a_fault(name: str, body: str, of: str = "mean(x)", loses: str = "q1") -> str:
    function = of.split("(")[0]
    mark = f'@fault(of="{function}", loses={{"{loses}"}}, hint="Look.")'
    return f'\n\n{mark}\ndef {name}({of.split("(")[1]}:\n    """It is wrong."""\n    {body}\n'


def failures(found: Audit) -> list[str]:
    return [f"{f.row}: {f.what}" for f in found.findings if not f.warning]


def test_the_command_ends_with_1_and_names_a_surviving_fault(own_toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    append(own_toy, "faults.py", a_fault("harmless", "return reference.mean(x)"))
    assert main(["audit", "--root", str(own_toy), "toy", "--only", "harmless", "--jobs", "1"]) == 1
    said = capsys.readouterr().out
    assert "harmless: the fault survives" in said and "toy: FAIL" in said


def test_the_command_for_scripts_prints_its_findings_as_json(own_toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    append(own_toy, "faults.py", a_fault("harmless", "return reference.mean(x)"))
    assert main(["audit", "--root", str(own_toy), "toy", "--only", "harmless", "--jobs", "1", "--json"]) == 1
    (toy,) = json.loads(capsys.readouterr().out)
    assert [f["row"] for f in toy["findings"] if not f["warning"]] == ["harmless"] and toy["faults"] == 1


def test_the_command_ends_with_0_and_writes_the_page_of_a_whole_audit(own_toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--root", str(own_toy), "toy", "--jobs", "1"]) == 0
    said = capsys.readouterr().out
    assert "toy: PASS" in said and "The feedback names 7 of 8 faults" in said
    assert "climbs" in (own_toy / "release" / "audit" / "toy.html").read_text()


def test_nothing_is_graded_after_a_reference_that_fails(audit_of: Run, own_toy: Path) -> None:
    path = own_toy / "solutions" / "toy" / "reference.py"
    path.write_text(path.read_text().replace("total / x.numel()", "total"))
    found = audit_of(own_toy)
    assert [g.row.name for g in found.matrix] == ["reference"] and found.failed


def test_a_rejected_legal_variant_is_named(audit_of: Run, own_toy: Path) -> None:
    append(own_toy, "legal.py", '\n\n@legal(of="mean")\ndef in_float32(x):\n    """Computes in float32."""\n    return x.float().mean()\n')
    assert any(text.startswith("in_float32: correct work is rejected by q1.1") for text in failures(audit_of(own_toy, "in_float32")))


def test_a_fault_that_loses_another_question_is_named(audit_of: Run, own_toy: Path) -> None:
    append(own_toy, "faults.py", a_fault("climbs_too", "return reference.descend(w, -g, lr)", "descend(w, g, lr)", "q1"))
    found = failures(audit_of(own_toy, "climbs_too"))
    assert "climbs_too: the fault does not lose q1" in found
    assert any(text.startswith("climbs_too: the fault loses the unrelated q2") for text in found)


@pytest.mark.parametrize(
    "body", ["return torch.ones(1 << 40)", "[[0] * (1 << 40)]", "import os; os._exit(3)", "raise SystemExit", "while True: pass"]
)
def test_a_fault_that_eats_memory_exits_or_loops_is_a_caught_fault(audit_of: Run, own_toy: Path, body: str) -> None:
    settings = own_toy / "assignments" / "toy" / "assignment.toml"
    settings.write_text(settings.read_text().replace("case = 3", "case = 1"))
    append(own_toy, "faults.py", a_fault("hostile", body))
    found = audit_of(own_toy, "hostile")
    assert found.matrix[-1].lost == {"q1"} and found.matrix[-1].problem == ""
    assert failures(found) == []


def test_verdicts_are_the_same_with_another_seed_and_two_threads(audit_of: Run) -> None:
    found = audit_of(TOY, "climbs", "forgets_to_divide", "by_numpy")
    assert repeat(load_course(TOY), found, 1, 1, Quiet()) == []


def test_the_page_holds_every_message_and_nothing_from_elsewhere(audit_of: Run, own_toy: Path) -> None:
    append(own_toy, "faults.py", a_fault("tagged", "return x.sum() * float('<b>1'.strip('<b>'))"))
    found = audit_of(own_toy, "tagged")
    text = page(found)
    assert "Called mean([1, 3]). The result: got 4, expected 2." in text
    assert "color-scheme: light dark" in text
    assert not any(mark in text for mark in ("http:", "https:", "src=", "@import", "url("))

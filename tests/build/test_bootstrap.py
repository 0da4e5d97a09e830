"""Setting up never downloads gigabytes unasked, never half-succeeds, and says what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from autograder import bootstrap
from tests.support import ROOT

PIN = "torch==2.13.0"


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that would be run; nothing is."""
    done: list[list[str]] = []

    def run(command: list[str], what: str) -> None:
        done.append(command)

    monkeypatch.setattr(bootstrap, "run", run)
    monkeypatch.setattr(bootstrap, "has_torch", lambda *_: False)
    monkeypatch.setattr(bootstrap, "has_nvidia_gpu", lambda: False)
    monkeypatch.delenv(bootstrap.ALLOW_CUDA, raising=False)
    return done


def cuda_from(monkeypatch: pytest.MonkeyPatch, *answers: bool) -> list[tuple[str, ...]]:
    """What the index says, call by call; returns the options that it was asked with."""
    asked: list[tuple[str, ...]] = []

    def would(python: str, pin: str, *options: str) -> bool:
        asked.append(options)
        return answers[len(asked) - 1]

    monkeypatch.setattr(bootstrap, "would_bring_cuda", would)
    return asked


def test_a_torch_that_satisfies_the_pin_is_kept(steps: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "has_torch", lambda *_: True)
    bootstrap.install_torch("python", PIN)
    assert steps == []


def test_a_cpu_build_of_the_users_own_index_is_taken(steps: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    cuda_from(monkeypatch, False)
    bootstrap.install_torch("python", PIN)
    assert [step[-1] for step in steps] == [PIN] and "--extra-index-url" not in steps[0]


def test_otherwise_an_index_of_cpu_builds_is_asked(steps: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_CPU_INDEX", "https://example.org/cpu")
    asked = cuda_from(monkeypatch, True, False)
    bootstrap.install_torch("python", PIN)
    assert "https://example.org/cpu" in asked[1] and "https://example.org/cpu" in steps[0]


def test_gigabytes_for_a_machine_without_a_gpu_stop_it(steps: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    cuda_from(monkeypatch, True, True)
    with pytest.raises(bootstrap.Stop) as stop:
        bootstrap.install_torch("python", PIN)
    assert "2.5 GB" in str(stop.value) and bootstrap.ALLOW_CUDA in str(stop.value) and steps == []


def test_a_switch_goes_on_with_them(steps: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(bootstrap.ALLOW_CUDA, "1")
    bootstrap.install_torch("python", PIN)
    assert [step[-1] for step in steps] == [PIN] and "--extra-index-url" not in steps[0]


def test_on_a_machine_with_a_gpu_nothing_is_asked(steps: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "has_nvidia_gpu", lambda: True)
    bootstrap.install_torch("python", PIN)
    assert len(steps) == 1


def test_a_step_that_fails_shows_its_last_words() -> None:
    with pytest.raises(bootstrap.Stop, match="(?s)trying failed:.*no such thing"):
        bootstrap.run([sys.executable, "-c", "import sys; sys.exit('no such thing')"], "trying")


def test_a_log_has_a_line_for_each_package(capsys: pytest.CaptureFixture[str]) -> None:
    said = "Looking in indexes\\nCollecting otter\\n  Downloading otter.whl (2 MB)\\nInstalling collected packages: otter, fica"
    bootstrap.run([sys.executable, "-c", f"print('{said}')"], "trying")
    items = ["Collecting otter", "Downloading otter.whl (2 MB)", "Installing packages: 2"]
    assert capsys.readouterr().out.splitlines() == [f"[setup]   {item}" for item in items]


def test_a_log_is_not_silent_for_long(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap.Ticker, "SILENCE", 0.6)
    bootstrap.run([sys.executable, "-c", "import time; time.sleep(1.2)"], "trying")
    assert "[setup]   trying: 1 s" in capsys.readouterr().out


def test_a_terminal_has_one_line_that_is_rewritten(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    bootstrap.run([sys.executable, "-c", "import time; print('Collecting otter', flush=True); time.sleep(1.5)"], "trying")
    said = capsys.readouterr().out
    assert "\n" not in said and "trying: 1 s, 1 packages found. Collecting otter" in said


def test_a_step_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "SECONDS", 0.5)
    with pytest.raises(bootstrap.Stop, match="did not finish within"):
        bootstrap.run([sys.executable, "-c", "import time; time.sleep(60)"], "waiting")


def test_an_unsuitable_python_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 12, "final", 0))
    monkeypatch.setattr(sys, "argv", ["bootstrap.py", str(tmp_path / "env")])
    assert bootstrap.main() == 2
    assert "Python 3.11, 3.12 or 3.13 is needed" in capsys.readouterr().err and not (tmp_path / "env").exists()


def test_set_up_and_zip_use_the_same_pins() -> None:
    wanted: Any = bootstrap.pins(ROOT, [])
    assert PIN in wanted and all("==" in pin for pin in wanted)


@pytest.mark.parametrize("script", ["setup.sh", "run_autograder"])
def test_the_platforms_scripts_are_valid_shell(script: str) -> None:
    subprocess.run(["bash", "-n", str(ROOT / "autograder/build/templates" / script)], check=True)

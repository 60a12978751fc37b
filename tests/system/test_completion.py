"""Completion as a real shell does it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edgead.console.cli import main
from edgead.console.runs.store import Store
from edgead.models.spec import read_spec

PROGRAM = Path(sys.executable).with_name("edgead-console")


def completed(line: str, folder: Path) -> set[str]:
    """Ask bash's own machinery what the program offers at the end of a line."""
    script = f"""
    eval "$({PROGRAM} completion bash)"
    COMP_LINE={line!r}; COMP_POINT=${{#COMP_LINE}}; COMP_TYPE=9; COMP_WORDS=($COMP_LINE)
    _python_argcomplete {PROGRAM}; printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}"},
    )  # fmt: skip
    return {word.strip() for word in done.stdout.splitlines()} - {""}


@pytest.fixture
def runs(home, tmp_path):
    for seed in (1, 2):
        run = Store(home / "runs").create(read_spec({"preset": "kdd99", "seed": seed}))
        Store(home / "runs").rename(run, f"seed-{seed}")
    (tmp_path / "cluster.toml").write_text('[[nodes]]\nname = "xavier-1"\nhost = "127.0.0.1"\n')
    return tmp_path


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("edgead-console tri", {"trial"}),
        ("edgead-console trial sho", {"show"}),
        ("edgead-console trial show T-", {"T-001", "T-002"}),
        ("edgead-console trial show s", {"seed-1", "seed-2"}),
        ("edgead-console trial rename T-001 k", set()),
        ("edgead-console compare T-001 T-002 --form", {"--format"}),
        ("edgead-console compare --format l", {"latex"}),
        ("edgead-console trial run paper-k", {"paper-kdd99"}),
        ("edgead-console nodes watch x", {"xavier-1"}),
    ],
)
def test_words_are_completed(runs, line, offered):
    assert completed(line, runs) == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "tcsh"])
def test_every_shell_gets_its_code(shell, capsys):
    assert main(["completion", shell]) == 0
    assert "edgead-console" in capsys.readouterr().out

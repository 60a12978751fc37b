"""The README's way with boards, typed into a shell line by line, on those of `make boards`."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from testbed.fixtures import refuse
from testbed.requirements import missing

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PROMPT = "ready> "
DEADLINE = 240


def commands():
    """The lines of the README's first block under "With real boards"."""
    section = (ROOT / "README.md").read_text().partition("\n## With real boards\n")[2]
    return section.split("```\n")[1].splitlines()


def run_testbed(folder, *arguments):
    """What `make boards` and `make boards-down` run."""
    done = subprocess.run(
        [sys.executable, "-m", "testbed", "--folder", str(folder), *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests")},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class Shell:
    """A shell on a terminal, in a folder of its own."""

    def __init__(self, folder, **environment):
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.child = pexpect.spawn(
            "bash",
            ["--norc", "--noprofile"],
            cwd=folder,
            dimensions=(36, 120),
            env={**os.environ, "PATH": path, "PS1": PROMPT, "TERM": "xterm", **environment},
            encoding="utf-8",
            timeout=DEADLINE,
        )
        self.child.expect_exact(PROMPT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.close(force=True)

    def type(self, line, answer="", interrupt_after=""):
        """Type a line, answer its question; gives its exit code and what was on the terminal."""
        self.child.sendline(line)
        said = ""
        if answer:
            self.child.expect_exact("[y/N] ")
            said = self.child.before
            self.child.sendline(answer)
        if interrupt_after:
            self.child.expect(interrupt_after)
            self.child.sendintr()
        self.child.expect_exact(PROMPT)
        said += self.child.before
        self.child.sendline("echo code=$?")
        self.child.expect(r"code=(\d+)")
        code = int(self.child.match[1])
        self.child.expect_exact(PROMPT)
        return code, said


def test_from_boards_to_a_trial(home, kdd99_folder, tmp_path):
    if (reason := missing()) is not None:
        refuse(reason)
    folder = tmp_path / "boards"
    said = run_testbed(folder, "up")
    try:
        printed = re.search(r"edgead-console init \S+ --user nvidia --key \S+", said)
        assert printed
        with Shell(tmp_path, EDGEAD_HOME=str(home), EDGEAD_DATA=str(kdd99_folder)) as shell:
            _walk(shell, ROOT / printed[0].rpartition(" ")[2], printed[0].split()[2])
    finally:
        assert run_testbed(folder, "down") == "The boards are gone.\n"
    assert not folder.exists()


LATE = {"reach", "ssh", "ports"}  # what fails where a machine is so busy that boards are late


def check_until_well(shell, line):
    """Check, again where nothing but LATE failed; gives what was said at last."""
    for _ in range(4):
        code, said = shell.type(line)
        failed = set(re.findall(r"^✖ \S+ (\S+):", said, re.MULTILINE))
        if code == 0 or not failed or failed - LATE:
            break
    assert code == 0, said
    return said


def _walk(shell, key, network):
    init, check, power, start, trial, watch = commands()
    init = init.replace("--user nvidia", f"--user nvidia --key {key} --known-hosts known_hosts")
    code, said = shell.type(init.replace("192.168.1.0/24", network), answer="y")
    assert code == 0 and said.count("SHA256:") == 3 and "cluster.toml: 3 nodes" in said
    said = check_until_well(shell, check)
    assert "✖" not in said and "self-test" in said
    assert "edgead-console nodes container start xavier-2" in said  # what it says to do is next
    code, said = shell.type(power)
    assert code == 0 and said.count("MODE_15W_DESKTOP → MAXN") == 3
    code, said = shell.type(start)
    assert code == 0 and re.search(r"xavier-2: \S+ runs", said)
    said = check_until_well(shell, check)
    assert "✖" not in said and "waiting for xavier-" in said
    assert "nodes power" not in said and "container" not in said.partition("\n▲")[2]
    code, said = shell.type(trial)
    assert code == 0 and re.search(r"T-001 +finished", said) and "311,029 of 311,029 rows" in said
    assert all(f"xavier-{n}     worker {n - 1} ready" in said for n in (1, 2, 3))
    code, said = shell.type(watch, interrupt_after=r"xavier-3  up .*GPU .* RAM")
    assert code == 130

"""The command line without a trial: wrong use is one line, with the right exit code."""

import os
import subprocess
import sys

import pytest

from edgead.console.cli import main


def run(*arguments, **more):
    return subprocess.run(
        [sys.executable, "-m", "edgead.console.cli", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        **more,
    )


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["trial", "run", "absent.toml"], 2, "absent.toml: no such file"),
        (["trial", "run"], 2, "trial run: expected one SPEC"),
        (["trial", "run", "kdd99", "--set", "epochs=ten"], 2, "kdd99: epochs: expected a whole"),
        (["trial", "run", "kdd99", "--set", "epochs"], 2, "--set epochs: expected KEY=VALUE"),
        (["--cluster", "absent.toml", "trial", "run", "kdd99"], 2, "absent.toml: no such file"),
        (["trial", "show", "T-009"], 2, "T-009: no such run"),
        (["trial", "stop", "T-009"], 2, "T-009: no such run"),
        (["compare", "T-009"], 2, "T-009: no such run"),
        (["dataset", "check", "kdd98"], 2, "kdd98: no such data set"),
        (["demo", "--json"], 2, "demo --json goes with --headless"),
        (["demo", "--epochs", "0", "--headless"], 2, "demo: epochs: expected a whole number"),
    ],
)
def test_wrong_use_is_one_line(home, capsys, arguments, code, said):
    assert main(arguments) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"edgead-console: {said}")
    assert len(err.splitlines()) == 1


def test_a_wrong_spec_file_names_file_and_key(home, tmp_path, capsys):
    path = tmp_path / "trial.toml"
    path.write_text('[trial]\npreset = "paper-kdd99"\nbatch = "large"\n')
    assert main(["trial", "run", str(path)]) == 2
    assert f"{path}: batch: expected a whole number" in capsys.readouterr().err
    path.write_text("[trail]\n")
    assert main(["trial", "run", str(path)]) == 2
    assert "expected one table, [trial]; found [trail]" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["demo"]])
def test_the_app_refuses_a_pipe_and_points_to_headless(home, arguments):
    done = run(*arguments)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "--headless" in done.stderr
    assert done.stdout == ""


def test_a_node_that_is_not_there_ends_with_3(home, tmp_path):
    cluster = tmp_path / "c.toml"
    cluster.write_text('[[nodes]]\nname = "board"\nhost = "127.0.0.1"\nport = 1\n')
    done = run("--cluster", cluster, "trial", "run", "kdd99", "--set", "synthetic=true")
    assert done.returncode == 3
    assert "board" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_data_that_cannot_be_had_ends_with_3(home):
    proxy = {"http_proxy": "http://127.0.0.1:1", "https_proxy": "http://127.0.0.1:1"}
    done = run("trial", "run", "kdd99", env={**os.environ, **proxy})
    assert done.returncode == 3
    assert "synthetic=true" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_closed_pipe_is_no_error(home):
    done = subprocess.run(
        f"{sys.executable} -m edgead.console.cli --help | head -1",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""

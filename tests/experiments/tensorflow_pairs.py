"""Which TensorFlow versions work together: a trial for each pair of chief and tasks, and a table.

    .venv/bin/python tests/experiments/tensorflow_pairs.py [--report]

Makes an environment for each version below build/tensorflow, and runs real trials on embedded
nodes: the chief on the first, parameter server and workers on the others. What was found is kept in
build/tensorflow/pairs.json, so that it can be interrupted; --report writes it into
agents/tensorflow_tried.py and docs/tensorflow-versions.md.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import tomli
import tomli_w

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = REPOSITORY / "build" / "tensorflow"
FOUND = FOLDER / "pairs.json"
PYTHONS = Path.home() / ".pyenv" / "versions"
SECONDS = 240
# TensorFlow's version and the newest Python here that it has wheels for.
VERSIONS = {
    "2.5.2": "3.6",
    "2.6.2": "3.6",
    "2.7.4": "3.8",
    "2.9.3": "3.8",
    "2.11.1": "3.8",
    "2.12.1": "3.8",
    "2.13.1": "3.8",
    "2.15.1": "3.10",
    "2.16.2": "3.10",
    "2.18.1": "3.10",
    "2.21.0": "",  # the console's own environment
}
PIPS = {"3.6": "pip==21.3.1", "3.8": "pip==24.3.1", "3.10": "pip>=24"}
CHIEFS = ("2.21.0", "2.18.1", "2.16.2", "2.15.1", "2.12.1")  # those with Python 3.8 and later
TRIALS = {
    "fast": ("kdd99", "engine=fast", "rows=20000", "epochs=2"),
    "paper": ("kdd99", "engine=paper", "rows=20000", "epochs=2"),
    "lstm": ("paper-swat", "engine=fast", "rows=6000", "epochs=1"),
}


def python_of(version: str) -> Path:
    """Return the interpreter that has this version; made when it is first asked for."""
    if not VERSIONS[version]:
        return Path(sys.executable)
    folder = FOLDER / version
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        base = next(PYTHONS.glob(f"{VERSIONS[version]}.*")) / "bin" / "python"
        subprocess.run([base, "-m", "venv", "--clear", folder], check=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        # The pip that comes with an old Python does not know the names of newer wheels.
        subprocess.run([*pip, PIPS[VERSIONS[version]]], check=True)
        minor = version.rpartition(".")[0]
        keras = [f"tf_keras~={minor}.0"] if int(minor.split(".")[1]) >= 15 else []
        subprocess.run([*pip, f"tensorflow-cpu=={version}", *keras], check=True)
        (folder / "installed").touch()
    return python


def cluster_file(nodes: Path, chief: Path, task: Path) -> Path:
    """Write the embedded nodes' cluster file anew, with these interpreters."""
    content = tomli.loads((nodes / "cluster.toml").read_text())
    for number, node in enumerate(content["nodes"]):
        node["python"] = str(task if number else chief)
        node["roles"] = ["ps", "worker"] if number else ["chief"]
    file = nodes / "pairs.toml"
    file.write_text(tomli_w.dumps(content))
    return file


def run_trial(cluster: Path, name: str) -> dict[str, Any]:
    """Run one trial to its end; gives whether it finished, its scores, or what went wrong."""
    preset, *settings = TRIALS[name]
    chosen = [*settings, "synthetic=true", "workers=2", 'chief_node="node-1"']
    command = [sys.executable, "-m", "edgead.console.cli", "--cluster", str(cluster)]
    command += ["trial", "run", preset, "--json"]
    for each in chosen:
        command += ["--set", each]
    env = {**os.environ, "EDGEAD_HOME": str(FOLDER / "home")}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=SECONDS, env=env, check=False
        )
    except subprocess.TimeoutExpired:
        return {"state": "hangs"}
    lines = done.stdout.splitlines()
    result = json.loads(lines[-1]) if lines else {}
    if result.get("state") == "finished":
        return {"state": "works", "loss": result["loss"], "threshold": result["threshold"]}
    flags = result.get("flags") or [{"cause": done.stderr.strip()[-200:]}]
    evidence = [line for line in flags[0].get("evidence", []) if "Error" in line]
    return {"state": "fails", "why": (evidence[-1:] or [flags[0]["cause"]])[0][:2000]}


def try_all() -> None:
    """Try every pair that was not tried yet."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    found = json.loads(FOUND.read_text()) if FOUND.exists() else {}
    nodes = FOLDER / "nodes"
    served = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "edgead.agents.embedded",
            str(nodes),
            "--count",
            "3",
            "--idle",
            "9999",
        ]
    )
    try:
        while not (nodes / "cluster.toml").exists():
            time.sleep(0.1)
        for chief in CHIEFS:
            for task in VERSIONS:
                for name in TRIALS:
                    key = f"{chief} {task} {name}"
                    if key not in found:
                        file = cluster_file(nodes, python_of(chief), python_of(task))
                        found[key] = run_trial(file, name)
                        FOUND.write_text(json.dumps(found, indent=1))
                        print(key, found[key].get("state"), found[key].get("why", ""), flush=True)
    finally:
        served.terminate()
        served.wait()


def main() -> int:
    """Try the pairs, or report what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--report", action="store_true")
    if parser.parse_args().report:
        from tensorflow_pairs_report import report

        report(json.loads(FOUND.read_text()), REPOSITORY)
    else:
        try_all()
    return 0


if __name__ == "__main__":
    sys.exit(main())

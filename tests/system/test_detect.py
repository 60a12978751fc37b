"""New rows scored by the real program: as the trial scored them, as they come, and its ends."""

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from program import Program, until

from edgead.console.cli import main

pytestmark = pytest.mark.slow

ROW = "0,tcp,http,SF,215,45076," + ",".join(["0"] * 35)
# What anybody can do with a run's folder: nothing of ours is imported.
BARE = """
import csv, json, sys
import tensorflow as tf
folder, rows = sys.argv[1:]
about = json.load(open(folder + "/detector.json"))
columns = about["coder"]["columns"]

def coded(row):
    for feature in about["coder"]["features"]:
        field = row[columns.index(feature["column"])]
        if "values" in feature:
            yield feature["values"].get(field, feature["else"])
        else:
            number = tf.constant(float(field))
            number = tf.math.log1p(number) if feature["log"] else number
            yield float((number - feature["low"]) / feature["span"])

x = tf.constant([list(coded(row)) for row in csv.reader(open(rows))], tf.float32)
model = tf.saved_model.load(folder + "/saved_model")
scores = model.signatures["score"](x)["score"]
again = model.signatures["serving_default"](x)["reconstruction"]
again = tf.reduce_mean(tf.abs(again - x), axis=1)
assert "edgead" not in sys.modules and "tf_keras" not in sys.modules
attacks = (scores > about["value"]).numpy().tolist()
print(json.dumps([scores.numpy().tolist(), again.numpy().tolist(), attacks]))
"""
# As the trial does it: Keras' model, the coded data set, the detector's errors.
OWN = """
import json, os, sys
os.environ["TF_USE_LEGACY_KERAS"] = "1"
import tensorflow as tf
from pathlib import Path
from edgead.datasets import load
from edgead.models import detector
folder, data, coding = sys.argv[1:]
test = load("kdd99", coding, Path(data), None).test
model = tf.keras.models.load_model(folder + "/model.keras")
errors = detector.row_errors(test.x, model.predict(test.x, batch_size=65_536, verbose=0))
print(json.dumps(errors.tolist()))
"""
# A windowed run without its training: an LSTM over series of two tags.
WINDOWED = """
import json, os, sys
os.environ["TF_USE_LEGACY_KERAS"] = "1"
import numpy as np
from pathlib import Path
from edgead.models import autoencoder, detector, saving
folder = Path(sys.argv[1])
model = autoencoder.build("lstm-autoencoder", (3, 2), 0.001)
saving.export(model, folder / "saved_model")
coder = {"kind": "min-max", "tags": ["LIT101", "FIT101"], "low": [0, 0], "high": [100, 2]}
extra = {"dataset": "swat", "features": coder["tags"], "window": {"steps": 3, "stride": 2}}
threshold = detector.Threshold(0.3, "mean+std", 0.2, 0.1)
detector.save(folder / "detector.json", threshold, {**extra, "coder": coder})
series = np.random.default_rng(1).random((40, 2), np.float32)
x = np.stack([series[i : i + 5 : 2] for i in range(36)])
errors = np.abs(model.predict(x, verbose=0) - x).mean(axis=(1, 2))
rows = (series * np.array([100, 2], np.float32)).tolist()
print(json.dumps([rows, errors.tolist()]))
"""


def python(script, *arguments):
    """Run a script in a Python of its own; gives what it prints, read as JSON."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", script, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=240,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two finished runs, T-001 with the coding paper, T-002 with full; gives their results."""
    data = Path(os.environ.get("EDGEAD_DATA", Path(__file__).parents[3] / "shared" / "data"))
    assert (data / "kdd99").is_dir(), f"no kdd99/ in {data}: set EDGEAD_DATA"
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EDGEAD_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("EDGEAD_DATA", str(data))
        patch.chdir(tmp_path_factory.mktemp("work"))
        for coding in ("paper", "full"):
            settings = ["strategy=central", f"coding={coding}", "epochs=2"]
            arguments = [part for one in settings for part in ("--set", one)]
            with Program("trial", "run", "paper-kdd99", *arguments, "--json") as program:
                code, events, err = program.finish()
            assert code == 0, err
            found[coding] = events[-1]
        yield found


@pytest.fixture
def folder(runs):
    return Path(os.environ["EDGEAD_HOME"]) / "runs" / "T-001"


def corrected():
    """The test file of the trials."""
    data = Path(os.environ["EDGEAD_DATA"]) / "kdd99"
    return next(path for path in (data / "corrected", data / "corrected.gz") if path.is_file())


def lines_of_test():
    opened = gzip.open if corrected().suffix == ".gz" else open
    with opened(corrected(), "rt") as file:
        return file.readlines()


def detect(*arguments, **more):
    return subprocess.run(
        [sys.executable, "-m", "edgead.console.cli", "detect", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=240,
        **{"stdin": subprocess.DEVNULL, **more},
    )


def verdicts(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(("run", "coding"), [("T-001", "paper"), ("T-002", "full")])
def test_every_row_is_scored_as_the_trial_scored_it(runs, run, coding):
    done = detect(run, corrected(), "--json")
    assert done.returncode == 0, done.stderr
    found, own = verdicts(done), runs[coding]["test"]
    assert [each["row"] for each in found] == list(range(1, own["rows"] + 1))
    figures = ", ".join(f"{name} {own[name]:.4f}" for name in ("accuracy", "precision", "recall"))
    assert f"against 311,029 labels: {figures}" in done.stderr
    attacks = [not line.endswith(",normal.\n") for line in lines_of_test()]
    right = sum(each["attack"] == attack for each, attack in zip(found, attacks, strict=True))
    assert right / own["rows"] == own["accuracy"]
    folder = Path(os.environ["EDGEAD_HOME"]) / "runs" / run
    errors = python(OWN, folder, os.environ["EDGEAD_DATA"], coding)
    assert [each["score"] for each in found] == pytest.approx(errors, rel=1e-4, abs=1e-6)
    threshold = runs[coding]["threshold"]
    assert {each["threshold"] for each in found} == {threshold}
    assert [each["attack"] for each in found] == [error > threshold for error in errors]


@pytest.mark.parametrize("run", ["T-001", "T-002"])
def test_a_bare_interpreter_scores_the_same(runs, run, tmp_path):
    (tmp_path / "new.csv").write_text("".join(lines_of_test()[:500]))
    folder = Path(os.environ["EDGEAD_HOME"]) / "runs" / run
    scores, again, attacks = python(BARE, folder, tmp_path / "new.csv")
    found = verdicts(detect(run, tmp_path / "new.csv", "--json"))
    assert [each["score"] for each in found] == pytest.approx(scores, rel=1e-4, abs=1e-6)
    assert [each["attack"] for each in found] == attacks
    assert again == pytest.approx(scores, rel=1e-4, abs=1e-6)


def test_each_verdict_comes_while_the_stream_goes_on(runs):
    with Program("detect", "T-001", "--json", stdin=subprocess.PIPE) as program:
        for number in (1, 2, 3):
            program.process.stdin.write(ROW + "\n")
            program.process.stdin.flush()
            found = program.read_until(lambda line: line["kind"] == "verdict")
            assert found["row"] == number
        program.process.stdin.close()
        program.process.stdin = None  # communicate() would flush it
        code, _, err = program.finish()
        assert program.running() == {}
    assert code == 0
    assert "stdin: 3 rows" in err


def test_bad_rows_are_told_and_skipped(runs, tmp_path):
    path = tmp_path / "new.csv"
    path.write_text(f"{ROW}\n{ROW.replace('215', 'many')}\n\n1,2\n{ROW},normal.\n")
    done = detect("T-001", path)
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["1", "5"]
    first, second, last = done.stderr.splitlines()[-3:]
    assert first == (
        f"{path}, row 2, column src_bytes: expected a number of 0 or more, got 'many'; skipped"
    )
    assert second.startswith(f"{path}, row 4: expected 41 comma-separated columns")
    assert f"{path}: 2 rows" in last
    assert "2 bad rows skipped; against 1 labels" in last
    every = detect("T-001", path, "--all").stdout.splitlines()
    assert [line.split()[0] for line in every] == ["1", "2", "4", "5"]


@pytest.mark.parametrize("text", ["", "1,2\n", "\x00\xff\n"])
def test_without_a_good_row_it_ends_with_2(runs, tmp_path, text):
    path = tmp_path / "new.csv"
    path.write_text(text)
    done = detect("T-001", "-", stdin=path.open("rb"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].startswith("stdin: 0 rows")


def test_damaged_gzip_is_one_line(runs, tmp_path):
    path = tmp_path / "new.csv.gz"
    path.write_bytes(gzip.compress(f"{ROW}\n".encode() * 5000)[:-20])
    done = detect("T-001", path)
    assert done.returncode == 2
    assert f"edgead-console: {path}: the gzip data ends early" in done.stderr.splitlines()[-1]


def test_a_run_without_its_model_and_a_file_that_is_not_there(runs, folder, tmp_path, capsys):
    assert main(["detect", "T-001", str(tmp_path / "absent.csv")]) == 2
    assert "absent.csv: cannot be read: No such file" in capsys.readouterr().err
    assert main(["detect", "T-001", str(tmp_path)]) == 2
    assert "Is a directory" in capsys.readouterr().err
    aside = shutil.move(folder / "saved_model", tmp_path / "aside")
    try:
        assert main(["detect", "T-001"]) == 2
        assert "T-001: no saved_model in" in capsys.readouterr().err
    finally:
        shutil.move(aside, folder / "saved_model")


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9), (signal.SIGTERM, -15)]
)
def test_its_end_ends_both(runs, number, code):
    with Program("detect", "T-001", "--json", stdin=subprocess.PIPE) as program:
        program.process.stdin.write(ROW + "\n")
        program.process.stdin.flush()
        program.read_until(lambda line: line["kind"] == "verdict")
        assert len(program.running()) == 2
        program.process.send_signal(number)
        assert program.process.wait(60) == code
        until(lambda: not program.running())  # though stdin has not ended
        assert "Traceback" not in program.process.stderr.read()


def test_a_closed_pipe_ends_it_quietly(runs, tmp_path):
    path = tmp_path / "new.csv"
    path.write_text(f"{ROW}\n" * 50_000)
    done = subprocess.run(
        f"{sys.executable} -m edgead.console.cli detect T-001 {path} | head -1; "
        "echo ${PIPESTATUS[0]}",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        timeout=240,
    )
    first, code = done.stdout.splitlines()
    assert first.split()[0] == "1"
    assert code == "0"
    assert not [line for line in done.stderr.splitlines() if "collapsed" not in line]


def test_memory_stays_flat(runs):
    def peak(program):
        [pid] = [pid for pid, command in program.running().items() if "models.detect" in command]
        status = Path(f"/proc/{pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0])

    block = f"{ROW}\n" * 20_000  # 2 MB
    with Program("detect", "T-001", stdin=subprocess.PIPE) as program:
        peaks = []
        for blocks in (3, 12):
            lines = iter(program.process.stdout.readline, "")
            for _ in range(blocks):
                write_all(program, block, lines)
            peaks.append(peak(program))
        assert peaks[1] < peaks[0] + 20_000  # kB; 12 blocks are 24 MB


def write_all(program, block, lines):
    """Write a block of rows while reading as many verdicts."""

    def write():
        program.process.stdin.write(block)
        program.process.stdin.flush()

    writer = threading.Thread(target=write)
    writer.start()
    for _ in range(block.count("\n")):
        next(lines)
    writer.join()


def test_windows_are_scored_as_soon_as_they_are_whole(tmp_path):
    rows, errors = python(WINDOWED, tmp_path)
    header = ["Timestamp", "LIT101", "FIT101"]
    text = "".join(f"{','.join(map(str, row))}\n" for row in [header, *(["", *r] for r in rows)])
    done = subprocess.run(
        [sys.executable, "-I", "-m", "edgead.models.detect", str(tmp_path)],
        input=text,
        capture_output=True,
        text=True,
        timeout=240,
    )
    *batches, summary = [json.loads(line) for line in done.stdout.splitlines()]
    scored = {
        row: score
        for batch in batches
        for row, score in zip(batch["rows"], batch["scores"], strict=True)
    }
    assert list(scored) == list(range(6, 42))  # the header is row 1
    assert list(scored.values()) == pytest.approx(errors, rel=1e-4)
    assert [row for batch in batches for row in batch["early"]] == [2, 3, 4, 5]
    assert (summary["rows"], summary["scored"], summary["window"]) == (40, 36, 5)

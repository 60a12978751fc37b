"""The real program in a pty: the demo from its first frame to the comparison, by keys."""

import pytest
from on_terminal import Terminal
from program import marked, until

from edgead.console.events import event
from edgead.console.runs.store import Log, Store
from edgead.models.spec import read_spec

pytestmark = pytest.mark.slow


def test_demo_to_comparison(home, kdd99_folder):
    with Terminal(["demo", "--data", kdd99_folder]) as terminal:
        terminal.until("T-001 .*centralised")
        terminal.until("node-3 .*up")
        terminal.until("T-002 .*distributed · 3 workers")
        terminal.until("T-002 .*finished")
        terminal.press("c")
        terminal.until(r"validation accuracy +0\.9560 +0\.9\d\d\d +0\.9\d\d\d")
        terminal.press("2")
        terminal.until("Trials · 2")
        terminal.press("q")
        assert terminal.exit_code() == 0
    assert {run.name for run in (home / "runs").iterdir()} == {"T-001", "T-002"}


def test_killing_the_app_ends_no_trial_and_opening_it_again_shows_it(home, kdd99_folder):
    arguments = ["demo", "--data", kdd99_folder, "--epochs", "1000"]
    with Terminal(arguments) as terminal:
        terminal.until(r"epoch +\d+/1000")
        terminal.child.kill(9)
        until(lambda: not terminal.child.isalive())
        assert any("trial run" in command for command in marked(terminal.mark).values())
        with Terminal([], EDGEAD_DATA=str(kdd99_folder)) as again:
            again.until("T-001 .*centralised")
            again.until(r"epoch +\d+/1000")
            again.press("x")
            again.until("Its processes end")
            again.press("\r")
            again.until("stopped")
            again.press("q")
            assert again.exit_code() == 0
        until(lambda: not any("trial run" in c for c in marked(terminal.mark).values()))


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (200, 50)])
def test_quit_at_once_leaves_nothing_running(home, columns, rows):
    with Terminal([], columns, rows) as terminal:
        terminal.until("Welcome")
        terminal.press("e")
        terminal.until("node-3 .*up")
        terminal.press("q")
        assert terminal.exit_code() == 0
        until(lambda: not marked(terminal.mark))


def test_a_dumb_terminal_is_refused_in_one_line(home):
    with Terminal([], TERM="dumb") as terminal:
        terminal.until("--headless")
        assert terminal.exit_code() == 2


def test_runs_chosen_by_keys_are_compared_and_exported(home, tmp_path):
    """From two stored runs to a LaTeX table and a picture in the working folder."""
    for seed in (1, 2):
        store_run(home, seed)
    (tmp_path / "cluster.toml").write_text(
        '[[nodes]]\nname = "board"\nhost = "127.0.0.1"\nport = 1\n'
    )
    with Terminal([]) as terminal:
        terminal.until("T-002")
        terminal.press("3")
        terminal.until("Table 4.1")
        terminal.press("r")
        until(lambda: (terminal.press("*"), marked_within(terminal))[1])  # once it has the focus
        terminal.until(r"mean±σ")
        for key, name in (("t", "tex"), ("p", "png")):
            terminal.press("e")
            terminal.until("LaTeX, with booktabs")
            terminal.press(key)
            path = tmp_path / f"comparison-T-001-T-002.{name}"
            terminal.until(f"{path.name} written")
            assert path.stat().st_size > 1000
        terminal.press("q")
        assert terminal.exit_code() == 0
    assert r"\pm" in (tmp_path / "comparison-T-001-T-002.tex").read_text()


def marked_within(terminal, seconds=5.0):
    """Whether both runs are marked within so long."""
    try:
        return terminal.until("2 marked", seconds)
    except AssertionError:
        return False


def store_run(home, seed):
    """Leave a run of three epochs as a supervisor would."""
    run = Store(home / "runs").create(
        read_spec({"preset": "paper-kdd99", "strategy": "central", "seed": seed})
    )
    log = Log(run)

    def say(kind, **data):
        log.append(event(kind, **data))

    say("started", run=run.name, spec=run.spec().to_mapping(), tasks=[])
    for epoch in (1, 2, 3):
        say("epoch", epoch=epoch, epochs=3, loss=seed / epoch, seconds=0.5)
    score = {"accuracy": 0.9 + seed / 100, "precision": 0.9, "recall": 0.9, "f1": 0.9}
    for split in ("validation", "test"):
        say("score", split=split, rows=5, visited=5, where="host", seconds={"predict": 1}, **score)
    say("result", run=run.name, state="finished", seconds={"total": 1.5})
    log.close()
    run.finish({"run": run.name})

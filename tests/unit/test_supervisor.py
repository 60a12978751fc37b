"""A supervisor's last lines of defence: whatever happens, a run ends with a result."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgead.console.errors import UsageError
from edgead.console.running.start import Start
from edgead.console.running.supervisor import supervise
from edgead.console.runs.store import Run, Store
from edgead.models.spec import TrialSpec


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Store(tmp_path / "runs").create(TrialSpec(strategy="central", workers=1))


async def begun(run: Run) -> int:
    return await supervise(run, None, run.folder, run.folder, lambda happened: None)


async def test_what_nobody_foresaw_is_a_flag_and_a_report_without_values(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fails(start: Start) -> None:
        raise KeyError("password: hunter2")

    monkeypatch.setattr(Start, "run", fails)
    assert await begun(run) == 1
    state = run.state()
    assert state.state == "failed" and (run.folder / "summary.json").exists()
    (flag,) = state.flags
    assert (flag.node, flag.task) == ("host", "chief 0") and "KeyError" in flag.cause
    log = run.log_path.read_text()
    assert "in fails" in log
    assert not any("hunter2" in path.read_text() for path in run.folder.iterdir())
    assert capsys.readouterr() == ("", "")


async def test_a_summary_that_cannot_be_written_is_told(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def done(start: Start) -> None:
        pass

    def full(run: Run, summary: object) -> None:
        raise UsageError(f"{run.folder / 'summary.json'}: cannot be written: No space left")

    monkeypatch.setattr(Start, "run", done)
    monkeypatch.setattr(Run, "finish", full)
    assert await begun(run) == 1
    assert run.state().state == "finished"
    err = capsys.readouterr().err
    assert "summary.json: cannot be written" in err and len(err.splitlines()) == 1

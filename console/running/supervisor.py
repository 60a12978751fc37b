"""The supervisor of one trial: starts its tasks and its chief, writes its log, ends it whole."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from edgead.console import output
from edgead.console.crash import redact, report
from edgead.console.errors import DONE, INTERRUPTED, TRIAL_FAILED, UsageError
from edgead.console.nodes.inventory import Cluster
from edgead.console.running.choosing import Choosing
from edgead.console.running.cluster_tasks import ClusterTasks
from edgead.console.running.failure import Failure
from edgead.console.running.placement import HOST, Task, place
from edgead.console.running.recorder import Listener, Recorder
from edgead.console.running.recovery.causes import Cause
from edgead.console.running.recovery.medic import Medic, Setback
from edgead.console.running.start import Start, Trial
from edgead.console.runs.result import result_of
from edgead.console.runs.store import Log, Run

if TYPE_CHECKING:
    from edgead.console.running.warm import Warm

MOST_TEXT = 300  # characters of an error that nobody foresaw


async def supervise(
    run: Run,
    cluster: Cluster | None,
    data: Path,
    cache: Path,
    listener: Listener,
    warm: Warm | None = None,
) -> int:
    """Run a trial to its end and give the exit code.

    With `warm` it uses what is kept ready, and leaves what the next trial can use. A run that has
    events goes on from its last checkpoint.

    Whatever happens, the log ends with a `result`, summary.json stands, and nothing that was
    started is left running. Cancelling this stops the trial.
    """
    spec = run.spec()
    tasks = place(spec, cluster)
    with run.supervised():
        before = list(run.events())
        run.reopen()
        log = Log(run)
        recorder = Recorder(log, listener, before)
        recorder.record(
            "started",
            run=run.name,
            spec=spec.to_mapping(),
            tasks=[{"role": t.role, "index": t.index, "node": t.node} for t in tasks],
            cluster=str(cluster.path.absolute()) if cluster and spec.distributed else None,
            **({"embedded": True} if cluster and cluster.embedded and spec.distributed else {}),
            version=metadata.version("edgead-console"),
            **({"resumed": True} if before else {}),
        )
        trial = Trial(run, spec, data, cache, recorder, warm)
        try:
            outcome, code = await _Starts(trial, cluster, tasks).run()
            if not _finish(run, recorder, outcome):
                code = code or TRIAL_FAILED
        finally:
            log.close()
    if warm is not None and code == DONE:
        await warm.stand_by(run, data, cache)
    return code


def _finish(run: Run, recorder: Recorder, outcome: str) -> bool:
    """Write how it ended; says whether summary.json could be."""
    result = result_of(recorder.state, outcome)
    recorder.record("result", **result)
    try:
        run.finish(result)
    except UsageError as error:
        output.say_error(error)
        return False
    return True


def _keep_report(error: Exception, run: Run) -> None:
    """Put the report of an error into console.log, where its flag sends who reads it."""
    with suppress(OSError, UsageError), run.open_log() as log:
        log.write(report(error, Path.home()).encode("utf-8", "replace"))


class _Starts:
    """One trial through as many starts as it takes."""

    def __init__(self, trial: Trial, cluster: Cluster | None, tasks: tuple[Task, ...]) -> None:
        self._trial, self._cluster, self._tasks = trial, cluster, tasks
        self._medic = Medic(trial.spec, tasks, trial.recorder)
        self._choosing = Choosing(trial.spec, tasks, self._medic, trial.recorder)

    async def run(self) -> tuple[str, int]:
        """Run to the end; gives the outcome and the exit code."""
        try:
            if any(task.node != HOST for task in self._tasks):
                await self._distributed()
            else:
                await self._until_done(None)
        except Setback as last:
            return "failed", last.failure.exit_code
        except asyncio.CancelledError:
            return "stopped", INTERRUPTED
        except Exception as error:  # the last line of defence: nodes are left, the run has a result
            _keep_report(error, self._trial.run)
            text = redact(f"{type(error).__name__}: {error}", Path.home())
            failure = Failure(HOST, "chief 0", text[:MOST_TEXT], kind=Cause.PROGRAM)
            self._medic.flags.raise_flag(failure, "the trial was ended")
            return "failed", TRIAL_FAILED
        finally:
            await self._medic.aclose()
        return "finished", DONE

    async def _distributed(self) -> None:
        assert self._cluster is not None
        given, warm = (self._cluster, self._tasks, self._trial.recorder), self._trial.warm
        lent = warm.nodes(*given) if warm else aclosing(ClusterTasks(*given))
        async with lent as nodes:
            await self._until_done(nodes)

    async def _until_done(self, nodes: ClusterTasks | None) -> None:
        """Start, and again after every setback that allows it; raises the one that does not."""
        mending = 0  # the flag of the failure for which a start is made
        while True:
            start = Start(self._trial, self._medic, self._choosing, nodes, mending)
            try:
                return await start.run()
            except Setback as setback:
                if setback.final:
                    raise
                mending = setback.flag
                if setback.failure.kind in (Cause.NODE_LOST, Cause.UNREACHABLE):
                    self._choosing.lost(setback.failure.node)
                if nodes is not None:
                    await nodes.reset()
                await asyncio.sleep(setback.decision.wait)

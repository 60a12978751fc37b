"""Asks one of our programs something: a JSON object on its stdin, its stdout as the answer."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

from edgead.agents.launch import TENSORFLOW_SETTINGS
from edgead.console.runs.store import Run


class Answer(NamedTuple):
    """What a program said, and its exit code."""

    output: bytes
    code: int


async def ask(module: str, job: Mapping[str, Any], run: Run) -> Answer:
    """Run `python -m module` to its end; its stderr goes to the run's console.log.

    Cancelling this ends it.
    """
    with run.open_log() as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-m", module),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            env={**os.environ, **TENSORFLOW_SETTINGS},
        )
        try:
            output, _ = await process.communicate(json.dumps(job).encode() + b"\n")
        finally:
            if process.returncode is None:
                process.kill()
            code = await process.wait()
    return Answer(output, code)

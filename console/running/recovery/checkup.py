"""Health checks of a node on which something failed: those that fail are evidence."""

from __future__ import annotations

import asyncio

from edgead.agents.commands import Commands
from edgead.agents.errors import NodeError
from edgead.agents.waiting import within
from edgead.console.nodes.health.check import Board, Check
from edgead.console.nodes.health.run import CHECKS
from edgead.console.nodes.inventory import Node
from edgead.console.running.recovery.causes import Cause

SECONDS = 60.0  # for a check, at most: a board needs long to import TensorFlow
QUICK = ("memory", "disk")
# Causes that may come of a broken installation: then TensorFlow is tried, too.
THOROUGH = {Cause.STEP_ERROR, Cause.NOT_READY, Cause.UNFIT, Cause.ENDED}
_LEFT_OUT = ("sudo", "power", "clock", "network")  # they fail no task


async def failing(node: Node, commands: Commands, cause: Cause) -> list[str]:
    """Give a line for each check of the node that fails; none where it does not answer."""
    try:
        board = Board(node, await within(commands.connection.facts(), SECONDS))
        checks = [
            check
            for check in CHECKS
            if check.wanted(board)
            and check.name not in _LEFT_OUT
            and (cause in THOROUGH or check.name in QUICK)
        ]
        lines = await asyncio.gather(*(_line(check, board, commands) for check in checks))
    except (NodeError, asyncio.TimeoutError):
        return []
    return [line for line in lines if line]


async def _line(check: Check, board: Board, commands: Commands) -> str:
    argv, stdin = check.command(board)
    limit = min(check.timeout, SECONDS)
    outcome = await commands.run(argv, stdin=stdin, timeout=limit)
    if outcome.late:
        return f"check {check.name} fails: no answer within {limit:.0f} s"
    finding = check.judge(board, outcome)
    if finding.verdict != "fail":
        return ""
    mend = f"; try: {finding.remedy}" if finding.remedy else ""
    return f"check {check.name} fails: {finding.evidence}{mend}"

"""Identify a host: log in with a key, run one command, and read what board it is."""

from __future__ import annotations

import asyncio

import asyncssh

from edgead.agents.address import NodeAddress
from edgead.agents.board import COMMAND, OUTPUT_LIMIT, Board, parse_board
from edgead.agents.errors import AgentFailed, NodeUnreachable
from edgead.agents.login import log_in
from edgead.agents.protocol import printable
from edgead.agents.waiting import within

SECONDS = 8.0


async def identify(address: NodeAddress) -> Board:
    """Return what a host is; nothing is installed, started or kept there.

    Raises:
        NodeError: in one of its kinds, which say what is wrong.
    """
    try:
        return await within(_identify(address), SECONDS)
    except asyncio.TimeoutError:
        text = f"no answer from {address} within {SECONDS:g} s"
        raise NodeUnreachable(address.name, text) from None


async def _identify(address: NodeAddress) -> Board:
    connection = await log_in(address)
    try:
        process = await connection.create_process(
            COMMAND,
            encoding=None,
            request_pty=False,
            stdin=asyncssh.DEVNULL,
            stderr=asyncssh.DEVNULL,
        )
        output = bytearray()
        # A host that never stops talking is heard only as far as a board would talk.
        while len(output) < OUTPUT_LIMIT and (data := await process.stdout.read(OUTPUT_LIMIT)):
            output += data
        return parse_board(output[:OUTPUT_LIMIT].decode("utf-8", "replace"))
    except (OSError, asyncssh.Error) as error:
        raise AgentFailed(address.name, f"no command can be run: {printable(str(error))}") from None
    finally:
        connection.abort()

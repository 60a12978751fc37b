"""The tunnels of a node: ports of its loopback and of ours, joined by a connection of their own.

Not by the agent's connection: bulk traffic there would delay its messages.
"""

from __future__ import annotations

import asyncio
import errno

import asyncssh
from asyncssh import SSHListener

from edgead.agents.address import NodeAddress
from edgead.agents.errors import AgentFailed
from edgead.agents.hearing import in_time
from edgead.agents.login import log_in
from edgead.agents.protocol import one_line

__all__ = ["LOOPBACK", "PortTakenError", "SSHListener", "Tunnel"]

LOOPBACK = "127.0.0.1"
TEXT_LIMIT = 300


class PortTakenError(Exception):
    """Somebody listens on that port already, or the node does not let us."""


class Tunnel:
    """An SSH connection that carries ports; `lost` resolves when it is gone.

    `server` is the process of sshd that holds it on the node, 0 where that is not known.
    """

    def __init__(self, node: str, ssh: asyncssh.SSHClientConnection, server: int) -> None:
        self._node, self._ssh, self.server = node, ssh, server
        self.lost = asyncio.ensure_future(ssh.wait_closed())

    @classmethod
    async def open(cls, address: NodeAddress) -> Tunnel:
        """Log in once more, for tunnels only. Raises NodeError."""
        ssh = await in_time(log_in(address), address.name, "a login for tunnels")
        try:
            # sshd sends small packets at once (TCP_NODELAY) only after a session has begun:
            # without one, some calls take 40 ms more.
            server = await in_time(_session(ssh), address.name, "a session beside the tunnels")
        except AgentFailed:
            ssh.abort()
            raise
        except (OSError, asyncssh.Error) as error:
            ssh.abort()
            raise _failed(address.name, error) from None
        return cls(address.name, ssh, server)

    async def bring(self, port: int) -> SSHListener:
        """Have a port of our loopback lead to the node's. Raises PortTakenError, AgentFailed."""
        try:
            return await self._ssh.forward_local_port(LOOPBACK, port, LOOPBACK, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise _failed(self._node, error) from None
            raise PortTakenError(f"port {port} of this machine is taken") from None
        except asyncssh.Error as error:
            raise _failed(self._node, error) from None

    async def offer(self, port: int) -> SSHListener:
        """Have a port of the node's loopback lead to ours. Raises PortTakenError, AgentFailed."""
        try:
            asking = self._ssh.forward_remote_port(LOOPBACK, port, LOOPBACK, port)
            return await in_time(asking, self._node, "a port for a tunnel")
        except asyncssh.ChannelListenError:
            text = f"its sshd does not listen on port {port} for us; has it AllowTcpForwarding yes?"
            raise PortTakenError(text) from None
        except (OSError, asyncssh.Error) as error:
            raise _failed(self._node, error) from None

    def abort(self) -> None:
        """Cut it, with all its ports."""
        self._ssh.abort()


async def _session(ssh: asyncssh.SSHClientConnection) -> int:
    """Begin one; gives the process of sshd that holds the connection, 0 where it does not say."""
    session = await ssh.create_process("echo $PPID; exec cat", encoding=None, request_pty=False)
    said = (await session.stdout.readline()).strip()
    return int(said) if said.isdigit() and len(said) < 10 else 0


def _failed(node: str, error: Exception) -> AgentFailed:
    return AgentFailed(node, f"a tunnel can't be made: {one_line(str(error))}"[:TEXT_LIMIT])

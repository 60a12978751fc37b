"""Nodes for the demo, without root: SSH servers in this process, on loopback ports.

Each runs real processes, as this user, for whoever holds the one client key; no shell, no
passwords, no forwarding. They share this machine's processes, files and loopback.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import asyncssh
import tomli_w

from edgead.agents.waiting import within

HOST = "127.0.0.1"
USER = "edgead"
FILE = "cluster.toml"
PATIENCE = 5.0  # seconds that an agent has to end its tasks


class FolderInUseError(Exception):
    """Another process serves nodes from the same folder."""


@asynccontextmanager
async def embedded_nodes(folder: Path, count: int = 3) -> AsyncIterator[Path]:
    """Serve nodes while the block runs; yield the path of their cluster file.

    Args:
        folder: where the keys and the cluster file go; nobody else may read it.
        count: number of nodes.

    Raises:
        FolderInUseError: another process serves nodes from that folder.
        OSError: the folder can't be used.
    """
    async with _serve(folder, count):
        yield folder / FILE


def main(argv: Sequence[str] | None = None) -> int:
    """Serve nodes until nobody has been connected for a while, or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m edgead.agents.embedded", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the keys and the cluster file go")
    parser.add_argument("--count", type=int, default=3, help="number of nodes (3)")
    parser.add_argument("--idle", type=float, default=60.0, help="seconds without connection (60)")
    options = parser.parse_args(argv)
    try:
        asyncio.run(_serve_until_idle(options.folder, options.count, options.idle))
    except FolderInUseError as error:
        print(error)
    except OSError as error:
        print(f"{options.folder}: the nodes can't be served: {error}", file=sys.stderr)
        return 2
    return 0


class _Nodes:
    """What goes on at the nodes of one folder: connections, and the commands that run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.connections: set[asyncssh.SSHServerConnection] = set()
        self.commands: dict[asyncio.subprocess.Process, asyncio.Task[Any] | None] = {}
        self.last_used = time.monotonic()

    def idle(self) -> float:
        """Return for how many seconds nobody has been connected."""
        return 0.0 if self.connections else time.monotonic() - self.last_used

    async def run(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        """Run a command as sshd does; its process group ends when the client leaves."""
        if process.command is None:
            process.stderr.write(b"this node runs commands only, no shell\n")
            process.exit(1)
            return
        pipe = asyncio.subprocess.PIPE
        child = await asyncio.create_subprocess_shell(
            process.command,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            cwd=self.folder,
            env=_environment(),
            start_new_session=True,
        )
        self.commands[child] = asyncio.current_task()
        assert child.stdin and child.stdout and child.stderr
        writing = asyncio.gather(
            _pump(child.stdout, process.stdout), _pump(child.stderr, process.stderr)
        )
        ended = asyncio.ensure_future(child.wait())
        left = asyncio.ensure_future(process.channel.wait_closed())
        jobs: set[asyncio.Future[Any]] = {ended, left}
        reading = asyncio.ensure_future(_feed(process.stdin, child.stdin))
        try:
            await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                _signal_group(child, signal.SIGHUP)
                await asyncio.wait({ended}, timeout=PATIENCE)
        finally:
            _signal_group(child, signal.SIGKILL)
            code = await ended
            await asyncio.wait({writing}, timeout=1.0)  # the last words
            for job in (reading, writing, left):
                job.cancel()
            del self.commands[child]
        with suppress(OSError):  # the client has left
            if code < 0:
                process.exit_with_signal(signal.Signals(-code).name.removeprefix("SIG"))
            else:
                process.exit(code)

    async def stop(self) -> None:
        """End all commands, then all connections."""
        running = [task for task in self.commands.values() if task is not None]
        for child in self.commands:
            _signal_group(child, signal.SIGHUP)
        if running:
            _, slow = await asyncio.wait(running, timeout=PATIENCE)
            for task in slow:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
        for connection in list(self.connections):
            connection.close()
            await connection.wait_closed()


class _Login(asyncssh.SSHServer):
    """One connection: counted while it lasts; asyncssh checks its key."""

    def __init__(self, nodes: _Nodes) -> None:
        self._nodes = nodes

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._conn = conn
        self._nodes.connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        self._nodes.connections.discard(self._conn)
        self._nodes.last_used = time.monotonic()


@asynccontextmanager
async def _serve(folder: Path, count: int) -> AsyncIterator[_Nodes]:
    with _own(folder):
        nodes = _Nodes(folder)
        client = asyncssh.generate_private_key("ssh-ed25519")
        _write(folder / "key", client.export_private_key())
        servers: list[asyncssh.SSHAcceptor] = []
        known_hosts = b""
        try:
            for _ in range(count):
                host_key = asyncssh.generate_private_key("ssh-ed25519")
                servers.append(await _listen(nodes, host_key, client))
                public = host_key.export_public_key()
                known_hosts += f"[{HOST}]:{servers[-1].get_port()} ".encode() + public
            _write(folder / "known_hosts", known_hosts)
            # Last: whoever sees this file can connect.
            _write(folder / FILE, _cluster_file([server.get_port() for server in servers]))
            yield nodes
        finally:
            for name in (FILE, "known_hosts", "key"):
                (folder / name).unlink(missing_ok=True)
            for server in servers:
                server.close()
            await nodes.stop()


async def _listen(
    nodes: _Nodes, host_key: asyncssh.SSHKey, client: asyncssh.SSHKey
) -> asyncssh.SSHAcceptor:
    public = client.export_public_key().decode("ascii")
    return await asyncssh.listen(
        HOST,
        0,
        config=None,
        server_factory=lambda: _Login(nodes),
        server_host_keys=[host_key],
        authorized_client_keys=asyncssh.import_authorized_keys(public),
        password_auth=False,
        kbdint_auth=False,
        process_factory=nodes.run,
        allow_pty=False,
        agent_forwarding=False,
        encoding=None,
    )


async def _serve_until_idle(folder: Path, count: int, idle: float) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with _serve(folder, count) as nodes:
        print(f"{count} nodes on this machine: {folder / FILE}", flush=True)
        while not stop.is_set() and nodes.idle() < idle:
            with suppress(asyncio.TimeoutError):
                await within(stop.wait(), min(1.0, idle / 4))


@contextmanager
def _own(folder: Path) -> Iterator[None]:
    """Make the folder private, and hold it for this process."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)  # fails in a folder of somebody else
    lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise FolderInUseError(f"the nodes in {folder} are served already") from None
    else:
        (folder / FILE).unlink(missing_ok=True)  # of a process that was killed
        yield
    finally:
        os.close(lock)


def _write(path: Path, data: bytes) -> None:
    """Write a file that only we can read, whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(data)
    part.replace(path)


def _cluster_file(ports: Sequence[int]) -> bytes:
    cluster = {
        "name": "this machine",
        "transport": "direct",
        "embedded": True,
        "ssh_config": os.devnull,  # what a person's own says of 127.0.0.1 or * is not meant here
    }
    nodes = [
        {
            "name": f"node-{number}",
            "host": HOST,
            "port": port,
            "user": USER,
            "key": "key",
            "known_hosts": "known_hosts",
            "python": sys.executable,
        }
        for number, port in enumerate(ports, 1)
    ]
    return tomli_w.dumps({"cluster": cluster, "nodes": nodes}).encode("utf-8")


def _environment() -> dict[str, str]:
    """Return a command's environment: ours, where python3 is the one that runs this."""
    own = Path(sys.executable).parent
    path = f"{own}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    marks = ("EDGEAD_AGENT", "EDGEAD_TASK", "EDGEAD_PID")
    return {**{k: v for k, v in os.environ.items() if k not in marks}, "PATH": path}


async def _pump(
    source: asyncio.StreamReader | asyncssh.SSHReader[bytes],
    target: asyncio.StreamWriter | asyncssh.SSHWriter[bytes],
) -> None:
    """Pass everything on until either side is gone."""
    with suppress(OSError, asyncssh.Error):
        while data := await source.read(1 << 16):
            target.write(data)
            await target.drain()


async def _feed(source: asyncssh.SSHReader[bytes], target: asyncio.StreamWriter) -> None:
    """Pass on what comes in, and its end; an output's end would end the other one too."""
    await _pump(source, target)
    target.close()


def _signal_group(child: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(child.pid, number)


if __name__ == "__main__":
    sys.exit(main())

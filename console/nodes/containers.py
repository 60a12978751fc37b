"""What can be done with a node's container and its image; each says what became of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from edgead import agents
from edgead.agents import docker
from edgead.agents.commands import Commands
from edgead.agents.protocol import one_line
from edgead.console.nodes.inventory import Node

SECONDS = 30.0
START_SECONDS = 120.0
LONG_SECONDS = 3 * 3600.0  # an image of 7 GB over a slow line
LOG_LINES = 100
DOCKERFILES = Path(next(iter(agents.__path__))) / "containers"
TAG = "edgead/tensorflow"

Tell = Callable[[str], None]


class Done(NamedTuple):
    """What became of it: whether it went well, a line for people, plain data for scripts."""

    ok: bool
    text: str
    data: dict[str, Any] = {}  # noqa: RUF012 (nobody writes to it)


async def _state_of(node: Node, commands: Commands) -> tuple[str, bool]:
    """Return the container's state ("" without one), and whether it is as the cluster file says."""
    said = (await commands.run(docker.inspect(), timeout=SECONDS)).output
    state, image = docker.parse_state(said)
    options = docker.said_options(node.memory, node.mounts)
    return state, (image, docker.parse_options(said)) == (node.container, options)


async def start(node: Node, commands: Commands) -> Done:
    """Have the container run the image that the cluster file says."""
    if not node.container:
        return Done(False, "it has no container in the cluster file: set container = IMAGE")
    state, same = await _state_of(node, commands)
    if state == "running" and same:
        data = {"state": state, "image": node.container}
        return Done(True, f"{node.container} runs already", data)
    there = await commands.run(
        ["docker", "image", "inspect", "--format", "{{.Id}}", node.container], timeout=SECONDS
    )
    if not there.ok and docker.is_missing(there.output):
        text = f"{node.container} is not there: edgead-console nodes container pull {node.name}"
        return Done(False, text)
    if state:
        await commands.run(docker.remove(), timeout=SECONDS)
    runtime = "nvidia" if await _has_nvidia(commands) else ""
    argv = docker.start(node.container, runtime=runtime, memory=node.memory, mounts=node.mounts)
    outcome = await commands.run(argv, timeout=START_SECONDS)
    if not outcome.ok:
        return Done(False, outcome.error)
    return Done(True, f"{node.container} runs", {"state": "running", "image": node.container})


async def _has_nvidia(commands: Commands) -> bool:
    argv = ["docker", "info", "--format", "{{json .Runtimes}}"]
    return '"nvidia"' in (await commands.run(argv, timeout=SECONDS)).output


async def stop(node: Node, commands: Commands) -> Done:
    """End and remove the container, with all that runs in it."""
    return await _simply(commands, docker.remove(), "stopped", missing="it does not run")


async def restart(node: Node, commands: Commands) -> Done:
    """Restart it; with the image and options that the cluster file says now, if they differ."""
    _, same = await _state_of(node, commands)
    if not same:
        return await start(node, commands)
    return await _simply(commands, docker.restart(), "restarted", missing="it does not run")


async def show(node: Node, commands: Commands) -> Done:
    """Say how it is."""
    outcome = await commands.run(docker.inspect(), timeout=SECONDS)
    state, image = docker.parse_state(outcome.output)
    if not state and not docker.is_missing(outcome.output):
        return Done(False, outcome.error)
    text = f"{image} {state}" if state else f"not started ({node.container or 'no image set'})"
    return Done(True, text, {"state": state or None, "image": image or node.container or None})


async def stats(node: Node, commands: Commands) -> Done:
    """Say what it uses."""
    outcome = await commands.run(docker.stats(), timeout=SECONDS)
    rows = docker.parse_objects(outcome.output)
    if not outcome.ok or not rows:
        return Done(False, outcome.error)
    row = {key: one_line(str(value))[:80] for key, value in rows[0].items()}
    shown = {"processor": "CPUPerc", "memory": "MemUsage", "processes": "PIDs"}
    data = {name: row.get(key) for name, key in shown.items()}
    return Done(True, ", ".join(f"{name} {value}" for name, value in data.items()), data)


async def logs(node: Node, commands: Commands, lines: int = LOG_LINES) -> Done:
    """Give its last lines."""
    outcome = await commands.run(docker.logs(lines), timeout=SECONDS)
    if not outcome.ok:
        return Done(False, outcome.error)
    left_out = f"\n({outcome.dropped} lines were too many)" if outcome.dropped else ""
    return Done(True, outcome.output + left_out)


async def prune(node: Node, commands: Commands) -> Done:
    """Remove what is ours and does not run; what lost agents left is gone when one connects."""
    outcome = await commands.run(docker.prune(), timeout=SECONDS)
    if not outcome.ok:
        return Done(False, outcome.error)
    removed = len(re.findall(r"^[0-9a-f]{64}$", outcome.output, re.MULTILINE))
    many = "container" if removed == 1 else "containers"
    return Done(True, f"{removed} {many} of ours removed", {"removed": removed})


async def pull(node: Node, commands: Commands, tell: Tell) -> Done:
    """Fetch the image; `tell` hears docker's progress."""
    if not node.container:
        return Done(False, "it has no container in the cluster file: set container = IMAGE")
    argv = docker.pull(node.container)
    outcome = await commands.run(argv, timeout=LONG_SECONDS, on_line=tell)
    return Done(outcome.ok, f"{node.container} is there" if outcome.ok else outcome.error)


async def load(node: Node, commands: Commands, file: Path, tell: Tell) -> Done:
    """Send an image that `docker save` wrote, and load it."""
    told = -1

    def progress(done: int, size: int) -> None:
        nonlocal told
        percent = 100 * done // max(size, 1)
        if percent // 5 != told:
            told = percent // 5
            tell(f"{file.name} {percent} %")

    try:
        code, output = await commands.connection.send(["docker", "load"], file, progress)
    except OSError as error:
        return Done(False, f"{file} can't be read: {error.strerror}")
    last = one_line(output.strip().rpartition("\n")[2])[:200]
    return Done(code == 0, last or f"docker load ended with exit code {code}")


async def build(node: Node, commands: Commands, base: str, tell: Tell) -> Done:
    """Build the image for the node's L4T release, from the Dockerfile for it."""
    facts = await commands.connection.facts()
    release = dockerfile_for(facts.l4t or "")
    if release is None:
        known = ", ".join(sorted(each.stem for each in DOCKERFILES.glob("*.Dockerfile")))
        return Done(False, f"no Dockerfile for L4T {facts.l4t or '(no Jetson)'}; there are {known}")
    tag = f"{TAG}:{release.stem}"
    argv, content = docker.build(tag, base), release.read_text(encoding="utf-8")
    outcome = await commands.run(argv, stdin=content, timeout=LONG_SECONDS, on_line=tell)
    return Done(outcome.ok, f'built: container = "{tag}"' if outcome.ok else outcome.error)


def dockerfile_for(l4t: str) -> Path | None:
    """Return the Dockerfile for an L4T release such as 35.3.1; None where there is none."""
    major_minor = ".".join(l4t.split(".")[:2])
    path = DOCKERFILES / f"r{major_minor}.Dockerfile"
    return path if re.fullmatch(r"\d+\.\d+", major_minor) and path.is_file() else None


async def _simply(commands: Commands, argv: list[str], said: str, *, missing: str) -> Done:
    outcome = await commands.run(argv, timeout=SECONDS)
    if docker.is_missing(outcome.output):  # newer dockers end well all the same
        return Done(True, missing)
    if outcome.ok:
        return Done(True, said)
    return Done(False, outcome.error)

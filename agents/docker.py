"""Docker's command lines for a node's container, and what they print, read. No IO here.

A node with an image in the cluster file has one container of ours, named and labelled `edgead`: it
waits, and tasks are started in it. It runs as the login's user, so that the agent can end what runs
there, and has the cache of staged shards at the same place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from edgead.agents.protocol import read_object

NAME = LABEL = "edgead"
OURS = f"label={LABEL}"
CACHE = ".cache/edgead"  # below the home; agents/shards.py
# The image brings TensorFlow, the runtime the board's drivers; ours is that user and cache.
_START = """
mkdir -p "$HOME/{cache}" && exec docker run --detach --init --name {name} --label {label} \
--network host --user "$(id -u):$(id -g)" --env HOME="$HOME" --workdir / \
--volume "$HOME/{cache}:$HOME/{cache}" "$@"
"""
_STATE = (
    '{"state": {{json .State.Status}}, "image": {{json .Config.Image}},'
    ' "options": {{json (index .Config.Labels "edgead.options")}}}'
)
WAIT = ("tail", "-f", "/dev/null")


def start(
    image: str, *, runtime: str = "nvidia", memory: str = "", mounts: Sequence[str] = ()
) -> list[str]:
    """Return the command that makes and starts the container.

    Args:
        image: name:tag; its command is not run.
        runtime: docker's name of the runtime; "" for its default.
        memory: limit such as 8g; "" for none.
        mounts: volumes, each in docker's form, HOST:CONTAINER or HOST:CONTAINER:ro.
    """
    options = ["--runtime", runtime] if runtime else []
    options += ["--label", f"{LABEL}.options={said_options(memory, mounts)}"]
    options += ["--memory", memory] if memory else []
    for mount in mounts:
        options += ["--volume", mount]
    script = _START.format(cache=CACHE, name=NAME, label=LABEL).strip()
    return ["sh", "-c", script, "sh", *options, "--entrypoint", WAIT[0], image, *WAIT[1:]]


def said_options(memory: str, mounts: Sequence[str]) -> str:
    """Return what the container is labelled with, to know it again by what it was started with."""
    return " ".join([memory or "-", *mounts])


def inside(argv: Sequence[str], env: Mapping[str, str]) -> list[str]:
    """Return the command that runs another in the container, with these and the agent's variables.

    Only names stand in the command: docker takes the values from its own environment.
    """
    names = ("EDGEAD_AGENT", "EDGEAD_TASK", "EDGEAD_PID", *env)
    passed = [word for name in names for word in ("--env", name)]
    return ["docker", "exec", "--interactive", *passed, NAME, *argv]


def remove() -> list[str]:
    """Return the command that ends and removes the container."""
    return ["docker", "rm", "--force", "--volumes", NAME]


def restart() -> list[str]:
    """Return the command that restarts it."""
    return ["docker", "restart", "--time", "2", NAME]


def logs(lines: int) -> list[str]:
    """Return the command that prints its last lines."""
    return ["docker", "logs", "--timestamps", "--tail", str(lines), NAME]


def inspect() -> list[str]:
    """Return the command whose output `parse_state` reads."""
    return ["docker", "inspect", "--type", "container", "--format", _STATE, NAME]


def stats() -> list[str]:
    """Return the command whose output `parse_objects` reads."""
    return ["docker", "stats", "--no-stream", "--format", "{{json .}}", NAME]


def listing() -> list[str]:
    """Return the command that lists all of ours, for `parse_objects`."""
    return ["docker", "ps", "--all", "--filter", OURS, "--format", "{{json .}}"]


def prune() -> list[str]:
    """Return the command that removes all of ours that do not run."""
    return ["docker", "container", "prune", "--force", "--filter", OURS]


def pull(image: str) -> list[str]:
    """Return the command that fetches an image."""
    return ["docker", "pull", image]


def build(tag: str, base: str = "") -> list[str]:
    """Return the command that builds an image out of a Dockerfile on its standard input.

    `base` is another image to begin with than the Dockerfile's own.
    """
    chosen = ["--build-arg", f"BASE={base}"] if base else []
    return ["docker", "build", "--tag", tag, "--label", LABEL, *chosen, "-"]


def parse_objects(output: str) -> list[dict[str, Any]]:
    """Return the JSON objects in an output, a line each; other lines are left out."""
    found = (read_object(line) for line in output.splitlines())
    return [each for each in found if each is not None]


def parse_state(output: str) -> tuple[str, str]:
    """Return the state (running, exited, …; "" where there is none) and the image's name."""
    for found in parse_objects(output):
        state, image = found.get("state"), found.get("image")
        if isinstance(state, str) and isinstance(image, str):
            return state, image
    return "", ""


def parse_options(output: str) -> str:
    """Return what `said_options` gave when it was started, out of what `inspect` prints."""
    found = next(iter(parse_objects(output)), {}).get("options")
    return found if isinstance(found, str) else ""


def is_missing(output: str) -> bool:
    """Tell whether docker says that there is no such container or image.

    >>> is_missing("Error: No such object: edgead"), is_missing("[Errno 2] No such file: 'docker'")
    (True, False)
    """
    return re.search(r"No such (container|object|image)", output, re.IGNORECASE) is not None


def release_of(image: str) -> str:
    """Return the L4T release that an image's tag is for: 35.3 of …:tf2-r35.3.1; "" without one."""
    found = re.search(r"[:.-]r(\d{2}\.\d)", image, re.ASCII)
    return found[1] if found else ""

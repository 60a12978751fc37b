"""Checks of a node's container engine, for nodes that have TensorFlow in a container."""

from __future__ import annotations

import re

from edgead.agents import docker
from edgead.agents.commands import Outcome
from edgead.console.nodes.health.check import (
    Board,
    Check,
    Finding,
    fail,
    ok,
    ours,
    shell,
    there,
    warn,
)


def contained(board: Board) -> bool:
    """Say that a check is for nodes with a container."""
    return board.contained


def _engine(board: Board, outcome: Outcome) -> Finding:
    if outcome.ok:
        return ok(f"docker {outcome.last[:40]}")
    if "permission denied" in outcome.output:
        mend = there(board.node, 'sudo usermod -aG docker "$USER"', terminal=True)
        return fail("the user is not in the group docker (log in again after it is)", mend)
    if "not found" in outcome.output:
        mend = there(board.node, "sudo apt install docker.io", terminal=True)
        return fail("docker is not installed", mend)
    mend = there(board.node, "sudo systemctl start docker", terminal=True)
    return fail(f"docker does not answer: {outcome.error}", mend)


def _runtime(board: Board, outcome: Outcome) -> Finding:
    if '"nvidia"' in outcome.output:
        return ok("nvidia")
    if not outcome.ok:
        return fail(outcome.error)
    mend = there(board.node, "sudo apt install nvidia-container-runtime", terminal=True)
    return (fail if board.jetson else warn)("docker has no runtime nvidia", mend)


def _image(board: Board, outcome: Outcome) -> Finding:
    image = board.node.container
    if not outcome.ok and not docker.is_missing(outcome.output):
        return fail(outcome.error)
    if not outcome.ok:
        return fail(f"{image} is not there", ours("nodes", "container", "pull", board.node.name))
    wanted, release = docker.release_of(image), board.facts.l4t or ""
    if wanted and release and wanted.partition(".")[0] != release.partition(".")[0]:
        return warn(f"{image} is for L4T {wanted}, the board has {release}")
    digest = re.search(r"sha256:[0-9a-f]{12}", outcome.output)
    return ok(f"{image} {digest[0] if digest else ''}".rstrip())


def _container(board: Board, outcome: Outcome) -> Finding:
    if not outcome.ok and not docker.is_missing(outcome.output):
        return fail(outcome.error)
    state, image = docker.parse_state(outcome.output)
    name = board.node.name
    if state != "running":
        said = f"not started{f' ({state})' if state else ''}; a trial starts it"
        return warn(said, ours("nodes", "container", "start", name))
    if image != board.node.container:
        return warn(f"it runs {image}"[:200], ours("nodes", "container", "restart", name))
    return ok("running")


CHECKS = (
    Check("docker", shell("docker version -f '{{.Server.Version}}'"), _engine, wanted=contained),
    Check("runtime", shell("docker info -f '{{json .Runtimes}}'"), _runtime, wanted=contained),
    Check(
        "image",
        lambda board: (["docker", "image", "inspect", "-f", "{{.Id}}", board.node.container], ""),
        _image,
        wanted=contained,
    ),
    Check("container", lambda board: (docker.inspect(), ""), _container, wanted=contained),
)

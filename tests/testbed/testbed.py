"""A testbed: some boards on one network, made and taken down together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from itertools import cycle
from pathlib import Path

import asyncssh

from testbed.board import FOLDER, Board
from testbed.cgroups import Group
from testbed.claims import Claim, claim, reclaim
from testbed.commands import TestbedError, run
from testbed.inventory import write_cluster
from testbed.network import Network
from testbed.root import IMAGES, JETPACKS


class Testbed:
    """Boards xavier-1 … on a network of their own, with their inventory in `folder`."""

    __test__ = False  # it is no test, whatever pytest thinks of its name

    def __init__(self, folder: Path, owner: Claim, network: Network) -> None:
        self.folder = folder
        self.network = network
        self.boards: list[Board] = []
        self._owner = owner

    @classmethod
    def start(
        cls,
        folder: Path,
        count: int,
        *,
        jetpacks: Sequence[str] = JETPACKS,
        docker: bool = False,
        contained: Collection[str] = (),
    ) -> Testbed:
        """Start boards; on failure nothing of them stays.

        Args:
            folder: where cluster.toml, known_hosts and the key go.
            count: how many.
            jetpacks: their releases, in turn.
            docker: whether they have dockerd, its nvidia runtime and an image.
            contained: boards whose TensorFlow is in their image only; the cluster file says so.
        """
        owner = claim(FOLDER, _take_down)
        testbed = cls(folder, owner, Network(owner.number))
        try:
            testbed._start(count, jetpacks, docker, contained)
        except BaseException:  # interrupted too
            testbed.stop()
            raise
        return testbed

    def _start(
        self, count: int, jetpacks: Sequence[str], docker: bool, contained: Collection[str]
    ) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (FOLDER / str(self.network.number)).mkdir()
        self.network.create()
        client_key = asyncssh.generate_private_key("ssh-ed25519", comment="virtual boards")
        key = self.folder / "id_ed25519"
        key.touch(0o600)
        client_key.write_private_key(key)
        public = client_key.export_public_key().decode()
        known: list[str] = []
        for place, jetpack in zip(range(1, count + 1), cycle(jetpacks), strict=False):
            board = Board(self.network, f"xavier-{place}", place, self.folder)
            self.boards.append(board)
            host_key = asyncssh.generate_private_key("ssh-ed25519")
            in_home = board.name not in contained
            board.build(jetpack, docker, public, host_key.export_private_key(), in_home)
            known.append(f"{board.name},{board.host} {host_key.export_public_key().decode()}")
            board.start()
        (self.folder / "known_hosts").write_text("".join(known))
        images = {each.name: IMAGES[each.jetpack] for each in self.boards if each.name in contained}
        nodes = [board.address() for board in self.boards]
        write_cluster(self.folder / "cluster.toml", nodes, images)
        for board in self.boards:
            board.wait()

    def keep(self) -> None:
        """Let it outlive this process; `stop_kept` takes it down."""
        self._owner.keep(self.folder)

    def stop(self) -> None:
        """Take it down, every trace of it but the files in `folder`."""
        for board in self.boards:
            with suppress(OSError, TestbedError):  # what stays is taken down with the rest
                board.kill()
        _take_down(self.network.number)
        self._owner.release()
        with suppress(OSError):  # others are there
            FOLDER.rmdir()


def stop_kept(folder: Path) -> bool:
    """Take down the testbed that was kept there; False where there is none."""
    owner = reclaim(FOLDER, folder)
    if owner is None:
        return False
    Testbed(folder, owner, Network(owner.number)).stop()
    return True


def _take_down(number: int) -> None:
    """Remove whatever there is of a testbed, half made or half gone as it may be."""
    network = Network(number)
    Group(network.name).kill()
    network.remove()
    Group(network.name).remove()
    folder = FOLDER / str(number)
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for mount in sorted((each for each in mounts if Path(each).parent == folder), reverse=True):
        run(["umount", "--lazy", mount])
    if folder.exists():
        for each in folder.iterdir():
            each.rmdir()
        folder.rmdir()

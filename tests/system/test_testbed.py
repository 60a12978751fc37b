"""Virtual boards go as they came, whoever made them, and say so where they can't be made."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from edgead.console.nodes.inventory import read_cluster
from testbed import faults, requirements
from testbed.board import banner
from testbed.cgroups import Group, alive
from testbed.fixtures import BoardMaker, refuse
from testbed.testbed import Testbed

TESTS = Path(__file__).resolve().parents[1]


def traces(name: str) -> list[str]:
    """Give whatever bears the name of a testbed: mounts, namespaces, links, cgroups."""
    found = [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if name in line]
    links = subprocess.run(["ip", "-oneline", "link"], capture_output=True, text=True).stdout
    found += [line for line in links.splitlines() if name in line]
    found += [str(path) for path in Path("/run/netns").glob(f"{name}*")]
    found += [str(path) for path in Path("/sys/fs/cgroup").rglob(name)]
    found += [str(path) for path in Path("/run/edgead-boards").glob(f"{name[6:]}*")]
    return found


def test_nothing_stays(tmp_path: Path, boards: BoardMaker) -> None:
    boards(1)  # another one, which is not to suffer
    testbed = Testbed.start(tmp_path / "doomed", 2, docker=True)
    one, other = testbed.boards
    pids = Group(testbed.network.name).pids()
    faults.set_delay(one, 5)
    faults.set_loss(one, 5)
    faults.set_bandwidth(one, 5)
    faults.freeze(one)
    faults.power_cut(other)
    assert len(pids) > 6 and traces(testbed.network.name)
    testbed.stop()
    assert traces(testbed.network.name) == [] and not any(map(alive, pids))
    assert not any(testbed.network.name in process for process in processes())


def processes() -> list[str]:
    """Give the cgroups of every process that runs."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile
            if alive(int(folder.name)):
                found.append((folder / "cgroup").read_text())
    return found


def test_killed_tests_leave_nothing_for_long(tmp_path: Path, boards: BoardMaker) -> None:
    program = (
        "import sys, time; from pathlib import Path; from testbed.testbed import Testbed\n"
        "testbed = Testbed.start(Path(sys.argv[1]), 1)\n"
        "print(testbed.network.name, flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "killed")],
        env={"PYTHONPATH": str(TESTS)},
        stdout=subprocess.PIPE,
        text=True,
    ) as killed:
        assert killed.stdout is not None
        name = killed.stdout.readline().strip()
        assert traces(name)
        killed.send_signal(signal.SIGKILL)
    (board,) = boards(1)  # takes down what is nobody's, and may well get its number
    assert board.network.name == name or traces(name) == []
    assert banner(board.host)


def test_boards_by_hand(tmp_path: Path, boards: BoardMaker) -> None:
    boards(0)  # only to know that they can be made

    def testbed(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "testbed", "--folder", str(tmp_path / "hand"), *words]
        return subprocess.run(
            command, env={"PYTHONPATH": str(TESTS)}, cwd=tmp_path, capture_output=True, text=True
        )

    try:
        for count in ("1", "2"):  # again is anew
            done = testbed("up", count)
            assert done.returncode == 0 and "hand/cluster.toml" in done.stdout, done.stderr
        nodes = read_cluster(tmp_path / "hand" / "cluster.toml").nodes
        assert len(nodes) == 2 and all(banner(node.host) for node in nodes)
        assert testbed("fault", "xavier-2", "power-cut").returncode == 0
        assert banner(nodes[0].host) and not banner(nodes[1].host, 0.3)
        assert testbed("fault", "xavier-1", "freeze").returncode == 0  # and so it goes down
        done = testbed("fault", "xavier-3", "unplug")
        assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    finally:
        done = testbed("down")
    assert done.stdout == "The boards are gone.\n" and not (tmp_path / "hand").exists()
    assert not banner(nodes[0].host, 0.3)
    assert testbed("down").stdout == "There are no boards.\n"


def test_where_boards_cant_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    reason = requirements.missing.__wrapped__()
    assert reason == "virtual boards need root, and this is not"
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="need root"):
        refuse(reason)
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match="need root"):
        refuse(reason)

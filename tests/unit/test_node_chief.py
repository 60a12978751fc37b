"""What a chief on a node sends home goes only where a chief's files belong."""

import base64

import numpy as np
import pytest

from edgead.console.events import event
from edgead.console.running import node_chief
from edgead.console.running.bundle import write_bundle
from edgead.console.running.failure import Failure
from edgead.console.running.task_lines import Ready, Usage, read_task_line
from edgead.console.runs.store import Store
from edgead.datasets import load, restore
from edgead.datasets.shipping import describe
from edgead.models.spec import SpecError, read_spec


def piece(path, data=b"abc"):
    return event("file", path=path, data=base64.b64encode(data).decode())


def test_pieces_make_files(tmp_path):
    home = node_chief.Home(tmp_path)
    for each in (piece("saved_model/variables/a.b"), piece("model.keras"), piece("model.keras")):
        home.take(each)
    assert not (tmp_path / "model.keras").exists()  # it may not be whole
    home.keep()
    assert (tmp_path / "saved_model" / "variables" / "a.b").read_bytes() == b"abc"
    assert (tmp_path / "model.keras").read_bytes() == b"abcabc"
    home = node_chief.Home(tmp_path)
    home.take(piece("model.keras", b"new"))
    home.keep()
    assert (tmp_path / "model.keras").read_bytes() == b"new"


@pytest.mark.parametrize(
    "path",
    ["", "/etc/passwd", "../a", "saved_model/../../a", "events.jsonl", "saved_model/.a", "lock",
     "saved_model/a\nb", "tensorboard/" + "a" * 300, "."],
)  # fmt: skip
def test_no_other_place_is_written(tmp_path, path):
    with pytest.raises(ValueError, match="none of a chief's"):
        node_chief.Home(tmp_path).take(piece(path))
    assert list(tmp_path.iterdir()) == []


def test_no_more_than_so_much_and_nothing_damaged(tmp_path, monkeypatch):
    monkeypatch.setattr(node_chief, "MOST_BYTES", 5)
    home = node_chief.Home(tmp_path)
    home.take(piece("model.keras"))
    with pytest.raises(ValueError, match="more than"):
        home.take(piece("model.keras"))
    with pytest.raises(ValueError, match="damaged"):
        home.take(event("file", path="model.keras", data="?"))


def test_a_link_in_the_folder_is_not_followed_out_of_it(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "saved_model").symlink_to(tmp_path)
    with pytest.raises(ValueError, match="link"):
        node_chief.Home(tmp_path / "run").take(piece("saved_model/a"))


@pytest.mark.parametrize("name", ["kdd99", "swat"])
def test_a_dataset_is_described_and_restored(tmp_path, name):
    data = load(name, "paper", None, None, synthetic=True, made_up=3000)
    back, prepared = restore(describe(data, tmp_path), tmp_path)
    for split in ("train", "validation", "test"):
        assert (back.x(split) == data.x(split)).all()
        assert back.count(split) == data.count(split)
    assert (back.validation.y == data.validation.y).all()
    assert (back.test.y == data.test.y).all()
    assert back.test.y.dtype == np.bool_
    assert (back.features, back.window, back.coder) == (data.features, data.window, data.coder)
    assert prepared.features == data.features


def test_the_bundle_is_named_by_its_content(tmp_path):
    one, other = write_bundle(tmp_path / "a"), write_bundle(tmp_path / "b")
    assert one.name == other.name
    assert one.suffix == ".zip"


def test_only_a_distributed_trial_has_its_chief_on_a_node():
    with pytest.raises(SpecError, match="chief_node: only a distributed trial"):
        read_spec({"strategy": "central", "chief_node": "node-1"})


class Saying:
    """A program on a node that says some lines and ends with an exit code."""

    def __init__(self, code, *lines):
        self.written, self.closed = [], False
        self._code, self._lines = code, lines

    def write(self, line):
        self.written.append(line)

    async def lines(self):
        for line in self._lines:
            yield line

    async def errors(self, hear):
        hear(b"a traceback\n")

    async def end(self):
        return self._code

    async def close(self):
        self.closed = True


@pytest.fixture
def run(tmp_path):
    return Store(tmp_path).create(read_spec({"preset": "paper-kdd99", "chief_node": "xavier-1"}))


@pytest.mark.parametrize(
    ("code", "lines", "cause"),
    [
        ("exit code 1", [b'{"kind": "error", "cause": "out of memory\\nmore"}'], "out of memory"),
        ("exit code 1", [b"no event", b"\xff\xfe"], "the chief ended with exit code 1"),
        ("a lost link", [], "the chief ended with a lost link"),
        ("", [b'{"kind": "file", "path": "../a", "data": ""}'], "the chief sent a file that is no"),
    ],
)
async def test_a_chief_that_fails_is_a_failure_of_its_node(run, code, lines, cause):
    program = Saying(code, *lines)
    with pytest.raises(Failure, match=cause) as failed:
        await node_chief.run_node_chief(run, "xavier-1", program, {}, {}, "", 0, lambda _: None)
    assert (failed.value.node, failed.value.task) == ("xavier-1", "chief 0")
    assert failed.value.evidence == (("a traceback",) if code else ())
    assert program.closed


async def test_events_of_a_chief_that_does_well_come_through(run):
    heard = []
    lines = [b'{"kind": "note", "text": "hi"}', b'{"kind": "saved", "file": "model.keras"}']
    program = Saying("", *lines)
    await node_chief.run_node_chief(
        run, "xavier-1", program, {"name": "x"}, {}, "", 0, heard.append
    )
    assert [event.kind for event in heard] == ["note", "saved"]
    assert b'"dataset": {"name": "x"}' in program.written[0]


async def test_a_node_cannot_speak_for_others_nor_to_the_terminal(run):
    heard = []
    lines = [
        b'{"kind": "result", "state": "finished"}',
        b'{"kind": "flag", "node": "xavier-2", "cause": "x"}',
        b'{"kind": "note", "node": "other", "text": "\\u001b[2Jgone", "more": {"a": ["\\u202e"]}}',
    ]
    await node_chief.run_node_chief(run, "x", Saying("", *lines), {}, {}, "", 0, heard.append)
    assert [event.kind for event in heard] == ["note"]
    assert "\x1b" not in heard[0]["text"]
    assert "gone" in heard[0]["text"]
    assert heard[0].get("node") is None
    assert "\u202e" not in heard[0]["more"]["a"][0]


@pytest.mark.parametrize(
    "line", ["", "{}", "[]", "1", "x", '{"event": "ready"}', '{"event": "usage", "rss": "many"}',
             '{"event": "other"}', "[" * 100_000],
)  # fmt: skip
def test_other_lines_of_a_task_say_nothing(line):
    assert read_task_line(line) is None


def test_a_task_says_that_it_is_ready_and_what_it_uses():
    ready = read_task_line('{"event": "ready", "tensorflow": "2.21.0", "seconds": 3}')
    assert ready == Ready("2.21.0", 3.0)
    usage = '{"event": "usage", "rss": 1, "peak": 2, "sent": 3, "received": 4}'
    assert read_task_line(usage) == Usage(1, 2, 3, 4)

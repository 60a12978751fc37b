"""The cluster file that init writes: whatever was found, it can be read again."""

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgead.agents.board import Board
from edgead.console.errors import UsageError
from edgead.console.nodes.discovery import Found, Wanted
from edgead.console.nodes.inventory import read_cluster
from edgead.console.nodes.inventory_file import as_toml, choose, write_new

WANTED = Wanted(networks=())
XAVIER = Board("xavier-1", "Jetson-AGX", "32.6.1")


def found(number, board=XAVIER, **more):
    return Found(f"10.0.0.{number}", 22, "OpenSSH_8.2", state="identified", board=board, **more)


def text_of(name, everybody, wanted):
    nodes, others = choose(everybody)
    return as_toml(name, nodes, wanted, others)


def reread(text):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cluster.toml"
        path.write_text(text, encoding="utf-8")
        return read_cluster(path)


def test_jetsons_become_nodes_and_the_rest_comments():
    text = text_of("lab", [found(1), found(2, Board("nas"))], WANTED)
    assert [node.name for node in reread(text).nodes] == ["xavier-1"]
    assert "[[nodes]]  # Jetson-AGX, L4T 32.6.1, JetPack 4.6, no TensorFlow found" in text
    assert '\n# name = "nas"\n' in text
    uncommented = text.replace("\n# [[nodes]]", "\n[[nodes]]").replace("\n# name", "\nname")
    assert len(reread(uncommented.replace("\n# host", "\nhost")).nodes) == 2


def test_what_has_tensorflow_is_written_down():
    boards = [
        Board("a", "Jetson-AGX", "32.6.1", ("/home/nvidia/tf/bin/python",), ("l4t-tensorflow:x",)),
        Board("b", "Jetson-AGX", "35.3.1", (), ("tensorflow/tensorflow:2", "l4t-tf:tf2-r35.3.1")),
        Board("c", "Jetson-AGX", "35.3.1", ("python3",)),
        Board("d", "Jetson-AGX", "35.3.1"),
        Board("host", "Jetson-AGX", "35.3.1"),
    ]
    text = text_of("lab", [found(n, board) for n, board in enumerate(boards, 1)], WANTED)
    nodes = reread(text).nodes
    assert [(node.python, node.container) for node in nodes] == [
        ("/home/nvidia/tf/bin/python", ""),
        ("python3", "l4t-tf:tf2-r35.3.1"),
        ("python3", ""),
        ("python3", ""),
        ("python3", ""),
    ]
    assert text.count("no TensorFlow found: say python or container") == 2
    assert nodes[-1].name == "host-2"


def test_without_a_jetson_whoever_accepts_our_key_is_a_node():
    everybody = [found(1, Board("pc")), replace(found(2), state="refused", board=Board())]
    assert choose(everybody) == (everybody[:1], [])


def test_boards_of_one_image_get_names_of_their_own():
    nodes = reread(text_of("lab", [found(1), found(2), found(3)], WANTED)).nodes
    assert [node.name for node in nodes] == ["xavier-1", "xavier-1-2", "xavier-1-3"]


def test_what_was_needed_to_log_in_is_written_down(tmp_path):
    wanted = Wanted((), user="nvidia", key=tmp_path / "key", known_hosts=tmp_path / "kh")
    node = reread(text_of("lab", [replace(found(1), port=2222)], wanted)).nodes[0]
    assert (node.user, node.key, node.known_hosts, node.port) == (
        "nvidia",
        tmp_path / "key",
        tmp_path / "kh",
        2222,
    )


@given(st.lists(st.tuples(st.text(), st.text(), st.text()), min_size=1, max_size=5), st.text("ab "))
def test_whatever_hosts_call_themselves_the_file_can_be_read(said, name):
    everybody = [
        replace(found(number, Board(hostname, model, "32.6.1")), announced=announced)
        for number, (hostname, model, announced) in enumerate(said, 1)
    ]
    nodes = reread(text_of(f"x{name}", everybody, WANTED)).nodes
    assert [node.host for node in nodes] == [each.host for each in everybody]


def test_a_file_that_is_there_is_left_alone_unless_forced(tmp_path):
    path = tmp_path / "folder" / "cluster.toml"
    write_new(path, "one", force=False)
    with pytest.raises(UsageError, match="is there already; --force"):
        write_new(path, "two", force=False)
    assert path.read_text() == "one"
    write_new(path, "two", force=True)
    assert path.read_text() == "two" and list(path.parent.iterdir()) == [path]

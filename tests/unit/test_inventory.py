"""cluster.toml: what is read, one line for each mistake, and where tasks are placed."""

import pytest

from edgead.console.errors import UsageError
from edgead.console.inventory import read_cluster
from edgead.console.placement import place
from edgead.models.spec import read_spec

GOOD = """
[cluster]
name = "lab"
[[nodes]]
name = "xavier-1"
host = "10.0.0.1"
user = "nvidia"
key = "keys/id"
roles = ["ps"]
[[nodes]]
name = "xavier-2"
[[nodes]]
name = "xavier-3"
roles = ["worker"]
"""


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "cluster.toml"
        path.write_text(text)
        return path

    return write


def test_reads_nodes_in_order(write, tmp_path):
    cluster = read_cluster(write(GOOD))
    assert cluster.name == "lab"
    assert [node.name for node in cluster.nodes] == ["xavier-1", "xavier-2", "xavier-3"]
    assert cluster.nodes[0].key == tmp_path / "keys/id"
    assert cluster.nodes[1].host == "xavier-2"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[cluster\n", "not valid TOML"),
        ("", r"nodes: expected at least one \[\[nodes\]\] table"),
        ("[[nodes]]\nhost = 'a'", r"nodes\[1\].name: expected a text, got None"),
        ("[[nodes]]\nname = 'a;b'", r"nodes\[1\].name: expected letters"),
        ("[[nodes]]\nname = 'a'\nprot = 22", r"nodes\[1\]: no such key: prot"),
        ("[[nodes]]\nname = 'a'\nport = 70000", r"nodes\[1\].port: expected 1 to 65535, got 70000"),
        ("[[nodes]]\nname = 'a'\n[[nodes]]\nname = 'a'", "the name a stands twice"),
        ("[[nodes]]\nname = 'a'\nroles = ['boss']", r"nodes\[1\].roles: expected a list out of"),
        ("nodes = [3]", r"nodes\[1\]: expected a table, got 3"),
    ],
)
def test_mistakes_are_one_line(write, text, said):
    path = write(text)
    with pytest.raises(UsageError, match=said) as caught:
        read_cluster(path)
    assert str(caught.value).startswith(str(path))


def test_placement_keeps_to_roles(write):
    tasks = place(read_spec({"preset": "kdd99"}), read_cluster(write(GOOD)))
    assert [(task.name, task.node) for task in tasks] == [
        ("chief 0", "host"),
        ("ps 0", "xavier-1"),
        ("worker 0", "xavier-2"),
        ("worker 1", "xavier-3"),
        ("worker 2", "xavier-2"),
    ]


def test_placement_by_name(write):
    spec = read_spec({"ps_node": "xavier-2", "worker_nodes": ["xavier-3"]})
    tasks = place(spec, read_cluster(write(GOOD)))
    assert [task.node for task in tasks] == ["host", "xavier-2", "xavier-3"]


def test_placement_on_an_unknown_node_names_those_there_are(write):
    with pytest.raises(UsageError, match="no node is named x; there are xavier-1"):
        place(read_spec({"ps_node": "x"}), read_cluster(write(GOOD)))

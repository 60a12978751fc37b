"""cluster.toml: what is read, one line for each mistake, and where tasks are placed."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgead.console.checked import Mistakes
from edgead.console.errors import UsageError
from edgead.console.nodes.inventory import Node, _named, read_cluster
from edgead.console.running.placement import place
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
        ("[[nodes]]\nname = 'a'\nprot = 22", "did you mean port"),
        ("[[nodes]]\nname = 'a'\nhost = '-oProxyCommand=x'", r"host: expected a name or an add"),
        ("[[nodes]]\nname = 'a'\nuser = 'a b'", r"user: expected a login name"),
        ("[[nodes]]\nname = 'a'\nport = true", r"port: expected 1 to 65535, got True"),
        ("[[nodes]]\nname = 'a'\ntransport = 'udp'", "expected tunnel or direct, got 'udp'"),
        ("[[nodes]]\nname = 'a'\nports = '80-90'", 'ports: expected a range such as "20000-'),
        ("[[nodes]]\nname = 'a'\nports = '3000-2000'", "ports: expected a range"),
        ("[[nodes]]\nname = 'a'\npower_mode = 'MAX N'", "expected a name such as MAXN"),
        ("[[nodes]]\nname = 'a'\nmemory = 'all'", "expected a size such as 8g, got 'all'"),
        ("[[nodes]]\nname = 'a'\nmounts = ['data']", "expected a list such as"),
        ("[cluster]\nrestore_power = 1\n[[nodes]]\nname = 'a'", "expected true or false"),
        (
            "[[nodes]]\nname = 'a'\n[[nodes]]\nname = 'b'\ntransport = 'direct'",
            "transport must be the same for all",
        ),
        ("[cluster]\nembedded = 1\n[[nodes]]\nname = 'a'", "embedded: expected true or false"),
        (
            "[cluster]\nwarm_seconds = -1\n[[nodes]]\nname = 'a'",
            "warm_seconds: expected 0 to 86400",
        ),
        ("cluster = 3\n[[nodes]]\nname = 'a'", "cluster: expected a table, got 3"),
        ("[[nodes]]\nname = 'host'", "and not `host`, got 'host'"),
        ("[[nodes]]\nname = 'a'\nhost = 'me@b'", "without user or port, got 'me@b'"),
        ("[[nodes]]\nname = 'a'\nhost = 'b:22'", "without user or port, got 'b:22'"),
        ("[[nodes]]\nname = 'a'\nhost = 'ssh://b'", "without user or port, got 'ssh://b'"),
        (
            "[[nodes]]\nname = 'a'\nhost = 'x'\n[[nodes]]\nname = 'b'\nhost = 'x'",
            "a and b are the same host and port: one board",
        ),
        ("[[nodes]]\nname = 'a'\nclocks = 'max'", r"nodes\[1\].clocks: expected pin, got 'max'"),
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


def test_every_mistake_has_a_line_of_its_own(write):
    text = "[[nodes]]\nname = 'a'\nport = 0\nhots = 'b'\n[[nodes]]\nhost = 3\n"
    path = write(text)
    with pytest.raises(UsageError) as caught:
        read_cluster(path)
    assert [line.partition(": ")[0] for line in caught.value.lines] == [str(path)] * 4
    said = "\n".join(caught.value.lines)
    for key in ("nodes[1]: no such key: hots", "nodes[1].port", "nodes[2].name", "nodes[2].host"):
        assert key in said
    assert str(caught.value).endswith("(and 3 more)")


def test_a_node_has_what_the_cluster_says_unless_it_says_otherwise(write, tmp_path):
    cluster = read_cluster(
        write("""
[cluster]
user = "nvidia"
known_hosts = "known"
ports = "20000-20999"
power_mode = "MAXN"
transport = "direct"
[[nodes]]
name = "a"
python = "/home/nvidia/tf/bin/python"
[[nodes]]
name = "b"
user = "ubuntu"
container = "nvcr.io/nvidia/l4t-tensorflow:r32.6.1-tf2.5-py3"
power_mode = "MODE_30W_ALL"
port = 22
""")
    )
    a, b = cluster.nodes
    assert (a.user, b.user, a.port, b.port) == ("nvidia", "ubuntu", None, 22)
    assert a.known_hosts == b.known_hosts == tmp_path / "known"
    assert a.ports == b.ports == (20000, 20999)
    assert (a.power_mode, b.power_mode, cluster.transport) == ("MAXN", "MODE_30W_ALL", "direct")
    # The agent runs on the board, where a container's interpreter is not.
    assert (a.python, b.python) == ("/home/nvidia/tf/bin/python", "python3")


def test_the_defaults(write):
    node = read_cluster(write("[[nodes]]\nname = 'a'")).nodes[0]
    assert node == Node("a", "a") and (node.transport, node.python) == ("tunnel", "python3")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["name", "host", "port", "roles", "ports", "key", "cluster", "nodes"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_whatever_stands_in_it_only_usage_errors_come(content):
    mistakes = Mistakes(Path("cluster.toml"))
    for number, table in enumerate(content if isinstance(content, list) else [content], 1):
        _named(mistakes, number, table, Node("", ""))
    assert all(line.startswith("cluster.toml: nodes[") for line in mistakes.lines)
    assert all("\n" not in line for line in mistakes.lines)


def test_python_is_the_one_in_the_container_where_there_is_one(write):
    text = "[[nodes]]\nname = 'a'\ncontainer = 'tf:r35'\npython = '/opt/tf/bin/python'\n"
    node = read_cluster(write(text)).node("a")
    assert (node.python, node.inside) == ("python3", "/opt/tf/bin/python")

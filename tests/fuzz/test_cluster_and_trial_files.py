"""cluster.toml and trial files: read, or refused in lines that are safe to print."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hostile import NASTY, ODD_FILES, is_safe, plain, shreds, some_of
from hypothesis import example, given
from hypothesis import strategies as st

from edgead.console.commands.trial import read_trial
from edgead.console.errors import UsageError
from edgead.console.nodes.inventory import Cluster, Node, read_cluster
from edgead.models.spec import READERS, SpecError, TrialSpec, read_spec

CLUSTER_KEYS = ("name", "embedded", "warm_seconds", "restore_power", "user", "key", "transport")
NODE_KEYS = tuple(Node.__dataclass_fields__)
WORDS = (
    "[ ] [[ ]] nodes cluster trial name host = \" ' ''' # { } , true 1979-05-27 0x 1e999 inf \\u"
)


def read_bytes(read: Any, content: bytes) -> Any:
    """Have a file of this content read; None where it is refused as it should be."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.toml"
        path.write_bytes(content)
        try:
            return read(path)
        except UsageError as error:
            assert error.lines and all(map(is_safe, error.lines))
            assert all(len(line) < 5000 for line in error.lines)
            return None


def read_any(path: Path) -> TrialSpec:
    return read_trial(str(path), [])


def as_toml(table: dict[str, Any]) -> bytes:
    """Write what TOML can hold of it."""
    try:
        return tomli_w.dumps(table).encode("utf-8", "surrogatepass")
    except (TypeError, ValueError):
        return b""


@given(st.binary(max_size=200) | shreds(WORDS).map(lambda text: text.encode("utf-8", "replace")))
@example(b"a = " + b"[" * 20_000)
@example(b"a = " + b"9" * 5000)
@example(b"a." * 20_000 + b"a = 1")
@example(b"\xff\xfe")
@example(b'"\\u001b[31m" = 1')
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    read_bytes(read_cluster, content)
    read_bytes(read_any, content)


@given(some_of(CLUSTER_KEYS), st.lists(some_of(NODE_KEYS), max_size=3))
def test_any_cluster_is_read_or_refused(head: dict[str, Any], nodes: list[dict[str, Any]]) -> None:
    hold_what_is_read(read_bytes(read_cluster, as_toml({"cluster": head, "nodes": nodes})))


# Each is read as it is: what is wrong is the one value that is put into it.
NODE = {"name": "a", "host": "10.0.0.1", "user": "me", "python": "/opt/tf/bin/python"}
TRIAL = {"preset": "kdd99", "seed": 3, "workers": 2}
words = st.text(max_size=20) | st.sampled_from(NASTY)


@given(st.sampled_from(["name", "host", "user", "python", "container", "power_mode"]), words)
@example("user", "me")
@example("container", "tf:r35.3")
def test_a_cluster_with_one_odd_value_is_read_or_refused(key: str, value: str) -> None:
    assert read_bytes(read_cluster, as_toml({"nodes": [NODE]})) is not None
    hold_what_is_read(read_bytes(read_cluster, as_toml({"nodes": [{**NODE, key: value}]})))


def hold_what_is_read(cluster: Cluster | None) -> None:
    for node in cluster.nodes if cluster else ():
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", node.name)
        assert not re.search(r"[\s$;`'\"\\|&<>(){}\[\]*?!~#]", node.host)
        assert is_safe(f"{node.user}{node.python}{node.container}{node.mounts}{cluster.name}")
        assert not f"{node.host}".startswith("-") and not node.user.startswith("-")


@pytest.mark.parametrize("value", NASTY[:13])
@pytest.mark.parametrize("key", ["name", "host", "user", "container", "power_mode", "python"])
def test_a_nasty_value_is_refused_or_one_word(key: str, value: str) -> None:
    table = {"name": "a", key: value}
    cluster = read_bytes(read_cluster, as_toml({"nodes": [table]}))
    if key in ("name", "host", "power_mode"):
        assert cluster is None
    elif cluster is not None:
        assert not re.search(r"[\x00-\x1f\x7f-\x9f]|^-", value)


@given(st.sampled_from(sorted(READERS)), plain | st.integers(0, 99) | words)
@example("epochs", 7)
def test_a_trial_with_one_odd_value_is_read_or_refused(key: str, value: Any) -> None:
    assert read_spec(TRIAL).seed == 3
    try:
        spec = read_spec({**TRIAL, key: value})
    except SpecError as error:
        assert is_safe(str(error)) and len(str(error)) < 1000
    else:
        assert read_spec(spec.to_mapping()) == spec


@given(some_of(tuple(READERS)) | plain)
def test_any_trial_is_read_or_refused(values: Any) -> None:
    try:
        spec = read_spec(values)
    except SpecError as error:
        assert len(str(error)) < 1000
    else:
        assert read_spec(spec.to_mapping()) == spec
    if isinstance(values, dict):
        read_bytes(read_any, as_toml({"trial": values}))


@given(
    st.lists(
        st.sampled_from([*READERS, ""]).flatmap(
            lambda key: shreds("= [ ] true 1 'a' \"").map(lambda value: f"{key}={value}")
        ),
        max_size=3,
    )
)
def test_any_setting_is_read_or_refused(settings: list[str]) -> None:
    try:
        read_trial("kdd99", settings)
    except UsageError as error:
        assert all(map(is_safe, error.lines))


@pytest.mark.parametrize("kind", ODD_FILES)
@pytest.mark.parametrize("read", [read_cluster, read_any])
def test_whatever_lies_there_is_refused_at_once(kind: str, read: Any, tmp_path: Path) -> None:
    path = tmp_path / "file.toml"
    ODD_FILES[kind](path)
    with pytest.raises(UsageError) as refused:
        read(path)
    assert str(path) in str(refused.value) and all(map(is_safe, refused.value.lines))

"""Functions traced before there is a cluster, made fit for it and known to it once there is one."""

from __future__ import annotations

import uuid
from typing import Any, Iterable, Sequence, Set

import tensorflow as tf


def ship(traced: Any) -> Any:
    """Give a function traced before the cluster was joined as one that its tasks know.

    TensorFlow sends a function to the tasks when it is defined, and those defined before the
    cluster was joined never. So its graph is defined anew, which costs a tenth of tracing; what it
    calls must have new names, for TensorFlow takes those that it knows for sent. `traced` is a
    concrete function that captures nothing, with one result.
    """
    graph = traced.graph.as_graph_def()
    names, tail = {each.signature.name for each in graph.library.function}, f"_{uuid.uuid4().hex}"
    _rename(graph.node, names, tail)
    for each in graph.library.function:
        _put_in_order(each.node_def)
        each.signature.name += tail
        _rename(each.node_def, names, tail)
        _rename_in(each.attr.values(), names, tail)

    def call(*inputs: Any) -> Any:
        given = {each.name: value for each, value in zip(traced.inputs, inputs)}
        return tf.graph_util.import_graph_def(graph, given, [traced.outputs[0].name], name="")[0]

    signature = [tf.TensorSpec(each.shape, each.dtype) for each in traced.inputs]
    return tf.compat.v1.wrap_function(call, signature)


def _put_in_order(nodes: Sequence[Any]) -> None:
    """Have each operation of a function wait for the one before.

    A step's operations are so small that to hand one to another thread, which TensorFlow does
    wherever two could run at once, takes as long as to do it: half of a worker's processor time.
    Functions that are not listed in an order in which they could run stay as they are.
    """
    places = {node.name: place for place, node in enumerate(nodes)}
    for place, node in enumerate(nodes):
        if any(places.get(_node_of(each), -1) >= place for each in node.input):
            return
    large = [node for node in nodes if node.op not in ("Const", "Placeholder")]
    for before, node in zip(large, large[1:]):  # noqa: RUF007 (Python 3.8)
        node.input.append(f"^{before.name}")


def _node_of(source: str) -> str:
    return source.lstrip("^").partition(":")[0]


def _rename(nodes: Iterable[Any], names: Set[str], tail: str) -> None:
    for node in nodes:
        if node.op in names:
            node.op += tail
        _rename_in(node.attr.values(), names, tail)


def _rename_in(attributes: Iterable[Any], names: Set[str], tail: str) -> None:
    for attribute in attributes:
        for function in (attribute.func, *attribute.list.func):
            if function.name in names:
                function.name += tail
        # Recurrent layers name the function for the other device in a text.
        if attribute.s.decode("latin-1") in names:
            attribute.s += tail.encode()

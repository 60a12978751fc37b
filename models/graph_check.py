"""Looks at a SavedModel before it is loaded: a graph is a program, and one that came from a node,
where its chief was, must not do on this machine what no detector of ours does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterator

MOST_BYTES = 64 << 20  # ours have some hundred thousand
# What scoring takes: arithmetic, shapes, reading variables, calls and loops. No files, no Python.
_WORDS = """
Abs Add AddV2 BiasAdd Cast ConcatV2 Const ExpandDims Fill GatherV2 Identity IdentityN Less
LogicalAnd MatMul Max Maximum Mean Min Minimum Mul Neg NoOp OnesLike Pack PartitionedCall
Placeholder Pow Prod Range Rank ReadVariableOp RealDiv Relu Reshape ReverseV2 Select SelectV2
Shape Sigmoid Size Slice Split Square Squeeze StatefulPartitionedCall StatelessWhile
StopGradient StridedSlice Sub Sum Tanh TensorListFromTensor TensorListGetItem
TensorListLength TensorListReserve TensorListSetItem TensorListStack Tile Transpose Unpack
While ZerosLike
"""
OPS = frozenset(_WORDS.split())


def check_graph(folder: Path) -> None:
    """Raise ValueError where loading or running the model would do more than ours do; OSError."""
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
    from tensorflow.core.protobuf import saved_model_pb2

    path = folder / "saved_model.pb"
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"{path}: expected at most {MOST_BYTES >> 20} MB")
    model = saved_model_pb2.SavedModel()
    try:
        model.ParseFromString(path.read_bytes())
    except DecodeError:
        raise ValueError(f"{path}: expected a SavedModel") from None
    # TensorFlow loads any other as TensorFlow 1 did, and runs what it says is to be run first.
    if len(model.meta_graphs) != 1 or not model.meta_graphs[0].HasField("object_graph_def"):
        raise ValueError(f"{path}: expected a SavedModel of TensorFlow 2")
    strange = sorted(set(_ops(model.meta_graphs[0])) - OPS)
    if strange:
        raise ValueError(
            f"{path}: it is not loaded: its graph has {strange[0]:.40}, which no detector of "
            "ours has"
        )


def _ops(graph: Any) -> Iterator[str]:
    """Yield the operations of every function that the loader makes, and of those they call.

    Those that save and restore are none of them: the loader does that by itself.
    """
    library = {each.signature.name: each for each in graph.graph_def.library.function}
    objects = graph.object_graph_def
    waiting, seen = list(objects.concrete_functions), set()
    for each in objects.nodes:  # they may name any function of the library
        waiting.append(each.bare_concrete_function.concrete_function_name)
        waiting += each.function.concrete_functions
    while waiting:
        name = waiting.pop()
        if name in seen or name not in library:
            continue
        seen.add(name)
        for node in library[name].node_def:
            if node.op in library:
                waiting.append(node.op)
            else:
                yield node.op
            for value in node.attr.values():
                waiting += [value.func.name, *(each.name for each in value.list.func)]

"""Joining a cluster of TensorFlow servers as its chief."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

import tensorflow as tf

from edgead.models.loopback import hear_only_loopback

Cluster = Mapping[str, Sequence[str]]  # role to the host:port of its tasks


class StalledError(RuntimeError):
    """The cluster has not finished what it was given in all the time it had."""


def connect(cluster: Cluster) -> Any:
    """Join the cluster as its chief. Blocks until every task answers.

    A chief whose address is on loopback hears this machine only from then on.
    """
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec({role: list(tasks) for role, tasks in cluster.items()}),
        task_type="chief",
        task_id=0,
        rpc_layer="grpc",
    )
    strategy = tf.distribute.ParameterServerStrategy(resolver)
    _forget_devices()
    if cluster["chief"][0].startswith("127."):
        hear_only_loopback()
    return strategy


def _forget_devices() -> None:
    """Forget what names of devices meant before the cluster was joined.

    TensorFlow keeps that, up to 2.12 at least: a graph traced ahead that names devices, as an
    LSTM's does, would have it look for them where it no longer is.
    """
    from tensorflow.python.eager import context

    getattr(context, "_device_parsing_cache", {}).clear()

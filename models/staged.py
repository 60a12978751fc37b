"""The staged file as a tensor on the worker that reads it: rows, or windows cut from a series."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

import tensorflow as tf

from edgead.datasets import Prepared, Window

SPLITS = ("train", "validation", "test")


class StagedRows(NamedTuple):
    """One split where a graph finds it: its file lies in every task's working folder.

    `items` is the number of rows to train on or to score: windows where there is a window.
    """

    file: str
    rows: int
    features: int
    window: Optional[Window]
    items: int

    @classmethod
    def of(cls, prepared: Prepared, split: str) -> StagedRows:
        """Find a split of a prepared dataset."""
        shard, window = getattr(prepared, split), prepared.window
        items = shard.rows if window is None else window.count(shard.rows)
        return cls(shard.file, shard.rows, shard.features, window, items)

    @property
    def values(self) -> int:
        """Give how many numbers there are in an item: a row, or a window of rows."""
        return self.features * (1 if self.window is None else self.window.steps)

    def tensor(self) -> Any:
        """Map the file into the worker's memory: float32 [rows, features], nothing is copied."""
        return tf.raw_ops.ImmutableConst(
            dtype=tf.float32,
            shape=[self.rows, self.features],
            memory_region_name=self.file,
        )

    def take(self, series: Any, rows: Any) -> Any:
        """Take rows [n] by number: float32 [n, features], or the windows [n, steps, features].

        A window is cut here, from the series: all windows together would be `steps` times it.
        """
        return take(series, rows, self.window)


def sound(figures: Any, values: Any, file: str = "of this split") -> Any:
    """Give figures made of a file's values; fails on a worker whose file has gone bad.

    So it says so itself, before it spoils the weights of all. The values are looked at only where
    the figures are no numbers: weights that diverge make such, too, and blame nobody.
    """

    def looked_at() -> Any:
        looked = tf.debugging.check_numerics(values, f"the shard {file} holds no numbers")
        with tf.control_dependencies([looked]):
            return tf.identity(figures)

    fine = tf.reduce_all(tf.math.is_finite(figures))
    return tf.cond(fine, lambda: tf.identity(figures), looked_at)


def take(series: Any, rows: Any, window: Optional[Window]) -> Any:
    """Take rows [n] by number, or the windows that begin there, in a graph."""
    if window is None:
        return tf.gather(series, rows)
    offsets = tf.range(window.steps, dtype=tf.int64) * window.stride
    return tf.gather(series, rows[:, tf.newaxis] + offsets)

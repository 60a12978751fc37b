"""Functions defined anew for a cluster: the same results, in order, under names of their own."""

from __future__ import annotations

import numpy as np
import pytest

# They import TensorFlow.
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("legacy_keras")]


def bodies(function):
    """Give the functions that a function calls, by name."""
    return {each.signature.name: each for each in function.graph.as_graph_def().library.function}


def waits(body):
    return sum(source.startswith("^") for node in body.node_def for source in node.input)


def test_a_loop_gives_the_same_and_its_operations_run_one_after_the_other():
    import tensorflow as tf

    from edgead.models.shipping import ship

    def power(numbers):
        def step(i, x):
            return i + 1, x * 2.0 + tf.sqrt(tf.square(x))

        return tf.while_loop(lambda i, _: i < numbers[0], step, (0, tf.ones([2])))[1]

    traced = tf.function(power, [tf.TensorSpec([1], tf.int32)]).get_concrete_function()
    shipped = ship(traced)
    numbers = tf.constant([4])
    np.testing.assert_array_equal(shipped(numbers), traced(numbers))
    np.testing.assert_array_equal(shipped(numbers), [81.0, 81.0])
    before, after = bodies(traced), bodies(shipped)
    assert len(before) == len(after) == 2 and not set(before) & set(after)
    assert sum(map(waits, before.values())) == 0
    loop = max(after.values(), key=lambda body: len(body.node_def))
    assert waits(loop) == sum(node.op != "Const" for node in loop.node_def) - 1


def test_a_recurrent_model_and_its_gradient_stay_the_same():
    import tensorflow as tf

    from edgead.models import autoencoder
    from edgead.models.flat import FlatModel
    from edgead.models.shipping import ship

    tf.keras.utils.set_random_seed(3)
    model = FlatModel(autoencoder.build("lstm-autoencoder", (4, 5), 0.001))
    rows = np.random.default_rng(1).random((6, 4, 5), np.float32)

    def gradient(weights):
        x = tf.constant(rows)
        with tf.GradientTape() as tape:
            tape.watch(weights)
            y = model.call(weights, x, True)
        return tape.gradient(y, weights)

    signature = [tf.TensorSpec([model.size], tf.float32)]
    traced = tf.function(gradient, signature, autograph=False).get_concrete_function()
    weights = tf.constant(model.pack())
    np.testing.assert_allclose(ship(traced)(weights), traced(weights), rtol=1e-5, atol=1e-7)


def test_what_is_listed_out_of_order_stays_as_it_is():
    import tensorflow as tf

    from edgead.models.shipping import _put_in_order

    graph = tf.compat.v1.GraphDef()
    for name, source in (("a", "b"), ("b", "input"), ("c", "a:0")):
        graph.node.add(name=name, op="Identity").input.append(source)
    _put_in_order(graph.node)
    assert [list(node.input) for node in graph.node] == [["b"], ["input"], ["a:0"]]
    reordered = [graph.node[1], graph.node[0], graph.node[2]]
    _put_in_order(reordered)
    assert [list(node.input) for node in reordered] == [["input"], ["b", "^b"], ["a:0", "^a"]]

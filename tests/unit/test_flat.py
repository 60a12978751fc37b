"""A Keras model called with weights that are not its own."""

from __future__ import annotations

import numpy as np
import pytest

# They import TensorFlow.
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("legacy_keras")]


@pytest.mark.parametrize(
    ("name", "shape"), [("dense-autoencoder", (5,)), ("lstm-autoencoder", (4, 5))]
)
def test_a_model_gives_what_it_would_with_those_weights(name: str, shape: tuple[int, ...]) -> None:
    import tensorflow as tf

    from edgead.models import autoencoder
    from edgead.models.flat import FlatModel

    tf.keras.utils.set_random_seed(1)
    model, other = (autoencoder.build(name, shape, 0.001) for _ in range(2))
    x = tf.random.uniform((7, *shape), seed=2)
    flat, own = FlatModel(model), model(x).numpy()
    weights = FlatModel(other).pack()
    given = tf.function(lambda w: flat.call(w, x, False))(tf.constant(weights)).numpy()
    np.testing.assert_allclose(given, other(x).numpy(), atol=1e-6)
    assert (model(x).numpy() == own).all()  # its own weights are back in their places
    for mine, back in zip(other.get_weights(), flat.unpack(weights), strict=True):
        assert (mine == back).all()


def test_models_that_cannot_be_flat_are_refused_by_the_name_of_a_weight() -> None:
    import tensorflow as tf

    from edgead.models.flat import FlatModel, FlatModelError

    layers = [tf.keras.Input((3,)), tf.keras.layers.BatchNormalization(name="norm")]
    with pytest.raises(FlatModelError, match=r"norm/moving_mean.* not trained"):
        FlatModel(tf.keras.Sequential(layers))

    class Listed(tf.keras.layers.Layer):  # type: ignore[misc]
        def build(self, shape: tuple[int, ...]) -> None:
            self.all = [self.add_weight("hidden", (3,))]

        def call(self, x: object) -> object:
            return x * self.all[0]

    with pytest.raises(FlatModelError, match=r"hidden.* not an attribute"):
        FlatModel(tf.keras.Sequential([tf.keras.Input((3,)), Listed()]))

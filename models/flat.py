"""FlatModel: any Keras model as a function of one flat vector of its weights."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Iterator, List, Sequence, Tuple

import numpy as np
import tensorflow as tf


class FlatModelError(ValueError):
    """A model that cannot be called with given weights; the text says which part of it."""


class FlatModel:
    """A Keras model's shape: calls it with weights that are a flat float32 vector [size].

    One vector is read from and written to a parameter server in one piece, where a model's
    variables would each cost a message. All weights must be trainable, as those of dense and
    recurrent layers are.
    """

    def __init__(self, model: Any) -> None:
        if model.non_trainable_variables:
            name = model.non_trainable_variables[0].name
            raise FlatModelError(f"{name} is a weight that is not trained: use the engine paper")
        self._model = model
        self._shapes = [tuple(variable.shape) for variable in model.trainable_variables]
        self._sizes = [int(np.prod(shape)) for shape in self._shapes]
        self.size = sum(self._sizes)
        self._places = _places(model)

    def pack(self) -> Any:
        """Give the model's own weights as one array, float32 [size]."""
        parts = [variable.numpy().ravel() for variable in self._model.trainable_variables]
        return np.concatenate(parts).astype(np.float32)

    def unpack(self, flat: Any) -> List[Any]:
        """Cut a flat array [size] into the model's weights, for `set_weights`."""
        cuts = np.split(np.asarray(flat), np.cumsum(self._sizes)[:-1])
        return [cut.reshape(shape) for cut, shape in zip(cuts, self._shapes)]

    def call(self, flat: Any, x: Any, training: bool) -> Any:
        """Run the model in a graph with the weights `flat` [size] in place of its own."""
        cuts = tf.split(flat, self._sizes)
        weights = [
            tf.reshape(cut, shape) if len(shape) > 1 else cut
            for cut, shape in zip(cuts, self._shapes)
        ]
        with _swapped(self._places, weights):
            return self._model(x, training=training)


_Place = Tuple[Any, str, int]  # a module, its attribute, and which of the weights is there


def _places(model: Any) -> List[_Place]:
    """Find the attribute of the layer (or cell) that holds each trainable weight."""
    numbers = {id(variable): i for i, variable in enumerate(model.trainable_variables)}
    places = [
        (module, name, numbers[id(value)])
        for module in model.submodules
        for name, value in vars(module).items()
        if id(value) in numbers
    ]
    lost = set(numbers.values()) - {number for _, _, number in places}
    if lost:
        name = model.trainable_variables[min(lost)].name
        raise FlatModelError(f"{name} is not an attribute of its layer: use the engine paper")
    return places


@contextmanager
def _swapped(places: Sequence[_Place], weights: Sequence[Any]) -> Iterator[None]:
    """Put tensors where the layers look for their weights, for as long as the context lasts."""
    own = [vars(module)[name] for module, name, _ in places]
    try:
        for module, name, number in places:
            module.__dict__[name] = weights[number]
        yield
    finally:
        for (module, name, _), variable in zip(places, own):
            module.__dict__[name] = variable

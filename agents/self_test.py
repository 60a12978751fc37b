"""TensorFlow's self-test on a node: does it compute, and does it compute rightly?

Python 3.6+, TensorFlow 2.5+. The host sends this file as standard input of the interpreter that
the tasks will have. A matrix product, an LSTM and a training step, with numbers that NumPy
confirms: a broken library shows here and not in the first epoch of a trial. Prints one line of
JSON: what was found, or `error` and the step that failed.
"""

import gc
import json
import platform
import sys
import time
from typing import Any, Callable, Dict

Result = Dict[str, Any]
SIZE = 256
TOLERANCE = 1e-3


def tell(**fields: Any) -> None:
    """Print one line of JSON."""
    print(json.dumps(dict(fields, event="self_test")), flush=True)


def expect(name: str, found: Any, wanted: Any) -> None:
    """Raise ArithmeticError where numbers differ."""
    import numpy

    worst = float(numpy.max(numpy.abs(numpy.asarray(found) - wanted)))
    if not worst <= TOLERANCE * max(1.0, float(numpy.max(numpy.abs(wanted)))):
        raise ArithmeticError("%s is wrong by %g" % (name, worst))


def multiply() -> None:
    """Multiply two matrices."""
    import numpy
    import tensorflow as tf

    left = (numpy.arange(SIZE * SIZE, dtype="float32").reshape(SIZE, SIZE) % 7) / 7
    right = (numpy.arange(SIZE * SIZE, dtype="float32").reshape(SIZE, SIZE) % 5) / 5
    expect("a matrix product", tf.matmul(left, right).numpy(), left @ right)


def train() -> None:
    """Do one step of gradient descent on a dense layer and compare with the gradient on paper."""
    import numpy
    import tensorflow as tf

    rows = (numpy.arange(64 * 8, dtype="float32").reshape(64, 8) % 11) / 11
    weights = tf.Variable(numpy.full((8, 3), 0.1, "float32"))
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(tf.matmul(rows, weights) - 1.0))
    gradient = tape.gradient(loss, weights)
    weights.assign_sub(0.5 * gradient)
    wanted = 0.1 - 0.5 * 2 / (64 * 3) * rows.T @ (rows @ numpy.full((8, 3), 0.1) - 1.0)
    expect("a training step", weights.numpy(), wanted)


def recur() -> None:
    """Run an LSTM with all weights 0.1: on a GPU this is what loads cuDNN."""
    import numpy
    import tensorflow as tf

    units, steps = 4, 5
    layer = tf.keras.layers.LSTM(
        units,
        kernel_initializer=tf.keras.initializers.Constant(0.1),
        recurrent_initializer=tf.keras.initializers.Constant(0.1),
        unit_forget_bias=False,
    )
    found = layer(tf.ones((1, steps, 2))).numpy()
    state = memory = numpy.zeros(units)
    for _ in range(steps):
        inner = 0.2 + 0.1 * state.sum()
        gate = 1 / (1 + numpy.exp(-inner))
        memory = gate * memory + gate * numpy.tanh(inner)
        state = gate * numpy.tanh(memory) * numpy.ones(units)
    expect("an LSTM", found[0], state)


def timed(step: Callable[[], None]) -> float:
    """Return the seconds of the second time: the first one loads libraries."""
    step()
    began = time.time()
    step()
    return round(time.time() - began, 6)


def main() -> int:
    """Test, step by step."""
    found = {"python": platform.python_version()}  # type: Result
    doing = "importing numpy"
    gc.disable()  # to look for garbage takes as long as the import, and all ends soon
    try:
        began = time.time()
        import numpy

        found["numpy"] = numpy.__version__
        doing = "importing TensorFlow"
        import tensorflow as tf

        found["import_seconds"] = round(time.time() - began, 3)
        found["tensorflow"] = tf.__version__
        found["cudnn"] = str(tf.sysconfig.get_build_info().get("cudnn_version", ""))
        found["device"] = "GPU" if tf.config.list_physical_devices("GPU") else "CPU"
        for doing, step in (("product", multiply), ("step", train), ("lstm", recur)):
            found[doing + "_seconds"] = timed(step)
    except Exception as error:  # whatever it is, that is what was to be found
        tell(error="%s: %s" % (type(error).__name__, error), doing=doing, **found)
        return 1
    tell(**found)
    return 0


if __name__ == "__main__":
    sys.exit(main())

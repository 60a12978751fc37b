"""A SavedModel that came from a node is looked at before TensorFlow runs any of it."""

import subprocess
import sys
import textwrap

import pytest

PROGRAM = """
import sys, tensorflow as tf
from pathlib import Path
from edgead.models.graph_check import check_graph
from edgead.models.detect import SavedScore

folder, outside = Path(sys.argv[1]), sys.argv[2]
shape = [tf.TensorSpec([None, 2], tf.float32, name="x")]
write = lambda: tf.io.write_file(outside, "theirs")

class Evil(tf.Module):
    @tf.function(input_signature=shape)
    def score(self, x):
        WRITE_WHEN_RUN
        return {"score": tf.reduce_mean(x, 1)}

class Resource(tf.saved_model.experimental.TrackableResource):
    def _create_resource(self):
        return tf.raw_ops.VarHandleOp(dtype=tf.float32, shape=[])
    def _initialize(self):
        write()
    def _destroy_resource(self):
        pass

model = Evil()
WRITE_WHEN_LOADED
tf.saved_model.save(model, str(folder), signatures={"score": model.score})
Path(outside).unlink(missing_ok=True)  # saving may have traced it
try:
    print(SavedScore(folder, 2)(tf.zeros([3, 2])))
except ValueError as error:
    print(error)
print("written" if Path(outside).exists() else "nothing written")
"""


def said_by(tmp_path, *, run, loaded):
    code = textwrap.dedent(PROGRAM).replace("WRITE_WHEN_RUN", run)
    code = code.replace("WRITE_WHEN_LOADED", loaded)
    command = [sys.executable, "-c", code, str(tmp_path / "model"), str(tmp_path / "outside")]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("run", "loaded"),
    [("write()", "pass"), ("pass", "model.resource = Resource(); model.resource.resource_handle")],
)
def test_a_graph_that_would_write_a_file_is_not_loaded(tmp_path, run, loaded):
    said = said_by(tmp_path, run=run, loaded=loaded)
    assert "it is not loaded: its graph has" in said[0], said
    assert said[-1] == "nothing written"


@pytest.mark.slow
@pytest.mark.parametrize("change", ["tensorflow 1", "two graphs", "unlisted"])
def test_a_function_is_looked_at_wherever_it_is_named(tmp_path, change):
    """The same file, changed by hand so that the loader would come to its function another way."""
    code = PROGRAM.replace("WRITE_WHEN_RUN", "write()").replace("WRITE_WHEN_LOADED", "pass")
    change_it = """
from tensorflow.core.protobuf import saved_model_pb2
file = folder / "saved_model.pb"
saved = saved_model_pb2.SavedModel.FromString(file.read_bytes())
graph = saved.meta_graphs[0]
if CHANGE == "tensorflow 1":
    graph.ClearField("object_graph_def")
elif CHANGE == "two graphs":
    saved.meta_graphs.add().CopyFrom(graph)
else:
    graph.object_graph_def.concrete_functions.clear()
file.write_bytes(saved.SerializeToString())
try:
"""
    code = code.replace("try:\n", change_it.replace("CHANGE", repr(change)), 1)
    command = [sys.executable, "-c", code, str(tmp_path / "model"), str(tmp_path / "outside")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert "expected a SavedModel of TensorFlow 2" in said[0] or "its graph has" in said[0], said
    assert said[-1] == "nothing written"


def test_what_is_no_model_is_refused(tmp_path):
    from edgead.models.graph_check import check_graph

    (tmp_path / "saved_model.pb").write_bytes(b"\xff" * 99)
    with pytest.raises(ValueError, match="expected a SavedModel"):
        check_graph(tmp_path)

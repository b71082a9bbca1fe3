"""Model files from weights that Keras wrote."""

import subprocess
import sys

import h5py
import numpy as np
import pytest

from lenet import Architecture, LenetError, Model, build
from lenet.cli.main import VERBS
from lenet.training.convert import convert_weights


def test_a_trained_runs_weights_become_the_same_model(lenet, run, model, test_part, tmp_path):
    assert "convert" in VERBS
    result = lenet("convert", run.path / "model.weights.h5", "--out", tmp_path / "again.onnx")
    assert result.exit_code == 0, result.output
    again = Model.load(tmp_path / "again.onnx")
    assert (again.metadata.network, again.metadata.framing) == (model.metadata.network, "mark")
    assert again.metadata.test_accuracy == run.metrics["test"]["accuracy"]
    images = test_part.images[:500]
    np.testing.assert_array_equal(again.predict(images).argmax(axis=1), model.predict(images).argmax(axis=1))
    refused = lenet("convert", run.path / "model.weights.h5", "--out", tmp_path / "again.onnx")
    assert (refused.exit_code, "exists already and is not overwritten" in refused.stderr) == (1, True)


@pytest.mark.parametrize(
    ("network", "side", "depth", "classes"),
    [
        (
            "conv 6 5 valid, relu, maxpool 2, conv 16 5 valid, relu, maxpool 2, dense 120, relu, dense 84, relu",
            32,
            3,
            7,
        ),
        ("dense 30, relu", 28, 1, 10),
        ("conv 4 3, relu, maxpool 2", 28, 1, 26),
    ],
)
def test_layers_and_input_are_found_by_the_arrays(tmp_path, network, side, depth, classes):
    built = build(Architecture.parse(network), side, side, depth, classes)
    built.save(tmp_path / "whole.keras")
    metadata, _ = convert_weights(tmp_path / "whole.keras", tmp_path / "model.onnx")
    assert metadata.network == network
    assert (metadata.height, metadata.depth, len(metadata.class_names)) == (side, depth, classes)


def test_other_layers_are_named_or_asked_for(tmp_path):
    text = "conv 4 3, tanh, avgpool 4, dense 8, tanh"
    built = build(Architecture.parse(text), 28, 28, 1, 10)
    built.save_weights(tmp_path / "a.weights.h5")
    with pytest.raises(LenetError, match="name its layers with --network"):
        convert_weights(tmp_path / "a.weights.h5", tmp_path / "model.onnx")
    metadata, _ = convert_weights(tmp_path / "a.weights.h5", tmp_path / "model.onnx", Architecture.parse(text))
    assert metadata.network == text


def test_a_file_is_opened_before_tensorflow_is_loaded(tmp_path):
    program = """
import sys
from lenet.cli.main import main
try:
    main(["convert", "missing.h5", "--out", "model.onnx"])
except SystemExit as end:
    print(end.code, "tensorflow" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert done.stdout == "1 False\n"


def test_a_shape_bomb_is_refused(tmp_path):
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file.create_dataset("dense/kernel:0", (10**4, 10**3), "f4")  # 40 MB, never written
        file.create_dataset("dense/bias:0", (10**3,), "f4")
    with pytest.raises(LenetError, match="claims arrays of more than 32 MiB"):
        convert_weights(tmp_path / "w.h5", tmp_path / "model.onnx")

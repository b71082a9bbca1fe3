"""The two ONNX formats, as any ONNX tool sees them."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from lenet import Model
from lenet.export.export import fold_temperature
from lenet.export.onnx import Onnx, OnnxInt8
from lenet.model.file import ModelFile, read_model
from tests.export.conftest import Odd


def test_file_of_temperature_1_is_copied(trained: Path, tmp_path: Path) -> None:
    file = read_model(trained)
    Onnx(fold_temperature(file), lambda: np.empty(0, np.uint8)).write(tmp_path / "a.onnx")
    if file.metadata.temperature == 1:
        assert (tmp_path / "a.onnx").read_bytes() == trained.read_bytes()


def test_any_tool_gets_calibrated_probabilities(odd: Odd, tmp_path: Path) -> None:
    """A plain runtime that knows nothing of the temperature, and `Model`, both."""
    path = tmp_path / "a.onnx"
    target = Onnx(fold_temperature(odd.file), lambda: odd.dataset.images)
    target.write(path)
    images = odd.dataset.images[:20]
    wanted = Model(odd.file).predict(images)
    assert odd.file.metadata.temperature != 1
    assert np.abs(target.run(path, images) - wanted).max() < 1e-6
    assert np.abs(Model.load(path).predict(images) - wanted).max() < 1e-6


@pytest.fixture(scope="module")
def int8(trained_file: ModelFile, training_images: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("int8") / "int8.onnx"
    OnnxInt8(trained_file, lambda: training_images).write(path)
    return path


def test_weights_are_signed_bytes_a_scale_a_filter(int8: Path, trained_file: ModelFile) -> None:
    model = onnx.load(int8)
    tensors = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    for layer in ("conv1", "conv2", "dense1"):
        assert tensors[f"{layer}/kernel_quantized"].dtype == np.int8
        # Seven bits: two products still add up in the 16 bits of a processor without VNNI.
        assert np.abs(tensors[f"{layer}/kernel_quantized"].astype(int)).max() <= 64
        assert len(tensors[f"{layer}/kernel_scale"]) == len(trained_file.weights[f"{layer}/bias"])
    assert tensors["dense2/kernel"].dtype == np.float32
    assert int8.stat().st_size < 0.3 * len(trained_file.content)


def test_metadata_is_carried_over(int8: Path, trained_file: ModelFile) -> None:
    properties = {entry.key: entry.value for entry in onnx.load(int8).metadata_props}
    assert properties == trained_file.metadata.to_properties()


def test_quantizing_says_nothing(
    odd: Odd, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    OnnxInt8(fold_temperature(odd.file), lambda: odd.dataset.images[:20]).write(tmp_path / "a.onnx")
    assert capfd.readouterr() == ("", "") and not caplog.records

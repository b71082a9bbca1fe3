"""The .tflite files, as an app sees them."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from lenet import Model
from lenet.export.export import fold_temperature
from lenet.export.litert import LiteRT, LiteRTInt8
from lenet.model.file import ModelFile
from tests.export.conftest import ODD_NAMES, Odd


@pytest.fixture(scope="module")
def path(odd: Odd, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("litert") / "odd.tflite"
    LiteRT(fold_temperature(odd.file), lambda: odd.dataset.images).write(path)
    return path


def test_labels_and_metadata_travel_along(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert tuple(archive.read("labels.txt").decode().splitlines()) == ODD_NAMES
        metadata = json.loads(archive.read("metadata.json"))
    assert metadata["class_names"] == list(ODD_NAMES)
    assert (metadata["unknown_threshold"], metadata["temperature"]) == (2.4 / 2.5, 1.0)


def test_takes_pixels_as_they_are(path: Path) -> None:
    interpreter = Interpreter(model_path=str(path))
    signature = {"inputs": ["pixels"], "outputs": ["dense2", "probabilities"]}
    assert interpreter.get_signature_list() == {"serving_default": signature}
    (pixels,), (probabilities, _) = interpreter.get_input_details(), interpreter.get_output_details()
    assert (pixels["dtype"], pixels["shape"].tolist()) == (np.uint8, [1, 9, 14, 3])
    assert (probabilities["dtype"], probabilities["shape"].tolist()) == (np.float32, [1, 4])


def test_logits_tell_what_is_unknown(path: Path, odd: Odd) -> None:
    """By the threshold in its own metadata, as the model tells by its."""
    with zipfile.ZipFile(path) as archive:
        threshold = json.loads(archive.read("metadata.json"))["unknown_threshold"]
    interpreter = Interpreter(model_path=str(path))
    runner = interpreter.get_signature_runner()
    images = odd.dataset.images[:100]
    unknown = [bool(runner(pixels=image[np.newaxis])["dense2"].max() < threshold) for image in images]
    assert unknown == Model(odd.file).classify(images).unknown.tolist()
    assert 0 < sum(unknown) < 100


@pytest.fixture(scope="module")
def int8(odd: Odd, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("litert") / "odd-int8.tflite"
    LiteRTInt8(fold_temperature(odd.file), lambda: odd.dataset.images[:100]).write(path)
    return path


def test_int8_takes_pixels_as_they_are(int8: Path) -> None:
    """Scale 1 and zero 0: an app copies its pixels into the input, whatever the calibration images were."""
    interpreter = Interpreter(model_path=str(int8))
    (pixels,) = interpreter.get_input_details()
    assert (pixels["dtype"], pixels["quantization"]) == (np.uint8, (1.0, 0))


def test_int8_computes_in_integers_only(int8: Path) -> None:
    """TFLite Micro on a processor without floating point: only the two outputs are converted."""
    interpreter = Interpreter(
        model_path=str(int8), experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    )
    kinds = {tensor["index"]: tensor["dtype"] for tensor in interpreter.get_tensor_details()}
    operators = interpreter._get_ops_details()
    floating = [
        operator["op_name"]
        for operator in operators
        if any(kinds[tensor] == np.float32 for tensor in [*operator["inputs"], *operator["outputs"]])
    ]
    assert floating == ["DEQUANTIZE", "DEQUANTIZE"] and len(operators) > 8


def test_int8_is_a_quarter(trained_file: ModelFile, training_images: np.ndarray, tmp_path: Path) -> None:
    LiteRTInt8(trained_file, lambda: training_images).write(tmp_path / "a.tflite")
    assert (tmp_path / "a.tflite").stat().st_size < 0.27 * len(trained_file.content)


def test_not_a_word_on_the_terminal(path: Path, odd: Odd, capfd: pytest.CaptureFixture[str]) -> None:
    LiteRT(fold_temperature(odd.file), lambda: odd.dataset.images).run(path, odd.dataset.images[:1])
    assert capfd.readouterr() == ("", "")

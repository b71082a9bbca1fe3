"""The .tflite file: what a phone's programmer finds in it."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from lenet import Model
from lenet.export.litert import LiteRT
from lenet.export.temperature import fold_temperature
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
    assert (metadata["unknown_threshold"], metadata["temperature"]) == (2.1 / 2.5, 1.0)


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
    assert unknown == Model(odd.file).judge(images).unknown.tolist()
    assert 0 < sum(unknown) < 100


def test_arrays_are_aligned_as_the_format_wants(path: Path) -> None:
    content = path.read_bytes()
    model = schema.Model.GetRootAs(content)
    lengths = [model.Buffers(index).DataLength() for index in range(model.BuffersLength())]
    assert lengths[0] == 0 and sum(length > 0 for length in lengths) == 10
    for index, length in enumerate(lengths):
        if length:
            data = model.Buffers(index).DataAsNumpy()
            assert (data.ctypes.data - np.frombuffer(content, np.uint8).ctypes.data) % 16 == 0


def test_not_a_word_on_the_terminal(path: Path, odd: Odd, capfd: pytest.CaptureFixture[str]) -> None:
    LiteRT(fold_temperature(odd.file), lambda: odd.dataset.images).run(path, odd.dataset.images[:1])
    assert capfd.readouterr() == ("", "")

"""The bundled model, and a small one of odd sizes and odd names."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from lenet.datasets import Dataset
from lenet.export.export import fold_temperature
from lenet.model.file import ModelFile, encode_model, read_model, write_model
from lenet.model.metadata import Metadata
from lenet.model.runtime import locate_model

# Names that C, HTML, JSON or a line of labels could misread.
ODD_NAMES = ('a"b\\', "é 7??=", "</script>", "数*/")


@dataclass(frozen=True)
class Odd:
    """A model for 9×14 colour pixels with even kernels."""

    path: Path
    file: ModelFile
    dataset: Dataset


@pytest.fixture(scope="session")
def trained() -> Path:
    """The bundled model."""
    return locate_model()


@pytest.fixture(scope="session")
def trained_file(trained: Path) -> ModelFile:
    return fold_temperature(read_model(trained))


@pytest.fixture(scope="session")
def training_images(mnist: Dataset) -> np.ndarray:
    return mnist.split("60000:10000").train.images[:300]


@pytest.fixture(scope="session")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Odd:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (400, 9, 14, 3), np.uint8)
    dataset = Dataset("odd", images, rng.integers(0, 4, 400), ODD_NAMES)
    shapes = {
        "conv1/kernel": (4, 4, 3, 3),
        "conv1/bias": (3,),
        "conv2/kernel": (4, 4, 3, 5),
        "conv2/bias": (5,),
        "dense1/kernel": (5 * 2 * 3, 7),
        "dense1/bias": (7,),
        "dense2/kernel": (7, 4),
        "dense2/bias": (4,),
    }
    weights = {name: rng.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}
    metadata = Metadata(
        class_names=ODD_NAMES,
        height=9,
        width=14,
        depth=3,
        network="conv 3 4, relu, maxpool 2, conv 5 4, relu, maxpool 2, dense 7, relu",
        temperature=2.5,
        unknown_threshold=2.4,
        test_accuracy=0.25,
        test_n=200,
        recipe={"split": "1:1", "data": "odd"},
        training_data_sha256=dataset.sha256,
    )
    path = tmp_path_factory.mktemp("odd") / "model.onnx"
    write_model(path, weights, metadata)
    return Odd(path, ModelFile(encode_model(weights, metadata), weights, metadata), dataset)

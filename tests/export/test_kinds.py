"""Every kind of layer in every format: computed as by the model, or refused with the name of a format that has it."""

from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from lenet import LenetError, Model
from lenet.export.formats import FORMATS
from lenet.model.file import ModelFile, encode_model
from lenet.model.metadata import Metadata
from lenet.network.architecture import Activation, ActivationKind, Architecture, Layer, Pool, PoolKind

NETWORKS = {
    "no hidden layer": "",
    "dense only": "dense 6, dense 5, relu",
    "strides, even and odd kernels, no activation": "conv 3 4 stride 2, conv 4 3 stride 2 valid",
    "average pooling": "conv 3 3, avgpool 2, relu, avgpool 2, dense 6, relu",
    "max pooling": "maxpool 2, avgpool 2, conv 3 3, maxpool 2, relu, relu",
    "tanh": "conv 3 3, tanh, maxpool 2, tanh, dense 5, tanh",
    "sigmoid": "sigmoid, conv 3 3, avgpool 3, sigmoid",
}
# With the format that has it.
REFUSED = {("c", "tanh"): "c-float", ("c", "sigmoid"): "c-float"}
REFUSED |= {("arduino", network): "c" for network in NETWORKS if network not in ("no hidden layer", "tanh", "sigmoid")}
REFUSED |= {("arduino", "tanh"): "c-float", ("arduino", "sigmoid"): "c-float"}
EXACT = {"onnx", "litert", "c-float"}


def _model(text: str) -> ModelFile:
    rng = np.random.default_rng(0)
    metadata = Metadata(class_names=("a", "b", "c"), height=13, width=11, depth=3, network=text)
    shapes = {name: shape for placed in metadata.layers for name, shape in placed.weight_shapes.items()}
    weights = {
        name: rng.normal(0, 1.5 / np.sqrt(np.prod(shape[:-1], initial=1)), shape).astype(np.float32)
        for name, shape in shapes.items()
    }
    return ModelFile(encode_model(weights, metadata), weights, metadata)


def _kind(layer: Layer) -> object:
    return layer.kind if isinstance(layer, Activation | Pool) else type(layer)


def test_every_kind_is_tried() -> None:
    layers = [placed.layer for text in NETWORKS.values() for placed in Architecture.parse(text).place(13, 11, 3, 3)]
    kinds = {*get_args(Layer), *get_args(ActivationKind), *get_args(PoolKind)} - {Activation, Pool}
    assert {_kind(layer) for layer in layers} == kinds


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("format", FORMATS)
def test_computes_or_names_another_format(format: str, network: str, tmp_path: Path) -> None:
    model = _model(NETWORKS[network])
    images = np.random.default_rng(1).integers(0, 256, (60, 13, 11, 3), np.uint8)
    target_class = FORMATS[format].load_target()
    if (format, network) in REFUSED:
        with pytest.raises(LenetError, match=f"--format {REFUSED[format, network]}(,|$)"):
            target_class(model, lambda: images)
        return
    target = target_class(model, lambda: images)
    out = tmp_path / "out"
    if target.files:
        out.mkdir()
    target.write(out)
    found, answers = target.run(out, images), Model(model).predict(images)
    reference = target.reference(images, answers)
    if reference is not None:
        assert np.abs(found - reference).max() < 1e-5
    assert np.abs(found - answers).max() < (1e-5 if format in EXACT else 0.05)

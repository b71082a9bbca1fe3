"""A network in plain values, as the page's ``core/network.js`` runs it, and its kernels as one array."""

from typing import Any, assert_never

import numpy as np

from lenet.model.graph import Array, Weights
from lenet.model.metadata import Metadata
from lenet.network.architecture import Activation, Conv, Dense, Flatten, PlacedLayer, Pool, Softmax


def describe(metadata: Metadata, weights: Weights) -> dict[str, Any]:
    """Layers with their shapes, settings and biases; ``kernel`` is where a layer's kernel starts in ``kernels``."""
    layers: list[dict[str, Any]] = []
    taken = 0
    for placed in metadata.layers:
        layer: dict[str, Any] = {"name": placed.name, "input": placed.input_shape, "output": placed.output_shape}
        layer |= _describe_kind(placed)
        if placed.weight_shapes:
            layer |= {"kernel": taken, "bias": shortest(weights[f"{placed.name}/bias"])}
            taken += weights[f"{placed.name}/kernel"].size
        layers.append(layer)
    about = {
        name: getattr(metadata, name) for name in ("height", "width", "depth", "framing", "inverted", "temperature")
    }
    return {
        **about,
        "classNames": metadata.class_names,
        "pixelScale": metadata.pixel_scale,
        "unknownThreshold": metadata.unknown_threshold,
        "testAccuracy": metadata.test_accuracy,
        "testCount": metadata.test_n,
        "layers": layers,
    }


def kernels(metadata: Metadata, weights: Weights) -> Array:
    """All kernels, one after another in the order of the layers, each in Keras's layout: float32 ``(numbers,)``."""
    names = [f"{placed.name}/kernel" for placed in metadata.layers if placed.weight_shapes]
    return np.concatenate([weights[name].ravel() for name in names])


def _describe_kind(placed: PlacedLayer) -> dict[str, Any]:
    match placed.layer:
        case Conv(_, size, stride) as conv:
            top, left = (conv.padding_for(side)[0] for side in placed.input_shape[:2])
            return {"kind": "conv", "size": size, "stride": stride, "top": top, "left": left}
        case Activation(kind):
            return {"kind": kind}
        case Pool(pool, size):
            return {"kind": "maxpool" if pool == "max" else "avgpool", "size": size}
        case Dense() | Flatten() | Softmax():
            return {"kind": type(placed.layer).__name__.lower()}
        case _ as missing:
            assert_never(missing)


def shortest(values: Array) -> list[float]:
    """Floats with as few digits as distinguish float32 numbers."""
    return [float(str(value)) for value in values]

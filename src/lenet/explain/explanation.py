"""What a model computes for one image, and which pixels its answer rests on.

That is measured by covering them (occlusion), and read off the weights (HiResCAM, not Grad-CAM: Grad-CAM averages each
map's gradient over all places, which is harmless before global average pooling, but here a dense layer weighs every
place differently).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

import numpy as np
import numpy.typing as npt

from lenet.datasets.dataset import Images
from lenet.errors import LenetError
from lenet.explain.gradient import logit_gradient
from lenet.model.graph import Array, Weights, logits_name
from lenet.model.preprocessing import scale_pixels
from lenet.model.runtime import Model
from lenet.network.architecture import Activation, Conv, Dense, Flatten, PlacedLayer

# Side of the covering square, in pixels of a 28 pixel image: about two strokes wide.
PATCH, SIDE = 5, 28
# Work of the network on all covered images, and size of those that are in memory at a time. Networks near the bounds of
# `Architecture` get fewer squares.
MOST_MULTIPLICATIONS, MOST_BYTES = 100_000_000_000, 1 << 26
# Bringing a pixel into the network takes as long as some so many multiplications.
PIXEL = 100


@dataclass(frozen=True, eq=False)
class Explanation:
    """What a model computes for one image."""

    image: Images  # uint8 ``(height, width, depth)``
    class_names: tuple[str, ...]
    probabilities: npt.NDArray[np.float32]  # ``(classes,)``, calibrated
    unknown: bool  # whether the image looks like none of the classes
    label: int  # index of the class that is explained; the answer by default
    layers: tuple[PlacedLayer, ...]
    # Output of each layer, by the layer's name; maps ``(height, width, channels)`` or ``(units,)``.
    activations: dict[str, Array]
    kernels: Array | None  # ``(height, width, depth, kernels)``: see ``image_kernels``
    contributions: Array  # what each input of the last dense layer adds to the logit of ``label``, ``(units,)``
    occlusion: Array  # lead of ``label`` that is lost where the image is covered, ``(height, width)``, in logits
    evidence: Array  # what each place adds to the logit of ``label``: see the function ``evidence``


def explain(model: Model, image: Images, label: int | None = None) -> Explanation:
    """Explain the answer of ``model`` to ``image``.

    Args:
        model: The model.
        image: uint8 ``(height, width, depth)``, framed for the model.
        label: Index of the class to explain; the answer when not given.

    Raises:
        LenetError: for an image of another shape or a label that the model does not have.

    Example:
        >>> draw(explain(Model.load(), image)).savefig("why.png")
    """
    layers, weights = model.metadata.layers, model.weights
    activations = model.activations(image)
    logits = activations[logits_name(layers)]
    answers = model.answers(logits[np.newaxis])
    if label is None:
        label = int(answers.probabilities[0].argmax())
    if not 0 <= label < len(model.class_names):
        raise LenetError(f"label {label}: the model has the classes 0 to {len(model.class_names) - 1}")
    inputs = layer_inputs(layers, image, activations)
    return Explanation(
        image=image,
        class_names=model.class_names,
        probabilities=answers.probabilities[0],
        unknown=bool(answers.unknown[0]),
        label=label,
        layers=layers,
        activations=activations,
        kernels=image_kernels(layers, weights),
        contributions=dense_contributions(layers, weights, inputs, label),
        occlusion=occlusion(model, image, label, logits),
        evidence=evidence(layers, weights, inputs, label),
    )


def occlusion(model: Model, image: Images, label: int, logits: Array) -> Array:
    """How much of the lead over the next best class is lost where a square covers the image.

    The square is black in grey images, and has the image's mean colour in others.
    Source: Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014.

    ``logits`` are those of the image, ``(classes,)``. The result is ``(height, width)`` in logits, the mean over the
    squares that cover a pixel; positive where the pixels speak for ``label``.
    """
    height, width, depth = image.shape
    side = max(1, round(PATCH * min(height, width) / SIDE))
    step = max(1, min(height, width) // SIDE)  # so that large images take no more squares than small ones
    work = PIXEL * image.size + sum(placed.multiplications for placed in model.metadata.layers)
    # Squares reach over the edge, so that pixels there are covered as often as others.
    while True:
        places = list(product(range(1 - side, height, step), range(1 - side, width, step)))
        if len(places) * work <= MOST_MULTIPLICATIONS or step >= side:
            break
        step += 1
    squares = [np.s_[max(0, top) : top + side, max(0, left) : left + side] for top, left in places]
    colour = 0 if depth == 1 else image.mean(axis=(0, 1))
    at_once = max(1, MOST_BYTES // image.nbytes)
    parts = [squares[start : start + at_once] for start in range(0, len(squares), at_once)]
    leads = [_lead(model.logits(_covered(image, part, colour)), label) for part in parts]
    lost = _lead(logits[np.newaxis], label) - np.concatenate(leads)
    total, count = np.zeros((2, height, width), np.float32)
    for square, loss in zip(squares, lost, strict=True):
        total[square] += loss
        count[square] += 1
    return total / count


def _covered(image: Images, squares: Sequence[Any], colour: Any) -> Images:
    """Copies of the image, each with another square covered, ``(squares, height, width, depth)``."""
    covered = np.repeat(image[np.newaxis], len(squares), axis=0)
    for copy, square in zip(covered, squares, strict=True):
        copy[square] = colour
    return covered


def layer_inputs(layers: Sequence[PlacedLayer], image: Images, activations: Mapping[str, Array]) -> dict[str, Array]:
    """The input of each layer for one image, by the layer's name; ``activations`` are its outputs."""
    inputs = {placed.name: activations[before.name] for before, placed in pairwise(layers)}
    return {layers[0].name: scale_pixels(image), **inputs}


def evidence_layer(layers: Sequence[PlacedLayer]) -> PlacedLayer:
    """The layer whose input the evidence is for: the first after the last convolution and its activation.

    In a network without convolutions it is the first layer, whose input is the image.
    """
    last = max((number for number, placed in enumerate(layers) if isinstance(placed.layer, Conv)), default=None)
    if last is None:
        return layers[0]
    return layers[last + (2 if isinstance(layers[last + 1].layer, Activation) else 1)]


def evidence(layers: Sequence[PlacedLayer], weights: Weights, inputs: Mapping[str, Array], label: int) -> Array:
    """What each place adds to the logit of ``label``: activation × gradient, summed over channels (HiResCAM).

    Places are those of the last convolution's activation, or the image's pixels in a network without convolutions.
    Where the layers behind them are piecewise linear (ReLU, pooling, dense), the sum over all places is the logit less
    what the biases of these layers add. With tanh or sigmoid among them, the values are a first-order approximation
    and do not sum to the logit.
    Source: Draelos and Carin, "Use HiResCAM instead of Grad-CAM for faithful explanations", 2020.

    ``inputs`` are those of ``layer_inputs``. The result is ``(height, width)``, in logits.
    """
    target = evidence_layer(layers).name
    return np.asarray((inputs[target] * logit_gradient(layers, weights, inputs, label, target)).sum(axis=-1))


def dense_contributions(
    layers: Sequence[PlacedLayer], weights: Weights, inputs: Mapping[str, Array], label: int
) -> Array:
    """What each input of the last dense layer adds to the logit of ``label``, ``(units,)``.

    The inputs are the last hidden dense layer's activation, or the flattened maps where there is no hidden one. With
    the bias of ``label``, they sum to the logit.
    """
    last = layers[-2].name
    return np.asarray(inputs[last] * weights[f"{last}/kernel"][:, label])


def image_kernels(layers: Sequence[PlacedLayer], weights: Weights) -> Array | None:
    """The kernels that look for patterns in the image: ``(height, width, depth, kernels)``.

    Those of the first convolution; in a network without, the first dense layer's weights as images, or None when it is
    not connected to the image directly.
    """
    for placed in layers:
        if isinstance(placed.layer, Conv):
            return weights[f"{placed.name}/kernel"]
    if isinstance(layers[0].layer, Flatten) and isinstance(layers[1].layer, Dense):
        return weights[f"{layers[1].name}/kernel"].reshape(*layers[0].input_shape, -1)
    return None


def _lead(logits: Array, label: int) -> Array:
    others = np.delete(logits, label, axis=1)
    return np.asarray(logits[:, label] - others.max(axis=1))

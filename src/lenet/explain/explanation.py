"""Explanation: everything that is shown about one image and its answer."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lenet.datasets.dataset import Images
from lenet.errors import LenetError
from lenet.explain.evidence import dense_contributions, evidence, image_kernels, layer_inputs, occlusion
from lenet.model.graph import Array, logits_name
from lenet.model.runtime import Model
from lenet.network.architecture import PlacedLayer


@dataclass(frozen=True, eq=False)
class Explanation:
    """What a model computes for one image.

    Attributes:
        image: uint8 ``(height, width, depth)``.
        class_names: One name for each class.
        probabilities: ``(classes,)``, calibrated.
        unknown: Whether the image looks like none of the classes.
        label: Index of the class that is explained; the answer by default.
        layers: All layers of the network.
        activations: Output of each layer, by the layer's name; maps ``(height, width, channels)`` or ``(units,)``.
        kernels: ``(height, width, depth, kernels)``: see ``image_kernels``.
        contributions: What each input of the last dense layer adds to the logit of ``label``, ``(units,)``.
        occlusion: Lead of ``label`` that is lost where the image is covered, ``(height, width)``, in logits.
        evidence: What each place adds to the logit of ``label``: see ``lenet.explain.evidence.evidence``.
    """

    image: Images
    class_names: tuple[str, ...]
    probabilities: npt.NDArray[np.float32]
    unknown: bool
    label: int
    layers: tuple[PlacedLayer, ...]
    activations: dict[str, Array]
    kernels: Array | None
    contributions: Array
    occlusion: Array
    evidence: Array


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

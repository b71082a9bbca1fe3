"""Explanation: all that is to be told about one image and its answer."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lenet.datasets.dataset import Images
from lenet.errors import LenetError
from lenet.explain.evidence import dense_contributions, hires_cam, occlusion
from lenet.model.graph import Array
from lenet.model.runtime import Model


@dataclass(frozen=True, eq=False)
class Explanation:
    """What a model made of one image.

    Attributes:
        image: uint8 ``(height, width, depth)``.
        class_names: one a class.
        probabilities: ``(classes,)``.
        unknown: whether the model says that it knows nothing like this.
        label: the class that is explained, by default the answer.
        kernels: the first convolution's, ``(filters, depth, k, k)``.
        activations: what every layer says, by its name, as ``Model.activations`` gives it.
        contributions: what each hidden dense unit adds to the logit of ``label``, ``(units,)``.
        occlusion: how much of the lead of ``label`` is lost where the picture is covered, ``(height, width)``.
        evidence: what each place of the second convolution adds to the logit of ``label`` (HiResCAM).
    """

    image: Images
    class_names: tuple[str, ...]
    probabilities: npt.NDArray[np.float32]
    unknown: bool
    label: int
    kernels: Array
    activations: dict[str, Array]
    contributions: Array
    occlusion: Array
    evidence: Array


def explain(model: Model, image: Images, label: int | None = None) -> Explanation:
    """Look into ``model`` while it reads ``image``.

    Args:
        model: what reads.
        image: uint8 ``(height, width, depth)``, bright ink on black.
        label: the class to explain; the answer when not given.

    Raises:
        LenetError: for an image of another shape or a label that the model does not have.

    Example:
        >>> draw(explain(Model.load(), image)).savefig("why.png")
    """
    probabilities, unknown = model.judge(image[np.newaxis])
    if label is None:
        label = int(probabilities[0].argmax())
    if not 0 <= label < len(model.class_names):
        raise LenetError(f"label {label}: the model has the classes 0 to {len(model.class_names) - 1}")
    activations = model.activations(image)
    return Explanation(
        image=image,
        class_names=model.class_names,
        probabilities=probabilities[0],
        unknown=bool(unknown[0]),
        label=label,
        kernels=model.weights["conv1/kernel"],
        activations=activations,
        contributions=dense_contributions(model.weights, activations, label),
        occlusion=occlusion(model, image, label),
        evidence=hires_cam(model.weights, activations, label),
    )

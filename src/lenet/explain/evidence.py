"""Which ink carried the answer: asked by covering it (occlusion), and read off the weights (HiResCAM).

HiResCAM, not Grad-CAM: Grad-CAM averages each map's gradient over all places, which forgets *where* a feature counted;
that is harmless before global pooling, but a LeNet's dense layer weighs every place differently.
"""

import numpy as np
import numpy.typing as npt

from lenet.datasets.dataset import Images
from lenet.model.graph import Weights
from lenet.model.runtime import Model

Map = npt.NDArray[np.float32]
Activations = dict[str, npt.NDArray[np.float32]]

# Side of the covering square, in pixels of a 28 pixel picture: about two strokes wide.
PATCH = 5


def occlusion(model: Model, image: Images, label: int) -> Map:
    """How much of the answer's lead over the next best class is lost where a black square covers the picture.

    Source: Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014.

    Args:
        model: what answers.
        image: uint8 ``(height, width, depth)``.
        label: the class whose lead is watched.

    Returns:
        ``(height, width)`` in logits: mean over the squares that cover a pixel; positive where ink spoke for ``label``.
    """
    height, width, _ = image.shape
    side = max(1, round(PATCH * min(height, width) / 28))
    tops, lefts = range(1 - side, height), range(1 - side, width)  # squares may hang over the edge, none is seen less
    covered = np.repeat(image[np.newaxis], len(tops) * len(lefts), axis=0)
    masks = np.zeros((len(covered), height, width), bool)
    for number, (top, left) in enumerate((top, left) for top in tops for left in lefts):
        masks[number, max(0, top) : top + side, max(0, left) : left + side] = True
    covered[masks] = 0
    lost = _lead(model, image[np.newaxis], label) - _lead(model, covered, label)
    return np.asarray((masks * lost[:, np.newaxis, np.newaxis]).sum(axis=0) / masks.sum(axis=0), np.float32)


def hires_cam(weights: Weights, activations: Activations, label: int) -> Map:
    """What each place of the last convolution adds to the logit of ``label``.

    The places' sum, with what the biases of the dense layers add, is the logit itself: the network is piecewise linear.
    Source: Draelos and Carin, "Use HiResCAM instead of Grad-CAM for faithful explanations", 2020.

    Args:
        weights: the model's.
        activations: of one image, as ``Model.activations`` gives them.
        label: the class.

    Returns:
        ``(height, width)`` of the convolution's maps, in logits.
    """
    seen = activations["relu2"]
    return np.asarray((seen * _gradient(weights, activations, label)).sum(axis=2), np.float32)


def dense_contributions(weights: Weights, activations: Activations, label: int) -> npt.NDArray[np.float32]:
    """What each unit of the hidden dense layer adds to the logit of ``label``, ``(units,)``."""
    return np.asarray(activations["relu3"] * weights["dense2/kernel"][:, label], np.float32)


def _lead(model: Model, images: Images, label: int) -> npt.NDArray[np.float32]:
    logits = model.logits(images)
    others = np.delete(logits, label, axis=1)
    return np.asarray(logits[:, label] - others.max(axis=1))


def _gradient(weights: Weights, activations: Activations, label: int) -> npt.NDArray[np.float32]:
    """Of the logit by the last convolution's output ``(height, width, filters)``: through dense, ReLU and pooling."""
    at_dense1 = weights["dense2/kernel"][:, label] * (activations["dense1"] > 0)
    rows, columns, filters = activations["pool2"].shape
    at_pool2 = (weights["dense1/kernel"] @ at_dense1).reshape(filters, rows, columns).transpose(1, 2, 0)
    # Only the first highest of each 2×2 square went through the pooling; an odd last row or column never does.
    seen = activations["relu2"]
    squares = seen[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2, filters).transpose(0, 2, 4, 1, 3)
    winner = np.eye(4, dtype=np.float32)[squares.reshape(rows, columns, filters, 4).argmax(axis=-1)]
    routed = (winner * at_pool2[..., np.newaxis]).reshape(rows, columns, filters, 2, 2)
    gradient = np.zeros_like(seen)
    gradient[: 2 * rows, : 2 * columns] = routed.transpose(0, 3, 1, 4, 2).reshape(2 * rows, 2 * columns, filters)
    return gradient

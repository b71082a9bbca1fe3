"""Telling known from unknown images: how well a score of the logits separates them, and where the threshold lies.

``Model`` uses the highest logit. For images held out against synthetic ones (noise, shuffled pixels, patchwork,
scribbles), it had the best mean AUROC or was within 0.0005 of it for a short training, for one with label smoothing and
for recipe ``best``; the highest probability was 0.003 lower for the first, the energy 0.003 for the second. Measure
again with ``lenet evaluate MODEL --part validation --unknown``.
"""

from collections.abc import Callable, Mapping
from itertools import islice, product
from typing import Any

import numpy as np
import numpy.typing as npt

from lenet.datasets.dataset import Images
from lenet.model.graph import Array
from lenet.model.preprocessing import softmax

# Share of the held-out images that lie above the threshold.
KEPT = 0.99


def highest_probability(logits: npt.NDArray[Any]) -> Array:
    """The highest softmax probability, ``(n,)`` (Hendrycks and Gimpel, ICLR 2017)."""
    return np.asarray(softmax(logits).max(axis=1), np.float32)


def highest_logit(logits: npt.NDArray[Any]) -> Array:
    """The highest logit, ``(n,)`` (Hendrycks et al., "Scaling Out-of-Distribution Detection", ICML 2022)."""
    return np.asarray(logits.max(axis=1), np.float32)


def energy(logits: npt.NDArray[Any]) -> Array:
    """The logarithm of the summed exponentials of the logits, ``(n,)`` (Liu et al., NeurIPS 2020, negated)."""
    highest = logits.max(axis=1, keepdims=True)
    return np.asarray(highest[:, 0] + np.log(np.exp(logits - highest).sum(axis=1)), np.float32)


SCORES: dict[str, Callable[[npt.NDArray[Any]], Array]] = {
    "highest probability": highest_probability,
    "highest logit": highest_logit,
    "energy": energy,
}


def auroc(known: npt.NDArray[np.floating], unknown: npt.NDArray[np.floating]) -> float:
    """Chance that a known image scores higher than an unknown one: the area under the ROC curve.

    Computed from the ranks of the scores ``(n,)`` and ``(m,)`` (Mann and Whitney, 1947); ties count half.
    """
    from scipy.stats import rankdata  # here, so that a training does not wait for it

    ranks = rankdata(np.concatenate([known, unknown]))[: len(known)]
    return float((ranks.sum() - len(known) * (len(known) + 1) / 2) / (len(known) * len(unknown)))


def fit_threshold(scores: npt.NDArray[np.floating], kept: float = KEPT) -> float:
    """The score below which the share ``1 - kept`` of ``scores`` ``(n,)`` lies."""
    return float(np.quantile(scores.astype(np.float64), 1 - kept))


def compare_scores(known: Array, unknown: Mapping[str, Array]) -> dict[str, dict[str, float]]:
    """The AUROC of every score for every kind of unknown image, ``{score: {kind: auroc}}``.

    Args:
        known: Logits of images of the model's classes, ``(n, classes)``. To choose a score, take images that it was
            not trained on and that are not the test part.
        unknown: Logits of unknown images by kind, ``(m, classes)`` each.
    """
    return {
        name: {kind: auroc(score(known), score(logits)) for kind, logits in unknown.items()}
        for name, score in SCORES.items()
    }


def made_up(images: Images, seed: int = 0) -> dict[str, Images]:
    """Images that show no class, by kind, of the shape of ``images`` ``(n, height, width, depth)``.

    ``uniform noise``, ``gaussian noise``, ``shuffled pixels`` (each image's own), ``patchwork`` (quarters of four
    images) and ``scribbles`` (one smooth random line of a pen's thickness).
    """
    rng = np.random.default_rng(seed)
    pixels = images.reshape(len(images), -1, images.shape[-1])
    return {
        "uniform noise": rng.integers(0, 256, images.shape, dtype=np.uint8),
        "gaussian noise": np.clip(rng.normal(127, 64, images.shape), 0, 255).astype(np.uint8),
        "shuffled pixels": rng.permuted(pixels, axis=1).reshape(images.shape),
        "patchwork": _patchwork(images, rng),
        "scribbles": _scribbles(images.shape, rng),
    }


def _patchwork(images: Images, rng: np.random.Generator) -> Images:
    middle, centre = images.shape[1] // 2, images.shape[2] // 2
    pieces = images.copy()
    quarters = product((slice(middle), slice(middle, None)), (slice(centre), slice(centre, None)))
    for rows, columns in islice(quarters, 1, None):  # the first quarter stays
        pieces[:, rows, columns] = images[rng.permutation(len(images)), rows, columns]
    return pieces


def _scribbles(shape: tuple[int, ...], rng: np.random.Generator) -> Images:
    """A random walk that turns smoothly and stays near the centre, blurred to a pen's width."""
    from scipy import ndimage  # here, so that a training does not wait for it

    count, height, width, depth = shape
    steps = 110
    turns = ndimage.gaussian_filter1d(rng.normal(0, 0.6, (count, steps)), 4, axis=1)
    direction = rng.uniform(0, 2 * np.pi, (count, 1)) + np.cumsum(turns, axis=1)
    place = np.zeros((count, 2))
    canvas = np.zeros((count, height, width))
    reach = np.array([height, width]) / 2 - 4
    all_images = np.arange(count)
    for step in range(steps):
        ahead = np.stack([np.sin(direction[:, step]), np.cos(direction[:, step])], axis=1)
        place = np.clip(place * 0.995 + 0.6 * ahead, -reach, reach)
        row, column = (place + np.array([height, width]) / 2).astype(np.int64).T
        canvas[all_images, row, column] = 1
    drawn = np.clip(2.2 * ndimage.gaussian_filter(canvas, (0, 0.8, 0.8)), 0, 1)
    return np.repeat((255 * drawn).astype(np.uint8)[..., np.newaxis], depth, axis=-1)

"""Labels that are probably wrong: each image is classified by a network that was not trained on it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from lenet import figures
from lenet.backend import keras
from lenet.datasets import Dataset
from lenet.errors import LenetError
from lenet.model.preprocessing import scale_pixels
from lenet.training.initial import build_network
from lenet.training.loop import Progress, fit
from lenet.training.recipe import Recipe

# Number of images that `fast` is trained on; a smaller data set gets more epochs, up to MOST_EPOCHS.
ENOUGH_IMAGES, MOST_EPOCHS = 42_000, 10.0
BATCH = 1000


@dataclass(frozen=True, eq=False)
class Suspects:
    """How improbable each label of a data set is."""

    dataset: Dataset
    probabilities: npt.NDArray[np.float32]  # ``(n, classes)``, each row of a network that was not trained on that image
    doubt: npt.NDArray[np.float32]  # negative logarithm of the label's probability, nats, ``(n,)``

    @property
    def order(self) -> npt.NDArray[np.int64]:
        """Indices of all images ``(n,)``, those of the highest doubt first."""
        return np.argsort(-self.doubt, kind="stable")

    @property
    def accuracy(self) -> float:
        """Share of labels that are the networks' answers, 0 to 1."""
        return float((self.probabilities.argmax(axis=1) == self.dataset.labels).mean())

    def rows(self, most: int) -> list[dict[str, Any]]:
        """The images of the highest doubt as plain values: index, label, answer, their probabilities, and doubt."""
        names, labels, answers = self.dataset.class_names, self.dataset.labels, self.probabilities.argmax(axis=1)
        return [
            {
                "index": index,
                "label": names[labels[index]],
                "answer": names[answers[index]],
                "label_probability": float(self.probabilities[index, labels[index]]),
                "answer_probability": float(self.probabilities[index, answers[index]]),
                "doubt": float(self.doubt[index]),
            }
            for index in self.order[:most].tolist()
        ]

    def draw(self, most: int = 40) -> Figure:
        """A gallery of the images of the highest doubt."""
        chosen = self.order[:most]
        taken = self.dataset.take(chosen)
        return figures.suspects(taken.images, taken.labels, self.probabilities[chosen], taken.class_names)


def find_suspects(
    dataset: Dataset,
    folds: int = 3,
    seed: int = 0,
    recipe: Recipe | None = None,
    *,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> Suspects:
    """Rank the labels of ``dataset`` by their probability under a network trained on the other folds.

    Source: the out-of-fold probabilities of Northcutt, Jiang and Chuang, "Confident Learning", JAIR 70, 2021, ranked by
    the label's own probability.

    Args:
        dataset: The data set to check.
        folds: Number of folds. One network is trained for each, on the other folds.
        seed: Of the folds, the initial weights and the order of the images.
        recipe: Of each training; ``fast`` when not given, with more epochs for less data.
        on_progress: Called often.

    Raises:
        LenetError: for fewer than two folds, or fewer images than folds.
    """
    if not 2 <= folds <= len(dataset):
        raise LenetError(f"{folds} folds: at least 2, and no more than the {len(dataset)} images, are needed")
    fold = _folds(dataset, folds, seed)
    logits = np.empty((len(dataset), len(dataset.class_names)), np.float32)
    for number in range(folds):
        train, rest = (dataset.take(np.flatnonzero(chosen)) for chosen in (fold != number, fold == number))
        logits[fold == number] = _logits(train, rest, seed, recipe, on_progress)
    log_probabilities = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    own = log_probabilities[np.arange(len(dataset)), dataset.labels]
    return Suspects(dataset, np.exp(log_probabilities), -own)


def _folds(dataset: Dataset, folds: int, seed: int) -> npt.NDArray[np.int64]:
    """The fold of each image ``(n,)``; each class is divided equally among them."""
    order = np.random.default_rng(seed).permutation(len(dataset))
    by_class = order[np.argsort(dataset.labels[order], kind="stable")]
    fold = np.empty(len(dataset), np.int64)
    fold[by_class] = np.arange(len(dataset)) % folds
    return fold


def _logits(
    train: Dataset, rest: Dataset, seed: int, recipe: Recipe | None, on_progress: Callable[[Progress], None]
) -> npt.NDArray[np.float32]:
    """Logits ``(n, classes)`` of ``rest``, of a network trained on ``train``."""
    if recipe is None:
        fast = Recipe.named("fast")
        recipe = fast.change(epochs=min(MOST_EPOCHS, max(fast.epochs, ENOUGH_IMAGES / len(train))))
    recipe = recipe.change(seed=seed)
    network = build_network(train, recipe)
    fit(network, train, recipe, on_progress=on_progress)
    logits = keras.Model(network.inputs[0], network.layers[-2].output)
    batches = (scale_pixels(rest.images[start : start + BATCH]) for start in range(0, len(rest), BATCH))
    return np.concatenate([logits(batch, training=False).numpy() for batch in batches])

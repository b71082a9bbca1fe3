"""Labels that are probably wrong: each image judged by a network that has not learnt from it."""

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
from lenet.training.loop import Progress, fit
from lenet.training.recipe import Recipe
from lenet.training.trainer import build_network

# Images that `fast` learns from on MNIST; of a smaller data set, each is seen more often, up to MOST_EPOCHS times.
ENOUGH_IMAGES, MOST_EPOCHS = 42_000, 10.0
BATCH = 1000


@dataclass(frozen=True, eq=False)
class Suspects:
    """How much each label of a data set is doubted.

    Attributes:
        dataset: what was checked.
        probabilities: ``(n, classes)``, each row by a network that did not learn from that image.
        doubt: ``(n,)``, negative logarithm of the label's probability, nats.
    """

    dataset: Dataset
    probabilities: npt.NDArray[np.float32]
    doubt: npt.NDArray[np.float32]

    @property
    def order(self) -> npt.NDArray[np.int64]:
        """Indices of all images ``(n,)``, the most doubted first."""
        return np.argsort(-self.doubt, kind="stable")

    @property
    def accuracy(self) -> float:
        """Share of labels that the networks agree with, 0 to 1."""
        return float((self.probabilities.argmax(axis=1) == self.dataset.labels).mean())

    def rows(self, most: int) -> list[dict[str, Any]]:
        """The most doubted images as plain values: index, label, answer, the probabilities of both, and doubt."""
        names = self.dataset.class_names
        found = []
        for index in self.order[:most]:
            chances, label = self.probabilities[index], int(self.dataset.labels[index])
            answer = int(chances.argmax())
            found.append(
                {
                    "index": int(index),
                    "label": names[label],
                    "answer": names[answer],
                    "label_probability": float(chances[label]),
                    "answer_probability": float(chances[answer]),
                    "doubt": float(self.doubt[index]),
                }
            )
        return found

    def draw(self, most: int = 40) -> Figure:
        """A gallery of the most doubted images."""
        chosen = self.order[:most]
        taken = self.dataset.take(chosen)
        return figures.suspects(taken.images, taken.labels, self.probabilities[chosen], taken.class_names)


def find_suspects(
    dataset: Dataset,
    folds: int = 3,
    seed: int = 0,
    recipe: Recipe | None = None,
    *,
    watch: Callable[[Progress], None] = lambda progress: None,
) -> Suspects:
    """Rank the labels of ``dataset`` by how much a network doubts them that learnt from the other folds.

    Source: the out-of-fold judgement of Northcutt, Jiang and Chuang, "Confident Learning", JAIR 70, 2021, ranked by
    the label's own probability.

    Args:
        dataset: all of it is checked.
        folds: so many networks are trained, each judging the part that it has not seen.
        seed: decides the folds, the first weights and the order.
        recipe: of each training; ``fast`` when not given, with more epochs for less data.
        watch: is told of the progress of each training.

    Raises:
        LenetError: for fewer than two folds, or fewer images than folds.
    """
    if not 2 <= folds <= len(dataset):
        raise LenetError(f"{folds} folds: at least 2, and no more than the {len(dataset)} images, are needed")
    fold = _folds(dataset, folds, seed)
    answers = np.empty((len(dataset), len(dataset.class_names)), np.float32)
    for number in range(folds):
        learnt, judged = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        answers[judged] = _judge(dataset.take(learnt), dataset.take(judged), seed, recipe, watch)
    log_probabilities = answers - np.logaddexp.reduce(answers, axis=1, keepdims=True)
    own = log_probabilities[np.arange(len(dataset)), dataset.labels]
    return Suspects(dataset, np.exp(log_probabilities), -own)


def _folds(dataset: Dataset, folds: int, seed: int) -> npt.NDArray[np.int64]:
    """The fold of each image ``(n,)``, every class spread evenly."""
    order = np.random.default_rng(seed).permutation(len(dataset))
    by_class = order[np.argsort(dataset.labels[order], kind="stable")]
    fold = np.empty(len(dataset), np.int64)
    fold[by_class] = np.arange(len(dataset)) % folds
    return fold


def _judge(
    learnt: Dataset, judged: Dataset, seed: int, recipe: Recipe | None, watch: Callable[[Progress], None]
) -> npt.NDArray[np.float32]:
    """Logits ``(n, classes)`` for ``judged`` of a network that learnt from ``learnt``."""
    if recipe is None:
        fast = Recipe.named("fast")
        recipe = fast.change(epochs=min(MOST_EPOCHS, max(fast.epochs, ENOUGH_IMAGES / len(learnt))))
    recipe = recipe.change(seed=seed)
    network = build_network(learnt, recipe)
    fit(network, learnt, recipe, watch=watch)
    logits = keras.Model(network.inputs[0], network.get_layer("dense2").output)
    parts = [
        logits(scale_pixels(judged.images[start : start + BATCH]), training=False).numpy()
        for start in range(0, len(judged), BATCH)
    ]
    return np.concatenate(parts)

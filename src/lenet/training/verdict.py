"""What the measurements of a training say in words, and by source."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from lenet.datasets import Dataset
from lenet.datasets.dataset import LITTLE, Labels
from lenet.errors import LenetError
from lenet.evaluation import Evaluation
from lenet.evaluation.metrics import wilson_interval
from lenet.model.runtime import Model
from lenet.training.recipe import Recipe
from lenet.training.start import read_start
from lenet.training.state import Epoch

# A 95 % interval wider than this says little; training images read better than its upper end by more than that margin
# are learned by heart; of which fewer than this share are read, the training was too short or the network too small.
WIDE, MARGIN, FITTED = 0.2, 0.05, 0.8
# Test images that are too few to tell much, share of one class that dominates, rows of the history that are long enough
# to be flat, share of the loss that is as good as unchanged over half of them, a validation loss that has risen, and
# more epochs than were asked for.
FEW_TESTED, DOMINATING, LONG, FLAT, RISING, MORE = 30, 0.8, 10, 0.99, 1.2, 1.5


def held_out(evaluation: Evaluation, test: Dataset, recipe: Recipe) -> list[dict[str, Any]]:
    """Number of test images of each source, and how many of them are read correctly.

    With a model that the training started from, also how many that reads correctly ``before``; None when it is not
    there any more. Empty for new weights trained on a single source, of which the evaluation says all.
    """
    if not recipe.start and not test.sources:
        return []
    right = evaluation.predicted == evaluation.truth
    before = _right_before(test, recipe) if recipe.start else None
    source_of = np.zeros(len(test), int) if test.source_of is None else test.source_of
    rows = []
    for number, name in enumerate(test.sources or (test.name.removesuffix(" test"),)):
        chosen = source_of == number
        row = {"data": name, "n": int(chosen.sum()), "correct": int(right[chosen].sum())}
        if recipe.start:
            row["before"] = None if before is None else int(before[chosen].sum())
        rows.append(row)
    return rows


def _right_before(test: Dataset, recipe: Recipe) -> Any:
    try:
        file = read_start(recipe.start)
    except LenetError:
        return None
    if file.sha256 != recipe.start_sha256:
        return None
    model = Model(file)
    answers = np.array(model.class_names)[model.predict(test.images).argmax(axis=1)]
    return answers == np.array(test.class_names)[test.labels]


class Verdict(NamedTuple):
    """What a test accuracy says."""

    code: Literal["chance", "overfits", "underfits", "few", "learned"]
    sentence: str


def verdict(evaluation: Evaluation, training_accuracy: float) -> Verdict:
    """What the test accuracy of a model of little data says, for users who do not know intervals."""
    low, high = wilson_interval(evaluation.correct, evaluation.n)
    chance = evaluation.confusion.sum(axis=1).max() / evaluation.n
    interval = f"between {low:.0%} and {high:.0%} of further pictures right (95 % interval)"
    longer = "train longer, with --epochs, or a larger network"
    if low <= chance:
        sentence = f"no better than chance, as far as the test pictures can tell (n = {evaluation.n}): {interval}"
        return Verdict("chance", f"{sentence}; {'add pictures' if training_accuracy > FITTED else longer}")
    if training_accuracy > high + MARGIN:
        sentence = f"overfits: {training_accuracy:.0%} of the training pictures are read correctly, but {interval}"
        return Verdict("overfits", f"{sentence}; add pictures")
    if training_accuracy < FITTED:
        sentence = (
            f"underfits: only {training_accuracy:.0%} of the training pictures are read correctly, and {interval}"
        )
        return Verdict("underfits", f"{sentence}; {longer}")
    if high - low > WIDE:
        return Verdict("few", f"{evaluation.n} test pictures are too few to tell more than: {interval}")
    return Verdict("learned", f"learned: {interval}")


def remarks(evaluation: Evaluation, history: Sequence[Epoch], labels: Labels, recipe: Recipe) -> list[str]:
    """Sentences on what went wrong or can mislead, each with what to try; empty for a sound training.

    Args:
        evaluation: On the test part.
        history: Rows of the training.
        labels: Of the training part, ``(n,)``.
        recipe: Of the training.
    """
    counts = np.bincount(labels, minlength=len(evaluation.class_names))
    low, _ = wilson_interval(evaluation.correct, evaluation.n)
    chance = evaluation.confusion.sum(axis=1).max() / evaluation.n
    found = []
    little = len(labels) < LITTLE  # whose verdict says how much the test images tell
    if evaluation.n < FEW_TESTED and not little:
        found.append(f"only {evaluation.n} test images: the accuracy can be far off; collect more")
    if counts.max() > DOMINATING * counts.sum():
        name = evaluation.class_names[counts.argmax()]
        found.append(
            f"{counts.max() / counts.sum():.0%} of the training images are {name}; try --class-weights balanced"
        )
    if low <= chance and not little:
        try_ = f"try more --epochs or --learning-rate {recipe.learning_rate / 4:g}, or look at `lenet data check`"
        found.append(f"near chance ({chance:.0%} for the most frequent class); {try_}")
    elif len(history) >= LONG and min(it.loss for it in history[-LONG // 2 :]) > FLAT * history[-LONG // 2 - 1].loss:
        epoch = history[-LONG // 2 - 1].epoch
        found.append(f"the loss has been flat since epoch {epoch:g}; try --epochs {epoch:g}, or another learning rate")
    step, longer = recipe.batch_size / len(labels), recipe.least_steps or recipe.whole_epochs
    if recipe.steps(len(labels)) == 1 and not longer and step > MORE * recipe.epochs:
        found.append(f"a single step is {step:.2g} epochs, not {recipe.epochs:g}; try a smaller --batch-size")
    losses = [it.validation_loss for it in history if it.validation_loss is not None]
    if losses and not recipe.patience and losses[-1] > RISING * min(losses):
        best = history[losses.index(min(losses))].epoch
        found.append(
            f"the validation loss has risen since epoch {best:g}: it overfits; try --epochs {best:g} or --recipe few"
        )
    return found

"""The only training loop."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from lenet.backend import tf
from lenet.datasets import Dataset
from lenet.errors import LenetError
from lenet.model.preprocessing import scale_pixels
from lenet.training.adapt import adapt
from lenet.training.checkpoint import Arrays, Checkpoints
from lenet.training.fitting import Epoch, Fitting
from lenet.training.learner import Learner
from lenet.training.optimizer import Optimizer, learning_rates
from lenet.training.precision import choose_precision
from lenet.training.recipe import CONTINUABLE, Recipe
from lenet.training.step import stepper
from lenet.training.teacher import TEACHER, Teacher

# Images that are judged at once are at most so many, and fewer of large pictures: a deeper network keeps maps of each.
MEASURED, MEASURED_PIXELS = 250, 200_000
# Steps that TensorFlow takes by itself before the loop hears of it: long enough to cost nothing, short enough
# for a progress bar that moves and an interrupt that is heard within a second or two; fewer of large pictures.
CHUNK, CHUNK_PIXELS = 20, 20_000_000


class DivergedError(LenetError):
    """The loss or a weight is no finite number any more."""


@dataclass(frozen=True)
class Progress:
    """Where a training stands.

    Attributes:
        step: steps done.
        steps: steps in all.
        loss: mean over the last steps.
        accuracy: on the images of the last steps, before each was learnt from.
        epoch: the row of the history when an epoch has just ended.
        stage: which network is taught when it is not the run's own: "teacher".
    """

    step: int
    steps: int
    loss: float
    accuracy: float
    epoch: Epoch | None = None
    stage: str = ""


def fit(
    network: Any,
    dataset: Dataset,
    recipe: Recipe,
    *,
    validation: Dataset | None = None,
    watch: Callable[[Progress], None] = lambda progress: None,
    stop: Callable[[], bool] = lambda: False,
    checkpoints: Checkpoints | None = None,
    kind: type[Learner] | type[Teacher] = Learner,
    teacher: Teacher | None = None,
    taught: Fitting | None = None,
) -> Fitting:
    """Train ``network``, built by ``LeNet.build``, on all of ``dataset``.

    The images stream past in epochs, each in an order of its own that only seed and epoch decide; every step takes
    the next batch of the stream, so no image is dropped at an epoch's end. All that is random in a step is decided by
    seed and step. So weights, the optimiser's memory and the step are all that a training goes on from.

    Args:
        network: is given what was learnt, also when the training was stopped.
        dataset: the training part.
        recipe: all that decides the training.
        validation: is measured at the end of each epoch.
        watch: is told of the progress, often.
        stop: is asked often; when it says yes, the training ends with the step that it has come to.
        checkpoints: where to go on from, and to leave what the rest can be done from.
        kind: how it is computed with; ``Teacher`` for a network of ``build_teacher``.
        teacher: whose answers are learnt beside the labels.
        taught: what teaching it came to; its seconds count.

    Raises:
        LenetError: when the loss stops being a finite number, or a checkpoint cannot be read or written.
    """
    settings = {name: getattr(recipe, name) for name in CONTINUABLE}
    recipe = adapt(recipe, dataset)
    saved = checkpoints.newest() if checkpoints else None
    if saved:
        fitting = _fitting_of(saved.state, settings)
    elif taught:
        changes = [{"stage": TEACHER, **change} for change in taught.changes]
        fitting = Fitting(precision=taught.precision, seconds=taught.seconds, changes=changes)
    else:
        fitting = Fitting(precision=choose_precision(recipe.precision))
    learner = kind(network, recipe, fitting.precision)
    optimizer = Optimizer(recipe, learner.weights)
    if saved:
        _restore(_variables(learner, optimizer), saved.arrays)
    kept = fitting.step if saved else None

    def keep() -> None:
        if checkpoints:
            variables = _variables(learner, optimizer)
            _refuse_diverged(learner, variables, dataset.images[: recipe.batch_size], fitting.step)
            arrays = {name: variable.numpy() for name, variable in variables.items()}
            checkpoints.save(fitting.step, {"fitting": fitting.to_dict(), "settings": settings}, arrays)

    take_steps = stepper(learner, optimizer, dataset, recipe, teacher)
    fitting.steps = steps = max(recipe.steps(len(dataset)), fitting.step)
    started = time.perf_counter()
    for first, last, epoch_ends in _chunks(fitting.step, steps, recipe.batch_size, dataset):
        order = image_order(recipe.seed, len(dataset), first * recipe.batch_size, last * recipe.batch_size)
        order = order.reshape(-1, recipe.batch_size)
        done = np.arange(first + 1, last + 1)
        plan = np.stack([learning_rates(recipe, done, steps), augmentation_strengths(recipe, done, steps)], axis=1)
        loss, right, sound = take_steps(dataset.images[order], dataset.labels[order], plan, first)
        loss, right, seen = float(loss), int(right), order.size
        if not np.isfinite(loss):
            raise DivergedError(f"the loss is no finite number at step {first + int(sound) + 1}")
        fitting.step, fitting.epochs = last, last * recipe.batch_size / len(dataset)
        fitting.trace.append((fitting.epochs, loss / (last - first), right / seen))
        lost, correct, images = fitting.sums
        fitting.sums = (lost + loss * recipe.batch_size, correct + right, images + seen)
        fitting.seconds += time.perf_counter() - started
        row = _end_epoch(learner, fitting, validation) if epoch_ends else None
        started = time.perf_counter()
        watch(Progress(last, steps, *fitting.trace[-1][1:], row))
        if last == steps or stop():
            break
        if checkpoints and checkpoints.due():
            keep()
    if fitting.step != kept:
        keep()
    learner.write_back()
    return fitting


def augmentation_strengths(recipe: Recipe, numbers: npt.NDArray[np.int64], steps: int) -> npt.NDArray[np.float32]:
    """How strong the augmentation is, 0 to 1, in the steps of these ``numbers``, 1 to ``steps``."""
    left = 1 - numbers / steps
    tapered = recipe.taper_to + (1 - recipe.taper_to) * left / max(recipe.taper, 1e-9)
    return np.where(left < recipe.taper, tapered, 1.0).astype(np.float32)


def image_order(seed: int, images: int, first: int, last: int) -> npt.NDArray[np.int32]:
    """Which images stand at places ``first`` to ``last`` of the endless stream of shuffled epochs."""
    epochs = range(first // images, (last - 1) // images + 1)
    stream = np.concatenate([np.random.default_rng((seed, epoch)).permutation(images) for epoch in epochs])
    offset = epochs.start * images
    return stream[first - offset : last - offset].astype(np.int32)


def _fitting_of(state: dict[str, Any], settings: dict[str, float]) -> Fitting:
    """Where a checkpoint had come to; notes when other settings take over from there."""
    fitting = Fitting.from_dict(state.get("fitting"))
    before = state.get("settings", {})
    if before != settings:
        now, then = ({name: one.get(name) for name in ("epochs", "learning_rate")} for one in (settings, before))
        fitting.changes.append({"step": fitting.step, **now, "before": then})
    return fitting


def _variables(learner: Learner | Teacher, optimizer: Optimizer) -> dict[str, Any]:
    """All that a step changes."""
    kinds = {
        "weights": learner.weights,
        "statistics": learner.statistics,
        "mean": optimizer.mean,
        "square": optimizer.square,
    }
    return {f"{kind}/{name}": variable for kind, named in kinds.items() for name, variable in named.items()}


def _restore(variables: dict[str, Any], arrays: Arrays) -> None:
    found = {name: array.shape for name, array in arrays.items()}
    if found != {name: tuple(variable.shape) for name, variable in variables.items()}:
        raise LenetError("a checkpoint of another network; start again")
    for name, variable in variables.items():
        variable.assign(arrays[name])


def _refuse_diverged(learner: Learner | Teacher, variables: dict[str, Any], images: Any, step: int) -> None:
    """Hold what was learnt against ``images``, lest a state be kept that the next step fails on at any learning rate.

    Raises:
        DivergedError: when it is lost.
    """
    if (
        not all(np.isfinite(variable.numpy()).all() for variable in variables.values())
        or not np.isfinite(learner.logits(scale_pixels(images)).numpy()).all()
    ):
        raise DivergedError(f"the network's answers are no finite numbers at step {step}")


def _chunks(done: int, steps: int, batch: int, dataset: Dataset) -> Iterator[tuple[int, int, bool]]:
    """First step, last step and whether an epoch ends there, for runs of at most ``CHUNK`` steps."""
    images = len(dataset)
    longest = min(CHUNK, max(1, CHUNK_PIXELS // (batch * prod(dataset.images.shape[1:]))))
    while done < steps:
        epoch = done * batch // images
        epoch_end = min(steps, -(-(epoch + 1) * images // batch))
        last = min(done + longest, epoch_end)
        yield done, last, last == epoch_end
        done = last


def _end_epoch(learner: Learner | Teacher, fitting: Fitting, validation: Dataset | None) -> Epoch:
    """Add a row to the history, and begin new sums."""
    loss, right, seen = fitting.sums
    lost, accuracy = _measure(learner, validation) if validation is not None else (None, None)
    row = Epoch(round(fitting.epochs, 4), loss / seen, right / seen, lost, accuracy, fitting.seconds)
    fitting.history.append(row)
    fitting.sums = (0.0, 0.0, 0.0)
    return row


def _measure(learner: Learner | Teacher, dataset: Dataset) -> tuple[float, float]:
    """Loss and accuracy of what was learnt so far."""
    losses, right = 0.0, 0
    at_once = min(MEASURED, max(1, MEASURED_PIXELS // prod(dataset.images.shape[1:])))
    for start in range(0, len(dataset), at_once):
        part = slice(start, start + at_once)
        answer = learner.logits(scale_pixels(dataset.images[part]))
        truth = dataset.labels[part]
        losses += float(tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(truth, answer)))
        right += int((answer.numpy().argmax(axis=1) == truth).sum())
    return losses / len(dataset), right / len(dataset)

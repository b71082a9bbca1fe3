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
from lenet.network.keras_architecture import layers_of
from lenet.training.adapt import adapt
from lenet.training.checkpoint import Arrays, Checkpoints
from lenet.training.environment import choose_precision
from lenet.training.learner import Learner
from lenet.training.optimizer import Optimizer, learning_rates
from lenet.training.recipe import CONTINUABLE, Recipe
from lenet.training.state import Epoch, TrainingState
from lenet.training.step import stepper
from lenet.training.teacher import TEACHER

# Images per call when validating, fewer of large ones: a deeper network keeps feature maps of each.
MEASURED, MEASURED_PIXELS = 250, 200_000
# Steps per call of the compiled function: enough for a negligible overhead, few enough for a smooth progress bar and an
# interrupt within a second or two; fewer of large images.
CHUNK, CHUNK_PIXELS = 20, 20_000_000


class DivergedError(LenetError):
    """The loss or a weight became NaN or infinite."""


@dataclass(frozen=True)
class Progress:
    """Progress of a training.

    Attributes:
        step: Number of steps done.
        steps: Number of steps in all.
        loss: Mean over the last steps.
        accuracy: On the images of the last steps, before each step.
        epoch: The row of the history when an epoch has just ended.
        stage: "teacher" while the teacher is trained, else "".
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
    on_progress: Callable[[Progress], None] = lambda progress: None,
    stop: Callable[[], bool] = lambda: False,
    checkpoints: Checkpoints | None = None,
    teacher: Learner | None = None,
    teacher_state: TrainingState | None = None,
) -> TrainingState:
    """Train ``network`` on all of ``dataset``.

    Each epoch has an order of its own that depends only on seed and epoch; a step takes the next batch of the endless
    stream of epochs, so no image is dropped at an epoch's end. Everything random in a step depends only on seed and
    step. So a training can resume from weights, moving averages and step.

    Args:
        network: A Keras network of layers that ``Architecture`` knows, such as ``LeNet.build`` gives; its weights are
            updated at the end, also when the training was stopped. What is trained is this network, whatever
            ``recipe.network`` says.
        dataset: The training part.
        recipe: Everything that decides the training.
        validation: Images for the loss and accuracy at the end of each epoch.
        on_progress: Called after each group of steps.
        stop: Called as often; when it returns True, the training stops.
        checkpoints: Checkpoints to resume from and to write.
        teacher: A trained network whose probabilities are a part of the targets.
        teacher_state: State of the teacher's training; its seconds are included.

    Raises:
        LenetError: when the loss is not finite, or a checkpoint cannot be read or written.
    """
    settings = {name: getattr(recipe, name) for name in CONTINUABLE}
    recipe = adapt(recipe, dataset, layers_of(network))
    saved = checkpoints.newest() if checkpoints else None
    if saved:
        state = _state_of(saved.state, settings)
    elif teacher_state:
        changes = [{"stage": TEACHER, **change} for change in teacher_state.changes]
        state = TrainingState(precision=teacher_state.precision, seconds=teacher_state.seconds, changes=changes)
    else:
        state = TrainingState(precision=choose_precision(recipe.precision))
    learner = Learner(network, recipe, state.precision)
    optimizer = Optimizer(recipe, learner.weights)
    if saved:
        _restore(_variables(learner, optimizer), saved.arrays)
    saved_step = state.step if saved else None

    def save() -> None:
        if checkpoints:
            variables = _variables(learner, optimizer)
            _refuse_diverged(learner, variables, dataset.images[: recipe.batch_size], state.step)
            arrays = {name: variable.numpy() for name, variable in variables.items()}
            checkpoints.save(state.step, {"training": state.to_dict(), "settings": settings}, arrays)

    take_steps = stepper(learner, optimizer, dataset, recipe, teacher)
    state.steps = steps = max(recipe.steps(len(dataset)), state.step)
    started = time.perf_counter()
    for first, last, epoch_ends in _chunks(state.step, steps, recipe.batch_size, dataset):
        order = image_order(recipe.seed, len(dataset), first * recipe.batch_size, last * recipe.batch_size)
        order = order.reshape(-1, recipe.batch_size)
        done = np.arange(first + 1, last + 1)
        plan = np.stack([learning_rates(recipe, done, steps), augmentation_strengths(recipe, done, steps)], axis=1)
        loss, right, sound = take_steps(dataset.images[order], dataset.labels[order], plan, first)
        loss, right, seen = float(loss), int(right), order.size
        if not np.isfinite(loss):
            raise DivergedError(f"the loss is not finite at step {first + int(sound) + 1}")
        state.step, state.epochs = last, last * recipe.batch_size / len(dataset)
        state.trace.append((state.epochs, loss / (last - first), right / seen))
        lost, correct, images = state.sums
        state.sums = (lost + loss * recipe.batch_size, correct + right, images + seen)
        state.seconds += time.perf_counter() - started
        row = _end_epoch(learner, state, validation) if epoch_ends else None
        started = time.perf_counter()
        on_progress(Progress(last, steps, *state.trace[-1][1:], row))
        if last == steps or stop():
            break
        if checkpoints and checkpoints.due():
            save()
    if state.step != saved_step:
        save()
    learner.write_back()
    return state


def augmentation_strengths(recipe: Recipe, numbers: npt.NDArray[np.int64], steps: int) -> npt.NDArray[np.float32]:
    """Strength of the augmentation, 0 to 1, in the steps of these ``numbers``, 1 to ``steps``."""
    left = 1 - numbers / steps
    tapered = recipe.taper_to + (1 - recipe.taper_to) * left / max(recipe.taper, 1e-9)
    return np.where(left < recipe.taper, tapered, 1.0).astype(np.float32)


def image_order(seed: int, images: int, first: int, last: int) -> npt.NDArray[np.int32]:
    """Indices of the images at places ``first`` to ``last`` of the endless stream of shuffled epochs."""
    epochs = range(first // images, (last - 1) // images + 1)
    stream = np.concatenate([np.random.default_rng((seed, epoch)).permutation(images) for epoch in epochs])
    offset = epochs.start * images
    return stream[first - offset : last - offset].astype(np.int32)


def _state_of(saved: dict[str, Any], settings: dict[str, float]) -> TrainingState:
    """The state in a checkpoint, with a note in its ``changes`` when the settings have changed since."""
    state = TrainingState.from_dict(saved.get("training"))
    before = saved.get("settings", {})
    if before != settings:
        now, then = ({name: one.get(name) for name in ("epochs", "learning_rate")} for one in (settings, before))
        state.changes.append({"step": state.step, **now, "before": then})
    return state


def _variables(learner: Learner, optimizer: Optimizer) -> dict[str, Any]:
    """Everything that a step changes."""
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
        raise LenetError("a checkpoint of another network; start a new run")
    for name, variable in variables.items():
        variable.assign(arrays[name])


def _refuse_diverged(learner: Learner, variables: dict[str, Any], images: Any, step: int) -> None:
    """Refuse to save a state with weights, or logits of ``images``, that are not finite."""
    values = [*variables.values(), learner.logits(scale_pixels(images))]
    if not all(np.isfinite(value.numpy()).all() for value in values):
        raise DivergedError(f"the network's answers are not finite at step {step}")


def _chunks(done: int, steps: int, batch: int, dataset: Dataset) -> Iterator[tuple[int, int, bool]]:
    """First step, last step and whether an epoch ends there, for at most ``CHUNK`` steps each."""
    images = len(dataset)
    longest = min(CHUNK, max(1, CHUNK_PIXELS // (batch * prod(dataset.images.shape[1:]))))
    while done < steps:
        epoch = done * batch // images
        epoch_end = min(steps, -(-(epoch + 1) * images // batch))
        last = min(done + longest, epoch_end)
        yield done, last, last == epoch_end
        done = last


def _end_epoch(learner: Learner, state: TrainingState, validation: Dataset | None) -> Epoch:
    """Add a row to the history, and reset the sums."""
    loss, right, seen = state.sums
    lost, accuracy = _measure(learner, validation) if validation is not None else (None, None)
    row = Epoch(round(state.epochs, 4), loss / seen, right / seen, lost, accuracy, state.seconds)
    state.history.append(row)
    state.sums = (0.0, 0.0, 0.0)
    return row


def _measure(learner: Learner, dataset: Dataset) -> tuple[float, float]:
    """Loss and accuracy on ``dataset``."""
    losses, right = 0.0, 0
    batch = min(MEASURED, max(1, MEASURED_PIXELS // prod(dataset.images.shape[1:])))
    for start in range(0, len(dataset), batch):
        part = slice(start, start + batch)
        answer = learner.logits(scale_pixels(dataset.images[part]))
        truth = dataset.labels[part]
        losses += float(tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(truth, answer)))
        right += int((answer.numpy().argmax(axis=1) == truth).sum())
    return losses / len(dataset), right / len(dataset)

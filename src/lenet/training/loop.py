"""The only training loop.

A step takes the next batch of an endless stream of epochs, so no image is dropped at an epoch's end. The order and
everything else that is random in a step depend only on seed and step. So a training can resume from weights, moving
averages and step.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil, prod
from typing import Any

import numpy as np
import numpy.typing as npt

from lenet.backend import tf
from lenet.datasets import Dataset
from lenet.datasets.dataset import LITTLE
from lenet.errors import LenetError
from lenet.model.preprocessing import scale_pixels
from lenet.network.build import layers_of
from lenet.training.adapt import adapt
from lenet.training.checkpoint import Arrays, Checkpoints
from lenet.training.environment import choose_precision
from lenet.training.group import ALONE, Group
from lenet.training.learner import Learner
from lenet.training.optimizer import Optimizer, learning_rates
from lenet.training.order import own_images
from lenet.training.recipe import CONTINUABLE, Recipe
from lenet.training.state import Epoch, TrainingState
from lenet.training.step import stepper

# Name of the teacher's stage of a training, and of the folder with its checkpoints.
TEACHER = "teacher"
# Images per call when validating, fewer of large ones: a deeper network keeps feature maps of each.
MEASURED, MEASURED_PIXELS = 250, 200_000
# Fewer than ``LITTLE`` training images have at most so many rows in the history.
MOST_ROWS = 20
# Steps per call of the compiled function: enough for a negligible overhead, few enough for a smooth progress bar and an
# interrupt within a second or two; fewer of large images.
CHUNK, CHUNK_PIXELS = 20, 20_000_000


# Beginnings of the arrays' names in a checkpoint: what the network's function depends on, and the same where the
# validation loss was lowest.
FUNCTION, BEST = ("weights/", "statistics/"), "best "


class DivergedError(LenetError):
    """The loss or a weight became NaN or infinite."""


@dataclass(frozen=True)
class Progress:
    """Progress of a training."""

    step: int  # number of steps done
    steps: int  # number of steps in all
    loss: float  # mean over the last steps
    accuracy: float  # on the images of the last steps, before each step
    epoch: Epoch | None = None  # the row of the history when an epoch has just ended
    stage: str = ""  # ``TEACHER`` while the teacher is trained
    learner: Learner | None = None  # the network after these steps; it changes with the next ones

    def __str__(self) -> str:
        return f"step {self.step:,} of {self.steps:,}: loss {self.loss:.4f}, accuracy {self.accuracy:.2%}"


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
    group: Group = ALONE,
) -> TrainingState:
    """Train ``network`` on all of ``dataset``, or until its patience ends.

    Args:
        network: A Keras network of layers that ``Architecture`` knows, whatever ``recipe.network`` says; its weights
            are updated at the end, also when the training was stopped.
        dataset: The training part.
        recipe: How to train it.
        validation: Images for the loss and accuracy at the end of each epoch.
        on_progress: Called after each group of steps.
        stop: Called as often; when it returns True, the training stops.
        checkpoints: Checkpoints to resume from and to write.
        teacher: A trained network whose probabilities are a part of the targets.
        teacher_state: State of the teacher's training; its seconds are included.
        group: The processes that train it together; each calls this function with the same arguments.

    Raises:
        LenetError: when the loss is not finite, or a checkpoint cannot be read or written.
    """
    settings = {name: getattr(recipe, name) for name in CONTINUABLE}
    recipe = adapt(recipe, dataset, layers_of(network))
    saved = checkpoints.newest() if checkpoints else None
    state = _state_of(saved.state, settings) if saved else _new_state(recipe, teacher_state)
    learner = Learner(network, recipe, state.precision)
    optimizer = Optimizer(recipe, learner.weights)
    variables = _variables(learner, optimizer)
    best: Arrays = _restore(variables, saved.arrays) if saved else {}
    group.refuse_difference({name: variable.numpy() for name, variable in variables.items()}, state.step)
    take_steps = stepper(learner, optimizer, dataset, recipe, teacher, group)
    state.steps = max(0 if state.without_gain(recipe.patience) else recipe.steps(len(dataset)), state.step)
    started = time.perf_counter()
    for last, epoch_ends in _chunks(state.step, state.steps, recipe, dataset):
        _take_chunk(take_steps, dataset, recipe, state, last, group)
        state.seconds += time.perf_counter() - started
        row = _end_epoch(learner, state, validation, whole=len(dataset) < LITTLE) if epoch_ends else None
        best = _watch(state, recipe.patience, variables, best) if row else best
        started = time.perf_counter()
        on_progress(Progress(last, state.steps, *state.trace[-1][1:], row, learner=learner))
        stopped, due = group.total([stop(), checkpoints is not None and group.rank == 0 and checkpoints.due()])
        ended = last == state.steps or stopped > 0
        if checkpoints and (ended or due):
            _refuse_diverged(learner, variables, dataset.images[: recipe.batch_size], last)
            arrays = {name: variable.numpy() for name, variable in variables.items()}
            group.refuse_difference(arrays, last)
            if group.rank == 0:
                checkpoints.save(last, {"training": vars(state), "settings": settings}, arrays | best)
        if ended:
            break
    for name, array in best.items():
        variables[name.removeprefix(BEST)].assign(array)
    learner.write_back()
    return state


def _take_chunk(
    take_steps: Any, dataset: Dataset, recipe: Recipe, state: TrainingState, last: int, group: Group
) -> None:
    """Take the steps after ``state.step`` up to ``last``, and add them to ``state``."""
    first, batch, images = state.step, recipe.batch_size, len(dataset)
    own = own_images(recipe, dataset.images, first, last, group)
    numbers = np.arange(first + 1, last + 1)
    schedules = learning_rates(recipe, numbers, state.steps), augmentation_strengths(recipe, numbers, state.steps)
    loss, right, sound = take_steps(dataset.images[own], dataset.labels[own], np.stack(schedules, axis=1), first)
    loss, right = float(loss), int(right)
    if not np.isfinite(loss):
        raise DivergedError(f"the loss is not finite at step {first + int(sound) + 1}")
    state.step, state.epochs = last, last * batch / images
    state.trace.append((state.epochs, loss / (last - first), right / (batch * (last - first))))
    lost, correct, seen = state.sums
    state.sums = (lost + loss * batch, correct + right, seen + batch * (last - first))


def augmentation_strengths(recipe: Recipe, numbers: npt.NDArray[np.int64], steps: int) -> npt.NDArray[np.float32]:
    """Strength of the augmentation, 0 to 1, in the steps of these ``numbers``, 1 to ``steps``."""
    left = 1 - numbers / steps
    tapered = recipe.taper_to + (1 - recipe.taper_to) * left / max(recipe.taper, 1e-9)
    return np.where(left < recipe.taper, tapered, 1.0).astype(np.float32)


def _new_state(recipe: Recipe, teacher: TrainingState | None) -> TrainingState:
    if teacher is None:
        return TrainingState(precision=choose_precision(recipe.precision))
    changes = [{"stage": TEACHER, **change} for change in teacher.changes]
    return TrainingState(precision=teacher.precision, seconds=teacher.seconds, changes=changes)


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
    kinds = {"weights": learner.weights, "statistics": learner.statistics}
    kinds |= {"mean": optimizer.mean, "square": optimizer.square}
    return {f"{kind}/{name}": variable for kind, named in kinds.items() for name, variable in named.items()}


def _restore(variables: dict[str, Any], arrays: Arrays) -> Arrays:
    """Set the variables; the rest of the arrays are the best ones."""
    best = {name: array for name, array in arrays.items() if name.startswith(BEST)}
    found = {name: array.shape for name, array in arrays.items() if name not in best}
    if found != {name: tuple(variable.shape) for name, variable in variables.items()}:
        raise LenetError("a checkpoint of another network; start a new run")
    for name, variable in variables.items():
        variable.assign(arrays[name])
    return best


def _refuse_diverged(learner: Learner, variables: dict[str, Any], images: Any, step: int) -> None:
    """Refuse to save a state with weights, or logits of ``images``, that are not finite."""
    values = [*variables.values(), learner.logits(scale_pixels(images))]
    if not all(np.isfinite(value.numpy()).all() for value in values):
        raise DivergedError(f"the network's answers are not finite at step {step}")


def _chunks(done: int, steps: int, recipe: Recipe, dataset: Dataset) -> Iterator[tuple[int, bool]]:
    """Last step and whether a row of the history ends there, for at most ``CHUNK`` steps each.

    A row is an epoch, or as many as it takes for at most ``MOST_ROWS`` of little data.
    """
    batch = recipe.batch_size
    images = len(dataset) * (ceil(recipe.epochs / MOST_ROWS) if len(dataset) < LITTLE else 1)
    longest = min(CHUNK, max(1, CHUNK_PIXELS // (batch * prod(dataset.images.shape[1:]))))
    while done < steps:
        row = done * batch // images
        row_end = min(steps, -(-(row + 1) * images // batch))
        done = min(done + longest, row_end)
        yield done, done == row_end


def _end_epoch(learner: Learner, state: TrainingState, validation: Dataset | None, *, whole: bool) -> Epoch:
    """Add a row to the history, its epoch rounded to a ``whole`` number or not, and reset the sums."""
    loss, right, seen = state.sums
    lost, accuracy = measure(learner, validation) if validation is not None else (None, None)
    epoch = round(state.epochs, 0 if whole and state.epochs >= 1 else 4)
    row = Epoch(epoch, loss / seen, right / seen, lost, accuracy, state.seconds)
    state.history.append(row)
    state.sums = (0.0, 0.0, 0.0)
    return row


def _watch(state: TrainingState, patience: int, variables: dict[str, Any], best: Arrays) -> Arrays:
    """The best arrays, after a row of the history; without a gain for ``patience`` rows, this step is the last."""
    if state.without_gain(patience):
        state.steps = state.step
    if not patience or state.without_gain(1):
        return best
    return {BEST + name: variable.numpy() for name, variable in variables.items() if name.startswith(FUNCTION)}


def measure(learner: Learner, dataset: Dataset) -> tuple[float, float]:
    """Mean loss and accuracy, 0 to 1, on ``dataset``."""
    losses, right = 0.0, 0
    batch = min(MEASURED, max(1, MEASURED_PIXELS // prod(dataset.images.shape[1:])))
    for start in range(0, len(dataset), batch):
        part = slice(start, start + batch)
        answer = learner.logits(scale_pixels(dataset.images[part]))
        truth = dataset.labels[part]
        losses += float(tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(truth, answer)))
        right += int((answer.numpy().argmax(axis=1) == truth).sum())
    return losses / len(dataset), right / len(dataset)

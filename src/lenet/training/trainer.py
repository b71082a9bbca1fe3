"""The only training loop, and the whole course from a data set to a finished run folder."""

import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lenet.backend import keras, tf
from lenet.datasets import Dataset
from lenet.errors import LenetError
from lenet.evaluation import evaluate
from lenet.evaluation.calibration import calibrate
from lenet.model.file import decode_model, encode_model
from lenet.model.graph import Weights, from_keras_layout
from lenet.model.metadata import Metadata
from lenet.model.preprocessing import scale_pixels
from lenet.model.runtime import Model
from lenet.network import LeNet
from lenet.training.augment import augment, augments
from lenet.training.learner import NAMES, Learner, scale
from lenet.training.optimizer import Optimizer, learning_rates
from lenet.training.precision import choose_precision
from lenet.training.recipe import Recipe
from lenet.training.run import Epoch, Run

# Steps that TensorFlow takes by itself before the loop hears of it: long enough to cost nothing, short enough
# for a progress bar that moves and an interrupt that is heard within a second or two.
CHUNK = 20
# Float32 sums in another order differ in the last digits; more than this is another function.
LARGEST_DIFFERENCE = 1e-5


@dataclass(frozen=True)
class Progress:
    """Where a training stands.

    Attributes:
        step: steps done.
        steps: steps in all.
        loss: mean over the last steps.
        accuracy: on the images of the last steps, before each was learnt from.
        epoch: the row of the history when an epoch has just ended.
    """

    step: int
    steps: int
    loss: float
    accuracy: float
    epoch: Epoch | None = None


@dataclass
class Fitting:
    """What ``fit`` says of its work.

    Attributes:
        history: a row an epoch.
        trace: epochs done, loss and accuracy of the images just learnt from, every few steps.
        seconds: spent on training steps, graph building included, validation not.
        precision: that was computed in.
        epochs: that were done; less than the recipe's when stopped.
        stopped: whether it was asked to stop before the end.
    """

    history: list[Epoch] = field(default_factory=list)
    trace: list[tuple[float, float, float]] = field(default_factory=list)
    seconds: float = 0.0
    precision: str = "float32"
    epochs: float = 0.0
    stopped: bool = False


def train(
    dataset: Dataset,
    recipe: Recipe,
    run: Run | Path | str | None = None,
    *,
    watch: Callable[[Progress], None] = lambda progress: None,
    stop: Callable[[], bool] = lambda: False,
) -> Run:
    """Train a LeNet on ``dataset`` by ``recipe`` and leave a finished run folder.

    Args:
        dataset: labelled images.
        recipe: all that decides the training.
        run: the folder to fill, or its path; ``runs/train-N`` when not given. Never overwritten.
        watch: is told of the progress, often.
        stop: is asked often; when it says yes, training ends and what was learnt so far is kept.

    Raises:
        LenetError: for data that cannot be trained on, a folder that cannot be written, a loss that is not finite.
    """
    train_part, test_part = dataset.split(recipe.split, recipe.seed)
    train_part, validation = train_part.keep_aside(recipe.validation, recipe.seed)
    network = build_network(dataset, recipe)
    if not isinstance(run, Run):
        run = Run.create(run)
    run.write_recipe(recipe)
    fitting = fit(network, train_part, recipe, validation=validation, watch=watch, stop=stop)
    finish(run, network, recipe, fitting, dataset, test_part, validation)
    return run


def build_network(dataset: Dataset, recipe: Recipe) -> Any:
    """An untrained LeNet for the images and classes of ``dataset``; the recipe's seed decides its weights."""
    keras.utils.set_random_seed(recipe.seed)
    return LeNet.build(
        dataset.width,
        dataset.height,
        dataset.depth,
        len(dataset.class_names),
        filters=recipe.filters,
        kernel_size=recipe.kernel_size,
        dense_units=recipe.dense_units,
        initializer=recipe.initializer,
    )


def fit(
    network: Any,
    dataset: Dataset,
    recipe: Recipe,
    *,
    validation: Dataset | None = None,
    watch: Callable[[Progress], None] = lambda progress: None,
    stop: Callable[[], bool] = lambda: False,
) -> Fitting:
    """Train ``network``, built by ``LeNet.build``, on all of ``dataset``.

    The images stream past in epochs, each in an order of its own that only seed and epoch decide; every step takes
    the next batch of the stream, so no image is dropped at an epoch's end.

    Raises:
        LenetError: when the loss stops being a finite number.
    """
    fitting = Fitting(precision=choose_precision(recipe.precision))
    learner = Learner(network, recipe, fitting.precision)
    take_steps = _stepper(learner, dataset, recipe)
    steps = max(1, round(recipe.epochs * len(dataset) / recipe.batch_size))
    plan = np.stack([learning_rates(recipe, steps), augmentation_strengths(recipe, steps)], axis=1)
    sums = np.zeros(3)  # of loss, right answers and images since the epoch began
    started = time.perf_counter()
    for first, last, epoch_ends in _chunks(steps, recipe.batch_size, len(dataset)):
        order = image_order(recipe.seed, len(dataset), first * recipe.batch_size, last * recipe.batch_size)
        order = order.reshape(-1, recipe.batch_size)
        loss, right = take_steps(dataset.images[order], dataset.labels[order], plan[first:last], first)
        loss, right, seen = float(loss), int(right), order.size
        if not np.isfinite(loss):
            raise LenetError(f"the loss is no finite number at step {last}; try a smaller --learning-rate")
        sums += loss * recipe.batch_size, right, seen
        fitting.epochs = last * recipe.batch_size / len(dataset)
        fitting.trace.append((fitting.epochs, loss / (last - first), right / seen))
        fitting.stopped = last < steps and stop()
        row = None
        if epoch_ends or fitting.stopped:
            fitting.seconds += time.perf_counter() - started
            row = _history_row(learner, fitting, sums, validation)
            fitting.history.append(row)
            sums[:] = 0
            started = time.perf_counter()
        watch(Progress(last, steps, *fitting.trace[-1][1:], row))
        if fitting.stopped:
            break
    learner.write_back()
    return fitting


def augmentation_strengths(recipe: Recipe, steps: int) -> npt.NDArray[np.float32]:
    """How strong the augmentation of every step is, ``(steps,)``, 0 to 1."""
    left = 1 - np.arange(1, steps + 1) / steps
    tapered = recipe.taper_to + (1 - recipe.taper_to) * left / max(recipe.taper, 1e-9)
    return np.where(left < recipe.taper, tapered, 1.0).astype(np.float32)


def image_order(seed: int, images: int, first: int, last: int) -> npt.NDArray[np.int32]:
    """Which images stand at places ``first`` to ``last`` of the endless stream of shuffled epochs."""
    epochs = range(first // images, (last - 1) // images + 1)
    stream = np.concatenate([np.random.default_rng((seed, epoch)).permutation(images) for epoch in epochs])
    offset = epochs.start * images
    return stream[first - offset : last - offset].astype(np.int32)


def finish(
    run: Run,
    network: Any,
    recipe: Recipe,
    fitting: Fitting,
    dataset: Dataset,
    test_part: Dataset,
    validation: Dataset | None = None,
) -> None:
    """Calibrate on ``validation``, measure on the test part, write everything that a finished run folder holds."""
    versions = {name: version(name) for name in ("lenet", "keras", "numpy", "onnx", "onnxruntime")}
    versions |= {"tensorflow": tf.__version__, "python": platform.python_version()}
    metadata = Metadata(
        class_names=dataset.class_names,
        height=dataset.height,
        width=dataset.width,
        depth=dataset.depth,
        recipe=recipe.to_dict(),
        seed=recipe.seed,
        versions=versions,
        training_data_sha256=dataset.sha256,
    )
    weights = _onnx_weights(network, dataset)
    model = Model(decode_model(encode_model(weights, metadata)), name=str(run.path))
    _check_against_keras(model, network, test_part)
    if validation is not None:
        metadata = calibrate(model, validation)
        model = Model(decode_model(encode_model(weights, metadata)), name=str(run.path))
    run.write_results(network, weights, metadata, fitting, evaluate(model, test_part), test_part)


def _chunks(steps: int, batch: int, images: int) -> Iterator[tuple[int, int, bool]]:
    """First step, last step and whether an epoch ends there, for runs of at most ``CHUNK`` steps."""
    first = 0
    while first < steps:
        epoch = first * batch // images
        epoch_end = min(steps, -(-(epoch + 1) * images // batch))
        last = min(first + CHUNK, epoch_end)
        yield first, last, last == epoch_end
        first = last


def _stepper(learner: Learner, dataset: Dataset, recipe: Recipe) -> Callable[..., Any]:
    """A compiled function that takes as many steps as it is given batches."""
    optimizer = Optimizer(recipe, learner.weights)
    classes = len(dataset.class_names)
    smoothing = recipe.label_smoothing

    def step(images: Any, truth: Any, rate: Any, strength: Any, number: Any) -> tuple[Any, Any]:
        seed = tf.stack([recipe.seed, 4 * number])
        pixels = augment(images, recipe, strength, seed) if augments(recipe) else scale(images)
        target = tf.one_hot(truth, classes, 1 - smoothing + smoothing / classes, smoothing / classes)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(learner.weights)
            answer = learner.logits(pixels, seed + 2)
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(target, answer))
        optimizer.apply(tape.gradient(loss, learner.weights), rate, tf.cast(number, tf.float32))
        right = tf.reduce_sum(tf.cast(tf.argmax(answer, axis=1) == truth, tf.int32))
        return loss, right

    @tf.function(
        autograph=False,
        input_signature=[
            tf.TensorSpec((None, None, *dataset.images.shape[1:]), tf.uint8),
            tf.TensorSpec((None, None), tf.int64),
            tf.TensorSpec((None, 2), tf.float32),
            tf.TensorSpec((), tf.int32),
        ],
    )
    def take_steps(images: Any, truth: Any, plan: Any, done: Any) -> Any:
        def body(index: Any, loss: Any, right: Any) -> tuple[Any, Any, Any]:
            rate, strength = tf.unstack(plan[index], num=2)
            more_loss, more_right = step(images[index], truth[index], rate, strength, done + index + 1)
            return index + 1, loss + more_loss, right + more_right

        count = tf.shape(images)[0]
        return tf.while_loop(lambda index, *sums: index < count, body, (0, 0.0, 0), parallel_iterations=1)[1:]

    return take_steps  # type: ignore[no-any-return]


def _history_row(learner: Learner, fitting: Fitting, sums: npt.NDArray[Any], validation: Dataset | None) -> Epoch:
    loss, right, seen = sums.tolist()
    lost, accuracy = _measure(learner, validation) if validation is not None else (None, None)
    return Epoch(round(fitting.epochs, 4), loss / seen, right / seen, lost, accuracy, fitting.seconds)


def _measure(learner: Learner, dataset: Dataset) -> tuple[float, float]:
    """Loss and accuracy of what was learnt so far."""
    losses, right = 0.0, 0
    for start in range(0, len(dataset), 1000):
        part = slice(start, start + 1000)
        answer = learner.logits(scale_pixels(dataset.images[part]))
        truth = dataset.labels[part]
        losses += float(tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(truth, answer)))
        right += int((answer.numpy().argmax(axis=1) == truth).sum())
    return losses / len(dataset), right / len(dataset)


def _onnx_weights(network: Any, dataset: Dataset) -> Weights:
    arrays = {name: value.numpy() for name, value in zip(NAMES, network.weights, strict=True)}
    return from_keras_layout(arrays, dataset.height, dataset.width)


def _check_against_keras(model: Model, network: Any, dataset: Dataset) -> None:
    """Hold the model file against the Keras network before it is kept.

    Raises:
        LenetError: when they differ by more than the order of float32 sums explains.
    """
    images = dataset.images[:512]
    difference = np.abs(model.predict(images) - network(scale_pixels(images), training=False).numpy()).max()
    if not difference <= LARGEST_DIFFERENCE:
        raise LenetError(f"the model file and the Keras network differ by {difference:g}; it was not kept")

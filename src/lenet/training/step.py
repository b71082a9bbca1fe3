"""One step, compiled: augmentation, damage, loss, gradients, and the update of every weight."""

from collections.abc import Callable
from operator import add
from typing import Any

import numpy as np
import numpy.typing as npt

from lenet.backend import tf
from lenet.datasets import Dataset
from lenet.training.augment import augment, augments
from lenet.training.damage import damage
from lenet.training.group import ALONE, Group
from lenet.training.learner import Learner, scale
from lenet.training.optimizer import Optimizer
from lenet.training.recipe import Recipe


def stepper(
    learner: Learner,
    optimizer: Optimizer,
    dataset: Dataset,
    recipe: Recipe,
    teacher: Learner | None,
    group: Group = ALONE,
) -> Callable[..., Any]:
    """A compiled function that takes one step for each batch of its arguments, of which this process has its shards.

    It returns the sum of the losses, the number of correct answers, and the number of steps with a finite sum.
    """
    differentiate = _differentiate(learner, dataset, recipe, teacher)

    def step(images: Any, truth: Any, rate: Any, strength: Any, number: Any) -> tuple[Any, Any]:
        if recipe.shards == 1:
            seed = tf.stack([recipe.seed, 4 * number])
            gradients, loss, right = differentiate(images, truth, strength, seed, None)
        else:
            gradients, loss, right = _sum_shards(differentiate, learner, recipe, group, images, truth, strength, number)
        optimizer.apply(gradients, rate, tf.cast(number, tf.float32))
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
        def body(index: Any, loss: Any, right: Any, sound: Any) -> tuple[Any, Any, Any, Any]:
            rate, strength = tf.unstack(plan[index], num=2)
            more_loss, more_right = step(images[index], truth[index], rate, strength, done + index + 1)
            loss += more_loss
            return index + 1, loss, right + more_right, sound + tf.cast(tf.math.is_finite(loss), tf.int32)

        count = tf.shape(images)[0]
        return tf.while_loop(lambda index, *sums: index < count, body, (0, 0.0, 0, 0), parallel_iterations=1)[1:]

    return take_steps  # type: ignore[no-any-return]


def _differentiate(
    learner: Learner, dataset: Dataset, recipe: Recipe, teacher: Learner | None
) -> Callable[..., tuple[dict[str, Any], Any, Any]]:
    """A function from a batch, or a shard of it, to its part of the gradients, of the loss and of the right answers."""
    classes = len(dataset.class_names)
    smoothing = recipe.label_smoothing
    weights = balanced_weights(dataset) if recipe.class_weights == "balanced" else None

    def differentiate(
        images: Any, truth: Any, strength: Any, seed: Any, moments: dict[str, Any] | None
    ) -> tuple[dict[str, Any], Any, Any]:
        pixels = augment(images, recipe, strength, seed) if augments(recipe) else scale(images)
        target = tf.one_hot(truth, classes, 1 - smoothing + smoothing / classes, smoothing / classes)
        if teacher is not None:
            target += recipe.distillation * (teacher.probabilities(pixels) - target)
        if recipe.damage:  # the teacher gets them undamaged
            pixels = damage(pixels, recipe.damage, strength, recipe.batch_size // recipe.shards, seed)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(learner.weights)
            answer = learner.logits(pixels, seed + 2, moments)
            losses = tf.nn.softmax_cross_entropy_with_logits(target, answer)
            if weights is not None:
                losses *= tf.gather(weights, truth)
            loss = tf.reduce_mean(losses) if recipe.shards == 1 else tf.reduce_sum(losses) / recipe.batch_size
        right = tf.reduce_sum(tf.cast(tf.argmax(answer, axis=1) == truth, tf.int32))
        return tape.gradient(loss, learner.weights), loss, right

    return differentiate


def _sum_shards(
    differentiate: Callable[..., Any], learner: Learner, recipe: Recipe, group: Group,
    images: Any, truth: Any, strength: Any, number: Any,
) -> tuple[dict[str, Any], Any, Any]:  # fmt: skip
    """Gradients, loss and right answers of a whole batch, and the update of the moving averages.

    Shards are summed in pairs, neighbours first, so that the order of the sums is the same for any number of processes:
    first those of this process, then over all.
    """
    count, size = recipe.shards // group.hosts, recipe.batch_size // recipe.shards
    images = tf.reshape(images, (count, size, *images.shape[1:]))
    truth = tf.reshape(truth, (count, size))
    averages = [name for name in learner.statistics if not name.endswith("/batches")]
    shapes = [value.shape for value in learner.weights.values()]
    shapes += [(), (), *(learner.statistics[name].shape for name in averages)]

    def sums(first: Any, shards: int) -> list[Any]:
        if shards == 1:
            moments: dict[str, Any] = {}
            seed = tf.stack([recipe.seed, 4 * (recipe.shards * number + count * group.rank + first)])
            gradients, loss, right = differentiate(images[first], truth[first], strength, seed, moments)
            values = [*(gradients[name] for name in learner.weights), loss, tf.cast(right, tf.float32)]
            return values + [moments[name] / recipe.shards for name in averages]

        def add_half(index: Any, *totals: Any) -> tuple[Any, ...]:
            return index + 1, *map(add, totals, sums(first + index * (shards // 2), shards // 2))

        # A loop: of a chain of +, the graph optimizer makes one sum in another order. -0.0 + x is x for every x.
        start = 0, *(tf.fill(shape, -0.0) for shape in shapes)
        return list(tf.while_loop(lambda index, *_: index < 2, add_half, start, parallel_iterations=1)[1:])

    parts = group.sum(sums(0, count))
    weights = len(learner.weights)
    learner.update_statistics(dict(zip(averages, parts[weights + 2 :], strict=True)))
    return dict(zip(learner.weights, parts, strict=False)), parts[weights], tf.cast(parts[weights + 1], tf.int32)


def balanced_weights(dataset: Dataset) -> npt.NDArray[np.float32]:
    """Balanced weights of the classes, ``(classes,)``; their mean over all images is 1.

    Source: the rule of King and Zeng, "Logistic Regression in Rare Events Data", Political Analysis 9, 2001.
    """
    counts = np.bincount(dataset.labels, minlength=len(dataset.class_names))
    present = np.count_nonzero(counts)
    return np.where(counts > 0, len(dataset) / (present * np.maximum(counts, 1)), 0).astype(np.float32)

"""One step, compiled: augmentation, damage, loss, gradients, and the update of every weight."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from lenet.backend import tf
from lenet.datasets import Dataset
from lenet.training.augment import augment, augments
from lenet.training.damage import damage
from lenet.training.learner import Learner, scale
from lenet.training.optimizer import Optimizer
from lenet.training.recipe import Recipe


def stepper(
    learner: Learner, optimizer: Optimizer, dataset: Dataset, recipe: Recipe, teacher: Learner | None
) -> Callable[..., Any]:
    """A compiled function that takes one step for each batch of its arguments.

    It returns the sum of the losses, the number of correct answers, and the number of steps with a finite sum.
    """
    classes = len(dataset.class_names)
    smoothing = recipe.label_smoothing
    weights = balanced_weights(dataset) if recipe.class_weights == "balanced" else None

    def step(images: Any, truth: Any, rate: Any, strength: Any, number: Any) -> tuple[Any, Any]:
        seed = tf.stack([recipe.seed, 4 * number])
        pixels = augment(images, recipe, strength, seed) if augments(recipe) else scale(images)
        target = tf.one_hot(truth, classes, 1 - smoothing + smoothing / classes, smoothing / classes)
        if teacher is not None:
            target += recipe.distillation * (teacher.probabilities(pixels) - target)
        if recipe.damage:  # the teacher gets them undamaged
            pixels = damage(pixels, recipe.damage, strength, recipe.batch_size, seed)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(learner.weights)
            answer = learner.logits(pixels, seed + 2)
            losses = tf.nn.softmax_cross_entropy_with_logits(target, answer)
            if weights is not None:
                losses *= tf.gather(weights, truth)
            loss = tf.reduce_mean(losses)
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
        def body(index: Any, loss: Any, right: Any, sound: Any) -> tuple[Any, Any, Any, Any]:
            rate, strength = tf.unstack(plan[index], num=2)
            more_loss, more_right = step(images[index], truth[index], rate, strength, done + index + 1)
            loss += more_loss
            return index + 1, loss, right + more_right, sound + tf.cast(tf.math.is_finite(loss), tf.int32)

        count = tf.shape(images)[0]
        return tf.while_loop(lambda index, *sums: index < count, body, (0, 0.0, 0, 0), parallel_iterations=1)[1:]

    return take_steps  # type: ignore[no-any-return]


def balanced_weights(dataset: Dataset) -> npt.NDArray[np.float32]:
    """Balanced weights of the classes, ``(classes,)``; their mean over all images is 1.

    Source: the rule of King and Zeng, "Logistic Regression in Rare Events Data", Political Analysis 9, 2001.
    """
    counts = np.bincount(dataset.labels, minlength=len(dataset.class_names))
    present = np.count_nonzero(counts)
    return np.where(counts > 0, len(dataset) / (present * np.maximum(counts, 1)), 0).astype(np.float32)

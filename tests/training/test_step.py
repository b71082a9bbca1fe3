"""One step's numbers: the loss that it lowers, and the rates and strengths that it is taken with."""

import numpy as np
import pytest

from lenet import Dataset, Recipe, build
from lenet.backend import tf
from lenet.network.named import find_network
from lenet.training.augment import augment
from lenet.training.damage import damage
from lenet.training.learner import Learner
from lenet.training.loop import augmentation_strengths
from lenet.training.optimizer import Optimizer, learning_rates
from lenet.training.step import stepper

LOGITS = np.array([2.0, -1.0, 0.5], np.float32)
LOG_PROBABILITIES = LOGITS - np.log(np.exp(LOGITS).sum())
LABELS = np.array([0, 0, 1, 2])


IMAGES = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 1), np.uint8)
KERNEL = np.random.default_rng(1).normal(size=(64, 3)).astype(np.float32)


def first_loss(teacher=None, kernel=0 * KERNEL, **changes):
    """Mean loss of the first step on a network that, but for its ``kernel``, gives ``LOGITS`` for every image."""
    recipe = Recipe(batch_size=4, precision="float32", **changes)
    network = build(find_network("relu"), 8, 8, 1, 3)
    network.set_weights([kernel, LOGITS])
    dataset = Dataset("noise", IMAGES, LABELS, tuple("abc"))
    learner = Learner(network, recipe, "float32")
    take_steps = stepper(learner, Optimizer(recipe, learner.weights), dataset, recipe, teacher)
    plan = np.array([[0.0, 1.0]], np.float32)
    loss, correct, sound = take_steps(dataset.images[np.newaxis], dataset.labels[np.newaxis], plan, 0)
    assert kernel.any() or int(correct) == 2
    assert int(sound) == 1
    return float(loss)


def cross_entropy(targets):
    return float(-(np.asarray(targets) @ LOG_PROBABILITIES).mean())


def test_the_loss_is_the_cross_entropy_of_the_labels():
    assert first_loss() == pytest.approx(cross_entropy(np.eye(3)[LABELS]), abs=1e-6)


def test_label_smoothing_spreads_its_share_over_all_classes():
    """Szegedy et al., "Rethinking the Inception Architecture", 2016, section 7."""
    targets = 0.7 * np.eye(3)[LABELS] + 0.3 / 3
    assert first_loss(label_smoothing=0.3) == pytest.approx(cross_entropy(targets), abs=1e-6)
    assert first_loss(label_smoothing=0.3) != pytest.approx(first_loss(), abs=0.1)


def test_the_images_of_a_step_are_augmented_and_then_damaged():
    changes = {"rotation": 30.0, "damage": 1.0}
    seed = tf.constant([0, 4])  # of the recipe, and of the first step
    pixels = damage(augment(tf.constant(IMAGES), Recipe(**changes), 1.0, seed), 1.0, 1.0, 4, seed)
    expected = tf.nn.log_softmax(tf.reshape(pixels, (4, 64)) @ KERNEL + LOGITS).numpy()[range(4), LABELS]
    assert first_loss(kernel=KERNEL, **changes) == pytest.approx(-expected.mean(), rel=1e-5)


class Teacher:
    answers = np.array([0.1, 0.7, 0.2], np.float32)

    def probabilities(self, pixels):
        return tf.tile(self.answers[np.newaxis], (tf.shape(pixels)[0], 1))


def test_distillation_takes_its_share_of_the_target_from_the_teacher():
    """Hinton et al., 2015: a weighted mean of the labels' and the teacher's cross-entropy."""
    targets = 0.4 * np.eye(3)[LABELS] + 0.6 * Teacher.answers
    asked = {"distillation": 0.6, "teacher_epochs": 1.0}
    assert first_loss(Teacher(), **asked) == pytest.approx(cross_entropy(targets), abs=1e-6)
    smoothed = 0.4 * (0.7 * np.eye(3)[LABELS] + 0.1) + 0.6 * Teacher.answers
    assert first_loss(Teacher(), **asked, label_smoothing=0.3) == pytest.approx(cross_entropy(smoothed), abs=1e-6)


NUMBERS = np.array([1, 10, 20, 21, 41, 61, 81, 100])


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("constant", [2, 2, 2, 2, 2, 2, 2, 2]),
        ("linear", [0.1, 1, 2, 2, 1.5, 1, 0.5, 0.025]),
        ("cosine", [0.012312, 1, 2, 2, 1.707107, 1, 0.292893, 0.000771]),
    ],
)
def test_the_learning_rate_follows_its_schedule(schedule, expected):
    """Up over the first 20 of 100 steps, then down to nothing; half way at steps 10 and 61."""
    recipe = Recipe(schedule=schedule, warmup=0.2, learning_rate=2.0)
    np.testing.assert_allclose(learning_rates(recipe, NUMBERS, 100), expected, atol=2e-6)


def test_the_taper_weakens_the_augmentation_linearly():
    recipe = Recipe(taper=0.4, taper_to=0.2)
    np.testing.assert_allclose(
        augmentation_strengths(recipe, NUMBERS, 100), [1, 1, 1, 1, 1, 0.98, 0.58, 0.2], atol=1e-6
    )

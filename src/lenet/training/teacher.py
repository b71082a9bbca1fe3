"""The teacher: a deeper network that is taught first, and whose answers LeNet then learns beside the labels.

It errs less than LeNet can be brought to by the labels alone, and says of every augmented image how much of a digit is
left in it, which the label cannot. Source: Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network",
2015. It exists only while LeNet is taught: what is saved is LeNet.
"""

from typing import Any

from lenet.backend import keras, tf
from lenet.training.normalise import EPSILON, MOMENTUM, Running, normalise
from lenet.training.recipe import Recipe

# What its stage of a training and its folder of checkpoints are called.
TEACHER = "teacher"
# Kernels of the 3×3 convolutions, and after which of them (the first is 0) maps are pooled.
FILTERS = (24, 32, 64, 64, 96)
POOLED = (1, 3, 4)
# Share of the inputs of the dense layer that is left out a step. It is the teacher's own: LeNet, which is smaller and
# has the teacher's answers to learn, does better with none.
DROPOUT = 0.4


def teacher_recipe(recipe: Recipe) -> Recipe:
    """How the teacher is taught: by the same recipe for ``teacher_epochs``, from fresh weights and undamaged images."""
    return recipe.change(
        epochs=recipe.teacher_epochs,
        teacher_epochs=0.0,
        distillation=0.0,
        damage=0.0,
        dropout=0.0,
        view="whole",
        start="",
        start_sha256="",
    )


def build_teacher(width: int, height: int, depth: int, classes: int) -> Any:
    """An untrained teacher, a Keras network of its weights; ``Teacher`` computes with them."""
    layers = keras.layers
    network = keras.Sequential([keras.Input((height, width, depth), name="pixels")], name="teacher")
    for number, filters in enumerate(FILTERS):
        network.add(
            layers.Conv2D(
                filters, 3, padding="same", use_bias=False, kernel_initializer="he_uniform", name=f"conv{number}"
            )
        )
        if number in POOLED:
            network.add(layers.MaxPooling2D(2, strides=2, padding="same", name=f"pool{number}"))
        network.add(layers.BatchNormalization(momentum=MOMENTUM, epsilon=EPSILON, name=f"norm{number}"))
        network.add(layers.ReLU(name=f"relu{number}"))
    network.add(layers.Flatten(name="flatten"))
    network.add(layers.Dense(classes, name="dense"))
    return network


class Teacher:
    """The teacher's weights while they are learnt, and its function of them: a ``Learner`` of another network."""

    def __init__(self, network: Any, recipe: Recipe, precision: str) -> None:
        """Take over the network's weights.

        Args:
            network: built by ``build_teacher``; not changed before ``write_back``.
            recipe: as a ``Learner`` takes it; nothing of it is needed here.
            precision: ``float32`` or ``bfloat16``, in which convolutions and products are computed.
        """
        self.network = network
        self.dtype = tf.bfloat16 if precision == "bfloat16" else tf.float32
        arrays = {variable.path.removeprefix("teacher/"): variable for variable in network.weights}
        variables = {name: tf.Variable(value.numpy(), name=name) for name, value in arrays.items()}
        trained = {name for name, value in arrays.items() if value.trainable}
        self.weights = {name: variable for name, variable in variables.items() if name in trained}
        self.statistics = {name: variable for name, variable in variables.items() if name not in trained}
        self.statistics |= {f"norm{number}/batches": tf.Variable(0.0) for number in range(len(FILTERS))}

    def logits(self, images: Any, seed: Any = None) -> Any:
        """Logits ``(n, classes)``, float32.

        Args:
            images: float32 ``(n, height, width, depth)`` in [0, 1].
            seed: two integers that decide what is left out while learning; without them, the running means of batch
                normalisation are used and left alone.
        """
        x = tf.cast(images, self.dtype)
        for number in range(len(FILTERS)):
            kernel = tf.cast(self.weights[f"conv{number}/kernel"], self.dtype)
            x = tf.nn.conv2d(x, kernel, strides=1, padding="SAME")
            if number in POOLED:
                x = tf.nn.max_pool2d(x, ksize=2, strides=2, padding="SAME")
            x = tf.nn.relu(self._normalise(x, f"norm{number}", learning=seed is not None))
        x = tf.reshape(x, (-1, self.weights["dense/kernel"].shape[0]))
        if seed is not None:
            x = tf.nn.experimental.stateless_dropout(x, DROPOUT, seed=seed)
        x = x @ tf.cast(self.weights["dense/kernel"], self.dtype)
        return tf.cast(x, tf.float32) + self.weights["dense/bias"]

    def probabilities(self, pixels: Any) -> Any:
        """What LeNet learns beside the labels.

        Args:
            pixels: float32 ``(n, height, width, depth)`` in [0, 1].

        Returns:
            float32 ``(n, classes)``.
        """
        return tf.nn.softmax(self.logits(pixels))

    def write_back(self) -> None:
        """Give the network what was learnt."""
        learnt = self.weights | self.statistics
        for variable in self.network.weights:
            variable.assign(learnt[variable.path.removeprefix("teacher/")])

    def _normalise(self, x: Any, name: str, *, learning: bool) -> Any:
        running = Running(
            *(self.statistics[f"{name}/{kind}"] for kind in ("moving_mean", "moving_variance", "batches"))
        )
        return normalise(x, running, self.weights[f"{name}/gamma"], self.weights[f"{name}/beta"], learning=learning)

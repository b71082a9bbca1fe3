"""Batch normalisation as training computes it: Ioffe and Szegedy, "Batch Normalization", ICML 2015."""

from dataclasses import dataclass
from typing import Any

from lenet.backend import tf

# Share of the old in the running means once there are many batches, and what keeps a variance off zero.
MOMENTUM, EPSILON = 0.98, 1e-3


@dataclass(frozen=True)
class Running:
    """What is known of a layer's outputs over all batches; float32 variables.

    Attributes:
        mean: ``(channels,)``.
        variance: ``(channels,)``.
        batches: how many batches there were, scalar: the first ones count alike, or what stood there before them would
            last longer than a short training does.
    """

    mean: Any
    variance: Any
    batches: Any

    def take_in(self, mean: Any, variance: Any) -> None:
        """Move towards a batch's mean and variance."""
        share = tf.maximum(1 - MOMENTUM, 1 / self.batches.assign_add(1.0))
        self.mean.assign_sub(share * (self.mean - mean))
        self.variance.assign_sub(share * (self.variance - variance))


def normalise(x: Any, running: Running, scale: Any, shift: Any, *, learning: bool) -> Any:
    """Bring every channel to the mean ``shift`` and the standard deviation ``scale``.

    Args:
        x: ``(n, height, width, channels)`` or ``(n, channels)``.
        running: is used; while learning, this batch's own mean and variance are used and taken into it instead.
        scale: ``(channels,)``, float32.
        shift: ``(channels,)``, float32.
        learning: whether this is a batch that is learnt from.
    """
    # In float32, which TensorFlow normalises much faster than bfloat16.
    maps = tf.cast(x if x.shape.rank == 4 else x[:, tf.newaxis, tf.newaxis], tf.float32)
    known = () if learning else (running.mean, running.variance)
    maps, *batch = tf.compat.v1.nn.fused_batch_norm(maps, scale, shift, *known, epsilon=EPSILON, is_training=learning)
    if learning:
        running.take_in(*batch)
    return tf.cast(tf.reshape(maps, tf.shape(x)), x.dtype)

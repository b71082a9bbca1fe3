"""Batch normalisation as training computes it: Ioffe and Szegedy, "Batch Normalization", ICML 2015."""

from typing import Any

from lenet.backend import tf

# Weight of the old value in the moving averages once there are many batches, and the term that keeps a variance off 0.
MOMENTUM, EPSILON = 0.98, 1e-3


def batch_normalise(x: Any, mean: Any, variance: Any, batches: Any, shift: Any, *, training: bool) -> Any:
    """Bring every channel to mean ``shift`` and standard deviation 1.

    Args:
        x: ``(n, height, width, channels)`` or ``(n, channels)``.
        mean: Moving average of the mean over all batches, float32 variable ``(channels,)``. A training step uses the
            batch's own mean and variance instead, and updates the averages.
        variance: Moving average of the variance, likewise.
        batches: Number of batches so far, scalar variable. The first ones have equal weight; otherwise the initial
            values would dominate a short training.
        shift: ``(channels,)``, float32.
        training: Whether this is a training step.
    """
    # In float32, which TensorFlow normalises much faster than bfloat16.
    maps = tf.cast(x if x.shape.rank == 4 else x[:, tf.newaxis, tf.newaxis], tf.float32)
    known = () if training else (mean, variance)
    ones = tf.ones_like(shift)
    maps, batch_mean, batch_variance = tf.compat.v1.nn.fused_batch_norm(
        maps, ones, shift, *known, epsilon=EPSILON, is_training=training
    )
    if training:
        share = tf.maximum(1 - MOMENTUM, 1 / batches.assign_add(1.0))
        mean.assign_sub(share * (mean - batch_mean))
        variance.assign_sub(share * (variance - batch_variance))
    return tf.cast(tf.reshape(maps, tf.shape(x)), x.dtype)

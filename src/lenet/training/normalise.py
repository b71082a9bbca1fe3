"""Batch normalisation while learning: Ioffe and Szegedy, "Batch Normalization", ICML 2015."""

from typing import Any

from lenet.backend import tf

# Share of the old in the running means, and what keeps a variance off zero.
MOMENTUM, EPSILON = 0.98, 1e-3


def normalise(x: Any, mean: Any, variance: Any, scale: Any, shift: Any, *, learning: bool) -> Any:
    """Bring every channel to the mean ``shift`` and the standard deviation ``scale``.

    Args:
        x: ``(n, height, width, channels)`` or ``(n, channels)``.
        mean: running mean ``(channels,)``, a float32 variable.
        variance: running variance ``(channels,)``, a float32 variable.
        scale: ``(channels,)``, float32.
        shift: ``(channels,)``, float32.
        learning: whether this batch's own mean and variance are used and taken into the running ones; else those are
            used and left alone.
    """
    # In float32, which TensorFlow normalises much faster than bfloat16.
    maps = tf.cast(x if x.shape.rank == 4 else x[:, tf.newaxis, tf.newaxis], tf.float32)
    known = () if learning else (mean, variance)
    maps, batch_mean, batch_variance = tf.compat.v1.nn.fused_batch_norm(
        maps, scale, shift, *known, epsilon=EPSILON, is_training=learning
    )
    if learning:
        mean.assign_sub((1 - MOMENTUM) * (mean - batch_mean))
        variance.assign_sub((1 - MOMENTUM) * (variance - batch_variance))
    return tf.cast(tf.reshape(maps, tf.shape(x)), x.dtype)

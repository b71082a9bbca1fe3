"""In which precision this machine trains fastest: probed, not guessed."""

import time
from functools import cache
from typing import Any

from lenet.backend import tf
from lenet.processor import vector_features

# Processors without these units compute bfloat16 by detours, many times slower.
BFLOAT16_UNITS = {"avx512_bf16", "amx_bf16"}


def choose_precision(wanted: str) -> str:
    """``float32`` or ``bfloat16`` for what a recipe asks; ``auto`` decides by this machine."""
    if wanted != "auto":
        return wanted
    return "bfloat16" if BFLOAT16_UNITS & set(vector_features()) and _bfloat16_is_faster() else "float32"


@cache
def _bfloat16_is_faster() -> bool:
    """Time the heaviest part of a training step, the second convolution and its gradients, in both."""
    return _seconds(tf.bfloat16) < _seconds(tf.float32)


def _seconds(dtype: Any) -> float:
    maps, kernel = tf.zeros((64, 14, 14, 20), dtype), tf.zeros((5, 5, 20, 50), dtype)

    @tf.function(autograph=False)
    def work() -> Any:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch((maps, kernel))
            result = tf.nn.conv2d(maps, kernel, strides=1, padding="SAME")
        return [tf.reduce_sum(gradient) for gradient in tape.gradient(result, (maps, kernel))]

    def once() -> float:
        started = time.perf_counter()
        work()[0].numpy()
        return time.perf_counter() - started

    once()
    return min(once() for _ in range(3))

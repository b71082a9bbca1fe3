"""In which precision this machine trains fastest: probed, not guessed."""

import time
from collections.abc import Callable
from functools import cache
from typing import Any

from lenet.backend import tf
from lenet.processor import vector_features

# Rounds of both, in turn. The quickest counts, by the processor's own time: other programs only ever add to it.
ROUNDS = 10
# Processors without these units compute bfloat16 by detours, many times slower.
BFLOAT16_UNITS = {"avx512_bf16", "amx_bf16"}


def choose_precision(wanted: str) -> str:
    """``float32`` or ``bfloat16`` for what a recipe asks; ``auto`` decides by this machine."""
    if wanted != "auto":
        return wanted
    return "bfloat16" if BFLOAT16_UNITS & set(vector_features()) and bfloat16_is_faster() else "float32"


@cache
def bfloat16_is_faster() -> bool:
    """Time the heaviest part of a training step, the second convolution and its gradients, in both."""
    work = {dtype: _work(dtype) for dtype in (tf.bfloat16, tf.float32)}
    seconds = [{dtype: _seconds(once) for dtype, once in work.items()} for _ in range(ROUNDS)]
    return min(one[tf.bfloat16] for one in seconds) < min(one[tf.float32] for one in seconds)


def _seconds(work: Callable[[], Any]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _work(dtype: Any) -> Callable[[], Any]:
    maps, kernel = tf.zeros((64, 14, 14, 20), dtype), tf.zeros((5, 5, 20, 50), dtype)

    @tf.function(autograph=False)
    def work() -> Any:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch((maps, kernel))
            result = tf.nn.conv2d(maps, kernel, strides=1, padding="SAME")
        return [tf.reduce_sum(gradient) for gradient in tape.gradient(result, (maps, kernel))]

    def once() -> Any:
        return work()[0].numpy()

    once()  # compiles
    return once

"""The physical limit of the machine that is measured on.

    python benchmarks/machine.py

Prints it as JSON, by precision: of float32 and of what lenet trains in here. In a process of its own, so that what
lenet sets for TensorFlow does not reach the peers that are measured.
"""

import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

SIDE = 2048


def matmul_limit(precision: str = "float32", repetitions: int = 10) -> float:
    """Floating-point operations a second of a matrix product, the median of some, on all usable cores.

    In float32 it is NumPy's; in bfloat16, which NumPy lacks, TensorFlow's.
    """
    left, right = np.random.default_rng(0).random((2, SIDE, SIDE), np.float32)
    product = _bfloat16_product(left, right) if precision == "bfloat16" else partial(np.matmul, left, right)
    product()
    seconds = []
    for _ in range(repetitions):
        started = time.perf_counter()
        product()
        seconds.append(time.perf_counter() - started)
    return float(2 * SIDE**3 / np.median(seconds))


def _bfloat16_product(left: Any, right: Any) -> Callable[[], Any]:
    from lenet.backend import tf

    coarse = [tf.cast(side, tf.bfloat16) for side in (left, right)]

    def product() -> Any:
        return tf.matmul(*coarse)[0, 0].numpy()  # waits for the result

    return product


def lenet_flop(centre: bool = False) -> tuple[float, float]:
    """Floating-point operations a 28×28 image of the tutorial's LeNet, forward and in a training step.

    Args:
        centre: only for the places of the feature maps that the recipes `fast` and `sprint` learn from.
    """
    first, second, places = (20, 6, 3) if centre else (28, 14, 7)
    convolution_1 = 2 * first**2 * 25 * 20
    convolution_2 = 2 * second**2 * 500 * 50
    dense = 2 * (places**2 * 50 * 500 + 500 * 10)
    forward = convolution_1 + convolution_2 + dense
    # Backwards, each layer costs twice as much again, but the first needs no gradient of its input.
    return forward, 3 * forward - convolution_1


def main() -> None:
    from lenet.training.environment import choose_precision

    print(json.dumps({precision: matmul_limit(precision) for precision in ("float32", choose_precision("auto"))}))


if __name__ == "__main__":
    main()

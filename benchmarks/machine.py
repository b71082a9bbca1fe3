"""The physical limit of the machine that is measured on."""

import time

import numpy as np

SIDE = 2048


def matmul_limit(repetitions: int = 10) -> float:
    """Floating-point operations a second of a float32 matrix product, the median of some, on all usable cores."""
    left, right = np.random.default_rng(0).random((2, SIDE, SIDE), np.float32)
    left @ right
    seconds = []
    for _ in range(repetitions):
        started = time.perf_counter()
        left @ right
        seconds.append(time.perf_counter() - started)
    return float(2 * SIDE**3 / np.median(seconds))


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

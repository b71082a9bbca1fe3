"""Damage to training images: faint ink, fog, noise, blur, stains, lines, negatives, outlines, hidden squares.

A share of every batch is damaged, about an equal part of it by each kind; since the images come in random order, their
places in the batch need not be random. The kinds are those that ``lenet evaluate --robustness`` measures, in a simple
form that the graph computes quickly, with a strength of its own for each image. The code is separate from that of the
measurement, so that a model is not measured on exactly what it was trained on.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from lenet.backend import tf

# Side of the grids of random numbers that clouds and stains are interpolated from.
CLOUD, STAINS = 5, 14
# Side of a blur's kernel in pixels.
BLUR = 11

Kind = Callable[[Any, Any, Any], Any]


def damage(pixels: Any, share: float, strength: Any, batch_size: int, seed: Any) -> Any:
    """Damage images among the first ``share`` of a batch.

    When they cannot be divided equally among the kinds, some kinds have one more image, or none in a small batch.

    Args:
        pixels: float32 ``(batch_size, height, width, depth)`` in [0, 1], as the result.
        share: Share of the batch, 0 to 1.
        strength: Share of these images that are damaged, scalar 0 to 1; the others are not changed.
        batch_size: Number of images of every batch.
        seed: Two integers.
    """
    bounds = np.rint(np.linspace(0, share * batch_size, len(KINDS) + 1)).astype(int)
    parts = [pixels[:0]]
    for number, (kind, start, end) in enumerate(zip(KINDS, bounds[:-1], bounds[1:], strict=True), start=1):
        if start == end:
            continue
        part = pixels[start:end]
        own_seed = seed + tf.constant([1_000_003 * number, 0])
        chance = tf.random.stateless_uniform((6, end - start, 1, 1, 1), own_seed, alg="philox")
        chosen = tf.random.stateless_uniform(tf.shape(chance)[1:], own_seed + 2, alg="philox") < strength
        parts.append(tf.where(chosen, kind(part, chance, own_seed + 1), part))
    return tf.concat([tf.clip_by_value(tf.concat(parts, 0), 0.0, 1.0), pixels[bounds[-1] :]], 0)


def _faint(pixels: Any, chance: Any, seed: Any) -> Any:
    """Less contrast, at any brightness."""
    ink = 1 - 0.85 * chance[0]
    return pixels * ink + (1 - ink) * chance[1]


def _fog(pixels: Any, chance: Any, seed: Any) -> Any:
    cloud = _noise(pixels, seed, CLOUD, "bilinear") + 0.5 * _noise(pixels, seed + 1, 2 * CLOUD, "bilinear")
    low = tf.reduce_min(cloud, axis=(1, 2), keepdims=True)
    high = tf.reduce_max(cloud, axis=(1, 2), keepdims=True)
    veil = 0.7 * chance[0] * ((cloud - low) / (high - low))
    return pixels * (1 - veil) + veil


def _grain(pixels: Any, chance: Any, seed: Any) -> Any:
    """Noise of equal strength everywhere, or, for half of the images, stronger in bright pixels."""
    noise = tf.random.stateless_normal(tf.shape(pixels), seed, alg="philox")
    return pixels + 0.45 * chance[0] * noise * tf.where(chance[1] < 0.5, tf.ones_like(pixels), tf.sqrt(pixels))


def _pepper(pixels: Any, chance: Any, seed: Any) -> Any:
    """Single pixels become black or white."""
    dice = tf.random.stateless_uniform(tf.shape(pixels), seed, alg="philox")
    share = 0.1 * chance[0]
    return tf.where(dice < share, 0.0, tf.where(dice > 1 - share, 1.0, pixels))


def _blur(pixels: Any, chance: Any, seed: Any) -> Any:
    """Out of focus, motion blur, or both: a Gaussian with two widths and a direction."""
    across, along = _turned(*_places(BLUR, BLUR), chance[0])
    short, long = 0.3 + 1.2 * chance[1], 0.3 + 2.6 * chance[2]
    kernel = tf.exp(-((across / short) ** 2 + (along / long) ** 2) / 2)
    kernel = kernel / tf.reduce_sum(kernel, axis=(1, 2), keepdims=True)
    depth = pixels.shape[3]
    # Every image has its own kernel, so that the images are the channels of one convolution.
    channels = tf.reshape(tf.transpose(pixels, (1, 2, 0, 3)), (1, *pixels.shape[1:3], -1))
    kernels = tf.repeat(tf.transpose(kernel, (1, 2, 0, 3)), depth, axis=2)
    blurred = tf.nn.depthwise_conv2d(channels, kernels, (1, 1, 1, 1), "SAME")
    return tf.transpose(tf.reshape(blurred, (*pixels.shape[1:3], -1, depth)), (2, 0, 1, 3))


def _glass(pixels: Any, chance: Any, seed: Any) -> Any:
    """Every pixel is replaced by one nearby."""
    reach = 2.5 * chance[0]
    height, width = pixels.shape[1:3]
    shake = tf.random.stateless_uniform((2, tf.shape(pixels)[0], height, width, 1), seed, -1.0, 1.0, alg="philox")
    rows, columns = (place.reshape(1, height, width, 1) for place in np.mgrid[0:height, 0:width].astype(np.float32))
    rows = tf.clip_by_value(tf.round(rows + reach * shake[0]), 0, height - 1)
    columns = tf.clip_by_value(tf.round(columns + reach * shake[1]), 0, width - 1)
    places = tf.cast(tf.concat([rows, columns], axis=-1), tf.int32)
    shaken = tf.gather_nd(pixels, places, batch_dims=1)
    return tf.nn.avg_pool2d(shaken, 2, 1, "SAME")


def _stained(pixels: Any, chance: Any, seed: Any) -> Any:
    """White stains, or black ones for a third of the images."""
    stains = tf.nn.sigmoid(8 * (_noise(pixels, seed, STAINS, "bicubic") - 1.8 + 1.0 * chance[0]))
    return tf.where(chance[1] < 2 / 3, tf.maximum(pixels, stains), pixels * (1 - stains))


def _lined(pixels: Any, chance: Any, seed: Any) -> Any:
    """A straight, zigzag or dotted line across."""
    rows, columns = _places(*pixels.shape[1:3])
    across, along = _turned(rows, columns, chance[0])
    wave = tf.abs((along / (2 + 6 * chance[1])) % 2 - 1) - 0.5
    swing = 8 * tf.maximum(chance[2] - 0.3, 0.0)
    distance = tf.abs(across - 16 * (chance[3] - 0.5) - swing * wave)
    line = tf.clip_by_value(0.9 + 1.2 * chance[4] - distance, 0.0, 1.0)
    dots = tf.cast((along % 3.0 < 1.6) | (chance[5] > 0.4), tf.float32)
    return tf.maximum(pixels, line * dots)


def _negative(pixels: Any, chance: Any, seed: Any) -> Any:
    """Inverted beyond an edge: on one side, on both, or everywhere."""
    rows, columns = _places(*pixels.shape[1:3])
    half = pixels.shape[2] / 2
    upright = tf.where(chance[0] < 0.75, columns, rows) / half
    place = tf.where(chance[1] < 0.5, tf.abs(upright), upright * tf.sign(chance[2] - 0.5))
    edge = tf.where(chance[1] < 0.5, 1.1 * chance[3], 2.6 * chance[3] - 1.5)
    return tf.where(place > edge, 1 - pixels, pixels)


def _outlined(pixels: Any, chance: Any, seed: Any) -> Any:
    """The outline of the ink only, inside or outside of its edge."""
    thick = tf.nn.max_pool2d(pixels, 3, 1, "SAME")
    thin = -tf.nn.max_pool2d(-pixels, 3, 1, "SAME")
    edge = tf.where(chance[0] < 0.5, thick - pixels, pixels - thin)
    return tf.clip_by_value((edge - 0.4 * chance[1]) * (1 + 4 * chance[2]), 0.0, 1.0)


def _hidden(pixels: Any, chance: Any, seed: Any) -> Any:
    """A black square hides a part."""
    rows, columns = _places(*pixels.shape[1:3])
    half = 1 + 5 * chance[0]
    near = (tf.abs(rows - 16 * (chance[1] - 0.5)) < half) & (tf.abs(columns - 16 * (chance[2] - 0.5)) < half)
    return tf.where(near, 0.0, pixels)


KINDS: tuple[Kind, ...] = (
    _faint, _fog, _grain, _pepper, _blur, _glass, _stained, _lined, _negative, _outlined, _hidden,
)  # fmt: skip


def _places(height: int, width: int) -> tuple[Any, Any]:
    """Row and column of every pixel relative to the centre, in pixels, each ``(1, height, width, 1)``."""
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)[:, np.newaxis, ..., np.newaxis]
    return rows - (height - 1) / 2, columns - (width - 1) / 2


def _turned(rows: Any, columns: Any, chance: Any) -> tuple[Any, Any]:
    """Distance across and along a direction; ``chance`` 0 to 1 is half a turn."""
    cos, sin = tf.cos(np.pi * chance), tf.sin(np.pi * chance)
    return columns * cos + rows * sin, rows * cos - columns * sin


def _noise(pixels: Any, seed: Any, side: int, method: str) -> Any:
    """Smooth normal noise ``(n, height, width, 1)`` from ``side``² knots."""
    knots = tf.random.stateless_normal((tf.shape(pixels)[0], side, side, 1), seed, alg="philox")
    return tf.image.resize(knots, pixels.shape[1:3], method)

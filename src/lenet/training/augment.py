"""Augmentation that keeps the label of a digit, as if another person, pen or paper had made it.

Images are rotated, zoomed, sheared, shifted, distorted elastically, get thicker or thinner strokes and small gaps. They
are never flipped, since a mirrored digit is not a digit. All is computed in the graph for a whole batch, and depends on
the seed alone.
"""

from typing import Any

import numpy as np

from lenet.backend import tf
from lenet.training.learner import scale
from lenet.training.recipe import Recipe

# Fields of a recipe that are augmentations.
KINDS = ("rotation", "zoom", "shear", "shift", "elastic", "thickness", "gaps")
# Knots along each side that an elastic distortion is interpolated from.
KNOTS = 4
# Length and half width of a gap in a stroke, in pixels.
BREAK_LENGTH, BREAK_HALF_WIDTH = 6.0, 1.3
# The full 3×3 minimum would remove strokes that are one or two pixels wide.
THINNING = 0.8


def augments(recipe: Recipe) -> bool:
    """Whether a recipe has any augmentation."""
    return any(getattr(recipe, kind) for kind in KINDS)


def augment(images: Any, recipe: Recipe, strength: Any, seed: Any) -> Any:
    """Change every image at random; the result is float32 in [0, 1].

    Args:
        images: uint8 ``(n, height, width, depth)``, bright ink on black.
        recipe: Its fields ``KINDS`` are the largest changes.
        strength: Factor of all changes, scalar 0 to 1.
        seed: Two integers.
    """
    chance = tf.random.stateless_uniform((11, tf.shape(images)[0], 1), seed, -1.0, 1.0, alg="philox")
    rows, columns = _source_places(images.shape, recipe, chance * strength)
    if recipe.elastic:
        bend = tf.random.stateless_normal((tf.shape(images)[0], KNOTS, KNOTS, 2), seed + 1, alg="philox")
        bend = tf.image.resize(bend * (recipe.elastic * strength), images.shape[1:3], "bicubic")
        rows += tf.reshape(bend[..., 0], tf.shape(rows))
        columns += tf.reshape(bend[..., 1], tf.shape(columns))
    pixels = _sample(images, rows, columns)
    if recipe.thickness:
        pixels = _thicken(pixels, recipe.thickness * strength * chance[6])
    if recipe.gaps:
        pixels = _break_strokes(pixels, recipe.gaps, chance[7:])
    return pixels


def _grid(shape: Any) -> tuple[Any, Any]:
    """Row and column of every pixel relative to the centre, in half sides, each ``(1, height·width)``."""
    _, height, width, _ = shape
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    rows, columns = (rows - (height - 1) / 2) / (height / 2), (columns - (width - 1) / 2) / (width / 2)
    return tf.constant(rows.reshape(1, -1)), tf.constant(columns.reshape(1, -1))


def _source_places(shape: Any, recipe: Recipe, change: Any) -> tuple[Any, Any]:
    """Row and column in the old image of each pixel of the new one, ``(n, height·width)`` each."""
    rows, columns = _grid(shape)
    angle = change[0] * np.float32(np.deg2rad(recipe.rotation))
    columns = columns / (1 + recipe.zoom * change[1])
    rows = rows / (1 + recipe.zoom * change[2])
    columns += recipe.shear * change[3] * rows
    cos, sin = tf.cos(angle), tf.sin(angle)
    new_columns = cos * columns - sin * rows + recipe.shift * change[4]
    new_rows = sin * columns + cos * rows + recipe.shift * change[5]
    height, width = shape[1:3]
    return new_rows * (height / 2) + (height - 1) / 2, new_columns * (width / 2) + (width - 1) / 2


def _sample(images: Any, rows: Any, columns: Any) -> Any:
    """Bilinear interpolation; pixels outside the image are black."""
    _, height, width, depth = images.shape
    frame = tf.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    flat = tf.reshape(frame, (-1, (height + 2) * (width + 2), depth))
    rows = tf.clip_by_value(rows + 1, 0.0, height + 0.999)
    columns = tf.clip_by_value(columns + 1, 0.0, width + 0.999)
    top, left = tf.floor(rows), tf.floor(columns)
    down, right = (rows - top)[..., tf.newaxis], (columns - left)[..., tf.newaxis]
    corner = tf.cast(top * (width + 2) + left, tf.int32)

    def at(offset: int) -> Any:
        return tf.cast(tf.gather(flat, corner + offset, batch_dims=1), tf.float32)

    above = at(0) * (1 - right) + at(1) * right
    below = at(width + 2) * (1 - right) + at(width + 3) * right
    mixed = above * (1 - down) + below * down
    return scale(tf.reshape(mixed, (-1, height, width, depth)))


def _thicken(pixels: Any, amount: Any) -> Any:
    """Blend towards the 3×3 maximum where ``amount`` ``(n, 1)`` is positive, the minimum where it is negative."""
    amount = amount[:, :, tf.newaxis, tf.newaxis]
    thick = tf.nn.max_pool2d(pixels, 3, 1, "SAME")
    thin = -tf.nn.max_pool2d(-pixels, 3, 1, "SAME")
    thicker = tf.maximum(amount, 0.0) * (thick - pixels)
    return pixels + thicker + THINNING * tf.maximum(-amount, 0.0) * (thin - pixels)


def _break_strokes(pixels: Any, share: float, chance: Any) -> Any:
    """Make a thin gap at any angle in a ``share`` of the images."""
    rows, columns = _grid(pixels.shape)
    half = pixels.shape[2] / 2
    cos, sin = tf.cos(chance[0] * np.pi), tf.sin(chance[0] * np.pi)
    across = tf.abs(columns * cos + rows * sin - chance[1] / 2) * half
    along = tf.abs(rows * cos - columns * sin - chance[2] / 2) * half
    chosen = tf.cast(tf.abs(chance[3]) > 1 - share, tf.float32)
    cut = chosen * tf.cast(along < BREAK_LENGTH / 2, tf.float32) * tf.clip_by_value(BREAK_HALF_WIDTH - across, 0.0, 1.0)
    return pixels * (1 - tf.reshape(cut, (-1, *pixels.shape[1:3], 1)))

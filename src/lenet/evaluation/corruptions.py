"""Corruptions of images, each at five severities: the fifteen kinds of MNIST-C, reimplemented, and nine more.

The kinds are those of Mu and Gilmer, "MNIST-C: A Robustness Benchmark for Computer Vision", 2019. Code and severities
are our own, so accuracies cannot be compared with those measured on the published files.

Every kind takes grey images ``(n, height, width)`` in [0, 1], one level and a random generator, and returns images of
the same shape. Lengths are in pixels of a 28 pixel image and scale with its size.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from lenet.datasets.dataset import Images

Grey = npt.NDArray[np.float64]
Apply = Callable[[Grey, float, np.random.Generator], Grey]

SEVERITIES = 5
# Side that lengths in pixels refer to.
SIDE = 28


@dataclass(frozen=True)
class Corruption:
    """A kind of corruption."""

    name: str  # in MNIST-C's spelling where it is one of its kinds
    family: str  # group of kinds that are drawn in one panel
    levels: tuple[float, ...]  # strengths at severities 1 to 5
    unit: str  # of the levels
    apply: Apply
    mnist_c: bool = False  # whether MNIST-C has this kind


def corrupt(images: Images, corruption: Corruption, severity: int, seed: int = 0) -> Images:
    """Corrupt images; all channels alike, and always the same for the same seed.

    Args:
        images: uint8 ``(n, height, width, depth)``, bright ink on black, as the result.
        corruption: One of ``CORRUPTIONS``.
        severity: 1 to 5.
        seed: Of directions, places and noise.
    """
    level = corruption.levels[severity - 1]
    channels = [
        corruption.apply(images[..., channel] / 255, level, np.random.default_rng((seed, severity)))
        for channel in range(images.shape[-1])
    ]
    return np.rint(255 * np.clip(np.stack(channels, axis=-1), 0, 1)).astype(np.uint8)


# --- moved ---


def _translate(images: Grey, level: float, rng: np.random.Generator) -> Grey:
    angle = rng.choice(8, len(images)) * np.pi / 4  # along an axis or a diagonal
    direction = np.rint(np.stack([np.sin(angle), np.cos(angle)], axis=1))
    return _warp(images, np.eye(2), level * _scale(images) * direction)


def _rotate(images: Grey, level: float, rng: np.random.Generator) -> Grey:
    angle = np.deg2rad(level) * _signs(images, rng)
    rows = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return _warp(images, np.array(rows).transpose(2, 0, 1))


def _shear(images: Grey, level: float, rng: np.random.Generator) -> Grey:
    matrices = np.tile(np.eye(2), (len(images), 1, 1))
    matrices[:, 1, 0] = level * _signs(images, rng)
    return _warp(images, matrices)


def _resize(images: Grey, level: float, rng: np.random.Generator) -> Grey:
    return _warp(images, np.eye(2) / level)


# --- the pen ---


def _thickness(extremum: Callable[..., Grey], images: Grey, level: float, rng: np.random.Generator) -> Grey:
    """The extremum over each pixel's neighbours, once for each pixel of ``level``; the fraction is interpolated."""
    step = partial(extremum, footprint=ndimage.generate_binary_structure(2, 1)[np.newaxis])
    steps = level * _scale(images)
    for _ in range(int(steps)):
        images = step(images)
    return images + steps % 1 * (step(images) - images)


def _canny_edges(images: Grey, level: float, rng: np.random.Generator) -> Grey:
    """Only the outline, one pixel wide: Canny's steps without the hysteresis (IEEE PAMI 8, 1986)."""
    sigma = (0, level * _scale(images), level * _scale(images))
    down, across = (ndimage.gaussian_filter(images, sigma, order=order) for order in ((0, 1, 0), (0, 0, 1)))
    strength = np.hypot(down, across)
    unit = np.stack([down, across]) / np.maximum(strength, 1e-6)
    neighbours = [_sample(strength, sign * unit) for sign in (1, -1)]
    peak = (strength >= neighbours[0]) & (strength > neighbours[1])
    return np.asarray(peak & (strength > 0.25 * strength.max(axis=(1, 2), keepdims=True)))


# --- light ---


def _brightness(images: Grey, level: float, rng: np.random.Generator) -> Grey:
    return images + level


def _contrast(images: Grey, level: float, rng: np.random.Generator) -> Grey:
    mean = images.mean(axis=(1, 2), keepdims=True)
    return np.asarray((images - mean) * level + mean)


def _fog(images: Grey, level: float, rng: np.random.Generator) -> Grey:
    """A bright cloud over the image: noise at four scales, each half as strong as the next larger one."""
    count, height, width = images.shape
    cloud = np.zeros_like(images)
    for octave, cells in enumerate((2, 4, 8, 16)):
        grid = rng.random((count, cells + 1, cells + 1))
        rows, columns = np.linspace(0, cells, height), np.linspace(0, cells, width)
        places = np.meshgrid(np.arange(count), rows, columns, indexing="ij")
        cloud += ndimage.map_coordinates(grid, places, order=1) / 2**octave
    low, high = cloud.min(axis=(1, 2), keepdims=True), cloud.max(axis=(1, 2), keepdims=True)
    veil = level * (cloud - low) / (high - low)
    return np.asarray(images * (1 - veil) + veil)


def _inversion(images: Grey, level: float, rng: np.random.Generator) -> Grey:
    """The negative, over ``level`` per cent of the width."""
    edge = round(level / 100 * images.shape[2])
    return np.concatenate([1 - images[:, :, :edge], images[:, :, edge:]], axis=2)


# --- noise ---


def _gaussian_noise(images: Grey, level: float, rng: np.random.Generator) -> Grey:
    return images + level * rng.standard_normal(images.shape)


def _shot_noise(images: Grey, level: float, rng: np.random.Generator) -> Grey:
    return rng.poisson(images * level) / level


def _impulse_noise(images: Grey, level: float, rng: np.random.Generator) -> Grey:
    hit = rng.random(images.shape) < level / 100
    return np.where(hit, rng.integers(0, 2, images.shape), images)


def _spatter(images: Grey, level: float, rng: np.random.Generator) -> Grey:
    """Drops of bright ink that cover ``level`` per cent of the image."""
    noise = ndimage.gaussian_filter(rng.standard_normal(images.shape), (0, 1.2, 1.2))
    bound = np.quantile(noise, 1 - level / 100, axis=(1, 2), keepdims=True)
    return np.asarray(np.maximum(images, (noise > bound)))


# --- blurred or hidden ---


def _blur(images: Grey, level: float, rng: np.random.Generator) -> Grey:
    sigma = level * _scale(images)
    return np.asarray(ndimage.gaussian_filter(images, (0, sigma, sigma)))


def _motion_blur(images: Grey, level: float, rng: np.random.Generator) -> Grey:
    angle = rng.uniform(0, np.pi, len(images))
    direction = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    length = level * _scale(images)
    offsets = np.linspace(-length / 2, length / 2, int(2 * length) + 1)
    moved = [_warp(images, np.eye(2), offset * direction) for offset in offsets]
    return np.asarray(np.mean(moved, axis=0))


def _glass_blur(images: Grey, level: float, rng: np.random.Generator) -> Grey:
    reach = level * _scale(images)
    shaken = _sample(_blur(images, 0.5, rng), rng.uniform(-reach, reach, (2, *images.shape)))
    return _blur(shaken, 0.5, rng)


def _occlusion(images: Grey, level: float, rng: np.random.Generator) -> Grey:
    """A black square over some of the ink."""
    _, height, width = images.shape
    half = level * _scale(images) / 2
    weight = images.reshape(len(images), -1) + 1e-9
    chances = np.cumsum(weight, axis=1)
    places = (chances < rng.random((len(images), 1)) * chances[:, -1:]).sum(axis=1)
    row, column = (place[:, np.newaxis] for place in np.divmod(places, width))
    hidden_rows = np.abs(np.arange(height) - row) < half
    hidden_columns = np.abs(np.arange(width) - column) < half
    return np.where(hidden_rows[:, :, np.newaxis] & hidden_columns[:, np.newaxis, :], 0, images)


# --- foreign lines ---


def _stripe(images: Grey, level: float, rng: np.random.Generator) -> Grey:
    """The negative in upright bands along both sides."""
    width = images.shape[2]
    band = np.abs(np.arange(width) - (width - 1) / 2) > width / 2 - level * _scale(images)
    return np.where(band, 1 - images, images)


def _add_line(stroke: Callable[..., Grey], images: Grey, level: float, rng: np.random.Generator) -> Grey:
    return np.maximum(images, stroke(images.shape, level * _scale(images), rng))


def _scratches(images: Grey, level: float, rng: np.random.Generator) -> Grey:
    """``level`` lines where the ink is erased."""
    for _ in range(int(level)):
        images = images * (1 - _scratch(images.shape, 1.2 * _scale(images), rng))
    return images


def _scratch(shape: tuple[int, ...], width: float, rng: np.random.Generator) -> Grey:
    """A straight line through each image, ink ``(n, height, width)`` in [0, 1]."""
    _, across = _line(shape, rng)
    return _pen(across, width)


def _dotted(shape: tuple[int, ...], width: float, rng: np.random.Generator) -> Grey:
    """A straight line of dots."""
    along, across = _line(shape, rng)
    period = shape[1] / 7
    return np.where(along % period < period / 2, _pen(across, width), 0.0)


def _zigzag(shape: tuple[int, ...], width: float, rng: np.random.Generator) -> Grey:
    """A zigzag line whose height is a seventh of the image's."""
    along, across = _line(shape, rng)
    period, height = shape[1] / 4, shape[1] / 7
    wave = height * (4 * np.abs(along / period % 1 - 0.5) - 1) / 2
    slope = 2 * height / period
    return _pen((across - wave) / np.hypot(1, slope), width)


# --- shared ---


def _line(shape: tuple[int, ...], rng: np.random.Generator) -> tuple[Grey, Grey]:
    """Each pixel's coordinates along and across a line at a random angle near the centre, ``(n, height, width)``."""
    count, height, width = shape
    angle = rng.uniform(0, np.pi, (count, 1, 1))
    rows = np.arange(height)[:, np.newaxis] - (height - 1) / 2
    columns = np.arange(width) - (width - 1) / 2
    offset = rng.uniform(-0.25, 0.25, (count, 1, 1)) * min(height, width)
    along = np.cos(angle) * columns + np.sin(angle) * rows + rng.uniform(0, height, (count, 1, 1))
    across = np.cos(angle) * rows - np.sin(angle) * columns - offset
    return along, across


def _pen(distance: Grey, width: float) -> Grey:
    """Ink of a pen that is ``width`` pixels wide, with a soft edge of one pixel."""
    return np.clip(width / 2 + 0.5 - np.abs(distance), 0, 1)


def _scale(images: Grey) -> float:
    return float(min(images.shape[1:]) / SIDE)


def _signs(images: Grey, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    return rng.choice([-1, 1], len(images))


def _warp(images: Grey, matrices: npt.NDArray[np.float64], shifts: npt.NDArray[np.float64] | float = 0.0) -> Grey:
    """Sample each pixel at ``matrix @ (place - middle) + middle - shift``; rows first, black outside.

    ``matrices`` are ``(2, 2)``, or one for each image, ``(n, 2, 2)``; ``shifts`` ``(n, 2)`` pixels down and right.
    """
    count, height, width = images.shape
    middle = np.array([height - 1, width - 1]) / 2
    places = np.moveaxis(np.indices((height, width)), 0, -1) - middle
    shifts = np.broadcast_to(shifts, (count, 2))[:, np.newaxis, np.newaxis]
    matrices = np.broadcast_to(matrices, (count, 2, 2))
    source = np.einsum("nij,hwj->nhwi", matrices, places) - shifts
    return _sample(images, np.moveaxis(source - places, -1, 0))


def _sample(images: Grey, offsets: npt.NDArray[np.floating]) -> Grey:
    """Sample each pixel ``offsets`` ``(2, n, height, width)`` pixels down and right of its place, bilinear."""
    number, row, column = np.ogrid[tuple(slice(size) for size in images.shape)]
    places = [np.broadcast_to(number, images.shape), row + offsets[0], column + offsets[1]]
    return np.asarray(ndimage.map_coordinates(images, places, order=1))


CORRUPTIONS = (
    Corruption("translate", "moved", (1, 2, 3, 4, 6), "px", _translate, mnist_c=True),
    Corruption("rotate", "moved", (9, 18, 27, 36, 45), "°", _rotate, mnist_c=True),
    Corruption("shear", "moved", (0.2, 0.3, 0.4, 0.5, 0.6), "", _shear, mnist_c=True),
    Corruption("scale", "moved", (0.9, 0.8, 0.7, 0.6, 0.5), "×", _resize, mnist_c=True),
    Corruption("enlarge", "moved", (1.1, 1.2, 1.3, 1.4, 1.5), "×", _resize),
    Corruption("thicker", "pen", (0.5, 1, 1.5, 2, 2.5), "px", partial(_thickness, ndimage.maximum_filter)),
    Corruption("thinner", "pen", (0.25, 0.5, 0.75, 1, 1.25), "px", partial(_thickness, ndimage.minimum_filter)),
    Corruption("canny_edges", "pen", (0.5, 0.75, 1, 1.25, 1.5), "px", _canny_edges, mnist_c=True),
    Corruption("brightness", "light", (0.1, 0.2, 0.3, 0.4, 0.5), "", _brightness, mnist_c=True),
    Corruption("contrast", "light", (0.6, 0.45, 0.3, 0.2, 0.1), "×", _contrast),
    Corruption("fog", "light", (0.2, 0.35, 0.5, 0.65, 0.8), "", _fog, mnist_c=True),
    Corruption("inversion", "light", (20, 40, 60, 80, 100), "%", _inversion),
    Corruption("gaussian_noise", "noise", (0.1, 0.2, 0.3, 0.4, 0.5), "", _gaussian_noise),
    Corruption("shot_noise", "noise", (40, 20, 10, 5, 2.5), "photons", _shot_noise, mnist_c=True),
    Corruption("impulse_noise", "noise", (3, 6, 10, 17, 27), "%", _impulse_noise, mnist_c=True),
    Corruption("spatter", "noise", (2, 4, 7, 11, 16), "%", _spatter, mnist_c=True),
    Corruption("blur", "blurred or hidden", (0.5, 1, 1.5, 2, 2.5), "px", _blur),
    Corruption("motion_blur", "blurred or hidden", (3, 5, 7, 9, 11), "px", _motion_blur, mnist_c=True),
    Corruption("glass_blur", "blurred or hidden", (1, 1.5, 2, 2.5, 3), "px", _glass_blur, mnist_c=True),
    Corruption("occlusion", "blurred or hidden", (4, 6, 8, 10, 12), "px", _occlusion),
    Corruption("stripe", "foreign lines", (3, 5, 7, 8, 9), "px", _stripe, mnist_c=True),
    Corruption("dotted_line", "foreign lines", (0.5, 0.75, 1, 1.5, 2), "px", partial(_add_line, _dotted), mnist_c=True),
    Corruption("zigzag", "foreign lines", (0.5, 0.75, 1, 1.5, 2), "px", partial(_add_line, _zigzag), mnist_c=True),
    Corruption("scratches", "foreign lines", (1, 2, 3, 4, 5), "lines", _scratches),
)

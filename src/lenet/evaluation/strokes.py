"""Random pen strokes, one for each image, which ``corruptions`` adds to images or erases from them."""

import numpy as np
import numpy.typing as npt

Grey = npt.NDArray[np.float64]
Shape = tuple[int, ...]


def scratch(shape: Shape, width: float, rng: np.random.Generator) -> Grey:
    """A straight line through each image, ink ``(n, height, width)`` in [0, 1]."""
    _, across = _line(shape, rng)
    return _pen(across, width)


def dotted(shape: Shape, width: float, rng: np.random.Generator) -> Grey:
    """A straight line of dots."""
    along, across = _line(shape, rng)
    period = shape[1] / 7
    return np.where(along % period < period / 2, _pen(across, width), 0.0)


def zigzag(shape: Shape, width: float, rng: np.random.Generator) -> Grey:
    """A zigzag line whose height is a seventh of the image's."""
    along, across = _line(shape, rng)
    period, height = shape[1] / 4, shape[1] / 7
    wave = height * (4 * np.abs(along / period % 1 - 0.5) - 1) / 2
    slope = 2 * height / period
    return _pen((across - wave) / np.hypot(1, slope), width)


def _line(shape: Shape, rng: np.random.Generator) -> tuple[Grey, Grey]:
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

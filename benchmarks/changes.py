"""A picture as another camera might have taken it: a person reads it as before."""

import io
from collections.abc import Callable
from functools import partial

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

# Deviation of the noise and least light, of 255 and of 1; the blur's radius is this share of the longer side.
NOISE, DARKEST, BLUR = 12, 0.36, 1 / 700


def _scaled(factor: float, picture: Image.Image) -> Image.Image:
    size = (max(1, round(side * factor)) for side in picture.size)
    return picture.resize(tuple(size), Image.Resampling.BICUBIC)


def _usual(picture: Image.Image) -> tuple[int, ...]:
    """The median colour, which is mostly the paper's."""
    return tuple(np.median(np.asarray(picture), axis=(0, 1)).astype(int).tolist())


def _rotated(degrees: float, picture: Image.Image) -> Image.Image:
    return picture.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=_usual(picture))


def _perspective(picture: Image.Image) -> Image.Image:
    """Seen from the side: the left edge is a twentieth shorter than the right one."""
    width, height = picture.size
    corners = (0, 0, -0.05 * width, 1.05 * height, width, height, width, 0)
    return picture.transform(
        picture.size, Image.Transform.QUAD, corners, Image.Resampling.BICUBIC, fillcolor=_usual(picture)
    )


def _shaded(picture: Image.Image) -> Image.Image:
    """Light falls off to the right and to the bottom."""
    width, height = picture.size
    light = np.linspace(1, DARKEST**0.5, height)[:, np.newaxis] * np.linspace(1, DARKEST**0.5, width)
    return Image.fromarray((np.asarray(picture) * light[..., np.newaxis]).astype(np.uint8))


def _noisy(picture: Image.Image) -> Image.Image:
    pixels = np.asarray(picture)
    return Image.fromarray(
        (pixels + np.random.default_rng(0).normal(0, NOISE, pixels.shape)).clip(0, 255).astype(np.uint8)
    )


def _packed(picture: Image.Image) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=30)
    return Image.open(file).convert("RGB")


def _with_border(picture: Image.Image) -> Image.Image:
    return ImageOps.expand(picture, max(picture.size) // 10, _usual(picture))


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "as it is": lambda picture: picture,
    "half the size": partial(_scaled, 0.5),
    "0.4 times the size": partial(_scaled, 0.4),
    "1.6 times the size": partial(_scaled, 1.6),
    "rotated by 4 degrees": partial(_rotated, 4),
    "rotated by -7 degrees": partial(_rotated, -7),
    "seen from the side": _perspective,
    "3 % cut off at each edge": lambda picture: ImageOps.crop(picture, round(0.03 * min(picture.size))),
    "with a border": _with_border,
    "light falls off": _shaded,
    "half as bright": lambda picture: ImageEnhance.Brightness(picture).enhance(0.5),
    "half the contrast": lambda picture: ImageEnhance.Contrast(picture).enhance(0.5),
    "blurred": lambda picture: picture.filter(ImageFilter.GaussianBlur(max(picture.size) * BLUR)),
    "with noise": _noisy,
    "JPEG, quality 30": _packed,
}

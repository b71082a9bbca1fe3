"""Figures as the bytes of an image file."""

import io
from collections.abc import Sequence

from matplotlib.figure import Figure
from PIL import Image


def as_png(figure: Figure) -> bytes:
    """The figure as PNG."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def as_gif(frames: Sequence[Figure], seconds: float) -> bytes:
    """Figures of one size as a looping animated GIF with ``seconds`` per frame."""
    return join_gif([Image.open(io.BytesIO(as_png(figure))).convert("RGB") for figure in frames], seconds)


def join_gif(pictures: Sequence[Image.Image], seconds: float) -> bytes:
    """RGB pictures of one size as a looping animated GIF with ``seconds`` per frame."""
    buffer = io.BytesIO()
    # In milliseconds; GIF stores hundredths of a second.
    pause = round(seconds * 100) * 10
    first, *rest = [picture.quantize(64) for picture in pictures]
    first.save(buffer, format="GIF", save_all=True, append_images=rest, duration=pause, loop=0, disposal=2)
    return buffer.getvalue()

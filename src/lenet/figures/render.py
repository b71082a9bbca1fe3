"""Figures as the bytes of an image file, which carries the mark of a drawing of lenet."""

import io
from collections.abc import Sequence
from typing import Literal

from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from lenet.atomic import MARK
from lenet.figures.style import glyphs_checked


def as_png(figure: Figure | Image.Image) -> bytes:
    """The figure as PNG."""
    if isinstance(figure, Figure):
        return _save(figure, "png", {"Software": MARK})
    buffer, about = io.BytesIO(), PngInfo()
    about.add_text("Software", MARK)
    figure.save(buffer, "PNG", pnginfo=about)
    return buffer.getvalue()


def as_pdf(figure: Figure) -> bytes:
    """The figure as a PDF of one page."""
    return _save(figure, "pdf", {"Creator": MARK})


def as_gif(frames: Sequence[Figure], seconds: float) -> bytes:
    """Figures of one size as a looping animated GIF with ``seconds`` per frame."""
    return join_gif([Image.open(io.BytesIO(as_png(figure))).convert("RGB") for figure in frames], seconds)


def join_gif(pictures: Sequence[Image.Image], seconds: float) -> bytes:
    """RGB pictures of one size as a looping animated GIF with ``seconds`` per frame."""
    buffer = io.BytesIO()
    # In milliseconds; GIF stores hundredths of a second.
    pause = round(seconds * 100) * 10
    first, *rest = [picture.quantize(64) for picture in pictures]
    options = {"append_images": rest, "duration": pause, "loop": 0, "disposal": 2, "comment": MARK}
    first.save(buffer, format="GIF", save_all=True, **options)
    return buffer.getvalue()


def _save(figure: Figure, kind: Literal["png", "pdf"], metadata: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with glyphs_checked(lambda: (text.get_text() for text in figure.findobj(Text))):
        figure.savefig(buffer, format=kind, metadata=metadata)
    return buffer.getvalue()

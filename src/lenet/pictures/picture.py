"""The one picture decoder: any picture a person has → upright RGB pixels, decoded safely."""

import io
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, UnidentifiedImageError

from lenet.errors import LenetError, reason
from lenet.pictures.formats import FORMATS, open_file
from lenet.pictures.upright_rgb import upright_rgb, working_size
from lenet.pictures.work import MOST_PIXELS, MOST_TOTAL, TOTAL_PER_BYTE, check_animation, check_size, check_work
from lenet.silence import silence

MOST_BYTES = 128 << 20
MOST_PAGES = 1000
NEW_SUBFILE_TYPE = 254  # a TIFF's tag

Pixels = npt.NDArray[np.uint8]
# Left, top, right and bottom, pixels.
Box = tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture, upright and small enough to work on.

    Attributes:
        pixels: uint8 ``(height, width, 3)``: red, green, blue.
        scale: Pixels of the full picture to one of these; 1 unless the picture was large.
        size: Width and height of the full picture, upright.
    """

    pixels: Pixels
    scale: float
    size: tuple[int, int]

    @property
    def grey(self) -> Pixels:
        """The same in grey, ``(height, width)``."""
        return np.asarray(Image.fromarray(self.pixels).convert("L"))

    def turned(self, degrees: float) -> "Picture":
        """The same, turned counterclockwise; the corners that this adds have the median colour."""
        if degrees % 90 == 0:
            size = self.size[::-1] if degrees % 180 else self.size
            return Picture(np.ascontiguousarray(np.rot90(self.pixels, round(degrees / 90))), self.scale, size)
        colour = tuple(np.median(self.pixels, axis=(0, 1)).astype(int).tolist())
        image = Image.fromarray(self.pixels).rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=colour)
        width, height = (round(side * self.scale) for side in image.size)
        return Picture(np.asarray(image), self.scale, (width, height))


Source = str | Path | bytes | npt.NDArray[Any] | Image.Image | Picture


class Page(NamedTuple):
    """A page of a file, or a frame of an animation.

    Attributes:
        number: From 1.
        of_several: Whether the file has more than one.
        picture: Its pixels, or why it cannot be decoded.
    """

    number: int
    of_several: bool
    picture: Picture | LenetError


@dataclass(frozen=True)
class Look:
    """What a picture's header says.

    Attributes:
        size: Height and width, upright.
        colour: Whether the picture can hold anything but grey.
        several: Whether the file has more than one page or frame.
    """

    size: tuple[int, int]
    colour: bool
    several: bool


def open_picture(source: Source, name: str | None = None) -> Picture:
    """Decode a picture.

    The first frame or page is taken and turned upright as its EXIF data says. Transparent pixels become white, or
    black where the ink itself is white. 16-bit grey is scaled to 8 bits; other numbers are stretched to their range.

    Args:
        source: A path, a file's bytes, an array ``(height, width)`` or ``(height, width, 1, 3 or 4)`` of uint8, bool,
            uint16 or float from 0 to 1, a Pillow image, or a ``Picture``, which is returned as it is.
        name: What to call it in an error; its path when not given.

    Raises:
        LenetError: when it is not a picture in one of ``FORMATS``, needs a library that is not installed, is damaged,
            or is too large.
    """
    if isinstance(source, Picture):
        return source
    name = _name(source, name)
    with ExitStack() as stack, _in_one_line(name):
        return _prepared(_opened(source, name, stack), name)


def open_pages(source: Source, name: str | None = None, number: int | None = None) -> Iterator[Page]:
    """Decode the pages or frames of a file, one after the other: as ``open_picture`` does for the first.

    A damaged page comes as its error, and the others still come. Reduced copies that a TIFF has of its pages are left
    out.

    Args:
        source: As for ``open_picture``.
        name: What to call it in an error; its path when not given.
        number: Of the only page that is asked for, from 1; all by default.

    Raises:
        LenetError: when the file cannot be opened, has no page of that number, or, after ``MOST_PAGES``, has more.
    """
    name = _name(source, name)
    with ExitStack() as stack:
        with _in_one_line(name):
            image = _opened(source, name, stack)
            several = _has_several(image)
            if several:
                check_animation(image, name)
        total, most = 0, max(MOST_TOTAL, TOTAL_PER_BYTE * _bytes_of(source))
        for page in count(1) if number is None else (number,):
            where = f"{name}, page {page}" if several else name
            with _in_one_line(where):
                there = _go_to(image, page, several)
            if not there and number is None:
                return
            if not there:
                raise LenetError(f"{name}: has no page {page}")
            if number is None and page > MOST_PAGES:
                raise LenetError(
                    f"{name}: has more than {MOST_PAGES:,} pages, and the rest is not read; split the file"
                )
            if number is None and page > 1 and _is_reduced(image):
                continue
            total += image.width * image.height
            if page > 1 and total > most:
                message = f"{total:,} pixels to this page are too many for so small a file; split it"
                raise LenetError(f"{where}: {message}")
            picture: Picture | LenetError
            try:
                with _in_one_line(where):
                    picture = _prepared(image, where)
            except LenetError as error:
                picture = error
            if not several:
                image.close()  # its pixels would take as much memory as what is done with the page
            elif image.format == "TIFF":
                image.im = None  # type: ignore[assignment]  # the next page needs none of it
            yield Page(page, several, picture)


def look(source: Source, name: str | None = None) -> Look:
    """Read a picture's header only.

    Raises:
        LenetError: when it is not a picture in one of ``FORMATS``, or is too large.
    """
    name = _name(source, name)
    with ExitStack() as stack, _in_one_line(name):
        image = _opened(source, name, stack)
        size = (image.width, image.height) if _lies_on_its_side(image) else (image.height, image.width)
        return Look(size, _is_colour(image), _has_several(image))


def _name(source: Source, name: str | None) -> str:
    return name or (str(source) if isinstance(source, str | Path) else "picture")


@contextmanager
def _in_one_line(name: str) -> Iterator[None]:
    """Every failure becomes one line."""
    with warnings.catch_warnings():
        # Pillow's warnings of odd metadata and of sizes (which are checked here) would be a second line.
        warnings.simplefilter("ignore")
        try:
            yield
        except LenetError:
            raise
        except MemoryError:
            raise LenetError(f"{name}: does not fit into the memory; make it smaller") from None
        except Exception as error:  # decoders fed with hostile bytes may raise anything
            raise LenetError(f"{name}: is not a readable picture ({_reason(error)})") from error


def _opened(source: Source, name: str, stack: ExitStack) -> Image.Image:
    """The picture with its header read."""
    image = stack.enter_context(_image(source, name, stack))
    check_size(image, name)
    return image


def _image(source: Source, name: str, stack: ExitStack) -> Image.Image:
    if isinstance(source, Picture):
        return Image.fromarray(source.pixels)
    if isinstance(source, Image.Image):
        check_size(source, name)
        return source.copy()  # the caller's own must stay as it is
    if isinstance(source, np.ndarray):
        return Image.fromarray(_as_pixels(source, name))
    if isinstance(source, bytes):
        size = len(source)
    else:
        source = Path(source)
        if not source.is_file():
            what = "is a folder, not a picture" if source.is_dir() else "no such picture"
            raise LenetError(f"{name}: {what}; name a file of the kinds {', '.join(FORMATS)}")
        size = source.stat().st_size
    if size > MOST_BYTES:
        raise LenetError(f"{name}: more than {MOST_BYTES >> 20} MiB; make the picture smaller")
    # An open file, since Pillow 13.0 maps an uncompressed TIFF into memory when it has a path, and turns it wrongly.
    file = io.BytesIO(source) if isinstance(source, bytes) else stack.enter_context(source.open("rb"))
    image = open_file(file, name)
    check_work(image, file, name)
    return image


def _bytes_of(source: Source) -> int:
    """Of a file; 0 for what is no file."""
    if isinstance(source, str | Path):
        return Path(source).stat().st_size
    return len(source) if isinstance(source, bytes) else 0


def _has_several(image: Image.Image) -> bool:
    """Whether there are pages or frames; the others of a camera's MPO are no pages, but depths or small copies."""
    return image.format != "MPO" and bool(getattr(image, "is_animated", False))


def _go_to(image: Image.Image, page: int, several: bool) -> bool:
    """Choose a page, if there is one of that number."""
    if not several:
        return page == 1
    try:
        image.seek(page - 1)
    except EOFError:
        return False
    return True


def _is_reduced(image: Image.Image) -> bool:
    """Whether a TIFF says of its page that it is a smaller copy of another."""
    return image.format == "TIFF" and bool(getattr(image, "tag_v2", {}).get(NEW_SUBFILE_TYPE, 0) & 1)


def _as_pixels(array: npt.NDArray[Any], name: str) -> Pixels:
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if array.ndim not in (2, 3) or array.size == 0 or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise LenetError(f"{name}: an array of shape {array.shape} is no picture; give (height, width[, 1, 3 or 4])")
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype == np.uint16:
        return (array >> 8).astype(np.uint8)
    if array.dtype.kind == "f" and float(np.nanmin(array)) >= 0 and float(np.nanmax(array)) <= 1:
        return np.asarray((np.nan_to_num(array) * 255).round(), np.uint8)
    raise LenetError(f"{name}: an array of {array.dtype} in this range is no picture; give uint8, or floats 0 to 1")


def _prepared(image: Image.Image, name: str) -> Picture:
    check_size(image, name)
    full = image.size
    wanted = working_size(full)
    with silence() if image.format == "TIFF" else nullcontext():  # libtiff prints a line for each damaged row
        image = upright_rgb(image, wanted)
    full = full if image.size == wanted else full[::-1]
    return Picture(np.asarray(image), full[0] / image.size[0], full)


def _lies_on_its_side(image: Image.Image) -> bool:
    """Whether EXIF data asks for a quarter turn that the size in the header does not have yet."""
    if image.format == "TIFF":
        return False  # Pillow turns its size at once
    if image.format == "PNG" and not {"exif", "Raw profile type exif"} & image.info.keys():
        return False  # Pillow would decode the whole picture to look for it at the end
    return image.getexif().get(ExifTags.Base.Orientation, 1) in (5, 6, 7, 8)


def _is_colour(image: Image.Image) -> bool:
    if image.mode == "P":
        palette = np.array(image.getpalette("RGB") or [], np.uint8).reshape(-1, 3)
        return bool((palette != palette[:, :1]).any())
    return image.mode not in ("1", "L", "LA", "La", "I", "F") and not image.mode.startswith("I;16")


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return f"not {', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
    if isinstance(error, Image.DecompressionBombError):
        return f"more than {MOST_PIXELS // 1_000_000} million pixels"
    return reason(error)

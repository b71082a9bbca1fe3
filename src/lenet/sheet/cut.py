"""A photographed sheet → one labelled picture for each box that is written in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from lenet.atomic import is_made_here
from lenet.datasets.classes import number
from lenet.datasets.dataset import Dataset
from lenet.datasets.decode import OnError, refuse
from lenet.datasets.notes import left_out_files
from lenet.errors import LenetError
from lenet.pictures.formats import is_passed_over, is_picture
from lenet.pictures.picture import Picture, Pixels, open_pages
from lenet.sheet.find import Array, find_sheet, flatten, sample
from lenet.sheet.layout import COLUMNS, HEIGHT, SIDE, WIDTH, Sheet, box_corner, sheets

# Pixels of the rectified page to a millimetre.
SCALE = 8
# Millimetres: paper is seen within the first; a box is looked for so far from its place; its outline is cut away.
PAPER, SHIFT, INSET = 6.0, 1.3, 0.7
# Darkness that counts as ink, mm² of ink that are no dust, and the margin that is not looked at for it, in mm.
INKED, LEAST_INK, MARGIN = 0.2, 0.6, 0.4
OUTLINE = 0.35  # darkness of an outline; darker ink counts no more


@dataclass(frozen=True, eq=False)
class Box:
    """A box of a sheet.

    Attributes:
        label: The class of its row.
        row: From 0, from above.
        column: From 0, from the left.
        image: What is in it, uint8 ``(72, 72)``: ink on white.
        empty: Whether nothing is written in it.
    """

    label: str
    row: int
    column: int
    image: Pixels
    empty: bool


def read_sheets(
    source: Path, class_names: Sequence[str] | None = None, on_error: OnError = refuse
) -> tuple[Dataset, int]:
    """Cut all sheets of a file (each of its pages is one) or a folder into pictures.

    Args:
        source: A photograph or scan of a sheet, a file of several pages, or a folder of such files.
        class_names: What is printed on the sheets; by default, their patterns say it.
        on_error: Is called for every page at fault; it is left out, unless this raises, as the default does.

    Returns:
        The boxes that are written in, grey ``(n, 72, 72, 1)`` as ink on white, and the number of empty ones. A note
        counts the files of a folder that are no pictures or made by lenet, and its folders.

    Raises:
        LenetError: when no page can be read, or all boxes are empty.
    """
    paths, notes = [source], tuple[str, ...]()
    if source.is_dir():
        inside = sorted(path for path in source.iterdir() if not is_passed_over(path.name))
        paths = [path for path in inside if is_picture(path) and not is_made_here(path)]
        notes = left_out_files(source, paths)
        if not paths:
            raise LenetError(f"{source}: has no picture in it")
    known = sheets(class_names) if class_names else ()
    written: list[tuple[str, Box]] = []
    empty = 0
    read = 0
    for where, picture in _pictures(paths, on_error):
        try:
            boxes = cut_sheet(picture, where, known)
        except LenetError as error:
            on_error(error)
            continue
        read += 1
        empty += sum(box.empty for box in boxes)
        written += [(f"{where}, row {box.row + 1}, box {box.column + 1}", box) for box in boxes if not box.empty]
    if not read:
        raise LenetError(f"{source}: no picture in it shows a sheet")
    if not written:
        raise LenetError(f"{source}: all boxes are empty; write into them with a dark pen")
    labels, names = number([box.label for _, box in written], str(source))
    images = np.stack([box.image for _, box in written])[..., np.newaxis]
    origins = tuple(origin for origin, _ in written)
    return Dataset(str(source), images, labels, names, origins=origins, notes=notes), empty


def cut_sheet(picture: Picture, name: str, known: Sequence[Sheet] = ()) -> list[Box]:
    """All boxes of a photographed sheet, row by row.

    Args:
        picture: The photograph.
        name: What to call it in an error.
        known: The sheets that it may be; by default, the printed pattern says it.

    Raises:
        LenetError: when it shows no sheet.
    """
    sheet, projection = find_sheet(picture.grey, name, known)
    x, y = np.meshgrid((np.arange(WIDTH * SCALE) + 0.5) / SCALE, (np.arange(HEIGHT * SCALE) + 0.5) / SCALE)
    page = flatten(sample(picture.grey.astype(np.float64), projection, x, y), round(PAPER * SCALE))
    page /= np.median(page)
    corners = np.array([[box_corner(row, column) for column in range(COLUMNS)] for row in range(len(sheet.rows))])
    corners += _shifts(page, corners)
    inner = round((SIDE - 2 * INSET) * SCALE)
    boxes = []
    for row, label in enumerate(sheet.rows):
        for column in range(COLUMNS):
            left, top = ((corners[row, column] + INSET) * SCALE).round().astype(int)
            image = page[top : top + inner, left : left + inner]
            pixels = (image * 255).round().clip(0, 255).astype(np.uint8)
            boxes.append(Box(label, row, column, pixels, _is_empty(image)))
    return boxes


def _pictures(paths: Sequence[Path], on_error: OnError) -> Iterator[tuple[str, Picture]]:
    for path in paths:
        try:
            for page in open_pages(path):
                if isinstance(page.picture, LenetError):
                    on_error(page.picture)
                else:
                    yield f"{path.name}, page {page.number}" if page.of_several else path.name, page.picture
        except LenetError as error:
            on_error(error)


def _shifts(page: Array, corners: Array) -> Array:
    """How far each box's outline is from its place, in mm, ``(rows, columns, 2)``: paper is never quite flat.

    A box's shift is the median over its neighbours'.
    """
    dark = (1 - page).clip(0, OUTLINE)
    size, reach = round(SIDE * SCALE), round(SHIFT * SCALE)
    shifts = np.zeros_like(corners)
    for place in np.ndindex(corners.shape[:2]):
        left, top = (corners[place] * SCALE - 0.5).round().astype(int)
        part = dark[top - reach : top + size + reach + 1, left - reach : left + size + reach + 1]
        for axis in (0, 1):
            profile = part[reach:-reach].mean(axis=0) if axis == 0 else part[:, reach:-reach].mean(axis=1)
            profile = ndimage.gaussian_filter1d(profile, 1)
            score = profile[: 2 * reach + 1] + profile[size : size + 2 * reach + 1]
            shifts[*place, axis] = (int(score.argmax()) - reach) / SCALE
    return np.asarray(ndimage.median_filter(shifts, (3, 3, 1), mode="nearest"))


def _is_empty(image: Array) -> bool:
    """Whether no connected ink is larger than dust."""
    margin = round(MARGIN * SCALE)
    ink: npt.NDArray[np.bool_] = (
        ndimage.gaussian_filter(1 - image, 0.15 * SCALE)[margin:-margin, margin:-margin] > INKED
    )
    labels, count = ndimage.label(ink, np.ones((3, 3)))
    return not count or np.bincount(labels[ink]).max() < LEAST_INK * SCALE**2

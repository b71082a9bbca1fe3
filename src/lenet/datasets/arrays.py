"""Arrays of images and of labels, whatever file they came from → one Dataset."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lenet.datasets.assemble import assemble, join_images
from lenet.datasets.classes import resolve
from lenet.datasets.dataset import Dataset, as_images
from lenet.datasets.pixels import as_pixels
from lenet.datasets.writers import group_writers
from lenet.errors import LenetError

Array = npt.NDArray[Any]
# By kind and part, each with its name for messages.
Arrays = Mapping[tuple[str, int], tuple[str, Array]]
# QMNIST's columns: class, group of writers (NIST's hsf number), writer, and five more.
QMNIST_COLUMNS = 8


def from_arrays(arrays: Arrays, class_names: Sequence[str] | None, where: str, others: Sequence[str] = ()) -> Dataset:
    """One Dataset of the images and labels of every part.

    Images may have the channels before the rows, and the images on the last axis, as MATLAB has them. Labels are whole
    numbers, names, one-hot rows, or QMNIST's rows, which tell the writers, too.

    Args:
        arrays: Of the kinds ``images`` and ``labels``.
        class_names: What numbers as labels mean: a list of names, or None.
        where: Name of the source.
        others: Notes on what else is in it.

    Raises:
        LenetError: names the array that does not fit.
    """
    images, labels, parts, writers = [], [], [], []
    notes = dict.fromkeys(others)  # each once
    for part in sorted({part for _, part in arrays}):
        if ("images", part) not in arrays or ("labels", part) not in arrays:
            name = next(name for (_, other), (name, _) in arrays.items() if other == part)
            raise LenetError(
                f"{where}: {name}: images without labels, or labels without images; needed are pairs such as x_train "
                "and y_train"
            )
        name, pixels = arrays["images", part]
        values, said = _labels(*arrays["labels", part], where)
        notes |= dict.fromkeys(said)
        if values.ndim == 2:
            writers.append(values[:, 1:])
            values = values[:, 0]
        pixels, said = _images_first(pixels, len(values), f"{where}: {arrays['labels', part][0]}")
        notes |= dict.fromkeys(said)
        pixels, said = as_pixels(pixels, f"{where}: {name}")
        notes |= dict.fromkeys(said)
        images.append(as_images(pixels, f"{where}: {name}"))
        labels.append(values)
        parts.append(np.full(len(values), part))
    every, names = resolve(np.concatenate(labels), class_names, where)
    dataset = assemble(where, join_images(images, where), every, names, np.concatenate(parts), notes=tuple(notes))
    if len(writers) == len(parts):
        hsf, writer = np.concatenate(writers).T
        groups, group_of = group_writers(hsf)
        dataset = replace(dataset, writer_of=writer, groups=groups, group_of=group_of)
    return dataset


def text(array: Array, where: str) -> Array:
    """Bytes as text; LenetError when they are none."""
    try:
        return np.char.decode(array, "utf-8") if array.dtype.kind == "S" else array
    except UnicodeDecodeError as error:
        raise LenetError(f"{where} holds bytes that are no text in UTF-8 ({error.reason})") from error


def _images_first(pixels: Array, count: int, labels: str) -> tuple[Array, list[str]]:
    """The images on the first axis, channels on the last."""
    if pixels.ndim > 1 and len(pixels) != count and pixels.shape[-1] == count:
        pixels = np.moveaxis(pixels, -1, 0)
    elif pixels.ndim == 3 and len(set(pixels.shape)) == 1:
        return pixels, [f"as many images as pixels a side ({count:,}): the first axis is taken for the images"]
    if pixels.ndim == 0 or len(pixels) != count:
        raise LenetError(
            f"{labels} has {count:,} labels for images of shape {pixels.shape}: one label for each image is needed; "
            "are the files swapped?"
        )
    if pixels.ndim == 4 and pixels.shape[3] not in (1, 3) and pixels.shape[1] in (1, 3):
        return np.moveaxis(pixels, 1, 3), ["the channels were the first axis of each image and are made the last"]
    return pixels, []


def _labels(name: str, labels: Array, where: str) -> tuple[Array, list[str]]:
    """Whole numbers or names ``(n,)``, or ``(n, 3)`` with the group and the writer of each image."""
    if labels.ndim == 2 and 1 in labels.shape:
        labels = labels.ravel()
    if labels.ndim == 2 and labels.dtype.kind in "iufb":
        if ((labels == 0) | (labels == 1)).all() and (labels.sum(axis=1) == 1).all():
            return labels.argmax(axis=1), ["labels were one-hot"]
        if labels.dtype.kind in "iu" and labels.shape[1] == QMNIST_COLUMNS:
            return labels[:, :3].astype(np.int64), []
    if labels.ndim != 1:
        raise LenetError(f"{where}: {name} has shape {labels.shape}; one label for each image is needed")
    if labels.dtype.kind == "f" and np.isfinite(labels).all() and (labels == np.rint(labels)).all():
        return labels.astype(np.int64), []
    if labels.dtype.kind not in "iuUS":
        raise LenetError(f"{where}: {name} holds {labels.dtype}; whole numbers or names are needed")
    return text(labels, f"{where}: {name}"), []

"""Many encoded pictures → one array of images."""

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lenet.datasets.choose_framing import Choice, choose, sample_indices
from lenet.datasets.dataset import Images
from lenet.datasets.preparation import Preparation
from lenet.datasets.store import allocate, gather
from lenet.errors import LenetError
from lenet.pictures.picture import Picture, look, open_picture
from lenet.processor import usable_cores

# A picture's file, or its bytes where it is part of another file; None where that file has no bytes for it.
Encoded = Path | bytes | None
# Iterates over the pictures, each with its name for messages; may be called again.
Pictures = Callable[[], Iterable[tuple[str, Encoded]]]
# Is called with every fault that may be passed over.
OnError = Callable[[LenetError], None]

# Pictures that are decoded at once; enough to keep the cores busy, few enough to hold in memory.
AT_ONCE = 256
# From this many pixels a picture, threads decode faster than one; below, they only wait for each other.
WORTH_THREADS = 256 * 256


def refuse(error: LenetError) -> None:
    """Raise the fault."""
    raise error


def decode_all(
    where: str,
    pictures: Pictures,
    labels: Sequence[Any] | npt.NDArray[Any],
    parts: npt.NDArray[np.int64],
    preparation: Preparation,
    on_error: OnError,
) -> tuple[Images, npt.NDArray[np.int64], Choice]:
    """Decode pictures and bring them into the form that is asked.

    Args:
        where: The source, for messages.
        pictures: Iterates over them.
        labels: Label of each, a number or a name.
        parts: Part of each picture, ``(n,)``; those of the first part decide the framing.
        preparation: What is asked.
        on_error: Is called for every broken picture; those are left out.

    Returns:
        Images ``(n, height, width, depth)``, the indices of the pictures that could be decoded, and the choice of
        framing.

    Raises:
        LenetError: for pictures of several sizes when one size is needed, or when none could be decoded.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's remarks on odd but readable files
        sizes, colour, several = _look_at_all(where, pictures)
        training = np.flatnonzero(parts == parts.min())
        sample = set(training[sample_indices(len(training))].tolist())
        choice = choose(where, preparation, sizes, colour, _open_some(pictures, labels, sample))
        if several:
            note = f"used only the first page of files with several pages or frames: {len(several):,}, such as "
            choice = replace(choice, notes=(*choice.notes, note + repr(several[0])))
        framing = choice.framing
        images = allocate((len(parts), framing.height, framing.width, framing.depth))
        sound = np.ones(len(parts), bool)

        def decode(place: int, name: str, encoded: Encoded) -> LenetError | None:
            try:
                images[place] = framing.frame(_open(name, encoded))
            except LenetError as error:
                return error
            return None

        largest = max(height * width for height, width in sizes)
        for place, error in _in_order(decode, pictures, usable_cores() if largest >= WORTH_THREADS else 1):
            if error is not None:
                sound[place] = False
                on_error(error)
    indices = np.flatnonzero(sound)
    if not len(indices):
        raise LenetError(f"{where}: holds no readable picture")
    return (images if sound.all() else gather(images, indices)), indices, choice


def _look_at_all(where: str, pictures: Pictures) -> tuple[dict[tuple[int, int], str], bool, list[str]]:
    """The sizes of all pictures, each with the name of one that has it; whether one has colours; which have pages."""
    several: list[str] = []
    sizes: dict[tuple[int, int], str] = {}
    colour = False
    first: LenetError | None = None
    for name, encoded in pictures():
        try:
            looked = look(_content(name, encoded), name)
        except LenetError as error:  # decoding meets it again
            first = first or error
        else:
            sizes.setdefault(looked.size, name)
            colour = colour or looked.colour
            several += [name] if looked.several else []
    if not sizes:
        raise first or LenetError(f"{where}: holds no readable picture")
    return sizes, colour, several


def _open_some(pictures: Pictures, labels: Any, indices: set[int]) -> Iterator[tuple[Picture, Any]]:
    for place, (name, encoded) in enumerate(pictures()):
        if place in indices:
            with suppress(LenetError):  # decoding meets it again
                yield _open(name, encoded), labels[place]


def _open(name: str, encoded: Encoded) -> Picture:
    return open_picture(_content(name, encoded), name)


def _content(name: str, encoded: Encoded) -> Path | bytes:
    if encoded is None:
        raise LenetError(f"{name}: holds no picture's bytes; files outside are not followed")
    return encoded


def _in_order(work: Callable[[int, str, Encoded], Any], pictures: Pictures, threads: int) -> Iterator[tuple[int, Any]]:
    """Do ``work`` on every picture, several at once, and give its results in the pictures' order."""
    source = enumerate(pictures())
    with ThreadPoolExecutor(threads) as pool:
        apply = map if threads == 1 else pool.map
        while batch := list(islice(source, AT_ONCE)):
            done = apply(lambda item: work(item[0], *item[1]), batch)
            yield from zip([place for place, _ in batch], done, strict=True)

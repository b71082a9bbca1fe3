"""Many encoded pictures, decoded to one array."""

import hashlib
import json
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import astuple
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from lenet.datasets import store
from lenet.datasets.dataset import Images
from lenet.datasets.picture import Encoded, decode, grey_border, look
from lenet.datasets.prepare import Preparation, changes, looked_at
from lenet.errors import LenetError
from lenet.processor import usable_cores

# Is told of a fault that may be passed over; loading raises it, `lenet data check` collects it.
Complain = Callable[[LenetError], None]
# Walks through the pictures, each with its name for messages; may be called again.
Pictures = Callable[[], Iterable[tuple[str, Encoded]]]

# Pictures that are decoded at once; enough to keep the cores busy, few enough to hold in memory.
AT_ONCE = 256
# From this many pixels a picture, threads decode faster than one; below, they only wait for each other.
WORTH_THREADS = 256 * 256
# Changes when the same pictures come out as other pixels, so that kept ones are not taken for them.
DECODING = 1


class SeveralSizesError(LenetError):
    """Pictures of several sizes, and no size to scale them to."""


def refuse(error: LenetError) -> None:
    """The strict way to take a fault."""
    raise error


def fingerprint(*what: Any) -> str:
    """A key for decoded pixels, from all that decides them."""
    return hashlib.sha256(json.dumps([DECODING, *what]).encode()).hexdigest()[:32]


def decode_all(
    where: str, count: int, pictures: Pictures, preparation: Preparation, key: str, complain: Complain = refuse
) -> tuple[Images, npt.NDArray[np.int64], tuple[str, ...]]:
    """Decode ``count`` pictures; when they are many, the pixels are kept on disk under ``key`` for the next time.

    Args:
        where: the source, for messages.
        count: how many there are.
        pictures: walks through them.
        preparation: how they shall come.
        key: a ``fingerprint`` of the pictures, without their preparation.
        complain: is told of every broken picture; those are left out.

    Returns:
        Images ``(n, height, width, depth)``, the indices of the pictures that they are, and notes of what was done.

    Raises:
        LenetError: the first broken picture, or pictures of several sizes when no size is asked.
    """
    key = fingerprint(key, astuple(preparation))
    if (kept := store.recall(key)) is not None:
        return kept[0], np.arange(count), kept[1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's remarks on odd but readable files
        size, depth, inverts, notes, largest = _survey(where, count, pictures, preparation)
        sound = np.ones(count, bool)

        def fill(images: Images) -> None:
            def decode_one(place: int, name: str, encoded: Encoded) -> LenetError | None:
                try:
                    image = decode(encoded, name, preparation.size, depth)
                    if image.shape != images.shape[1:]:
                        raise LenetError(f"{name}: is {_sized(image.shape)}, the others {_sized(size)}; {HINT}")
                    images[place] = 255 - image if inverts else image
                except LenetError as error:
                    return error
                return None

            for place, error in _in_turn(decode_one, pictures, usable_cores() if largest >= WORTH_THREADS else 1):
                if error is not None:
                    sound[place] = False
                    complain(error)

        shape = (count, *size, depth)
        if complain is refuse:
            images = store.remember(key, shape, fill, notes)
        else:  # what has gaps is not kept
            fill(images := store.room(shape))
    indices = np.flatnonzero(sound)
    if not len(indices):
        raise LenetError(f"{where}: holds no readable picture")
    return (images if sound.all() else store.gather(images, indices)), indices, tuple(notes)


HINT = "pass --size, such as --size 28x28"


def _survey(
    where: str, count: int, pictures: Pictures, preparation: Preparation
) -> tuple[tuple[int, int], int, bool, list[str], int]:
    """Look at every picture's header, and at the borders of some.

    Returns:
        Size, depth, whether to invert, what that means in words, and the pixels of the largest picture.
    """
    chosen = looked_at(count)
    sizes: dict[tuple[int, int], str] = {}
    borders, colour = np.zeros(256, np.int64), False
    for place, (name, encoded) in enumerate(pictures()):
        with suppress(LenetError):  # decoding meets it again and tells
            looked = look(encoded, name)
            if place in chosen:
                borders += np.bincount(grey_border(encoded, name).ravel(), minlength=256)
            sizes.setdefault(looked.size, name)
            colour = colour or looked.colour
    if not sizes:
        for name, encoded in islice(pictures(), 1):
            decode(encoded, name, None, 1)
        raise LenetError(f"{where}: holds no readable picture")
    if preparation.size is None and len(sizes) > 1:
        (first, one), (second, other) = list(sizes.items())[:2]
        raise SeveralSizesError(
            f"{where}: pictures of {len(sizes)} sizes, such as {_sized(first)} ({one}) and {_sized(second)} ({other}); "
            f"{HINT}"
        )
    size = preparation.size or next(iter(sizes))
    had_depth = 3 if colour else 1
    depth = preparation.depth or had_depth
    inverts = preparation.inverts(depth, np.repeat(np.arange(256, dtype=np.uint8), borders))
    notes = changes(sizes, size, had_depth, depth, inverts)
    return size, depth, inverts, notes, max(height * width for height, width in sizes)


def _in_turn(work: Callable[[int, str, Encoded], Any], pictures: Pictures, threads: int) -> Iterator[tuple[int, Any]]:
    """Do ``work`` on every picture, several at once, and give what it returns in the pictures' order."""
    source = enumerate(pictures())
    with ThreadPoolExecutor(threads) as pool:
        apply = map if threads == 1 else pool.map
        while batch := list(islice(source, AT_ONCE)):
            done = apply(lambda item: work(item[0], *item[1]), batch)
            yield from zip([place for place, _ in batch], done, strict=True)


def _sized(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}×{shape[0]}"

"""Broken data of every source: one clear line that names the file and the place, and nothing written.

Each case makes its broken source in an empty folder and returns what the user would name, and what the line must say.
"""

import gzip
import io
import struct

import numpy as np
import pytest
from PIL import Image

from lenet import Dataset, LenetError, load_dataset
from lenet.datasets.convert import convert

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 90, (20, 8, 8), dtype=np.uint8)
LABELS = np.arange(20) % 3
DATASET = Dataset("whole", IMAGES, LABELS, ("a", "b", "c"), test_from=15)


class Cases(dict):
    """By name, functions of a folder."""

    def add(self, name):
        def add(function):
            assert name not in self
            self[name] = function
            return function

        return add

    def add_cuts(self, kind):
        """Files of one kind that end too early, at 40 places."""
        for step in range(40):

            @self.add(f"{kind}-cut-{step}")
            def _(folder, step=step):
                path = whole(folder, kind)
                cut(path, step / 40)
                return path, path.name


def tree(folder):
    return sorted((str(path), path.lstat().st_size) for path in folder.rglob("*"))


def assert_refused(make, folder, cache, framing="auto"):
    """A case is refused in one line that names its file and place, and writes nothing."""
    source, says = make(folder)
    before = tree(folder)
    with pytest.raises(LenetError) as caught:
        load_dataset(source, framing=framing)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 500
    assert source.name in message
    assert says in message
    assert tree(folder) == before
    assert tree(cache) == []


def whole(folder, kind):
    """A sound source, to be broken."""
    target = folder / (f"data.{kind}" if kind in ("npz", "csv", "parquet") else "data")
    if kind == "csv":
        rows = [["label", *(f"pixel{index}" for index in range(64))]]
        rows += [["abc"[label], *image.ravel().tolist()] for label, image in zip(LABELS, IMAGES, strict=True)]
        target.write_text("".join(",".join(map(str, row)) + "\n" for row in rows), encoding="utf-8")
    elif kind == "idx":
        target.mkdir()
        for part, rows in (("train", slice(0, 15)), ("t10k", slice(15, 20))):
            for name, array in (("images-idx3", IMAGES[rows]), ("labels-idx1", LABELS[rows].astype(np.uint8))):
                (target / f"{part}-{name}-ubyte.gz").write_bytes(gzip.compress(packed(array), mtime=0))
    else:
        convert(DATASET, target, kind)
    return target


def packed(array, element=8, shape=None):
    shape = shape or array.shape
    return struct.pack(f">BBBB{len(shape)}I", 0, 0, element, len(shape), *shape) + array.tobytes()


def cut(path, share):
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])


def png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "png")
    return buffer.getvalue()


PNGS = [png(image) for image in IMAGES[:4]]

"""Broken IDX files, cut, flipped, swapped or of lying headers, and the files that name their classes."""

import gzip

import numpy as np
import pytest

from tests.datasets.faults import IMAGES, LABELS, Cases, assert_refused, cut, packed, whole

CASES = Cases()
case = CASES.add


for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
    for step in range(12):

        @case(f"idx-{name}-cut-{step}")
        def _(folder, name=name, step=step):
            path = whole(folder, "idx") / f"{name}-ubyte.gz"
            if step % 2:
                plain = path.with_suffix("")
                plain.write_bytes(gzip.decompress(path.read_bytes()))
                path.unlink()
                path = plain
            cut(path, step / 12)
            return path.parent, name


for step in range(20):

    @case(f"idx-flipped-{step}")
    def _(folder, step=step):
        path = whole(folder, "idx") / "train-images-idx3-ubyte.gz"
        content = bytearray(path.read_bytes())
        content[10 + step * (len(content) - 10) // 20] ^= 0x55
        path.write_bytes(content)
        return path.parent, path.name


def idx(folder, images, labels, part="train"):
    folder.mkdir(exist_ok=True)
    for kind, content in ((f"{part}-images-idx3-ubyte", images), (f"{part}-labels-idx1-ubyte", labels)):
        if content is not None:
            (folder / kind).write_bytes(content)
    return folder


GOOD_IMAGES, GOOD_LABELS = packed(IMAGES), packed(LABELS.astype(np.uint8))
for name, images, labels, says in (
    ("signed", packed(IMAGES, 9), GOOD_LABELS, "train-images-idx3-ubyte"),
    ("integers", packed(IMAGES, 0x0C), GOOD_LABELS, "train-images-idx3-ubyte"),
    ("floats", packed(IMAGES, 0x0D), GOOD_LABELS, "train-images-idx3-ubyte"),
    ("label-floats", GOOD_IMAGES, packed(IMAGES, 0x0E), "train-labels-idx1-ubyte"),
    ("no-dimension", b"\0\0\x08\0" + bytes(20), GOOD_LABELS, "train-images-idx3-ubyte"),
    ("five-dimensions", b"\0\0\x08\5" + bytes(20), GOOD_LABELS, "train-images-idx3-ubyte"),
    ("text", b"label,pixel", GOOD_LABELS, "train-images-idx3-ubyte"),
    ("empty", b"", GOOD_LABELS, "train-images-idx3-ubyte"),
    ("label-empty", GOOD_IMAGES, b"", "train-labels-idx1-ubyte"),
    ("swapped", GOOD_LABELS, GOOD_IMAGES, "train-"),
    ("no-labels", GOOD_IMAGES, None, "train-images-idx3-ubyte: its labels are not beside it"),
    ("huge", packed(IMAGES, shape=(2**32 - 1, 2**32 - 1, 28)), GOOD_LABELS, "more than 4 GiB"),
    ("huge-packed", gzip.compress(packed(IMAGES, shape=(2**31, 28, 28))), GOOD_LABELS, "more than 4 GiB"),
    ("longer", GOOD_IMAGES + b"\0", GOOD_LABELS, "promises 1,280 bytes, more are there"),
    ("bomb", gzip.compress(GOOD_IMAGES + bytes(1 << 20)), GOOD_LABELS, "promises 1,280 bytes"),
    ("fewer-labels", GOOD_IMAGES, packed(LABELS[:-1].astype(np.uint8)), "swapped"),
    ("no-images", packed(IMAGES[:0]), packed(LABELS[:0].astype(np.uint8)), "no image"),
    ("no-width", packed(IMAGES, shape=(20, 0, 64)), GOOD_LABELS, "train-images-idx3-ubyte"),
    ("gzip-of-nothing", gzip.compress(b""), GOOD_LABELS, "train-images-idx3-ubyte"),
    ("gzip-tail", gzip.compress(GOOD_IMAGES) + b"tail", GOOD_LABELS, "train-images-idx3-ubyte"),
):

    @case(f"idx-{name}")
    def _(folder, images=images, labels=labels, says=says):
        return idx(folder / "data", images, labels), says


@case("idx-part-twice")
def _(folder):
    data = idx(folder / "data", GOOD_IMAGES, GOOD_LABELS)
    (data / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(packed(IMAGES ^ 1)))
    return data, "train-images-idx3-ubyte.gz: train-images-idx3-ubyte is a second file of the train images and differs"


@case("idx-other-size-to-test")
def _(folder):
    idx(folder / "data", GOOD_IMAGES, GOOD_LABELS)
    return idx(folder / "data", packed(IMAGES.reshape(20, 4, 16)), GOOD_LABELS, "t10k"), "differ in shape"


@case("idx-labels-are-a-folder")
def _(folder):
    data = idx(folder / "data", GOOD_IMAGES, None)
    (data / "train-labels-idx1-ubyte").mkdir()
    return data, "train-images-idx3-ubyte: its labels are not beside it"


@case("idx-one-file-named")
def _(folder):
    return idx(folder / "data", GOOD_IMAGES, GOOD_LABELS) / "train-images-idx3-ubyte", "name the folder"


for name, text, says in (
    ("too-few", "a\nb\n", "label '2' of image 2"),
    ("empty", "", "label '0' of image 0"),
    ("twice", "a\nb\na\n", "'a' occurs twice"),
    ("blank", "a\n\nb\n", "class name ''"),
    ("unprintable", "a\nb\x07\nc\n", "class name"),
    ("long", "a\nb\n" + 101 * "c" + "\n", "class name"),
):

    @case(f"idx-names-{name}")
    def _(folder, text=text, says=says):
        data = idx(folder / "data", GOOD_IMAGES, GOOD_LABELS)
        (data / "classes.txt").write_text(text, encoding="utf-8")
        return data, says


for name, text in (("words", "a b\n"), ("one", "1\n"), ("too-high", "0 99999999\n"), ("missing", "0 65\n1 66\n")):

    @case(f"idx-mapping-{name}")
    def _(folder, text=text):
        data = idx(folder / "data", GOOD_IMAGES, GOOD_LABELS)
        (data / "x-mapping.txt").write_text(text, encoding="utf-8")
        return data, "x-mapping.txt"


@pytest.mark.parametrize("name", CASES)
def test_one_clear_line_and_nothing_written(name, tmp_path, cache):
    assert_refused(CASES[name], tmp_path, cache)

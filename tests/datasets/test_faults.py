"""Broken data of every source: one clear line that names the file and the place, and nothing written.

Each case makes its broken source in an empty folder and returns what the user would name, and what the line must say.
"""

import gzip
import io
import json
import os
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from PIL import Image, features

from lenet import Dataset, LenetError, load_dataset
from lenet.datasets.convert import convert

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 90, (20, 8, 8), dtype=np.uint8)
LABELS = np.arange(20) % 3
DATASET = Dataset("whole", IMAGES, LABELS, ("a", "b", "c"), test_from=15)
CASES = {}


def case(name):
    def add(function):
        assert name not in CASES
        CASES[name] = function
        return function

    return add


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


# Cut short: each kind of file at many places.

for kind in ("npz", "parquet"):
    for step in range(40):

        @case(f"{kind}-cut-{step}")
        def _(folder, kind=kind, step=step):
            path = whole(folder, kind)
            cut(path, step / 40)
            return path, path.name


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

    @case(f"csv-cut-{step}")
    def _(folder, step=step):
        path = whole(folder, "csv")
        lines = path.read_text(encoding="utf-8").splitlines()
        line = lines[step]
        lines[step:] = [line[: line.rindex(",", 0, len(line) - 2 - 5 * step)]]
        path.write_text("\n".join(lines), encoding="utf-8")
        return path, f"line {step + 1}" if step else "has a header and no row"


FORMATS = {"png": {}, "jpg": {}, "bmp": {}, "gif": {}, "tif": {}, "webp": {}, "ppm": {}}
if features.check("avif"):
    FORMATS["avif"] = {}
for ending in FORMATS:
    for step in range(10):

        @case(f"{ending}-cut-{step}")
        def _(folder, ending=ending, step=step):
            for label in "ab":
                (folder / "data" / label).mkdir(parents=True)
                pixels = np.random.default_rng(1).integers(0, 256, (40, 40), dtype=np.uint8)
                Image.fromarray(pixels).convert("RGB").save(folder / "data" / label / f"1.{ending}")
            cut(folder / "data" / "b" / f"1.{ending}", step * 0.09)
            return folder / "data", f"b/1.{ending}"


for step in range(20):

    @case(f"npz-flipped-{step}")
    def _(folder, step=step):
        path = whole(folder, "npz")
        with zipfile.ZipFile(path) as archive:
            entry = archive.getinfo("x_train.npy")
        content = bytearray(path.read_bytes())
        data = entry.header_offset + 30 + sum(struct.unpack_from("<HH", content, entry.header_offset + 26))
        content[data + step * entry.compress_size // 20] ^= 0x55
        path.write_bytes(content)
        return path, path.name


for step in range(20):

    @case(f"idx-flipped-{step}")
    def _(folder, step=step):
        path = whole(folder, "idx") / "train-images-idx3-ubyte.gz"
        content = bytearray(path.read_bytes())
        content[10 + step * (len(content) - 10) // 20] ^= 0x55
        path.write_bytes(content)
        return path.parent, path.name


# IDX


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
    ("longer", GOOD_IMAGES + b"\0", GOOD_LABELS, "promises 1,280 bytes"),
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


# NPZ


def npz(folder, **arrays):
    np.savez(folder / "data.npz", **arrays)
    return folder / "data.npz"


FLOATS = IMAGES.astype(np.float64)
for name, arrays, says in (
    ("pickle", {"x": np.array([{}] * 20, dtype=object), "y": LABELS}, "pickled"),
    ("pickled-labels", {"x": IMAGES, "y": np.array(["a"] * 20, dtype=object)}, "pickled"),
    ("nan", {"x": np.where(np.arange(64).reshape(8, 8) == 9, np.nan, FLOATS), "y": LABELS}, "[0, 1, 1] is nan"),
    ("infinite", {"x": FLOATS + np.inf, "y": LABELS}, "[0, 0, 0] is inf"),
    ("negative", {"x": IMAGES.astype(np.int64) - 300, "y": LABELS}, "not in 0 to 255"),
    ("too-bright", {"x": IMAGES.astype(np.int64) + 250, "y": LABELS}, "not in 0 to 255"),
    ("fractions", {"x": FLOATS + 0.5, "y": LABELS}, "neither whole nor"),
    ("complex", {"x": IMAGES * 1j, "y": LABELS}, "complex128"),
    ("texts", {"x": IMAGES.astype(str), "y": LABELS}, "not numbers"),
    ("no-labels", {"x_train": IMAGES}, "without labels"),
    ("no-images", {"y_train": LABELS}, "without images"),
    ("no-test-labels", {"x_train": IMAGES, "y_train": LABELS, "x_test": IMAGES}, "without labels"),
    ("other-keys", {"foo": IMAGES, "bar": LABELS}, "x_train"),
    ("positional", {"arr_0": IMAGES, "arr_1": LABELS}, "x_train"),
    ("keys-twice", {"x_train": IMAGES, "train_images": IMAGES, "y_train": LABELS}, "mean the same"),
    ("fewer-labels", {"x": IMAGES, "y": LABELS[:-1]}, "19 labels for images of shape (20, 8, 8)"),
    ("two-hot", {"x": IMAGES, "y": np.eye(3)[LABELS] + np.eye(3)[0]}, "(20, 3)"),
    ("half-labels", {"x": IMAGES, "y": LABELS + 0.5}, "float64"),
    ("nan-labels", {"x": IMAGES, "y": LABELS * np.nan}, "float64"),
    ("bool-labels", {"x": IMAGES, "y": LABELS > 1}, "bool"),
    ("label-beyond", {"x": IMAGES, "y": LABELS, "class_names": np.array(["a", "b"])}, "label '2' of image 2"),
    ("label-negative", {"x": IMAGES, "y": LABELS - 1, "class_names": np.array(["a", "b"])}, "label '-1' of image 0"),
    ("label-unlisted", {"x": IMAGES, "y": LABELS.astype(str), "class_names": np.array(["0", "1"])}, "label '2'"),
    ("names-twice", {"x": IMAGES, "y": LABELS, "class_names": np.array(["a", "b", "a"])}, "occurs twice"),
    ("names-empty", {"x": IMAGES, "y": LABELS, "class_names": np.array(["a", "", "c"])}, "class name ''"),
    ("names-numbers", {"x": IMAGES, "y": LABELS, "class_names": np.arange(3)}, "class_names"),
    ("names-square", {"x": IMAGES, "y": LABELS, "class_names": np.array([["a", "b", "c"]])}, "class_names"),
    ("names-not-utf8", {"x": IMAGES, "y": LABELS, "class_names": np.array([b"a", b"\xff", b"c"])}, "data.npz"),
    ("label-unprintable", {"x": IMAGES, "y": np.array(["b", "a\n"] * 10)}, "image 1: class name"),
    ("not-square", {"x": IMAGES.reshape(20, 64)[:, :63], "y": LABELS}, "63 pixels"),
    ("one-dimension", {"x": IMAGES.ravel()[:20], "y": LABELS}, "shape"),
    ("five-dimensions", {"x": IMAGES.reshape(20, 1, 8, 8, 1), "y": LABELS}, "shape"),
    ("four-channels", {"x": IMAGES.reshape(20, 4, 4, 4), "y": LABELS}, "1 (grey) or 3 (colour)"),
    ("no-pixels", {"x": IMAGES.reshape(20, 64)[:, :0], "y": LABELS}, "x: images have shape (20, 0)"),
    ("empty", {"x": IMAGES[:0], "y": LABELS[:0]}, "no image"),
    ("no-width", {"x": IMAGES[:, :, :0], "y": LABELS}, "shape"),
    (
        "other-size-to-test",
        {"x_train": IMAGES, "y_train": LABELS, "x_test": IMAGES[:, :4], "y_test": LABELS},
        "differ in shape",
    ),
    ("scalar", {"x": np.uint8(3), "y": LABELS}, "data.npz"),
):

    @case(f"npz-{name}")
    def _(folder, arrays=arrays, says=says):
        return npz(folder, **arrays), says


def raw_npz(folder, members):
    path = folder / "data.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def npy(header, content=b""):
    text = header.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + content


for name, content, says in (
    ("claims-more", npy("{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999, 8, 8)}", bytes(64)), "claims"),
    ("claims-less", npy("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 8, 8)}", bytes(65)), "claims"),
    ("negative-shape", npy("{'descr': '|u1', 'fortran_order': False, 'shape': (-1, -64)}", bytes(64)), "claims"),
    ("no-size", npy("{'descr': '|V0', 'fortran_order': False, 'shape': (999999999999,)}"), "claims"),
    ("code", npy("__import__('os').system('true')"), "data.npz"),
    ("deep", npy("(" * 100), "data.npz"),
    ("object", npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", bytes(8)), "pickled"),
    ("version", b"\x93NUMPY\x09\x00" + bytes(100), "version"),
    ("no-magic", bytes(100), "data.npz"),
    ("nothing", b"", "data.npz"),
):

    @case(f"npy-{name}")
    def _(folder, content=content, says=says):
        labels = io.BytesIO()
        np.save(labels, LABELS)
        return raw_npz(folder, {"x.npy": content, "y.npy": labels.getvalue()}), says


@case("npz-bomb")
def _(folder):
    """A gigabyte of zeros in a megabyte is fine; five that the directory admits are not."""
    path = npz(folder, x=IMAGES, y=LABELS)
    content = bytearray(path.read_bytes())
    at = content.index(b"PK\x01\x02") + 24
    content[at : at + 4] = struct.pack("<I", 0xFFFFFFF0)
    second = content.index(b"PK\x01\x02", at) + 24
    content[second : second + 4] = struct.pack("<I", 0xFFFFFFF0)
    path.write_bytes(content)
    return path, "data.npz"


for name, content in (("text", b"label,pixel0\n"), ("npy", npy("{}")), ("zip-without-arrays", None)):

    @case(f"npz-is-{name}")
    def _(folder, content=content):
        if content is None:
            return raw_npz(folder, {"readme.txt": b"hello"}), "readme.txt"
        (folder / "data.npz").write_bytes(content)
        return folder / "data.npz", "data.npz"


@case("npz-is-a-folder-of-nothing")
def _(folder):
    (folder / "data.npz").mkdir()
    return folder / "data.npz", "holds no picture"


# CSV

HEAD = "label,pixel0,pixel1,pixel2,pixel3\n"
for name, text, says in (
    ("empty", "", "is empty"),
    ("blank-lines", "\n\n\n", "is empty"),
    ("header-only", HEAD, "no row"),
    ("short-row", HEAD + "a,1,2,3,4\nb,1,2,3\n", "line 3: has 4 columns"),
    ("long-row", HEAD + "a,1,2,3,4\nb,1,2,3,4,5\n", "line 3: has 6 columns"),
    ("late-row", HEAD + "a,1,2,3,4\n" * 2500 + "b,1\n", "line 2502: has 2 columns"),
    ("after-blank-lines", HEAD + "a,1,2,3,4\n\n\nb,1,2,x,4\n", "line 5, column 4: 'x'"),
    ("word", HEAD + "a,1,2,three,4\n", "line 2, column 4: 'three'"),
    ("hole", HEAD + "a,1,,3,4\n", "line 2, column 3: ''"),
    ("nan", HEAD + "a,1,nan,3,4\n", "line 2, column 3 is nan"),
    ("infinite", HEAD + "a,1,inf,3,4\n", "line 2, column 3 is inf"),
    ("negative", HEAD + "a,1,-2,3,4\n", "line 2, column 3 is -2: not in 0 to 255"),
    ("too-bright", HEAD + "a,1,2,3,256\n", "line 2, column 5 is 256: not in 0 to 255"),
    ("fraction", HEAD + "a,1,2,0.5,4\n", "line 2, column 4 is 0.5: neither whole nor in 0 to 1"),
    ("hexadecimal", HEAD + "a,1,0x2,3,4\n", "line 2, column 3: '0x2'"),
    ("enormous", HEAD + "a,1," + "9" * 5000 + ",3,4\n", "line 2, column 3"),
    ("wide-pixel", HEAD + "a,1,2,3,4\nb,1,2,3," + "1" * 140_000 + "\n", "line 3, column 5 is inf: no number"),
    ("wide-heading", "label,pixel0" + "0" * 140_000 + "\na,1\n", "line 1: cannot be read (field larger than"),
    ("two-delimiters", HEAD + "a;1;2;3;4\n", "line 2: has 1 columns"),
    ("no-label", "x1,x2,x3,x4\n1,2,3,4\n", "line 1: no label column"),
    ("two-labels", "label,class,pixel0\na,b,1\n", "line 1: 2 label columns".replace("columns", "column")),
    ("no-pixels", "label,part\na,train\n", "line 1: has no pixel column"),
    ("one-column", "label\na\n", "line 1: has one column"),
    ("not-square", "label,pixel0,pixel1,pixel2\na,1,2,3\nb,1,2,3\n", "3 pixels"),
    ("shape-wrong", "label,1x1,1x2,2x3\na,1,2,3\n", "2x3"),
    ("shape-order", "label,1x1,2x1,1x2,2x2\na,1,2,3,4\n", "2x2"),
    ("unknown-part", "label,part,pixel0\na,train,1\nb,other,2\n", "line 3: part 'other'"),
    ("empty-label", HEAD + "a,1,2,3,4\n\n,1,2,3,4\n", "line 4: class name ''"),
    ("unprintable-label", HEAD + "a\x07,1,2,3,4\n", "line 2: class name"),
    ("long-label", HEAD + "a" * 200 + ",1,2,3,4\n", "class name"),
    ("open-quotation", HEAD + 'a,1,2,3,4\n"b,1,2,3,4\nc,1,2,3,4\n', "line"),
    ("zero-byte", HEAD + "a,1,\0,3,4\n", "line 2, column 3"),
    ("no-header-ragged", "1,2,3,4,5\n1,2,3,4\n", "line 2: has 4 columns"),
    ("no-header-word", "a,2,3,4,5\nb,2,x,4,5\n", "line 2, column 3: 'x'"),
    ("html", "<html><body>not found</body></html>\n", "line 1: has one column"),
):

    @case(f"csv-{name}")
    def _(folder, text=text, says=says):
        (folder / "data.csv").write_text(text, encoding="utf-8")
        return folder / "data.csv", says


for name, content, says in (
    ("latin", HEAD.encode() + b"\xe9,1,2,3,4\n", "UTF-8"),
    ("binary", bytes(range(256)) * 4, "data.csv"),
    ("gzip", gzip.compress(HEAD.encode()), "data.csv"),
    ("utf-16", (HEAD + "a,1,2,3,4\n").encode("utf-16"), "data.csv"),
    ("one-endless-line", b"1," * (9 << 20), "line 1: is longer"),
):

    @case(f"csv-{name}")
    def _(folder, content=content, says=says):
        (folder / "data.csv").write_bytes(content)
        return folder / "data.csv", says


# Parquet


def png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "png")
    return buffer.getvalue()


def parquet(folder, columns, metadata=None):
    table = pyarrow.table(columns)
    if metadata is not None:
        table = table.replace_schema_metadata({"huggingface": metadata})
    pyarrow.parquet.write_table(table, folder / "data.parquet")
    return folder / "data.parquet"


PNGS = [png(image) for image in IMAGES[:4]]
LISTS = IMAGES[:4].tolist()
NAMED = json.dumps({"info": {"features": {"label": {"names": ["a", "b"]}}}})
NAMES_TWICE = json.dumps({"info": {"features": {"label": {"names": ["a", "a"]}}}})
NAMES_NUMBERS = json.dumps({"info": {"features": {"label": {"names": [1, 2]}}}})
for name, columns, says in (
    ("no-label", {"image": PNGS}, "no columns for the label"),
    ("no-image", {"label": [0, 1, 0, 1]}, "no columns for the image"),
    ("two-images", {"image": PNGS, "img": PNGS, "label": [0, 1, 0, 1]}, "2 columns for the image"),
    ("null-label", {"image": PNGS, "label": [0, 1, None, 1]}, "row 2: label 'None'"),
    ("float-label", {"image": PNGS, "label": [0.0, 1.0, 0.5, 1.0]}, "row 0: label '0.0'"),
    ("empty-label", {"image": PNGS, "label": ["a", "", "a", "b"]}, "image 1: class name ''"),
    ("list-label", {"image": PNGS, "label": [[0], [1], [0], [1]]}, "row 0: label"),
    ("null-image", {"image": [*PNGS[:3], None], "label": [0, 1, 0, 1]}, "row 3: holds no picture's bytes"),
    (
        "path-only",
        {"image": [{"bytes": None, "path": "/etc/passwd"}] * 4, "label": [0, 1, 0, 1]},
        "row 0: holds no picture's bytes",
    ),
    (
        "broken-picture",
        {"image": [*PNGS[:2], PNGS[2][:60], PNGS[3]], "label": [0, 1, 0, 1]},
        "row 2: is not a readable",
    ),
    ("no-picture", {"image": [b"hello"] * 4, "label": [0, 1, 0, 1]}, "row 0: is not a readable"),
    ("mixed-sizes", {"image": [*PNGS[:3], png(IMAGES[0][:4])], "label": [0, 1, 0, 1]}, "--size"),
    ("ragged", {"image": [*LISTS[:3], LISTS[3][:5]], "label": [0, 1, 0, 1]}, "unequal number"),
    ("null-pixel", {"image": [[1, 2, 3, 4], [1, None, 3, 4]], "label": [0, 1]}, "pixel is missing"),
    ("null-list", {"image": [[1, 2, 3, 4], None], "label": [0, 1]}, "unequal number"),
    ("nan", {"image": [[1.0, 2.0, 3.0, 4.0], [1.0, float("nan"), 3.0, 4.0]], "label": [0, 1]}, "[1, 1] is nan"),
    ("too-bright", {"image": [[1, 2, 3, 4], [1, 999, 3, 4]], "label": [0, 1]}, "[1, 1] is 999"),
    ("not-square", {"image": [[1, 2, 3], [1, 2, 3]], "label": [0, 1]}, "3 pixels"),
    ("texts", {"image": ["a.png", "b.png"], "label": [0, 1]}, "data.parquet"),
    ("numbers", {"image": [1, 2], "label": [0, 1]}, "data.parquet"),
    ("no-rows", {"image": pyarrow.array([], pyarrow.binary()), "label": pyarrow.array([], pyarrow.int64())}, "no row"),
    ("unknown-part", {"image": PNGS, "label": [0, 1, 0, 1], "part": ["train", "x", "test", "test"]}, "row 1: part 'x'"),
    (
        "null-part",
        {"image": PNGS, "label": [0, 1, 0, 1], "part": ["train", None, "test", "test"]},
        "row 1: part 'None'",
    ),
):

    @case(f"parquet-{name}")
    def _(folder, columns=columns, says=says):
        return parquet(folder, columns), says


for name, labels, metadata, says in (
    ("label-beyond", [0, 1, 2, 1], NAMED, "label '2' of image 2"),
    ("label-negative", [0, 1, -1, 1], NAMED, "label '-1' of image 2"),
    ("names-twice", [0, 1, 0, 1], NAMES_TWICE, "occurs twice"),
    ("names-numbers", [0, 1, 0, 1], NAMES_NUMBERS, "not a list of texts"),
):

    @case(f"parquet-{name}")
    def _(folder, labels=labels, metadata=metadata, says=says):
        return parquet(folder, {"image": PNGS, "label": labels}, metadata), says


@case("parquet-shards-name-different-classes")
def _(folder):
    for part, names in (("train", ["a", "b"]), ("test", ["b", "a"])):
        metadata = json.dumps({"info": {"features": {"label": {"names": names}}}})
        parquet(folder, {"image": PNGS, "label": [0, 1, 0, 1]}, metadata).rename(folder / f"{part}-0.parquet")
    return folder, "different classes"


@case("parquet-is-text")
def _(folder):
    (folder / "data.parquet").write_text("PAR1 hello PAR1", encoding="utf-8")
    return folder / "data.parquet", "data.parquet"


# Folders


def pictures(folder, *names, pixels=IMAGES[0]):
    for name in names:
        path = folder / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    return folder / "data"


@case("folder-empty")
def _(folder):
    (folder / "data").mkdir()
    return folder / "data", "holds no picture"


@case("folder-empty-class")
def _(folder):
    data = pictures(folder, "a/1.png", "b/1.png")
    (data / "c").mkdir()
    return data, "data/c: this class's folder holds no picture"


@case("folder-class-of-other-files")
def _(folder):
    data = pictures(folder, "a/1.png", "b/1.png")
    (data / "c").mkdir()
    (data / "c" / "drawing.svg").write_text("<svg/>", encoding="utf-8")
    return data, "data/c: this class's folder"


@case("folder-empty-class-in-a-part")
def _(folder):
    data = pictures(folder, "train/a/1.png", "train/b/1.png", "test/a/1.png")
    (data / "test" / "b").mkdir()
    return data, "test/b: this class's folder"


@case("folder-mixed-sizes")
def _(folder):
    pictures(folder, "a/1.png")
    return pictures(folder, "b/2.png", pixels=IMAGES[0][:5]), "--size"


@case("folder-flat-without-a-class")
def _(folder):
    return pictures(folder, "7_1.png", "scan.png"), "scan.png: has no class"


@case("folder-picture-beside-classes")
def _(folder):
    return pictures(folder, "a/1.png", "b/1.png", "7_x.png"), "data/7_x.png: is beside the folders of classes; put"


@case("folder-picture-beside-parts")
def _(folder):
    return pictures(folder, "train/a/1.png", "test/a/1.png", "x.png"), "data/x.png: is beside the folders of classes"


@case("folder-picture-beside-classes-in-a-part")
def _(folder):
    return pictures(folder, "train/a/1.png", "train/b_2.png", "test/a/1.png"), "train/b_2.png: is beside the folders"


@case("folder-within-a-class")
def _(folder):
    return pictures(folder, "a/1.png", "b/1.png", "b/more/2.png"), "b/more: is a folder within a class"


@case("folder-class-name-unprintable")
def _(folder):
    return pictures(folder, "a/1.png", "b\x07/1.png"), r"data: 'b\x07/1.png': class name"


@case("folder-class-name-not-utf8")
def _(folder):
    data = pictures(folder, "a/1.png", "b/1.png")
    (data / "b").rename(os.fsdecode(os.fsencode(data) + b"/\xff"))
    return data, "class name"


def link(folder, to, name="b/2.png"):
    data = pictures(folder, "a/1.png", "b/1.png")
    (data / name).symlink_to(to)
    return data


@case("folder-link-out")
def _(folder):
    Image.fromarray(IMAGES[0]).save(folder / "outside.png")
    return link(folder, folder / "outside.png"), "b/2.png: is a link that leads out"


@case("folder-link-out-relative")
def _(folder):
    Image.fromarray(IMAGES[0]).save(folder / "outside.png")
    return link(folder, "../../outside.png"), "b/2.png: is a link that leads out"


@case("folder-class-links-out")
def _(folder):
    (folder / "outside").mkdir()
    return link(folder, folder / "outside", "c"), "data/c: is a link that leads out"


@case("folder-link-to-root")
def _(folder):
    return link(folder, "/", "c"), "data/c: is a link that leads out"


@case("folder-link-to-nothing")
def _(folder):
    return link(folder, "missing.png"), "b/2.png: is a link to nothing"


@case("folder-link-to-itself")
def _(folder):
    return link(folder, "2.png"), "b/2.png: is a link to nothing"


@case("folder-link-around")
def _(folder):
    return link(folder, "..", "b/around"), "b/around: is a folder within a class"


@case("folder-pipe")
def _(folder):
    data = pictures(folder, "a/1.png", "b/1.png")
    os.mkfifo(data / "b" / "2.png")
    return data, "b/2.png: is neither a file nor a folder"


def content(folder, name, written):
    data = pictures(folder, "a/1.png", "b/1.png")
    (data / name).write_bytes(written)
    return data


def bomb(width, height):
    """A PNG that claims a size and holds a few bytes."""
    good = bytearray(PNGS[0])
    good[16:24] = struct.pack(">II", width, height)
    good[29:33] = struct.pack(">I", zlib.crc32(good[12:29]))
    return bytes(good)


for name, file, written, says in (
    ("text", "b/2.png", b"hello", "not PNG"),
    ("nothing", "b/2.jpg", b"", "not PNG"),
    ("svg", "b/2.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not PNG"),
    ("postscript", "b/2.png", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not PNG"),
    ("pickle", "b/2.png", b"\x80\x04\x95\x0b\x00\x00\x00", "not PNG"),
    ("bomb", "b/2.png", bomb(60_000, 60_000), "more than 64 million pixels"),
    ("large", "b/2.png", bomb(9_000, 9_000), "9000×9000 pixels are more than 64 million"),
    ("wide-bomb", "b/2.png", bomb(2**31 - 1, 1), "b/2.png"),
    ("no-width", "b/2.png", bomb(0, 8), "b/2.png"),
    ("wrong-checksum", "b/2.png", PNGS[0][:45] + bytes([PNGS[0][45] ^ 1]) + PNGS[0][46:], "b/2.png"),
):

    @case(f"picture-{name}")
    def _(folder, file=file, written=written, says=says):
        return content(folder, file, written), says


# What is named, and how it shall come


for name, source, says in (
    ("unknown", "nowhere/at/all", "there is no such file"),
    ("unknown-name", "cifar", "there is no such file"),
    ("empty-name", "", "holds no picture"),
):

    @case(f"source-{name}")
    def _(folder, source=source, says=says):
        return (folder if not source else Path(source)), says


@case("source-pipe")
def _(folder):
    os.mkfifo(folder / "data.csv")
    return folder / "data.csv", "data.csv: is neither a file nor a folder"


for ending in ("txt", "h5", "pt", "zip", "mat", "png"):

    @case(f"source-ending-{ending}")
    def _(folder, ending=ending):
        (folder / f"data.{ending}").write_bytes(b"hello")
        return folder / f"data.{ending}", f"data.{ending}: is not known data"


def tree(folder):
    return sorted((str(path), path.lstat().st_size) for path in folder.rglob("*"))


@pytest.mark.parametrize("name", CASES)
def test_one_clear_line_and_nothing_written(tmp_path, cache, name):
    source, says = CASES[name](tmp_path)
    before = tree(tmp_path)
    with pytest.raises(LenetError) as caught:
        load_dataset(source, framing="whole" if "mixed-sizes" in name else "auto")
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 500
    assert source.name in message
    assert says in message
    assert tree(tmp_path) == before
    assert tree(cache) == []


def test_there_are_three_hundred():
    assert len(CASES) >= 300


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"size": "28"}, "28x28"),
        ({"size": "axb"}, "28x28"),
        ({"size": "1x2x3"}, "28x28"),
        ({"size": "0x5"}, "1 to 4096"),
        ({"size": (5, 5000)}, "5000x5"),
        ({"depth": 2}, "depth 2"),
        ({"invert": "maybe"}, "maybe"),
        ({"framing": "square"}, "square"),
        ({"framing": "mark", "depth": 3}, "depth 3"),
    ],
)
def test_a_form_that_no_picture_has_is_refused(asked, says):
    with pytest.raises(LenetError, match=says):
        load_dataset("mnist", **asked)

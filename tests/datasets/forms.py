"""Every form that data is published in, made small, and what must come out; test_forms.py reads them."""

import bz2
import gzip
import io
import json
import struct
import zipfile

import numpy as np
import pyarrow
import pyarrow.parquet
from PIL import Image
from scipy.io import savemat

RNG = np.random.default_rng(0)
# 2 to 254, so that neither rows nor columns, nor bright and dark, can be mistaken.
IMAGES = RNG.integers(1, 128, (12, 6, 6), dtype=np.uint8) * 2
LABELS = np.arange(12) % 3
ONE_HOT = np.eye(3)[LABELS]
TRAIN, TEST = slice(0, 8), slice(8, 12)
FORMS = {}


def form(name, *notes, **about):
    """A function that makes the form in an empty folder and returns what a user would name; and what must be said."""

    def add(make):
        assert name not in FORMS
        FORMS[name] = (make, notes, {"classes": ("0", "1", "2"), "parts": True, **about})
        return make

    return add


def idx(path, array, code=8):
    content = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape) + array.tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def idx_pair(folder, family="", ending="", images=IMAGES, test="t10k", labels=LABELS):
    for part, rows in (("train", TRAIN), (test, TEST)):
        idx(folder / f"{family}{part}-images-idx3-ubyte{ending}", images[rows])
        idx(folder / f"{family}{part}-labels-idx1-ubyte{ending}", labels[rows].astype(np.uint8))


@form("torchvision-mnist")
def _(folder):
    """`data/MNIST/raw`, each file plain and packed."""
    for ending in ("", ".gz"):
        idx_pair(folder / "data" / "MNIST" / "raw", ending=ending)
    return folder / "data"


@form("emnist-of-six-splits", "EMNIST is transposed and was turned upright", classes=("A", "B", "C"))
def _(folder):
    for split in ("balanced", "letters"):
        idx_pair(folder / "gzip", f"emnist-{split}-", ".gz", IMAGES.transpose(0, 2, 1), "test", LABELS + 1)
        (folder / "gzip" / f"emnist-{split}-mapping.txt").write_text("1 65 97\n2 66 98\n3 67 99\n", encoding="utf-8")
    return folder / "gzip" / "emnist-letters"


@form("qmnist", writers=True)
def _(folder):
    for part, rows in (("train", TRAIN), ("test", TEST)):
        idx(folder / f"qmnist-{part}-images-idx3-ubyte.gz", IMAGES[rows])
        labels = np.zeros((12, 8), ">i4")
        labels[:, 0], labels[:, 1], labels[:, 2] = LABELS, 4 * (LABELS > 0), 2000 + LABELS
        idx(folder / f"qmnist-{part}-labels-idx2-int.gz", labels[rows], 12)
    return folder


@form("kmnist")
def _(folder):
    for part, rows in (("train", TRAIN), ("test", TEST)):
        np.savez_compressed(folder / f"kmnist-{part}-imgs.npz", IMAGES[rows])
        np.savez_compressed(folder / f"kmnist-{part}-labels.npz", LABELS[rows].astype(np.uint8))
    return folder


@form("keras-mnist-npz")
def _(folder):
    np.savez(
        folder / "mnist.npz", x_train=IMAGES[TRAIN], y_train=LABELS[TRAIN], x_test=IMAGES[TEST], y_test=LABELS[TEST]
    )
    return folder / "mnist.npz"


@form("npz-one-hot-channels-first", "labels were one-hot", "the channels were the first axis of each image", depth=3)
def _(folder):
    images = np.stack([IMAGES, IMAGES ^ 1, IMAGES ^ 2], axis=1)
    np.savez(folder / "d.npz", trainX=images[TRAIN], trainY=ONE_HOT[TRAIN], testX=images[TEST], testY=ONE_HOT[TEST])
    return folder / "d.npz"


@form("npy-pairs")
def _(folder):
    for part, rows in (("train", TRAIN), ("test", TEST)):
        np.save(folder / f"X_{part}.npy", IMAGES[rows] / np.float32(255))
        np.save(folder / f"y_{part}.npy", LABELS[rows])
    return folder


@form("mldata-mat", parts=False)
def _(folder):
    """`mnist-original.mat`: images and labels on the last axis."""
    savemat(
        folder / "mnist-original.mat", {"data": IMAGES.reshape(12, 36).T, "label": LABELS[np.newaxis].astype(float)}
    )
    return folder / "mnist-original.mat"


@form("svhn-mat", parts=False, depth=3)
def _(folder):
    images = np.repeat(IMAGES[..., np.newaxis], 3, axis=3).transpose(1, 2, 3, 0)
    savemat(folder / "train_6x6.mat", {"X": images, "y": LABELS[:, np.newaxis].astype(np.uint8)}, do_compression=True)
    return folder / "train_6x6.mat"


@form("scipy-mat", parts=False)
def _(folder):
    """Labels as SciPy saves whole numbers."""
    savemat(folder / "digits.mat", {"X": IMAGES.reshape(12, 36), "y": LABELS[:, np.newaxis].astype(np.int64)})
    return folder / "digits.mat"


ROWS = [[label, *image.ravel().tolist()] for label, image in zip(LABELS.tolist(), IMAGES, strict=True)]
PIXELS = [f"pixel{place}" for place in range(36)]


def table(rows, delimiter=","):
    return "".join(delimiter.join(map(str, row)) + "\n" for row in rows)


@form("csv-packed", parts=False)
def _(folder):
    (folder / "train.csv.gz").write_bytes(gzip.compress(table([["label", *PIXELS], *ROWS]).encode()))
    return folder / "train.csv.gz"


@form("csv-of-each-part", "no header: the first column is taken as the label (3 classes)")
def _(folder):
    (folder / "mnist_train.csv").write_text(table(ROWS[TRAIN]), encoding="utf-8")
    (folder / "mnist_test.csv").write_text(table(ROWS[TEST]), encoding="utf-8")
    return folder


@form("csv-semicolons", parts=False)
def _(folder):
    (folder / "d.csv").write_text(table([["label", *PIXELS], *ROWS], ";"), encoding="utf-8")
    return folder / "d.csv"


@form("csv-of-pandas", "left out columns: 1, such as ''", parts=False)
def _(folder):
    rows = [["", "label", *PIXELS], *([number, *row] for number, row in enumerate(ROWS))]
    (folder / "d.csv").write_text(table(rows), encoding="utf-8")
    return folder / "d.csv"


@form("csv-of-pandas-without-names", "no header: the first column is taken as the number of the row", parts=False)
def _(folder):
    rows = [["", *range(37)], *([number, *row] for number, row in enumerate(ROWS))]
    (folder / "d.csv").write_text(table(rows), encoding="utf-8")
    return folder / "d.csv"


@form("csv-label-last", "no header: the last column is taken as the label (3 classes)", parts=False, corner=0)
def _(folder):
    rows = [[0, *row[2:], row[0]] for row in ROWS]
    (folder / "d.csv").write_text(table(rows), encoding="utf-8")
    return folder / "d.csv"


@form(
    "csv-words-last",
    "no header: the last column is taken as the label (3 classes)",
    parts=False,
    classes=("a", "b", "c"),
)
def _(folder):
    (folder / "d.csv").write_text(table([*row[1:], "abc"[row[0]]] for row in ROWS), encoding="utf-8")
    return folder / "d.csv"


@form("csv-fractions", "pixels from 0 to 1 are scaled to 0 to 255", parts=False)
def _(folder):
    """As `numpy.savetxt` writes it."""
    np.savetxt(folder / "d.csv", np.column_stack([LABELS, IMAGES.reshape(12, 36) / 255]), delimiter=",")
    return folder / "d.csv"


@form("arff", parts=False)
def _(folder):
    """OpenML's `mnist_784.arff`."""
    attributes = [f"@ATTRIBUTE {name} real\n" for name in PIXELS] + ["@ATTRIBUTE class {0,1,2}\n"]
    rows = table([*row[1:], row[0]] for row in ROWS)
    (folder / "d.arff").write_text(
        "% comment\n@RELATION mnist\n\n" + "".join(attributes) + "@DATA\n" + rows, encoding="utf-8"
    )
    return folder / "d.arff"


@form("libsvm", parts=False, corner=-1)
def _(folder):
    """`mnist.bz2`: places from 1, and nothing for a pixel of 0, here the last."""
    rows = [f"{row[0]} " + " ".join(f"{place}:{value}" for place, value in list(enumerate(row))[1:-1]) for row in ROWS]
    (folder / "mnist.bz2").write_bytes(bz2.compress("\n".join(rows).encode()))
    return folder / "mnist.bz2"


def pictures(folder, name):
    for index, (image, label) in enumerate(zip(IMAGES, LABELS, strict=True)):
        path = folder / name(index, label)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)


def by_part(index, label):
    return f"{'train' if index < 8 else 'test'}/{label}/{index:02}.png"


@form("zip-of-class-folders")
def _(folder):
    pictures(folder / "digits", by_part)
    with zipfile.ZipFile(folder / "digits.zip", "w") as archive:
        for path in sorted((folder / "digits").rglob("*.png")):
            archive.write(path, path.relative_to(folder))
    return folder / "digits.zip"


@form("zip-of-idx", "EMNIST is transposed", classes=("0", "1", "2"))
def _(folder):
    idx_pair(folder / "gzip", "emnist-digits-", ".gz", IMAGES.transpose(0, 2, 1), "test")
    with zipfile.ZipFile(folder / "gzip.zip", "w") as archive:
        for path in (folder / "gzip").iterdir():
            archive.write(path, path.relative_to(folder))
    return folder / "gzip.zip"


@form("wrapper-folder")
def _(folder):
    pictures(folder / "download" / "digits", by_part)
    return folder / "download"


@form("labels-table", "left out pictures that labels.csv does not name: 1, such as 'images/99.png'", parts=False)
def _(folder):
    pictures(folder, lambda index, _: f"images/{index:02}.png")
    Image.fromarray(IMAGES[0]).save(folder / "images" / "99.png")
    rows = [["file_name", "label"], *([f"images/{index:02}.png", label] for index, label in enumerate(LABELS))]
    (folder / "labels.csv").write_text(table(rows), encoding="utf-8")
    return folder


@form("labels-table-of-stems", parts=False)
def _(folder):
    pictures(folder, lambda index, _: f"train/{index:02}.png")
    rows = ([f"{index:02}", label] for index, label in enumerate(LABELS))
    (folder / "trainLabels.csv").write_text(table(rows), encoding="utf-8")
    return folder


@form("names-end-in-labels", "the classes are the ends of the file names", parts=False)
def _(folder):
    pictures(folder / "d", lambda index, label: f"img_{index:02}-{label}.png")
    return folder / "d"


@form("parquet-of-the-hub", classes=("a", "b", "c"))
def _(folder):
    features = {"image": {"_type": "Image"}, "label": {"names": ["a", "b", "c"], "_type": "ClassLabel"}}
    about = {"huggingface": json.dumps({"info": {"features": features}})}
    (folder / "mnist").mkdir()
    for part, rows in (("train", TRAIN), ("test", TEST)):
        content = []
        for image in IMAGES[rows]:
            buffer = io.BytesIO()
            Image.fromarray(image).save(buffer, "png")
            content.append({"bytes": buffer.getvalue(), "path": None})
        columns = pyarrow.table({"image": content, "label": LABELS[rows]}).replace_schema_metadata(about)
        pyarrow.parquet.write_table(columns, folder / "mnist" / f"{part}-00000-of-00001.parquet")
    return folder


@form("csv-with-columns-sorted-by-text", parts=False)
def _(folder):
    order = sorted(range(36), key=lambda index: f"pixel{index}")
    rows = [["label", *(f"pixel{index}" for index in order)]]
    rows += [[label, *image.ravel()[order]] for label, image in zip(LABELS, IMAGES, strict=True)]
    (folder / "d.csv").write_text(table(rows), encoding="utf-8")
    return folder / "d.csv"


@form("parquet-wide", "left out columns: 1, such as 'id'", parts=False)
def _(folder):
    columns = dict(zip(PIXELS, IMAGES.reshape(12, 36).T, strict=True))
    pyarrow.parquet.write_table(pyarrow.table({"id": np.arange(12), "label": LABELS, **columns}), folder / "d.parquet")
    return folder / "d.parquet"

"""Every form that data is published in, made small: the same images and labels come out. See docs/data.md."""

import bz2
import gzip
import io
import json
import re
import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from PIL import Image
from scipy.io import savemat

from lenet import LenetError, load_dataset
from lenet.datasets.check import check
from lenet.datasets.preparation import Preparation
from lenet.datasets.source import load_unlabelled

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


@pytest.mark.parametrize("name", FORMS)
def test_the_same_images_and_labels_come_out(tmp_path, name):
    make, notes, about = FORMS[name]
    dataset = load_dataset(make(tmp_path), invert="no", framing="whole")
    expected = IMAGES.copy()
    if "corner" in about:  # pixels that the form does not hold
        expected[:, about["corner"], about["corner"]] = 0
    assert np.array_equal(dataset.images[..., 0], expected)
    assert dataset.depth == about.get("depth", 1)
    assert [dataset.class_names[label] for label in dataset.labels] == [about["classes"][label] for label in LABELS]
    assert dataset.test_from == (8 if about["parts"] else None)
    for note in notes:
        assert any(said.startswith(note) for said in dataset.notes), dataset.notes
    if about.get("writers"):
        assert dataset.writer_of.tolist() == (2000 + LABELS).tolist()
        assert [dataset.groups[group] for group in dataset.group_of] == [
            "employees" if it == 0 else "pupils" for it in LABELS
        ]


PICKLE = b"\x80\x02]q\x00."
REFUSED = {
    "pickle": ("mnist.pkl.gz", gzip.compress(PICKLE), r"is a pickle.*import gzip, pickle.*np\.savez\('mnist\.npz'"),
    "old-pickle": ("d.pkl", b"(lp0\n.", r"is a pickle.*open\('d\.pkl', 'rb'\)"),
    "torch": ("training.pt", None, r"is a pickle.*torch\.load\('training\.pt'\)"),
    "hdf5": ("d.h5", b"\x89HDF\r\n\x1a\n" + bytes(8), r"is HDF5.*h5py\.File\('d\.h5'\)"),
    "matlab-7.3": ("d.mat", b"MATLAB 7.3 MAT-file".ljust(600), r"is HDF5; in MATLAB save it with '-v7'"),
    "one-array": ("d.npy", b"\x93NUMPY\x01\x00", r"is one array; name images and labels x_train\.npy"),
    "sparse-arff": ("d.arff", b"@relation d\n@attribute a real\n@attribute b real\n@data\n{0 1}\n", r"line 5"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_never_read_is_refused_with_the_line_that_converts_it(tmp_path, name):
    file, content, says = REFUSED[name]
    if content is None:
        with zipfile.ZipFile(tmp_path / file, "w") as archive:
            archive.writestr("archive/data.pkl", PICKLE)
    else:
        (tmp_path / file).write_bytes(content)
    with pytest.raises(LenetError, match=says) as caught:
        load_dataset(tmp_path / file)
    assert "\n" not in str(caught.value)


def test_emnists_mat_is_refused_with_the_line_that_converts_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows, labels = IMAGES.transpose(0, 2, 1).reshape(12, 36), (LABELS + 1.0)[:, np.newaxis]
    parts = {"train": TRAIN, "test": TEST}
    struct = {part: {"images": rows[at], "labels": labels[at], "writers": labels[at]} for part, at in parts.items()}
    savemat("emnist-letters.mat", {"dataset": {**struct, "mapping": np.array([[1, 65, 97]])}}, do_compression=True)
    with pytest.raises(LenetError, match=r"as EMNIST's \.mat files are; take EMNIST's gzip\.zip") as caught:
        load_dataset("emnist-letters.mat")
    exec(str(caught.value).partition("in Python: ")[2], {})
    dataset = load_dataset("emnist-letters.npz", framing="whole")
    assert np.array_equal(dataset.images[..., 0], IMAGES)
    assert [dataset.class_names[label] for label in dataset.labels] == [str(label + 1) for label in LABELS]


def test_of_several_data_sets_one_is_asked_for(tmp_path):
    for split in ("balanced", "letters"):
        idx_pair(tmp_path, f"emnist-{split}-")
    with pytest.raises(
        LenetError, match=r"several data sets: emnist-balanced, emnist-letters; name one, such as .*/emnist-letters"
    ):
        load_dataset(tmp_path)
    with pytest.raises(LenetError, match=r"no images of emnist-digits; there are emnist-balanced, emnist-letters"):
        load_dataset(tmp_path / "emnist-digits")
    (tmp_path / "csv").mkdir()
    for name in ("train.csv", "sample_submission.csv"):
        (tmp_path / "csv" / name).write_text(table(ROWS), encoding="utf-8")
    with pytest.raises(LenetError, match=r"several data files: sample_submission.csv, train.csv; name one"):
        load_dataset(tmp_path / "csv")


def test_emnist_that_is_upright_already_is_not_turned(mnist, tmp_path):
    chosen = mnist.take(np.arange(300))
    for name, images in (("turned", chosen.images[..., 0]), ("published", chosen.images[..., 0].transpose(0, 2, 1))):
        idx(tmp_path / name / "emnist-mnist-train-images-idx3-ubyte", np.ascontiguousarray(images))
        idx(tmp_path / name / "emnist-mnist-train-labels-idx1-ubyte", chosen.labels.astype(np.uint8))
        dataset = load_dataset(tmp_path / name, framing="whole")
        assert np.array_equal(dataset.images, chosen.images)
        said = {"turned": "upright already", "published": "by its name and by comparison with print"}[name]
        assert said in " ".join(dataset.notes)


def test_a_single_class_is_said_and_is_a_fault(tmp_path):
    for index in range(3):
        path = tmp_path / "pictures" / f"{index}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(IMAGES[index]).save(path)
    dataset = load_dataset(tmp_path)
    assert "has a single class, 'pictures'; a network needs two or more to tell apart" in dataset.notes
    assert [finding.kind for finding in check(dataset, []) if finding.fault] == ["one-class"]


def test_rows_of_a_labels_table_that_cannot_be_used_are_faults(tmp_path):
    pictures(tmp_path, lambda index, _: f"{index:02}.png")
    rows = [["file", "label"], ["00.png", "a"], ["../00.png", "b"], ["00", "b"], ["01.png", "b"], ["gone.png", "b"]]
    (tmp_path / "labels.csv").write_text(table(rows), encoding="utf-8")
    told = []
    dataset = load_dataset(tmp_path, on_error=lambda error: told.append(str(error).removeprefix(f"{tmp_path}/")))
    assert dataset.origins == ("00.png", "01.png")
    assert told == [
        "labels.csv: line 3: there is no picture '../00.png'",
        "labels.csv: line 4: names '00' a second time",
        "labels.csv: line 6: there is no picture 'gone.png'",
    ]


@pytest.mark.parametrize("header", [["id", *PIXELS], PIXELS, None])
def test_a_table_needs_no_labels_where_none_are_used(tmp_path, header):
    rows = [[7, *row[1:]] if header and header[0] == "id" else row[1:] for row in ROWS]
    (tmp_path / "test.csv").write_text(table([header, *rows] if header else rows), encoding="utf-8")
    images = load_unlabelled(tmp_path / "test.csv", Preparation(invert="no", framing="whole"))
    assert np.array_equal(images[..., 0], IMAGES)


def zip_bomb(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("a/1.png", bytes(80 << 20))


def npz_bomb(path):
    np.savez_compressed(path, x=np.zeros((80 << 20, 1), np.uint8), y=np.zeros(80 << 20, np.uint8))


def bzip2_npz(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("x.npy", b"")


def mat_bomb(path):
    savemat(path, {"x": np.zeros((400 << 20, 1), np.uint8), "y": np.zeros(3)}, do_compression=True)


def parquet_bomb(path):
    pyarrow.parquet.write_table(
        pyarrow.table({"image": pyarrow.nulls(2_000_000, pyarrow.binary()), "label": np.zeros(2_000_000, int)}), path
    )


def libsvm_bomb(path):
    path.write_text("1 1:1\n2 999999999:1\n", encoding="utf-8")


def csv_bomb(path):
    path.write_text("label,9999x9999\na,1\n", encoding="utf-8")


def idx_bomb(path):
    idx(path / "train-images-idx3-ubyte.gz", np.zeros((80 << 20, 1, 1), np.uint8))


BOMBS = {
    "d.zip": (zip_bomb, "cannot be packed so small"),
    "d.npz": (npz_bomb, "cannot be packed so small"),
    "bzip2.npz": (bzip2_npz, "packed otherwise than NumPy"),
    "d.mat": (mat_bomb, "cannot be packed so small"),
    "d.parquet": (parquet_bomb, "cannot be packed so small"),
    "d.libsvm": (libsvm_bomb, "GiB"),
    "d.csv": (csv_bomb, "9999x9999"),
    "idx": (idx_bomb, "cannot be packed so small"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_sizes_are_checked_before_anything_is_made(tmp_path, cache, name):
    make, says = BOMBS[name]
    make(tmp_path / name)
    tracemalloc.start()
    with pytest.raises(LenetError, match=says):
        load_dataset(tmp_path / name)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # SciPy unpacks a .mat file in blocks of up to 129 MiB, and copies each.
    assert most < (300 << 20 if name == "d.mat" else 16 << 20)
    assert not list(cache.rglob("*.*"))


def test_a_zip_leaves_nothing_in_the_cache_and_its_names_stay_inside(tmp_path, cache):
    pictures(tmp_path / "d", by_part)
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as archive:
        for path in sorted((tmp_path / "d").rglob("*.png")):
            archive.write(path, "../../" + str(path.relative_to(tmp_path / "d")))
    dataset = load_dataset(tmp_path / "d.zip", invert="no", framing="whole")
    assert np.array_equal(dataset.images[..., 0], IMAGES)
    assert dataset.name == str(tmp_path / "d.zip")
    assert not list((cache / "lenet").iterdir())


def test_the_page_about_data_names_a_test_of_each_form():
    page = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`test_forms\[([a-z0-9.-]+)\]`", page))
    assert named == set(FORMS) | set(REFUSED)

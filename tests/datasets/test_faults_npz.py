"""Broken ``.npz`` files."""

import io
import struct
import zipfile

import numpy as np
import pytest

from tests.datasets.faults import IMAGES, LABELS, Cases, assert_refused, whole

CASES = Cases()
case = CASES.add


CASES.add_cuts("npz")


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


@pytest.mark.parametrize("name", CASES)
def test_one_clear_line_and_nothing_written(name, tmp_path, cache):
    assert_refused(CASES[name], tmp_path, cache)

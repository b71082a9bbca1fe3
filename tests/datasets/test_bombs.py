"""Packed files: their sizes are checked before anything is made, and nothing of them is left."""

import tracemalloc
import zipfile

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from scipy.io import savemat

from lenet import LenetError, load_dataset
from tests.datasets.forms import IMAGES, by_part, idx, pictures


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

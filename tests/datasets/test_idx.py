"""IDX files: gzipped or plain, alone or in pairs, with names or without."""

import gzip
import struct

import numpy as np
import pytest

from lenet import LenetError, load_dataset
from lenet.datasets.idx import read_idx

IMAGES = np.arange(6 * 4 * 5, dtype=np.uint8).reshape(6, 4, 5)
LABELS = np.array([1, 2, 11, 1, 2, 11], np.uint8)


def write(path, array, packed=False):
    content = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()
    path.write_bytes(gzip.compress(content) if packed else content)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("shape", [(120,), (30, 4), (6, 4, 5), (2, 4, 5, 3)])
def test_arrays_come_back(tmp_path, packed, shape):
    array = np.arange(120, dtype=np.uint8).reshape(shape)
    write(tmp_path / "array", array, packed)
    assert np.array_equal(read_idx(tmp_path / "array"), array)


def test_a_pair_without_names_has_its_numbers_in_natural_order(tmp_path):
    write(tmp_path / "train-images-idx3-ubyte", IMAGES)
    write(tmp_path / "train-labels-idx1-ubyte.gz", LABELS, packed=True)
    dataset = load_dataset(tmp_path, invert="no", framing="whole")
    assert dataset.class_names == ("1", "2", "11")
    assert dataset.labels.tolist() == [0, 1, 2, 0, 1, 2]
    assert np.array_equal(dataset.images[..., 0], IMAGES)
    assert dataset.test_from is None


def test_parts_and_names_are_those_of_the_files(tmp_path):
    for part in ("t10k", "train"):
        write(tmp_path / f"{part}-images.idx3-ubyte", IMAGES + (part == "t10k"))
        write(tmp_path / f"{part}-labels.idx1-ubyte", LABELS % 3)
    (tmp_path / "classes.txt").write_text("ten\nnine\ntwo\n", encoding="utf-8")
    dataset = load_dataset(tmp_path, invert="no", framing="whole")
    assert (dataset.test_from, dataset.class_names) == (6, ("nine", "ten", "two"))
    assert [dataset.class_names[label] for label in dataset.labels[:3]] == ["nine", "two", "two"]
    assert np.array_equal(dataset.images[6:, ..., 0], IMAGES + 1)


def test_where_there_is_no_data_set_of_that_name_only_named_ones_are_told(tmp_path):
    write(tmp_path / "train-images-idx3-ubyte", IMAGES)
    with pytest.raises(LenetError, match=r"unknown data .*nothere"):
        load_dataset(tmp_path / "nothere")
    write(tmp_path / "kmnist-train-images-idx3-ubyte", IMAGES)
    with pytest.raises(LenetError, match=r"holds no images of nothere; there are kmnist$"):
        load_dataset(tmp_path / "nothere")


def test_emnists_mapping_names_the_classes(tmp_path):
    write(tmp_path / "emnist-letters-train-images-idx3-ubyte", IMAGES)
    write(tmp_path / "emnist-letters-train-labels-idx1-ubyte", LABELS)
    (tmp_path / "emnist-letters-mapping.txt").write_text("1 65 97\n2 66 98\n11 75 107\n", encoding="utf-8")
    dataset = load_dataset(tmp_path, invert="no", framing="whole")
    assert dataset.class_names == ("A", "B", "K")
    assert dataset.labels.tolist() == [0, 1, 2, 0, 1, 2]
    (tmp_path / "emnist-letters-mapping.txt").write_text("1 65\n2 66\n", encoding="utf-8")
    with pytest.raises(LenetError, match=r"mapping.txt: does not name the label 11"):
        load_dataset(tmp_path)


def test_a_gzip_bomb_is_left_packed(tmp_path, monkeypatch):
    header = struct.pack(">BBBBI", 0, 0, 8, 1, 10)
    (tmp_path / "bomb").write_bytes(gzip.compress(header + bytes(16 << 20), compresslevel=1))
    most = 0
    real = gzip.GzipFile.read

    def counting(self, size=-1):
        nonlocal most
        most = max(most, size if size >= 0 else 1 << 62)
        return real(self, size)

    monkeypatch.setattr(gzip.GzipFile, "read", counting)
    with pytest.raises(LenetError, match=r"bomb: its header promises 10 bytes"):
        read_idx(tmp_path / "bomb")
    assert most < 100

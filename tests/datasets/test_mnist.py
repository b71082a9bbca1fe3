"""The bundled MNIST, and each of its four files broken in every way."""

import gzip
import shutil

import numpy as np
import pytest

from lenet import LenetError
from lenet.datasets.mnist import FOLDER, SHA256, load_mnist

FILES = [f"{name}.gz" for name in SHA256]


@pytest.fixture
def copy(tmp_path):
    for name in FILES:
        shutil.copy(FOLDER / name, tmp_path)
    return tmp_path


def truncated(path):
    path.write_bytes(path.read_bytes()[:-1000])


def flipped(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x10
    path.write_bytes(content)


def changed_and_packed_again(path):
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[-1] ^= 1
    path.write_bytes(gzip.compress(content, compresslevel=1))


def swapped(path):
    shutil.copy(path.with_name(FILES[(FILES.index(path.name) + 1) % 4]), path)


def missing(path):
    path.unlink()


def emptied(path):
    path.write_bytes(b"")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("harm", [truncated, flipped, changed_and_packed_again, swapped, missing, emptied])
def test_a_broken_file_is_named(copy, name, harm):
    harm(copy / name)
    with pytest.raises(LenetError, match=name) as caught:
        load_mnist(copy)
    assert "\n" not in str(caught.value)


def test_it_is_the_published_mnist(mnist):
    assert mnist.images.shape == (70_000, 28, 28, 1)
    assert mnist.test_from == 60_000
    assert mnist.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert np.bincount(mnist.labels[60_000:]).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert mnist.notes == ()

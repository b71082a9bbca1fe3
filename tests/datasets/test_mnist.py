"""The bundled MNIST, and each of its four files broken in every way."""

import gzip
import shutil
from dataclasses import replace

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


def test_writers_are_told_and_a_split_by_writer_keeps_each_on_one_side(mnist):
    assert mnist.groups == ("employees", "pupils")
    assert np.bincount(mnist.group_of[60_000:]).tolist() == [4999, 5001]
    own = mnist.split("own")
    assert not set(own.train.writer_of) & set(own.test.writer_of)
    assert len(set(own.train.writer_of)) == 539
    train, test = mnist.split("by-writer", seed=1)
    assert not set(train.writer_of) & set(test.writer_of)
    assert len(train) + len(test) == 70_000
    assert 10_000 <= len(test) < 10_500
    assert set(test.writer_of) != set(mnist.split("by-writer", seed=2).test.writer_of)
    learnt, held_out = train.split_validation(2000, seed=1, by_writer=True)
    assert not set(learnt.writer_of) & set(held_out.writer_of)
    assert 2000 <= len(held_out) < 2500
    # Labels, images and writers still belong together.
    place = int(np.flatnonzero((mnist.images == test.images[5]).all(axis=(1, 2, 3)))[0])
    assert (mnist.labels[place], mnist.writer_of[place]) == (test.labels[5], test.writer_of[5])


def test_a_split_by_writer_needs_several_writers(mnist):
    few = mnist.take(np.arange(20))
    for writers, says in ((None, "does not tell who wrote what"), (np.zeros(20, np.int64), "is by one writer")):
        with pytest.raises(LenetError, match=says):
            replace(few, writer_of=writers).split("by-writer")

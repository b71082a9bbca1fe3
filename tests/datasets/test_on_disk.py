"""A data set that several processes open at once is the same, and its pixels stay on the disk."""

from dataclasses import fields

import numpy as np
import pytest

from lenet import LenetError
from lenet.datasets import on_disk


def test_what_is_written_is_read_and_the_pixels_stay_on_the_disk(mnist, tmp_path):
    some = mnist.take(np.arange(0, 70_000, 1000))
    on_disk.write(some, tmp_path)
    read = on_disk.read(tmp_path)
    assert isinstance(read.images.base, np.memmap)
    assert vars(read)["sha256"] == some.sha256, "without reading all pixels"
    for field in fields(some):
        np.testing.assert_array_equal(getattr(read, field.name), getattr(some, field.name), field.name)
    assert type(read.class_names) is type(read.origins) is tuple


def test_a_folder_without_space_is_named(mnist, tmp_path):
    with pytest.raises(LenetError, match=r"cannot hold 52\.3 MiB of pixels .*; choose another --run"):
        on_disk.write(mnist, tmp_path / "missing" / "data")
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, limits[1]))  # files end there, as on a disk that is full
    try:
        with pytest.raises(LenetError, match=r"cannot hold 52\.3 MiB of pixels \(no space left\)"):
            on_disk.write(mnist, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

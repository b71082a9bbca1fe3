"""Small data sets of every kind, and a cache folder that is each test's own."""

import numpy as np
import pytest

from lenet.datasets import Dataset, load_dataset


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def mnist():
    return load_dataset("mnist")


@pytest.fixture(scope="session")
def digits_in_parts(mnist):
    """Sixty real digits: 40 to train, 8 to validate, 12 to test."""
    chosen = mnist.take(np.arange(60))
    return Dataset("sixty", chosen.images, chosen.labels, chosen.class_names, test_from=48, validation_from=40)


@pytest.fixture(scope="session")
def colour():
    """Colour noise of 6×9 pixels and 26 classes without parts, whose names sort otherwise as plain text."""
    rng = np.random.default_rng(0)
    names = tuple(f"sign {number}" for number in range(1, 27))
    labels = np.concatenate([np.arange(26), rng.integers(0, 26, 14)])
    return Dataset("colour", rng.integers(0, 256, (40, 9, 6, 3), dtype=np.uint8), labels, names)

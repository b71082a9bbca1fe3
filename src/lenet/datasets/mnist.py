"""The bundled MNIST: 60,000 training and 10,000 test digits, checked by SHA-256, no network needed."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lenet.datasets.dataset import Dataset
from lenet.datasets.idx import parse_idx, unpack
from lenet.datasets.writers import mnist_writers
from lenet.errors import LenetError

FOLDER = Path(__file__).parent / "mnist_files"

# Of the unpacked files, as every copy of MNIST has them.
SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


def load_mnist(folder: Path = FOLDER) -> Dataset:
    """All 70,000 images, those to train first; LenetError when a file differs from the published one."""
    with ThreadPoolExecutor() as pool:  # unpacking and hashing release the interpreter lock
        arrays = pool.map(lambda name: _read_verified(folder / f"{name}.gz", SHA256[name]), SHA256)
    train_images, train_labels, test_images, test_labels = arrays
    writer_of, groups, group_of = mnist_writers()
    images, labels = np.concatenate([train_images, test_images]), np.concatenate([train_labels, test_labels])
    return Dataset(
        "mnist", images, labels.astype(np.int64), tuple("0123456789"), len(train_images), framing="mark",
        writer_of=writer_of, groups=groups, group_of=group_of,
    )  # fmt: skip


def _read_verified(path: Path, sha256: str) -> npt.NDArray[np.uint8]:
    content = unpack(path)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise LenetError(f"{path}: is not the published MNIST file (its SHA-256 differs); install lenet again")
    return parse_idx(content, path)

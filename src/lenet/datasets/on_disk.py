"""A data set as two files, which several processes open at once: the pixels are mapped, and stay on the disk."""

import json
from dataclasses import fields
from pathlib import Path

import numpy as np

from lenet.datasets.dataset import Dataset
from lenet.errors import LenetError

IMAGES, REST = "images.npy", "rest.npz"


def write(dataset: Dataset, folder: Path) -> None:
    """Write the files into ``folder``; LenetError when it has no space for them."""
    rest = {field.name: getattr(dataset, field.name) for field in fields(dataset) if field.name != "images"}
    arrays = {name: value for name, value in rest.items() if isinstance(value, np.ndarray)}
    plain = {name: value for name, value in rest.items() if name not in arrays}
    try:
        np.save(folder / IMAGES, dataset.images)
        text = np.frombuffer(json.dumps([plain, dataset.sha256]).encode(), np.uint8)
        np.savez(folder / REST, plain=text, allow_pickle=False, **arrays)
    except OSError as error:
        needed = dataset.images.nbytes / 2**20
        size = f"{needed:,.1f} MiB" if needed < 1024 else f"{needed / 1024:,.1f} GiB"
        # NumPy says only how much it has written.
        message = f"cannot hold {size} of pixels ({error.strerror or 'no space left'})"
        raise LenetError(f"{folder.parent}: {message}; choose another --run") from error


def read(folder: Path) -> Dataset:
    """The data set that ``write`` has written there."""
    with np.load(folder / REST) as file:
        plain, sha256 = json.loads(file["plain"].tobytes())
        arrays = {name: file[name] for name in file.files if name != "plain"}
    plain = {name: tuple(value) if isinstance(value, list) else value for name, value in plain.items()}
    dataset = Dataset(images=np.load(folder / IMAGES, mmap_mode="r"), **plain, **arrays)
    vars(dataset)["sha256"] = sha256  # so that no process reads all pixels for it
    return dataset

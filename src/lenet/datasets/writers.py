"""Who wrote MNIST's digits.

Source: the extended labels of QMNIST, Yadav and Bottou, "Cold Case: The Lost MNIST Digits", NeurIPS 2019.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt

FILE = Path(__file__).parent / "mnist_files" / "mnist-writers.npz"
# By NIST's hsf number, the part of its forms that a writer filled in.
GROUPS = {0: "employees", 1: "employees", 2: "employees", 3: "employees", 4: "pupils"}


def group_writers(hsf: npt.NDArray[np.integer]) -> tuple[tuple[str, ...], npt.NDArray[np.int64]]:
    """Names of the groups of writers, and the group of each image ``(n,)``, from NIST's hsf numbers."""
    names, group_of = np.unique([GROUPS.get(number, f"hsf {number}") for number in hsf.tolist()], return_inverse=True)
    return tuple(names.tolist()), group_of.astype(np.int64)


def mnist_writers() -> tuple[npt.NDArray[np.int64], tuple[str, ...], npt.NDArray[np.int64]]:
    """Writer of each of MNIST's 70,000 images, names of the groups of writers, and the group of each image."""
    with np.load(FILE) as arrays:
        return arrays["writer"].astype(np.int64), *group_writers(arrays["partition"])

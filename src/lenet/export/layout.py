"""The weights as most runtimes outside ONNX want them: channels last, one row a filter or unit."""

import numpy as np

from lenet.model.file import ModelFile
from lenet.model.graph import Weights


def channels_last(file: ModelFile) -> Weights:
    """The arrays for images ``(height, width, depth)``.

    Returns:
        Kernels as ``(filters, k, k, depth)``, dense layers as ``(units, inputs)`` with the inputs of ``dense1`` in
        row, column, channel order, all contiguous.
    """
    weights = file.weights
    filters = weights["conv2/kernel"].shape[0]
    rows, columns = file.metadata.height // 4, file.metadata.width // 4
    dense1 = weights["dense1/kernel"]
    arrays = {
        **weights,
        "conv1/kernel": weights["conv1/kernel"].transpose(0, 2, 3, 1),
        "conv2/kernel": weights["conv2/kernel"].transpose(0, 2, 3, 1),
        "dense1/kernel": dense1.reshape(filters, rows, columns, -1).transpose(3, 1, 2, 0).reshape(dense1.shape[::-1]),
        "dense2/kernel": weights["dense2/kernel"].T,
    }
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}

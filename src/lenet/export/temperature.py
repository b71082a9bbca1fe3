"""The calibration temperature, moved into the weights, so that a plain softmax gives calibrated probabilities."""

from dataclasses import replace

import numpy as np

from lenet.model.file import ModelFile, encode_model


def fold_temperature(file: ModelFile) -> ModelFile:
    """The same model with temperature 1, its weights and unknown-threshold divided.

    Probabilities stay what they were, and an image is unknown when it was: the threshold is one for the highest logit.
    A file of temperature 1 comes back byte for byte.
    """
    temperature = np.float32(file.metadata.temperature)
    last = {name: file.weights[name] / temperature for name in ("dense2/kernel", "dense2/bias")}
    weights = {**file.weights, **last}
    threshold = file.metadata.unknown_threshold
    threshold = None if threshold is None else threshold / file.metadata.temperature
    metadata = replace(file.metadata, temperature=1.0, unknown_threshold=threshold)
    return ModelFile(encode_model(weights, metadata), weights, metadata)

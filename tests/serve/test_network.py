"""What a page needs to compute a network's answers by itself."""

from itertools import pairwise

import numpy as np
import pytest
from fastapi.testclient import TestClient

from lenet import Model, create_app
from tests.networks import random_model


@pytest.mark.parametrize("name", ["lenet", "lenet5", "mlp", "conv 3 4 stride 2 valid, sigmoid, dense 7, tanh"])
def test_description_and_weights_are_those_of_the_model(name: str) -> None:
    model = random_model(name, (28, 20, 3), classes=4, temperature=2.5)
    with TestClient(create_app(model)) as client:
        told = client.get("/api/network").json()
        kernels = np.frombuffer(client.get("/api/weights").content, "<f4")
    assert (told["name"], told["text"], told["classNames"]) == ("random", model.metadata.network, list("abcd"))
    assert (told["height"], told["width"], told["depth"], told["temperature"]) == (28, 20, 3, 2.5)
    weighted = [layer for layer in told["layers"] if "kernel" in layer]
    ends = [layer["kernel"] for layer in weighted[1:]] + [len(kernels)]
    for layer, end in zip(weighted, ends, strict=True):
        kernel = model.weights[f"{layer['name']}/kernel"]
        assert np.array_equal(kernels[layer["kernel"] : end].reshape(kernel.shape), kernel)
        assert np.array_equal(np.array(layer["bias"], np.float32), model.weights[f"{layer['name']}/bias"])
    assert all(before["output"] == after["input"] for before, after in pairwise(told["layers"]))


def test_texts_are_compressed_and_weights_are_not(client: TestClient, bundled: Model) -> None:
    for path, packed in (
        ("/api/network", True),
        ("/page/lab/main.js", True),
        ("/api/weights", False),
        ("/livez", False),
    ):
        answer = client.get(path, headers={"accept-encoding": "gzip"})
        assert answer.headers.get("content-encoding") == ("gzip" if packed else None), path
    assert len(client.get("/api/weights").content) >= 4 * 1_255_500

"""A Keras network becomes a model that gives the same answers."""

import numpy as np
import pytest

from lenet import LenetError, Model, Reader, build, model_from_keras
from lenet.backend import keras
from lenet.model.file import write_model
from lenet.model.preprocessing import scale_pixels
from lenet.network.named import NETWORKS


@pytest.mark.parametrize("name", ["lenet5", "mlp", "tiny"])
def test_it_answers_as_the_network_does(name, mnist, tmp_path):
    network = build(NETWORKS[name], 28, 28, 1, 10)
    model = model_from_keras(network, "0123456789", framing="mark")
    images = mnist.images[:20]
    np.testing.assert_allclose(model.predict(images), network(scale_pixels(images)).numpy(), atol=1e-5)
    assert model.metadata.network == str(NETWORKS[name])
    assert Reader(model).read(images[0]).rows[0] in tuple("?0123456789")
    write_model(tmp_path / "m.onnx", model.weights, model.metadata)
    np.testing.assert_array_equal(Model.load(tmp_path / "m.onnx").predict(images), model.predict(images))


def test_what_it_cannot_know_is_refused():
    odd = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.SeparableConv2D(3, 3), keras.layers.Flatten()])
    with pytest.raises(LenetError, match="SeparableConv2D"):
        model_from_keras(odd)
    with pytest.raises(LenetError, match="10 outputs, but there are 2 class_names"):
        model_from_keras(build(NETWORKS["tiny"], 28, 28, 1, 10), ("a", "b"))
    assert model_from_keras(build(NETWORKS["tiny"], 28, 28, 1, 3)).class_names == ("0", "1", "2")

"""The architecture of a Keras network: the inverse of ``build``, also for a network that the user wrote."""

from typing import Any, cast, get_args

from lenet.backend import keras
from lenet.errors import LenetError
from lenet.network.architecture import Activation, ActivationKind, Architecture, Conv, Dense, Layer, PlacedLayer, Pool


def layers_of(network: Any) -> tuple[PlacedLayer, ...]:
    """The placed layers that compute what ``network`` computes; their weights are ``network.weights`` in order.

    Args:
        network: A Keras ``Sequential`` from pixels to probabilities.

    Raises:
        LenetError: for a layer, or a setting of a layer, that ``Architecture`` does not know.
    """
    *hidden, last = _flat_layers(network)
    if last != "softmax" or not hidden or not isinstance(hidden[-1], Dense):
        raise LenetError(f"the network {network.name!r} does not end with a dense layer and a softmax")
    _, height, width, depth = network.input_shape
    layers = tuple(layer for layer in hidden[:-1] if not isinstance(layer, str))
    placed_layers = Architecture(layers).place(height, width, depth, hidden[-1].units)
    shapes = [shape for placed in placed_layers for shape in placed.weight_shapes.values()]
    if [tuple(variable.shape) for variable in network.weights] != shapes:
        raise LenetError(
            f"the network {network.name!r} has weights of other shapes than its layers need; is it flattened?"
        )
    return placed_layers


def _flat_layers(network: Any) -> list[Layer | str]:
    """Its layers, with the activations that Keras layers carry as layers of their own; ``softmax`` as a word."""
    found: list[Layer | str] = []
    kinds = keras.layers
    for layer in network.layers:
        match layer:
            case kinds.Conv2D():
                size, stride = layer.kernel_size, layer.strides
                plain = layer.dilation_rate == (1, 1) and layer.groups == 1 and layer.use_bias
                _require(plain and len(set(size)) == len(set(stride)) == 1, layer)
                found.append(Conv(layer.filters, size[0], stride[0], layer.padding))
            case kinds.MaxPooling2D() | kinds.AveragePooling2D():
                size = tuple(layer.pool_size)
                _require(size == tuple(layer.strides) and len(set(size)) == 1 and layer.padding == "valid", layer)
                found.append(Pool("max" if isinstance(layer, kinds.MaxPooling2D) else "average", size[0]))
            case kinds.Dense():
                _require(layer.use_bias and len(layer.kernel.shape) == 2, layer)
                found.append(Dense(layer.units))
            case kinds.Flatten() | kinds.InputLayer():
                continue
            case kinds.Softmax():
                found.append("softmax")
                continue
            case kinds.ReLU():
                plain = layer.max_value is None and not layer.negative_slope and not layer.threshold
                _require(plain, layer)
                found.append(Activation("relu"))
                continue
            case kinds.Activation():
                pass
            case _:
                _require(False, layer)
        activation = getattr(getattr(layer, "activation", None), "__name__", "linear")
        if activation == "softmax":
            found.append(activation)
        elif activation != "linear":
            _require(activation in get_args(ActivationKind), layer)
            found.append(Activation(cast(ActivationKind, activation)))
    return found


def _require(known: bool, layer: Any) -> None:
    if not known:
        raise LenetError(
            f"layer {layer.name!r} ({type(layer).__name__}) has a kind or a setting that lenet cannot train; use "
            f"Conv2D, MaxPooling2D, AveragePooling2D, Dense, Flatten, Softmax and the activations "
            f"{', '.join(get_args(ActivationKind))}"
        )

"""From a Keras network to a Model."""

from collections.abc import Sequence
from typing import Any

from lenet.errors import LenetError
from lenet.model.file import decode_model, encode_model
from lenet.model.graph import Weights
from lenet.model.metadata import Metadata
from lenet.model.runtime import Model
from lenet.network.architecture import Architecture, Flatten, PlacedLayer
from lenet.network.build import layers_of
from lenet.pictures.framing import FramingKind
from lenet.training.environment import library_versions


def model_from_keras(
    network: Any, class_names: Sequence[str] | None = None, *, framing: FramingKind = "whole", inverted: bool = False
) -> Model:
    """Make a model of a trained Keras network, of layers that ``Architecture`` knows.

    Args:
        network: A Keras ``Sequential`` from pixels ``(n, height, width, depth)`` in [0, 1] to probabilities
            ``(n, classes)``.
        class_names: One name for each output, in order; "0", "1", … when not given.
        framing: How ``Reader`` brings pictures to the network: ``mark`` reads the marks on a picture, each brought to
            MNIST's form; ``whole`` the whole picture.
        inverted: Whether framing ``whole`` inverts pictures.

    Raises:
        LenetError: for a layer, or a setting of a layer, that lenet does not know, or another number of names.

    Example:
        >>> Reader(model_from_keras(network, "0123456789", framing="mark")).read("photo.jpg").text
    """
    layers = layers_of(network)
    (height, width, depth), (classes,) = layers[0].input_shape, layers[-1].output_shape
    names = tuple(class_names) if class_names is not None else tuple(map(str, range(classes)))
    if len(names) != classes:
        raise LenetError(f"the network has {classes} outputs, but there are {len(names)} class_names")
    hidden = tuple(placed.layer for placed in layers[:-2] if not isinstance(placed.layer, Flatten))
    metadata = Metadata(
        names,
        height,
        width,
        depth,
        network=str(Architecture(hidden)),
        framing=framing,
        inverted=inverted,
        versions=library_versions(),
    )
    return Model(decode_model(encode_model(weights_by_name(network, layers), metadata)), name=str(network.name))


def weights_by_name(network: Any, layers: Sequence[PlacedLayer]) -> Weights:
    """The weights of a Keras network of these layers, as a model file names them."""
    names = [name for placed in layers for name in placed.weight_shapes]
    return {name: value.numpy() for name, value in zip(names, network.weights, strict=True)}

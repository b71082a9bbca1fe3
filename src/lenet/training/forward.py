"""The network as training computes it: the same function as ``LeNet.build``, in the cheapest order.

Max-pooling before ReLU gives the same values and pools four times fewer of them; logits are left unscaled for a
stable loss; dropout exists only here. ``tests/training/test_forward.py`` holds it against the Keras network.
"""

from typing import Any

from lenet.backend import tf

# The order in which a Keras LeNet lists its variables.
NAMES = tuple(f"{layer}/{kind}" for layer in ("conv1", "conv2", "dense1", "dense2") for kind in ("kernel", "bias"))


def variables(network: Any) -> dict[str, Any]:
    """The network's own TensorFlow variables by name, in the order of ``NAMES``."""
    return {name: variable.value for name, variable in zip(NAMES, network.weights, strict=True)}


def logits(weights: dict[str, Any], pixels: Any, precision: Any, dropout: float = 0.0, seed: Any = None) -> Any:
    """Logits ``(n, classes)``, float32.

    Args:
        weights: by name; float32, whatever the precision.
        pixels: float32 ``(n, height, width, depth)`` in [0, 1].
        precision: ``tf.float32`` or ``tf.bfloat16``, in which convolutions and products are computed.
        dropout: share of the inputs of each dense layer to leave out.
        seed: two integers that decide which.
    """
    w = {name: tf.cast(value, precision) for name, value in weights.items()}
    x = tf.cast(pixels, precision)
    for layer in ("conv1", "conv2"):
        x = tf.nn.conv2d(x, w[f"{layer}/kernel"], strides=1, padding="SAME")
        x = tf.nn.max_pool2d(x, ksize=2, strides=2, padding="VALID")
        x = tf.nn.relu(tf.nn.bias_add(x, w[f"{layer}/bias"]))
    x = tf.reshape(x, (-1, w["dense1/kernel"].shape[0]))
    if dropout:
        x = tf.nn.experimental.stateless_dropout(x, dropout, seed=seed)
    x = tf.nn.relu(x @ w["dense1/kernel"] + w["dense1/bias"])
    if dropout:
        x = tf.nn.experimental.stateless_dropout(x, dropout, seed=seed + 1)
    return tf.cast(x @ w["dense2/kernel"] + w["dense2/bias"], tf.float32)

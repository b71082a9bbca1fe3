"""The networks that have a name. To try your own, add a line to ``NETWORKS``, or pass its text to ``--network``."""

from lenet.errors import LenetError, did_you_mean
from lenet.network.architecture import KINDS, Architecture

NETWORKS: dict[str, Architecture] = {
    name: Architecture.parse(text)
    for name, text in {
        # The tutorial's network, and the default: LeNet-5 as it is built today, with ReLU and max-pooling.
        "lenet": "conv 20 5, relu, maxpool 2, conv 50 5, relu, maxpool 2, dense 500, relu",
        # LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document Recognition", 1998, figure 2.
        # Their input had a border of 2 pixels, which `same` padding stands for; the connection table of the second
        # convolution, the trained pooling coefficients and the output's radial basis functions are left out.
        "lenet5": "conv 6 5, tanh, avgpool 2, conv 16 5 valid, tanh, avgpool 2, dense 120, tanh, dense 84, tanh",
        # No convolution, to see what convolution is good for: 300 and 100 units, as in section III-C of the same paper.
        "mlp": "dense 300, relu, dense 100, relu",
        # Deeper, with small kernels, after Simonyan and Zisserman, "Very Deep Convolutional Networks", ICLR 2015. The
        # recipe `best` trains it first and distils it into the network that is kept.
        "deep": "conv 24 3, relu, conv 32 3, relu, maxpool 2, conv 64 3, relu, conv 64 3, relu, maxpool 2, "
        "conv 96 3, relu, maxpool 2",
        # Fits a microcontroller: with 4 bits a weight, as the recipe `small` trains it, 13 kB of flash and 2 kB of RAM
        # (`lenet export --format arduino`). Its first layers are narrow, since their rows take most of the RAM.
        "tiny": "conv 12 3 valid, relu, maxpool 2, conv 26 3 valid, relu, maxpool 2, conv 58 3 valid, relu",
    }.items()
}


def find_network(name_or_text: str) -> Architecture:
    """The named network, or the one that a text describes; LenetError for neither."""
    if name_or_text in NETWORKS:
        return NETWORKS[name_or_text]
    if name_or_text.isidentifier() and name_or_text not in KINDS:
        meant = did_you_mean(name_or_text, NETWORKS)
        raise LenetError(
            f"network {name_or_text!r} is unknown; named are {', '.join(NETWORKS)}, or describe one{meant}"
        )
    return Architecture.parse(name_or_text)

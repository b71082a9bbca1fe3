"""``lenet convert``."""

from pathlib import Path

import click

from lenet.cli.verb import FILE, check_out, verb
from lenet.errors import LenetError
from lenet.network.named import NETWORKS, find_network

# Digits read worse than this are a sign of other layers.
POOR = 0.9


@verb(
    "convert",
    "lenet convert lenet_weights.hdf5 --out model.onnx",
    'lenet convert lenet_weights.hdf5 --network "conv 20 5, relu, maxpool 2, conv 50 5, relu, maxpool 2, dense 500, '
    'relu" --out other.onnx',
)
@click.argument("weights", type=click.Path(path_type=Path))
@click.option("--out", type=FILE, required=True, help="The .onnx to write; it is never overwritten.")
@click.option(
    "--network",
    metavar="NAME|TEXT",
    help=f"{', '.join(NETWORKS)}, or its layers.  [default: the file's sizes, with relu and max-pooling by 2]",
)
def command(weights: Path, out: Path, network: str | None) -> None:
    """Make a model file of weights that Keras 1, 2 or 3 wrote, for every other verb.

    WEIGHTS is a file of weights or of a whole network: .h5, .hdf5 or .keras. It is read as arrays; nothing in it is
    run. Kernels and dense layers of Theano or with the channels first are brought into order; when the file does not
    say its order, each is tried on MNIST.
    """
    if out.exists():
        raise LenetError(f"{out}: exists already and is not overwritten; choose another --out")
    check_out(out, ".onnx")
    chosen = find_network(network) if network else None
    from lenet.weights_file import open_keras_file

    with open_keras_file(weights):  # before TensorFlow is loaded, which takes seconds
        pass
    from lenet.training.convert import convert_weights

    metadata, said = convert_weights(weights, out, chosen)
    if said:
        click.echo(said, err=True)
    size = f"{metadata.width}×{metadata.height}×{metadata.depth}"
    click.echo(f"{out}: {metadata.network} for {size} images and {len(metadata.class_names)} classes")
    if metadata.test_accuracy is not None:
        click.echo(f"{metadata.test_accuracy:.2%} of {metadata.test_n:,} test images of MNIST read correctly")
        if metadata.test_accuracy < POOR:
            click.echo("few of them: if it was trained on digits, name its layers with --network", err=True)

"""Models of any architecture with random weights, for tests that need no trained one."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from lenet import Model
from lenet.model.file import decode_model, encode_model
from lenet.model.metadata import Metadata
from lenet.network.named import find_network


def random_model(
    network: str, shape: tuple[int, int, int] = (28, 28, 1), classes: int = 10, seed: int = 0, **about: object
) -> Model:
    """A model of a named network or a network's text; classes are named a, b, c …"""
    names = tuple("abcdefghijklmnopqrstuvwxyz"[:classes])
    about = {
        "recipe": {"data": "nowhere"},
        **about,
    }  # else MNIST would be letterboxed to its size for the page's gallery
    metadata = Metadata(names, *shape, network=str(find_network(network)), **about)  # type: ignore[arg-type]
    rng = np.random.default_rng(seed)
    weights = {
        name: (rng.normal(size=size) * np.sqrt(2 / np.prod(size[:-1]))).astype(np.float32)
        for placed in metadata.layers
        for name, size in placed.weight_shapes.items()
    }
    return Model(decode_model(encode_model(weights, metadata)), "random")


@contextmanager
def counted(*models: Model) -> Iterator[list[int]]:
    """Numbers of images in each pass of these models' networks."""
    passes: list[int] = []
    for model in models:
        for session in (model._session, model._open_session):
            run = session.run
            session.run = lambda names, feed, run=run: passes.append(len(feed["pixels"])) or run(names, feed)
    try:
        yield passes
    finally:
        for model in models:
            for session in (model._session, model._open_session):
                del session.run

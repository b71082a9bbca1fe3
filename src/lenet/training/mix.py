"""Training on several sources at once, so that a few new images count beside many old ones."""

import numpy as np

from lenet.datasets import Dataset

# The first source has so many times the images of each other one: it is what must not be forgotten. Chosen with
# benchmarks/corrections.py.
FIRST = 30


def mix(dataset: Dataset, each: int, seed: int) -> Dataset:
    """The images of an epoch: of every source at least ``each``, of the first ``FIRST`` times as many.

    They are as many as the largest source beside the first has, if that is more, but then of the first at most all.
    Smaller sources are repeated, and of larger ones images are drawn at random. Learning old data again beside new data
    keeps a network from forgetting it: Robins, "Catastrophic Forgetting, Rehearsal and Pseudorehearsal", Connection
    Science 7, 1995.

    Args:
        dataset: A training part. One of a single source is not changed.
        each: Number of images; 0 changes nothing.
        seed: Of the choice.
    """
    if not each or dataset.source_of is None:
        return dataset
    sources = [np.flatnonzero(dataset.source_of == number) for number in np.unique(dataset.source_of)]
    count = max([each, *(len(indices) for indices in sources[1:])])
    first = max(FIRST * each, min(FIRST * count, len(sources[0])))
    rng = np.random.default_rng(seed)
    chosen = []
    for indices, wanted in zip(sources, [first] + [count] * (len(sources) - 1), strict=True):
        chosen += [rng.permutation(indices) for _ in range(wanted // len(indices))]
        chosen.append(rng.permutation(indices)[: wanted % len(indices)])
    return dataset.take(np.concatenate(chosen))

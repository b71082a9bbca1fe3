"""The order in which a training takes its images, which depends only on the recipe and the data.

A training takes its batches from an endless stream of shuffled epochs, each of which has every image once. Data that
may be larger than the memory is read in blocks of neighbours: an epoch shuffles the blocks, then the images of as many
blocks as fit into memory. Each shard of a batch has blocks of its own, so that a host reads only those of its shards.
An image then comes once in an epoch on average: blocks that are shuffled together may be of two epochs, so that near
``LARGE_BYTES`` some images come twice in one and a few not at all.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from lenet.datasets.dataset import Images
from lenet.training.group import Group
from lenet.training.recipe import Recipe

Order = npt.NDArray[np.int64]

# Bytes of pixels from which on data is read in blocks; those of a block; and blocks, of all shards, that are shuffled
# together.
LARGE_BYTES, BLOCK_BYTES, TOGETHER = 4 << 30, 256 << 10, 1024


def own_images(recipe: Recipe, images: Images, first: int, last: int, group: Group) -> Order:
    """Indices ``(steps, n)`` of the images that this process takes in the steps after ``first`` up to ``last``."""
    own, size = recipe.shards // group.hosts, recipe.batch_size // recipe.shards
    shards = range(group.rank * own, (group.rank + 1) * own)
    if images.nbytes < LARGE_BYTES:
        order = image_order(recipe.seed, len(images), first * recipe.batch_size, last * recipe.batch_size)
        return order.reshape(last - first, -1, size)[:, shards].reshape(last - first, -1)
    orders = [shard_order(recipe, images, shard, first * size, last * size) for shard in shards]
    return np.concatenate([order.reshape(-1, size) for order in orders], axis=1)


def image_order(seed: int, images: int, first: int, last: int) -> Order:
    """Indices of the images at places ``first`` to ``last`` of the endless stream of shuffled epochs."""
    return _stream(lambda epoch: np.random.default_rng((seed, epoch)).permutation(images), images, first, last)


def shard_order(recipe: Recipe, images: Images, shard: int, first: int, last: int) -> Order:
    """The same for the images of one shard of large data.

    An epoch leaves out less than a block of each shard, others than the epoch before. Blocks that are shuffled together
    may be the last of one epoch and the first of the next.
    """
    seed, shards, count = recipe.seed, recipe.shards, len(images)
    block = max(1, min(BLOCK_BYTES // images[0].nbytes, count // shards))
    blocks, together = count // (block * shards), max(1, TOGETHER // shards)
    left_out = count - blocks * block * shards

    def epoch(number: int) -> Order:
        order = np.random.default_rng((seed, number, shard)).permutation(blocks)
        return np.asarray((order * shards + shard) * block + number * left_out)

    def window(number: int) -> Order:
        starts = _stream(epoch, blocks, number * together, (number + 1) * together)
        own: Order = np.add.outer(starts, np.arange(block)).ravel() % count
        return np.random.default_rng((seed, number, shard, shards)).permutation(own)

    return _stream(window, together * block, first, last)


def _stream(part: Callable[[int], Order], length: int, first: int, last: int) -> Order:
    """Places ``first`` to ``last`` of the parts, each of this length, one after the other."""
    parts = range(first // length, (last - 1) // length + 1)
    offset = parts.start * length
    return np.concatenate([part(number) for number in parts])[first - offset : last - offset]

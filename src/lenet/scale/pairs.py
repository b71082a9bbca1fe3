"""Sums over several processes in pairs, by TensorFlow's collectives: the same bits for 1, 2, 4, … processes."""

import json
import os
from collections.abc import Sequence
from typing import Any

from lenet.training.group import Group


class Pairs(Group):
    """The processes at ``addresses``; this one has the number ``rank``.

    Recursive doubling: on level k, the processes whose numbers differ in bit k exchange their sums. Each sum has two
    parts, whose order does not matter; TensorFlow's own sum over four processes has another order than one process.
    """

    def __init__(self, rank: int, addresses: Sequence[str]) -> None:
        """Wait until all processes have called this; TensorFlow must not have been imported before."""
        self.rank, self.hosts = rank, len(addresses)
        workers = {"cluster": {"worker": list(addresses)}, "task": {"type": "worker", "index": rank}}
        os.environ |= {"TF_CONFIG": json.dumps(workers), "LENET_RANK": str(rank)}
        from lenet.backend import tf

        self._tf = tf
        self._total = tf.function(self.sum, autograph=False)

    def sum(self, tensors: list[Any]) -> list[Any]:
        """As ``Group`` says."""
        tf, shapes = self._tf, [tensor.shape for tensor in tensors]
        vector = tf.concat([tf.reshape(tensor, (-1,)) for tensor in tensors], 0)
        for level in range(self.hosts.bit_length() - 1):
            pair = self.rank & ~(1 << level)  # the lower number of the two
            vector = tf.raw_ops.CollectiveReduceV2(
                input=vector,
                group_size=2,
                group_key=1 + level * self.hosts + pair,
                instance_key=int(vector.shape[0]),  # an instance has one shape
                ordering_token=[],
                merge_op="Add",
                final_op="Id",
                communication_hint="RING",
            )
        parts = tf.split(vector, [shape.num_elements() for shape in shapes])
        return [tf.reshape(part, shape) for part, shape in zip(parts, shapes, strict=True)]

    def total(self, numbers: Sequence[float]) -> list[float]:
        """As ``Group`` says."""
        totals: list[float] = self._total([self._tf.constant(numbers, self._tf.float32)])[0].numpy().tolist()
        return totals

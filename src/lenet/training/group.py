"""The processes that train one network together: each computes the same number of shards of every batch."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from lenet.errors import LenetError


class Group:
    """A process that trains alone; ``lenet.scale.pairs`` has the one of several.

    Attributes:
        rank: Number of this process, from 0 on; number 0 writes the run folder.
        hosts: Number of processes, a power of two that divides the recipe's ``shards``.
    """

    rank, hosts = 0, 1

    def sum(self, tensors: list[Any]) -> list[Any]:
        """Sums of float32 tensors over all processes, inside a compiled function."""
        return tensors

    def total(self, numbers: Sequence[float]) -> list[float]:
        """Sum of numbers over all processes."""
        return list(numbers)

    def refuse_difference(self, arrays: Mapping[str, Any], step: int) -> None:
        """Raise a LenetError where the processes have other arrays or another step."""
        if self.hosts == 1:
            return
        digest = hashlib.sha256(str(step).encode())
        for name in sorted(arrays):
            digest.update(arrays[name].tobytes())
        own = list(digest.digest())
        if self.total(own) != [self.hosts * byte for byte in own]:
            raise LenetError(
                f"step {step}: the hosts have different weights; use the same processors and versions on all"
            )


ALONE = Group()

"""One training on several processes, which Ray places on the machines of a cluster."""

import os
import socket
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lenet.datasets import Dataset, on_disk
from lenet.errors import LenetError
from lenet.scale.cluster import PATIENCE, TrainingActor, cluster
from lenet.scale.pairs import Pairs
from lenet.training.environment import choose_precision
from lenet.training.recipe import Recipe
from lenet.training.run import DATA, Run

# Losses of a host in a row, without a new checkpoint between them, after which the training ends.
MOST_LOSSES = 3


class _LostError(Exception):
    """A host has died, or another has noticed it."""


class _Host(TrainingActor):
    """An actor: one process of the group."""

    def about(self, recipe: Recipe) -> tuple[str, str]:
        """Where TensorFlow shall listen, and the precision that this processor has for the recipe."""
        import ray

        with socket.socket() as free:
            free.bind(("", 0))
            return f"{ray.util.get_node_ip_address()}:{free.getsockname()[1]}", choose_precision(recipe.precision)

    def train(self, rank: int, addresses: list[str], path: Path, data: Path, threads: str) -> None:
        """Train to the end; number 0 writes the run folder."""
        os.environ |= {"TF_NUM_INTRAOP_THREADS": threads, "TF_NUM_INTEROP_THREADS": threads}
        group = Pairs(rank, addresses)
        from lenet.training.train import follow, resume

        run, dataset = Run(path), on_disk.read(data)
        if rank:
            follow(run, dataset, group)
            return

        def on_progress(progress: Any) -> None:
            self.reports.append(replace(progress, learner=None))  # it stays in its process

        resume(run, dataset, on_progress=on_progress, stop=lambda: self.stopped, group=group)


def train_on_hosts(
    run: Any,
    recipe: Recipe,
    dataset: Dataset,
    hosts: int,
    address: str | None,
    on_progress: Any,
    stop: Any,
    on_warning: Any,
) -> Run:
    """Train on ``hosts`` processes; all machines must find the run folder under the same path.

    During the training, it has a copy of the data, which the hosts map into their memory.

    Args:
        run: The path of a new run folder, ``runs/train-N`` for None, or a ``Run`` that was begun.
        recipe: Of the training; ``hosts``, a power of two, divides its ``shards``.
        dataset: The data.
        address: As for ``cluster``.
        on_progress, stop: As for ``train``.
        on_warning: Called with a sentence about each host that is lost; the group starts again from the checkpoint.

    Raises:
        LenetError: as for ``train``, or when the hosts are lost again and again.
    """
    with cluster(address, hosts) as ray:
        if ray.cluster_resources().get("CPU", 0) < hosts:
            raise LenetError(f"{address}: has fewer processors than {hosts} hosts need; add nodes or use fewer hosts")
        folder = run if isinstance(run, Run) else Run.create(run)
        with folder.locked():
            folder.remove_leftovers()
            folder.write_recipe(recipe)
        losses, seen = 0, None
        with TemporaryDirectory(prefix=DATA, dir=folder.path, ignore_cleanup_errors=True) as data:
            on_disk.write(dataset, Path(data))
            while True:
                try:
                    _train_once(ray, folder, recipe, Path(data), hosts, on_progress, stop)
                    return folder
                except _LostError as error:
                    newest = max((path.name for path in folder.path.glob("checkpoint/**/*.ckpt")), default=None)
                    losses, seen = losses + 1 if newest == seen else 1, newest
                    if losses == MOST_LOSSES:
                        message = f"a host was lost {losses} times without progress ({error})"
                        raise LenetError(f"{message}; resume with: lenet train --resume {folder.path}") from error
                    on_warning(f"a host was lost ({error}); all start again from {newest or 'the beginning'}")
                    for _ in range(100):  # until the process that wrote the run folder has ended
                        with suppress(LenetError), folder.locked():
                            break
                        time.sleep(0.2)


def _train_once(ray: Any, run: Run, recipe: Recipe, data: Path, hosts: int, on_progress: Any, stop: Any) -> None:
    graphics = 1 if ray.cluster_resources().get("GPU", 0) >= hosts else 0
    options = {"num_cpus": 1, "num_gpus": graphics, "max_concurrency": 3, "scheduling_strategy": "SPREAD"}
    group = [ray.remote(_Host).options(**options).remote(Path.cwd()) for _ in range(hosts)]
    threads = os.environ.get("TF_NUM_INTRAOP_THREADS", "1")
    try:
        addresses, precisions = zip(*ray.get([host.about.remote(recipe) for host in group]), strict=True)
        if len(set(precisions)) > 1:
            raise LenetError("the hosts' processors differ, only some have bfloat16; add --precision float32")
        running = [host.train.remote(rank, addresses, run.path, data, threads) for rank, host in enumerate(group)]
        while running:
            ended, running = ray.wait(running, timeout=PATIENCE)
            for progress in ray.get(group[0].take_reports.remote()):
                on_progress(progress)
            if stop():
                group[0].stop.remote()
            ray.get(ended)
    except ray.exceptions.RayError as error:
        cause = getattr(error, "cause", None)
        # TensorFlow's are those of a host that notices the loss of another.
        if cause is not None and not type(cause).__module__.startswith("tensorflow"):
            raise cause from None
        raise _LostError(type(cause or error).__name__) from error
    finally:
        for host in group:
            ray.kill(host)

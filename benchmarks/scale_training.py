"""Training in several processes, on data larger than memory, and searching; called by scale.py."""

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
from pyarrow import parquet
from results import range_of, table, write_section
from watch import watch

from lenet import Recipe, load_dataset
from lenet.pictures.letterbox import as_png
from lenet.processor import model_name, usable_cores

OVER = ("learning_rate=0.002:0.03:log", "batch_size=32,64,128", "warmup=0.05:0.4", "beta_2=0.9:0.99", "input_gain=1:5")
SIDE = 4 * 28


def training(rounds: int) -> None:
    rates: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(rounds):
        for hosts, found in rates.items():
            sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(hosts)]
            addresses = [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]
            for one in sockets:
                one.close()
            command = [sys.executable, __file__]
            ranks = [
                subprocess.Popen([*command, json.dumps([rank, addresses])], stdout=subprocess.PIPE, text=True)
                for rank in range(hosts)
            ]
            outputs = [rank.communicate()[0] for rank in ranks]
            found.append(float(outputs[0]))
    ratios = [two / one for one, two in zip(*rates.values(), strict=True)]
    rows = [[str(hosts), range_of(found, ",.0f")] for hosts, found in rates.items()]
    write_section(
        "Training in several processes",
        f"""`python benchmarks/scale.py training --rounds {rounds}`: recipe `fast`, batch 1,024 in 8 shards,
one thread a process, each on a core of its own, on {usable_cores()} cores of {model_name()};
n = {rounds} rounds in turn.

{table(["processes", "images a second: median (range)"], rows)}

Two processes are {range_of(ratios, ".2f")} times as fast as one.""",
    )


def _train_rank(rank: int, addresses: list[str]) -> None:
    """Print images a second of all steps but the first ones, which compile."""
    os.environ |= {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[rank]})
    from lenet.training.group import ALONE

    group: Any = ALONE
    if len(addresses) > 1:
        from lenet.scale.pairs import Pairs

        group = Pairs(rank, addresses)
    from lenet.training.initial import build_network
    from lenet.training.loop import fit

    dataset = load_dataset("mnist").split("own").train
    recipe = Recipe.named("fast").change(batch_size=1024, shards=8, epochs=2.1)
    times: list[tuple[int, float]] = []
    fit(
        build_network(dataset, recipe), dataset, recipe, group=group,
        on_progress=lambda progress: times.append((progress.step, time.perf_counter())),
    )  # fmt: skip
    (first, began), (last, ended) = times[1], times[-1]
    if rank == 0:
        print(1024 * (last - first) / (ended - began))


def large() -> None:
    counts, network = (36_000, 360_000), "conv 4 5, relu, maxpool 4, conv 8 5, relu, maxpool 4, dense 32, relu"
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for count in counts:
            for part, number in (("train", count), ("validation", 1000), ("test", 1000)):
                _write_parquet(Path(folder, str(count), f"{part}.parquet"), number)
            options = ["--network", network, "--epochs", str(100 * 128 / count), "--shards", "2", "--hosts", "2"]
            run = ["--data", str(count), "--framing", "whole", *options, "--run", f"run-{count}"]
            memory = watch(Path(folder), "Pss_Anon", "train", *run)[1]
            rows.append([f"{count:,}", f"{count * SIDE**2 / 2**30:.2f}", f"{memory:,.0f}"])
    write_section(
        "Training on data larger than memory",
        f"""`python benchmarks/scale.py large`: recipe `fast`, 100 steps on two hosts, a small network on pictures of
{SIDE}×{SIDE} pixels in Parquet files, n = 1. Memory that the system cannot free, of the command, Ray and both hosts:

{table(["pictures", "GiB of pixels", "MiB of memory"], rows)}""",
    )


def _write_parquet(path: Path, count: int) -> None:
    path.parent.mkdir(exist_ok=True)
    mnist = load_dataset("mnist")
    pictures = [as_png(image) for image in mnist.images[:1000].repeat(4, axis=1).repeat(4, axis=2)]
    table = pyarrow.table({"image": pictures, "label": mnist.labels[:1000]})
    with parquet.ParquetWriter(path, table.schema) as writer:
        for _ in range(count // 1000):
            writer.write_table(table)


def searching(seeds: int) -> None:
    mnist = load_dataset("mnist")
    with tempfile.TemporaryDirectory() as folder:
        chosen = mnist.split("own").train.sample(6000, 0)
        test = mnist.split("own").test
        arrays = {"x_train": chosen.images[..., 0], "y_train": chosen.labels}
        np.savez(Path(folder, "few.npz"), **arrays, x_test=test.images[..., 0], y_test=test.labels)
        over = [word for one in OVER for word in ("--over", one)]
        said = _lenet(folder, "search", "--data", "few.npz", *over, "--trials", "30", "--run", "found")
        accuracy: dict[str, list[float]] = {}
        for seed in range(1, seeds + 1):
            for name, recipe in (("fast", "fast"), ("found", "found/recipe.toml")):
                run = f"{name}-{seed}"
                _lenet(folder, "train", "--data", "few.npz", "--recipe", recipe, "--seed", str(seed), "--run", run)
                metrics = json.loads(Path(folder, run, "metrics.json").read_text())
                accuracy.setdefault(name, []).append(100 * metrics["test"]["accuracy"])
        differences = [found - fast for fast, found in zip(*accuracy.values(), strict=True)]
    mean, error = statistics.mean(differences), statistics.stdev(differences) / seeds**0.5
    better = "better" if mean > 2 * error else "worse" if mean < -2 * error else "no better"
    rows = [[name, f"{statistics.mean(them):.2f} ± {statistics.stdev(them):.2f}"] for name, them in accuracy.items()]
    write_section(
        "A search",
        f"""`python benchmarks/scale.py searching --seeds {seeds}`: 6,000 MNIST training images, `lenet search` over
{", ".join(OVER)},
30 trials, each trained up to four times and compared by its mean on the images that are held out. Then both recipes
with seeds 1 to {seeds}, 10,000 test images by other writers:

{table(["recipe", "accuracy, %: mean ± sd"], rows)}

What was found is {better} than `fast`: {mean:+.2f} ± {error:.2f} points (standard error).
{said.splitlines()[-2]}; the best: {said.splitlines()[0]}.""",
    )


def _lenet(folder: str, *arguments: str) -> str:
    command = [sys.executable, "-m", "lenet", *arguments]
    return subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    _train_rank(*json.loads(sys.argv[1]))

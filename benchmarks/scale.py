"""What several processes cost and give: reading, training and searching on Ray; writes sections of RESULTS.md.

    python benchmarks/scale.py [reading] [shards] [training] [large] [searching] [cost] [--rows 20000] [--rounds 3]
        [--seeds 5]

All of these, or those that are named:

- reading: `lenet predict --data` against a plain loop over the same shards in one process, on so many rows and on ten
  times as many. CPU seconds of all processes; a row costs the difference of both, so that starting does not count.
  Memory is the highest sum over all processes, pages that they share counted once.
- shards: memory of the process that hands out a list of a million shards, whose work is left out.
- training: steps a second of two processes and of one, each with one thread on a core of its own, at a batch of 1,024
  in 8 shards.
- large: memory of `lenet train --hosts 2` on Parquet files of pictures, and on ten times as many, whose pixels take
  more than 4 GiB. Counted are pages that the system cannot free, in all processes together.
- searching: 30 trials on 6,000 images, then recipe `fast` and the recipe found, trained with other seeds and measured
  on the official test images, which the search has not seen.
- cost: CPU seconds a digit and a photo of 640×480 pixels with 18 digits, and what 10⁸ and 10⁹ take.
"""

import argparse
import json
import os
import resource
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
from PIL import Image
from pyarrow import parquet
from results import table, write_section

from lenet import Model, Reader, Recipe, load_dataset
from lenet.datasets.shards import Shard, find_shards, fingerprint
from lenet.model.runtime import locate_model
from lenet.pictures.letterbox import as_png
from lenet.processor import model_name, usable_cores
from lenet.reading.many import answers
from lenet.scale.cluster import run_tasks

PARTS = ("reading", "shards", "training", "large", "searching", "cost")
TICKS = os.sysconf("SC_CLK_TCK")
OVER = ("learning_rate=0.002:0.03:log", "batch_size=32,64,128", "warmup=0.05:0.4", "beta_2=0.9:0.99", "input_gain=1:5")
PRICE = 0.04  # of a core-hour in dollars, an assumption
MACHINES, CORES = 20, 16
SIDE = 4 * 28


def main() -> None:
    if sys.argv[1:2] == ["plain"]:
        _read_plainly(*sys.argv[2:])
        return
    if sys.argv[1:2] == ["rank"]:
        _train_rank(*json.loads(sys.argv[2]))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar=" | ".join(PARTS))
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=5)
    asked = parser.parse_args()
    parts = asked.parts or PARTS
    if "reading" in parts:
        _reading(asked.rows, asked.rounds)
    if "shards" in parts:
        _shards()
    if "training" in parts:
        _training(asked.rounds)
    if "large" in parts:
        _large()
    if "searching" in parts:
        _searching(asked.seeds)
    if "cost" in parts:
        _cost()


def _reading(rows: int, rounds: int) -> None:
    few_many = (rows, 10 * rows)
    spent: dict[str, list[tuple[float, float]]] = {"plain loop": [], "lenet predict --data": []}
    memory: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        for count in few_many:
            _write_idx(Path(folder, str(count)), count)
        for turn in range(rounds):
            for name, run in (("plain loop", _run_plainly), ("lenet predict --data", _run_on_ray)):
                measured = [run(Path(folder), count, f"{name[0]}{turn}-{count}") for count in few_many]
                spent[name].append((measured[0][0], measured[1][0]))
                if run is _run_on_ray:
                    memory.append((measured[0][1], measured[1][1]))
    each = {name: [(many - few) / (9 * rows) for few, many in values] for name, values in spent.items()}
    ratios = [ray / plain for plain, ray in zip(*each.values(), strict=True)]
    growth = [many / few for few, many in memory]
    lines = [
        [name, f"{1e6 * statistics.median(values):.0f}", f"{statistics.median(few for few, _ in spent[name]):.0f}"]
        for name, values in each.items()
    ]
    write_section(
        "Reading in several processes",
        f"""`python benchmarks/scale.py reading --rows {rows} --rounds {rounds}`: {rows:,} and
{10 * rows:,} MNIST images in IDX files, n = {rounds} rounds in turn, on {usable_cores()} cores of {model_name()}.

{table(["", "CPU µs a further row: median", f"CPU s in all for {rows:,}: median"], lines)}

A row costs {_range(ratios, ".2f")} times as much as in the plain loop.
All processes together take {statistics.median(few for few, _ in memory):,.0f} MiB,
and {_range(growth, ".2f")} times as much for ten times the rows.""",
    )


def _write_idx(folder: Path, count: int) -> None:
    folder.mkdir()
    images = load_dataset("mnist").images[..., 0]
    with (folder / "train-images-idx3-ubyte").open("wb") as file:
        file.write(struct.pack(">4B3I", 0, 0, 8, 3, count, 28, 28))
        for start in range(0, count, len(images)):
            file.write(images[: count - start].tobytes())


def _run_plainly(folder: Path, count: int, to: str) -> tuple[float, float]:
    """CPU seconds and MiB of one process that reads shard after shard."""
    command = [sys.executable, __file__, "plain", str(folder / str(count)), str(folder / to)]
    process = subprocess.Popen(command, env=os.environ | {"OMP_NUM_THREADS": "1"})
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def _read_plainly(source: str, to: str) -> None:
    from lenet.scale.read import read_shard

    model = locate_model().read_bytes()
    for shard in find_shards(source)[0]:
        read_shard(shard, source, to, model)


def _run_on_ray(folder: Path, count: int, to: str) -> tuple[float, float]:
    """The same of all processes that Ray starts, and of the driver."""
    return _watch(folder, "Pss", "predict", "--data", str(count), "--to", to)


def _watch(folder: Path, kind: str, *arguments: str) -> tuple[float, float]:
    """CPU seconds and MiB, of a ``kind`` of smaps_rollup, of a command and all processes that Ray starts for it."""
    command = [sys.executable, "-m", "lenet", *arguments]
    driver = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seconds: dict[int, float] = {}
    peak = 0.0
    while driver.poll() is None:
        pages = 0.0
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError, ValueError, IndexError):
                own = f"LENET_DRIVER={driver.pid}" in (process / "environ").read_text().split("\0")
                if own or int(process.name) == driver.pid:
                    fields = (process / "stat").read_text().rpartition(")")[2].split()
                    seconds[int(process.name)] = (int(fields[11]) + int(fields[12])) / TICKS
                    rollup = (process / "smaps_rollup").read_text()
                    pages += int(rollup.partition(f"\n{kind}:")[2].split()[0]) / 1024
        peak = max(peak, pages)
        time.sleep(0.2)
    assert driver.returncode == 0
    return sum(seconds.values()), peak


class _NoWork:
    """In place of Ray: each task is done as soon as it is asked for."""

    class exceptions:  # noqa: N801
        RayError = RuntimeError

    cluster_resources = staticmethod(lambda: {"CPU": 2.0})
    wait = staticmethod(lambda references, timeout: (references, []))
    get = staticmethod(lambda reference: reference)


def _shards() -> None:
    shards = [Shard(f"part-{number:07}.parquet.000000", "parquet", (f"bucket/part-{number:07}.parquet",), 0, 10**7)
              for number in range(10**6)]  # fmt: skip
    began = time.process_time()
    digest = fingerprint(shards)
    counts = {item.name: result for item, result in run_tasks(_NoWork, lambda shard: 10_000, shards, None)}
    text = json.dumps([{"shard": name, "rows": rows, "errors": 0} for name, rows in counts.items()])
    seconds = time.process_time() - began
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    write_section(
        "A million shards",
        f"""`python benchmarks/scale.py shards`: list, submission, counts and manifest ({len(text) / 2**20:.0f} MiB) of
10⁶ shards, whose tasks a stand-in for Ray answers at once, fingerprint {digest[:8]}: at most {most:.2f} GiB in
the driver, {seconds:.0f} s of CPU.""",
    )


def _training(rounds: int) -> None:
    rates: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(rounds):
        for hosts, found in rates.items():
            sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(hosts)]
            addresses = [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]
            for one in sockets:
                one.close()
            command = [sys.executable, __file__, "rank"]
            ranks = [
                subprocess.Popen([*command, json.dumps([rank, addresses])], stdout=subprocess.PIPE, text=True)
                for rank in range(hosts)
            ]
            outputs = [rank.communicate()[0] for rank in ranks]
            found.append(float(outputs[0]))
    ratios = [two / one for one, two in zip(*rates.values(), strict=True)]
    rows = [[str(hosts), _range(found, ",.0f")] for hosts, found in rates.items()]
    write_section(
        "Training in several processes",
        f"""`python benchmarks/scale.py training --rounds {rounds}`: recipe `fast`, batch 1,024 in 8 shards,
one thread a process, each on a core of its own, on {usable_cores()} cores of {model_name()};
n = {rounds} rounds in turn.

{table(["processes", "images a second: median (range)"], rows)}

Two processes are {_range(ratios, ".2f")} times as fast as one.""",
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


def _large() -> None:
    counts, network = (36_000, 360_000), "conv 4 5, relu, maxpool 4, conv 8 5, relu, maxpool 4, dense 32, relu"
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for count in counts:
            for part, number in (("train", count), ("validation", 1000), ("test", 1000)):
                _write_parquet(Path(folder, str(count), f"{part}.parquet"), number)
            options = ["--network", network, "--epochs", str(100 * 128 / count), "--shards", "2", "--hosts", "2"]
            run = ["--data", str(count), "--framing", "whole", *options, "--run", f"run-{count}"]
            memory = _watch(Path(folder), "Pss_Anon", "train", *run)[1]
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


def _searching(seeds: int) -> None:
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


def _cost() -> None:
    os.environ["OMP_NUM_THREADS"] = "1"
    reader, mnist = Reader(Model.load()), load_dataset("mnist").split("own").test
    digits = [("", row, image) for row, image in enumerate(mnist.images[:5000])]
    photos = [("", row, _photo(mnist.images[18 * row : 18 * row + 18, ..., 0], row)) for row in range(20)]
    each = {"digit": _cpu_each(reader, digits), "photo": _cpu_each(reader, photos)}
    rows = []
    for name, seconds in each.items():
        for exponent in ("10⁸", "10⁹"):
            hours = seconds * (1e8 if exponent == "10⁸" else 1e9) / 3600
            wall = hours / (MACHINES * CORES)
            rows.append([f"{exponent} {name}s", f"{hours:,.1f}", f"{wall:,.2f}", f"{PRICE * hours:,.0f}"])
    write_section(
        "Cost of reading many",
        f"""`python benchmarks/scale.py cost`: {1e6 * each["digit"]:.0f} µs of CPU a digit (n = {len(digits):,}, in
MNIST's form) and {1e3 * each["photo"]:.0f} ms a photo of 640×480 pixels with 18 digits (n = {len(photos)}), one
thread of {model_name()}. Assumed: {MACHINES} machines of {CORES} such cores, always busy; {PRICE} dollars a core-hour.
Decoding files and transfer come on top.

{table(["", "core-hours", "hours", "dollars"], rows)}""",
    )


def _cpu_each(reader: Reader, pictures: list[tuple[str, int, Any]]) -> float:
    list(answers(reader, pictures[:3]))
    began = time.process_time()
    list(answers(reader, pictures))
    return (time.process_time() - began) / len(pictures)


def _photo(digits: Any, seed: int) -> Any:
    """Three rows of six digits, dark on grey paper."""
    rng = np.random.default_rng(seed)
    page = np.full((480, 640), 215, np.float32) + rng.normal(0, 3, (480, 640)).astype(np.float32)
    for number, digit in enumerate(digits):
        top, left = 40 + 150 * (number // 6), 30 + 100 * (number % 6)
        large = np.asarray(Image.fromarray(digit).resize((70, 70)), np.float32)
        page[top : top + 70, left : left + 70] -= 0.7 * large
    return page.clip(0, 255).astype(np.uint8)


def _range(values: list[float], form: str) -> str:
    return f"{statistics.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


if __name__ == "__main__":
    main()

"""Reading in several processes, of a million shards, and what it costs; called by scale.py."""

import json
import os
import resource
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from results import range_of, table, write_section
from watch import watch

from lenet import Model, Reader, load_dataset
from lenet.datasets.shards import Shard, find_shards, fingerprint
from lenet.model.runtime import locate_model
from lenet.processor import model_name, usable_cores
from lenet.reading.many import answers
from lenet.scale.cluster import run_tasks

PRICE = 0.04  # of a core-hour in dollars, an assumption
MACHINES, CORES = 20, 16


def reading(rows: int, rounds: int) -> None:
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

A row costs {range_of(ratios, ".2f")} times as much as in the plain loop.
All processes together take {statistics.median(few for few, _ in memory):,.0f} MiB,
and {range_of(growth, ".2f")} times as much for ten times the rows.""",
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
    command = [sys.executable, __file__, str(folder / str(count)), str(folder / to)]
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
    return watch(folder, "Pss", "predict", "--data", str(count), "--to", to)


class _NoWork:
    """In place of Ray: each task is done as soon as it is asked for."""

    class exceptions:  # noqa: N801
        RayError = RuntimeError

    cluster_resources = staticmethod(lambda: {"CPU": 2.0})
    wait = staticmethod(lambda references, timeout: (references, []))
    get = staticmethod(lambda reference: reference)


def shards() -> None:
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


def cost() -> None:
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


if __name__ == "__main__":
    _read_plainly(*sys.argv[1:])

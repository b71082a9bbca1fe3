"""How well the default recipes do on other data, and what training from disk costs; writes sections of RESULTS.md.

    python benchmarks/own_data.py [accuracy] [little] [streaming] [--fashion FOLDER] [--seeds 5] [--letters 5,20,100]
        [--side 96] [--rounds 3]

All of these, or those that are named:

- accuracy: `lenet train --data SOURCE` with nothing else but the seed; Fashion-MNIST from a folder of IDX files, as
  Debian's package dataset-fashion-mnist installs them, and scikit-learn's digits.
- little: so many pictures a class of the letters A to Z in printed typefaces, dark on white; the test part has 520
  pictures in ten typefaces that the training part has not. `lenet train --data LETTERS` chooses recipe `few` for fewer
  than 1,000 pictures, and is compared with recipe `fast` there.
- streaming: MNIST's digits enlarged, too many pixels to be held in memory by lenet's own limit, trained on from the
  mapped file and from an array, in turn. Before all steps that are taken at once, 20 or fewer, the file is thrown out
  of the system's cache, so that every image comes from the disk, as if the file were larger than the memory.
"""

import argparse
import json
import mmap
import os
import statistics
import string
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from results import range_of, table, write_section

from lenet import Dataset, Recipe, load_dataset
from lenet.datasets.dataset import Images
from lenet.network.named import NETWORKS
from lenet.processor import model_name, usable_cores
from lenet.training.initial import build_network
from lenet.training.loop import CHUNK, CHUNK_PIXELS, fit

FASHION = Path("/usr/share/datasets/fashion-mnist")
PARTS = ("accuracy", "little", "streaming")
CHUNKS = 8  # of steps, of which the first compiles and is not counted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar=" | ".join(PARTS))
    parser.add_argument("--fashion", type=Path, default=FASHION)
    parser.add_argument("--seeds", type=int, default=5, help="of each training")
    parser.add_argument("--letters", default="5,20,100", help="pictures a class")
    parser.add_argument("--side", type=int, default=96, help="of the enlarged digits, in pixels")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    parts = asked.parts or PARTS
    if "accuracy" in parts:
        if not asked.fashion.is_dir():
            sys.exit(f"{asked.fashion}: is not there; install Fashion-MNIST (apt-get install dataset-fashion-mnist)")
        _other_data({"Fashion-MNIST": str(asked.fashion), "scikit-learn's digits, 8×8": "digits"}, asked.seeds)
    if "little" in parts:
        _little([int(each) for each in asked.letters.split(",")], asked.seeds)
    if "streaming" in parts:
        _streaming(asked.side, asked.rounds)


def _other_data(sources: dict[str, str], seeds: int) -> None:
    rows = []
    for title, source in sources.items():
        trained = [_train(source, seed) for seed in range(seeds)]
        accuracy = [100 * metrics["test"]["accuracy"] for metrics in trained]
        seconds = statistics.median(metrics["train_seconds"] for metrics in trained)
        spread = f"{statistics.mean(accuracy):.2f} ± {statistics.stdev(accuracy):.2f} ({min(accuracy):.2f})"
        rows.append([title, f"{trained[0]['test']['n']:,}", spread, f"{seconds:.1f}"])
    write_section(
        "Other data",
        f"""`python benchmarks/own_data.py accuracy`: `lenet train --data SOURCE --seed S`, recipe `fast`,
S = 0 to {seeds - 1}.

{table(["", "test images", "accuracy, %: mean ± sd (lowest)", "training, s: median"], rows)}""",
    )


def _little(counts: list[int], seeds: int) -> None:
    rows = []
    for each in counts:
        trained: dict[str, list[dict[str, Any]]] = {}
        with tempfile.TemporaryDirectory() as folder:
            for seed in range(seeds):
                source = Path(folder) / f"letters-{seed}"
                draw_letters(source, each, seed)
                chosen = _train(str(source), seed)
                trained.setdefault(chosen["recipe"], []).append(chosen)
                if chosen["recipe"] != "fast":
                    trained.setdefault("fast", []).append(_train(str(source), seed, "--recipe", "fast"))
        for recipe, metrics in trained.items():
            row = [str(each), recipe]
            for values in (
                [100 * one["test"]["accuracy"] for one in metrics],
                [100 * one["expected_calibration_error"] for one in metrics],
            ):
                row.append(f"{statistics.mean(values):.1f} ± {statistics.stdev(values) if seeds > 1 else 0:.1f}")
            rows.append(row)
            print(row, flush=True)
    write_section(
        "Little data",
        f"""`python benchmarks/own_data.py little --seeds {seeds} --letters {",".join(map(str, counts))}`:
`lenet train --data LETTERS --seed S`, which chooses the first recipe of each number, and the same with
`--recipe fast`; S = 0 to {seeds - 1}, other letters for each. 26 classes, 520 test images in ten typefaces
that are not trained on.

{table(["pictures a class", "recipe", "accuracy, %: mean ± sd", "calibration error, %: mean ± sd"], rows)}""",
    )


def draw_letters(folder: Path, each: int, seed: int) -> None:
    """Make a folder of letters, ``each`` of a class to train on, and 20 in other typefaces to test on."""
    rng = np.random.default_rng(seed)
    fonts = sorted((Path(matplotlib.get_data_path()) / "fonts/ttf").glob("[DS]*.ttf"))
    fonts = [font for font in fonts if not any(part in font.name for part in ("Siz", "NonUni", "Display"))]
    fonts = [fonts[index] for index in rng.permutation(len(fonts))]
    for part, count, known in (("train", each, fonts[10:]), ("test", 20, fonts[:10])):
        for letter in string.ascii_uppercase:
            (folder / part / letter).mkdir(parents=True)
            for number in range(count):
                side = int(rng.integers(40, 80))
                page = Image.new("L", (side, side), int(rng.integers(200, 256)))
                font = ImageFont.truetype(str(known[rng.integers(len(known))]), int(side * rng.uniform(0.4, 0.6)))
                place = tuple((side / 2 + rng.uniform(-0.1, 0.1, 2) * side).tolist())
                ImageDraw.Draw(page).text(place, letter, int(rng.integers(0, 80)), font, anchor="mm")
                page = page.rotate(rng.uniform(-8, 8), Image.Resampling.BILINEAR, fillcolor=page.getpixel((0, 0)))
                page.save(folder / part / letter / f"{number}.png")


def _train(source: str, seed: int, *options: str) -> dict[str, Any]:
    """The measures of one `lenet train`."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        lenet = Path(sys.executable).with_name("lenet")
        command = [str(lenet), "train", "--data", source, "--seed", str(seed), "--run", str(run), *options]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        metrics: dict[str, Any] = json.loads((run / "metrics.json").read_text())
    return metrics


def _streaming(side: int, rounds: int) -> None:
    small = load_dataset("mnist").split("own").train
    shape = (len(small), side, side, 1)
    nearest = np.arange(side) * small.height // side

    with tempfile.TemporaryDirectory() as folder:
        mapped = np.memmap(Path(folder) / "enlarged", np.uint8, "w+", shape=shape)
        for start in range(0, len(small), 1000):
            part = slice(start, start + 1000)
            mapped[part] = small.images[part][:, nearest][:, :, nearest]
        mapped.flush()
        os.sync()
        contestants = {"array in memory": np.array(mapped), "file mapped from disk": mapped}
        seconds: dict[str, list[float]] = {name: [] for name in contestants}
        for _ in range(rounds):
            for name, images in contestants.items():
                seconds[name].append(_seconds_a_step(images, small))
    ratios = [disk / memory for memory, disk in zip(*seconds.values(), strict=True)]
    size = f"{len(small):,} images of {side}×{side} pixels, {np.prod(shape) / 2**20:,.0f} MiB"
    milliseconds = {name: range_of([1e3 * value for value in values], ".1f") for name, values in seconds.items()}
    write_section(
        "Training from disk",
        f"""`python benchmarks/own_data.py streaming`: {size}, recipe `fast`, 100 dense units;
n = {rounds} rounds in turn of {CHUNKS - 1} times so many steps as are taken at once, on {usable_cores()} cores of
{model_name()}; nothing of the file is in the system's cache when they begin.

{table(["", "a step, ms: median (range)"], [[name, text] for name, text in milliseconds.items()])}

From disk a step takes {range_of(ratios, ".2f")} times as long.""",
    )


def _seconds_a_step(images: Images, small: Dataset) -> float:
    """Of training on ``images``, labelled as ``small``, compiling left out; mapped images come from the disk."""
    dataset = Dataset("enlarged", images, small.labels, small.class_names)
    recipe = Recipe.named("fast").change(
        view="whole", network=str(NETWORKS["lenet"].change(dense_units=100))
    )  # with more, no model file holds it
    at_once = min(CHUNK, max(1, CHUNK_PIXELS // (recipe.batch_size * dataset.height * dataset.width)))
    steps = CHUNKS * at_once
    recipe = recipe.change(epochs=steps * recipe.batch_size / len(dataset))
    spent, began = 0.0, time.perf_counter()

    def on_progress(progress: Any) -> None:
        nonlocal spent, began
        if progress.step > at_once:
            spent += time.perf_counter() - began
        _forget(images)  # a Dataset has a view of them, which knows no file
        began = time.perf_counter()

    fit(build_network(dataset, recipe), dataset, recipe, on_progress=on_progress)
    return spent / (steps - at_once)


def _forget(images: Images) -> None:
    """Throw a mapped file out of this process and of the system's cache."""
    if not isinstance(images, np.memmap):
        return
    images._mmap.madvise(mmap.MADV_DONTNEED)
    with Path(images.filename).open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    began = time.perf_counter()
    images[:: len(images) // 100].sum()
    cold = time.perf_counter() - began
    began = time.perf_counter()
    images[:: len(images) // 100].sum()
    assert cold > 2 * (time.perf_counter() - began), "the file did not leave the cache: nothing is measured"


if __name__ == "__main__":
    main()

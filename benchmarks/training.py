"""How long a training takes, beside its peers, in turn in one run; writes two sections of RESULTS.md.

    python benchmarks/training.py [--rounds 10] [--tutorial-rounds 3] [--tutorial-epochs 20]

In each round, with a seed of its own, every contestant runs once in a process of its own.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from machine import lenet_flop
from results import table, write_section

from lenet import Recipe
from lenet.datasets import load_dataset
from lenet.processor import model_name, usable_cores

PEERS = Path(__file__).parent / "peers"
KIB_A_MIB = 2**10  # Linux counts ru_maxrss in KiB


@dataclass
class Contestant:
    """Somebody who trains.

    Attributes:
        name: as the table says it.
        command: without the seed.
        flop: of all steps, for the ratio to the limit; 0 where it is not ours.
    """

    name: str
    command: list[str]
    flop: float = 0.0
    seconds: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    peak: list[float] = field(default_factory=list)
    precision: str = "float32"

    def run(self, seed: int) -> None:
        """Train once, in a process of its own."""
        with tempfile.TemporaryDirectory() as folder:
            run = Path(folder) / "run"
            command = [part.format(seed=seed, run=run) for part in self.command]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            assert process.stdout
            output = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                sys.exit(f"{' '.join(command)}: failed with status {process.returncode}")
            if run.exists():
                metrics = json.loads((run / "metrics.json").read_text())
                seconds, accuracy = metrics["train_seconds"], metrics["test"]["accuracy"]
                self.precision = metrics["precision"]
            else:
                figures = json.loads(output.splitlines()[-1])
                seconds, accuracy = figures["seconds"], figures["accuracy"]
        self.seconds.append(seconds)
        self.accuracy.append(accuracy)
        self.peak.append(usage.ru_maxrss / KIB_A_MIB)
        print(f"{self.name}, seed {seed}: {seconds:.2f} s, {accuracy:.2%}", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="How long a training takes, beside its peers.")
    parser.add_argument("--rounds", type=int, default=10, help="of sprint, fast and train_mnist_fast; 0: none")
    parser.add_argument("--tutorial-rounds", type=int, default=3, help="of the tutorial's recipe; 0: none")
    parser.add_argument("--tutorial-epochs", type=int, default=20)
    arguments = parser.parse_args()

    if arguments.rounds:
        _seconds_to_learn(arguments.rounds)
    if arguments.tutorial_rounds:
        _tutorial(arguments.tutorial_rounds, arguments.tutorial_epochs)


def _seconds_to_learn(rounds: int) -> None:
    limits = [_limits()]
    peer = Contestant("train_mnist_fast, PyTorch", [sys.executable, str(PEERS / "train_mnist_fast.py"), "{seed}"])
    contestants = [peer, _ours("sprint"), _ours("fast")]
    for seed in range(rounds):
        for contestant in contestants:
            contestant.run(seed)
    write_section("Seconds to learn", _report(contestants, peer, [*limits, _limits()], rounds))


def _tutorial(rounds: int, epochs: int) -> None:
    limits = [_limits()]
    stock = Contestant("stock Keras", [sys.executable, str(PEERS / "keras_tutorial.py"), "{seed}", f"{epochs}"])
    contestants = [stock, _ours("tutorial", epochs)]
    for seed in range(rounds):
        for contestant in contestants:
            contestant.run(seed)
    report = _report(contestants, stock, [*limits, _limits()], rounds)
    write_section("The tutorial's training", f"{epochs} epochs of the tutorial's recipe. {report}")


def _ours(name: str, epochs: float | None = None) -> Contestant:
    recipe = Recipe.named(name)
    epochs = epochs or recipe.epochs
    images = len(load_dataset("mnist").split(recipe.split).train) - recipe.validation
    command = [str(Path(sys.executable).with_name("lenet")), "train", "--recipe", name, "--epochs", str(epochs)]
    command += ["--seed", "{seed}", "--run", "{run}"]
    _, flop = lenet_flop(centre=recipe.view != "whole")  # what auto chooses for MNIST, whose ink is centred
    return Contestant(f"lenet, recipe `{name}`", command, flop * epochs * images)


def _limits() -> dict[str, float]:
    """The machine's, by precision."""
    command = [sys.executable, str(Path(__file__).with_name("machine.py"))]
    limits: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return limits


def _report(contestants: Sequence[Contestant], peer: Contestant, limits: Sequence[dict[str, float]], n: int) -> str:
    rows = []
    for one in contestants:
        ratios = np.array(one.seconds) / np.array(peer.seconds)
        limit = float(np.median([measured[one.precision] for measured in limits]))
        rows.append(
            [
                one.name,
                one.precision,
                f"{np.median(one.seconds):.2f} ({min(one.seconds):.2f} to {max(one.seconds):.2f})",
                f"{np.median(ratios):.2f} ({ratios.min():.2f} to {ratios.max():.2f})",
                f"{one.flop / limit / np.median(one.seconds):.2f}" if one.flop else "",
                f"{100 * np.mean(one.accuracy):.2f} ± {100 * np.std(one.accuracy, ddof=1):.2f}",
                f"{max(one.peak):,.0f}",
            ]
        )
    head = [
        "",
        "precision",
        "training, s: median (range)",
        f"ratio to {peer.name}: median (range)",
        "share of the limit",
        "accuracy, %: mean ± sd",
        "peak memory, MiB",
    ]
    measured = "; ".join(
        f"{precision} {' and '.join(f'{one[precision] / 1e9:.0f}' for one in limits)} GFLOP/s"
        for precision in limits[0]
    )
    return f"""`make bench` (`python benchmarks/training.py`); n = {n}, seeds 0 to {n - 1}, in turn.
{usable_cores()} cores of {model_name()}. Limit: a product of two 2048² matrices, before and after:
{measured}. The share is the time that the training's sums would take at that rate, in the
training's precision, over the time it took, compiling included.

{table(head, rows)}"""


if __name__ == "__main__":
    main()

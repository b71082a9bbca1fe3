"""Accuracy, parameters and seconds of the named networks; writes a section of RESULTS.md.

    python benchmarks/networks.py [--seeds 3] [--epochs 4]

Trains each network with the recipe `fast` for so many epochs, once for each seed, by the command line, one process at a
time, and tests it on the 10,000 official test images.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from results import table, write_section

from lenet.network.named import NETWORKS
from lenet.processor import model_name, usable_cores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=float, default=4.0)
    asked = parser.parse_args()

    rows = []
    for name, network in NETWORKS.items():
        runs = [_train(name, seed, asked.epochs) for seed in range(asked.seeds)]
        accuracy = [100 * run["test"]["accuracy"] for run in runs]
        seconds = [run["train_seconds"] for run in runs]
        layers = network.place(28, 28, 1, 10)
        rows.append(
            [
                f"`{name}`",
                f"{network.count_parameters(28, 28, 1, 10):,}",
                f"{sum(placed.multiplications for placed in layers) / 1e6:.2f}",
                f"{np.mean(accuracy):.2f} ± {np.std(accuracy, ddof=1):.2f}",
                f"{np.median(seconds):.1f} ({min(seconds):.1f} to {max(seconds):.1f})",
            ]
        )
        print(rows[-1], file=sys.stderr, flush=True)
    head = [
        "",
        "parameters",
        "million multiplications an image",
        "accuracy, %: mean ± sd",
        "training, s: median (range)",
    ]
    write_section(
        "The named networks",
        f"""`python benchmarks/networks.py --seeds {asked.seeds} --epochs {asked.epochs:g}`:
`lenet train --network NAME --recipe fast --epochs {asked.epochs:g} --seed S`, S = 0 to
{asked.seeds - 1}, tested on the 10,000 official test images;
{usable_cores()} cores of {model_name()}.

{table(head, rows)}""",
    )


def _train(network: str, seed: int, epochs: float) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        command = [str(Path(sys.executable).with_name("lenet")), "train", "--network", network, "--recipe", "fast"]
        command += ["--epochs", str(epochs), "--seed", str(seed), "--run", str(run)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return json.loads((run / "metrics.json").read_text())


if __name__ == "__main__":
    main()

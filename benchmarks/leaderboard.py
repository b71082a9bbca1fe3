"""Networks and recipes beside their peers: accuracy, seconds, memory; writes the first table of RESULTS.md.

    python benchmarks/leaderboard.py [--only NAME …] [--seeds N] [--busy] [--packages PYTHON]

Every row is a command, run in a process of its own for each seed, all rows in turn, so that ratios to train_mnist_fast
hold though a machine's speed changes. The table is written after each seed; rows that are not run stay as they are.
Without `--only`, all are run but the published packages, which need a Python of a virtual environment of their own:

    python -m venv peers && peers/bin/pip install ccexam digitsclassifier digit-recognizer-py
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from results import RESULTS, table, write_section

from lenet.datasets.mnist import FOLDER
from lenet.network.named import find_network
from lenet.processor import model_name, usable_cores

TITLE = "Leaderboard"
PEERS = Path(__file__).parent / "peers"
KIB_PER_MIB = 2**10  # Linux counts ru_maxrss in KiB
PEER, OWN_WEIGHTS = "train_mnist_fast, PyTorch", ", its own weights"
HEAD = [
    "network, recipe",
    "n",
    "accuracy, %: mean ± sd",
    "of test images",
    "training, s: median (range)",
    "whole process, s: median (range)",
    "training, ratio to train_mnist_fast",
    "whole process, ratio",
    "peak memory, MiB",
    "parameters",
]


@dataclass
class Row:
    """A command that trains or tests, and what its runs have measured."""

    name: str
    command: list[str]  # {seed} and {run} are filled in
    seeds: int = 3
    accuracy: list[float] = field(default_factory=list)
    training: list[float] = field(default_factory=list)
    process: list[float] = field(default_factory=list)
    peak: list[float] = field(default_factory=list)
    tested: int = 0
    parameters: int = 0

    def run(self, seed: int) -> None:
        """Run the command once."""
        with tempfile.TemporaryDirectory() as folder:
            run = Path(folder) / "run"
            command = [part.format(seed=seed, run=run) for part in self.command]
            started = time.perf_counter()
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            assert process.stdout
            output = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            self.process.append(time.perf_counter() - started)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                sys.exit(f"{' '.join(command)}: failed with status {process.returncode}")
            found = _of_run(run) if run.exists() else json.loads(output.splitlines()[-1])
        self.accuracy.append(100 * found["accuracy"])
        self.training += [found["seconds"]] if found["seconds"] is not None else []
        self.peak.append(usage.ru_maxrss / KIB_PER_MIB)
        self.tested, self.parameters = found["n"], found["parameters"]
        print(f"{self.name}, seed {seed}: {self.accuracy[-1]:.2f} %, {self.process[-1]:.2f} s", file=sys.stderr)

    def cells(self, peer: "Row") -> list[str]:
        """The row of the table."""
        spread = f" ± {np.std(self.accuracy, ddof=1):.2f}" if len(self.accuracy) > 1 else ""
        return [
            self.name,
            f"{len(self.accuracy)}",
            f"{np.mean(self.accuracy):.2f}{spread}",
            f"{self.tested:,}",
            _spread(self.training),
            _spread(self.process),
            _ratio(self.training, peer.training),
            _ratio(self.process, peer.process),
            f"{max(self.peak):,.0f}",
            f"{self.parameters:,}",
        ]


def _of_run(run: Path) -> dict:
    metrics = json.loads((run / "metrics.json").read_text())
    parameters = find_network(metrics["network"]).count_parameters(28, 28, 1, 10)
    return {**metrics["test"], "parameters": parameters, "seconds": metrics["train_seconds"]}


def _spread(values: list[float]) -> str:
    return f"{np.median(values):.2f} ({min(values):.2f} to {max(values):.2f})" if values else ""


def _ratio(ours: list[float], theirs: list[float]) -> str:
    """Of the runs of equal seeds, which followed each other."""
    return _spread([first / second for first, second in zip(ours, theirs, strict=False)])


def _rows(packages: str) -> list[Row]:
    lenet = [str(Path(sys.executable).with_name("lenet")), "train", "--seed", "{seed}", "--run", "{run}"]
    ours = {("lenet", "sprint"): 10, ("lenet", "fast"): 10, ("lenet", "tutorial"): 3, ("lenet", "augmented"): 3}
    ours |= {("lenet", "best"): 5, ("lenet5", "augmented"): 3}
    ours |= {(network, "fast"): 3 for network in ("lenet5", "mlp", "deep", "tiny")}
    rows = [
        Row(f"{network}, {recipe}", [*lenet, "--network", network, "--recipe", recipe], seeds)
        for (network, recipe), seeds in ours.items()
    ]
    rows.append(Row(PEER, [sys.executable, str(PEERS / "train_mnist_fast.py"), "{seed}"], 10))
    rows.append(Row("stock Keras, tutorial", [sys.executable, str(PEERS / "keras_tutorial.py"), "{seed}", "20"]))
    for package in ("ccexam", "digitsclassifier", "digit-recognizer-py"):
        command = [packages, str(PEERS / "published.py"), package, str(FOLDER)]
        rows.append(Row(f"{package}{OWN_WEIGHTS}", command, 1))
    return rows


def _standing() -> dict[str, list[str]]:
    """Rows of the table as it stands, by name."""
    found = re.search(rf"^## {TITLE}\n.*?(?=^## |\Z)", RESULTS.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    lines = [line.strip("| ").split(" | ") for line in (found[0] if found else "").splitlines() if line[:1] == "|"]
    return {cells[0]: cells for cells in lines[2:]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="NAME", nargs="+", default=[""], help="beginnings of rows' names")
    parser.add_argument("--seeds", type=int, help="of every row  [default: as many as each needs]")
    parser.add_argument("--busy", action="store_true", help="other work runs beside: leave seconds out")
    parser.add_argument("--packages", metavar="PYTHON", default="", help="runs the published packages")
    asked = parser.parse_args()

    rows = _rows(asked.packages)
    chosen = [row for row in rows if row.name.startswith(tuple(asked.only))]
    chosen = [row for row in chosen if asked.packages or not row.name.endswith(OWN_WEIGHTS)]
    for seed in range(max(asked.seeds or row.seeds for row in chosen)):
        for row in chosen:
            if seed < (asked.seeds or row.seeds):
                row.run(seed)
                if asked.busy:
                    row.training, row.process = [], []
        _write(rows, [row for row in chosen if row.accuracy])


def _write(rows: Sequence[Row], measured: Sequence[Row]) -> None:
    peer = next(row for row in rows if row.name == PEER)
    standing = _standing() | {row.name: row.cells(peer) for row in measured}
    write_section(
        TITLE,
        f"""`python benchmarks/leaderboard.py`: each row is `lenet train --network N --recipe R --seed S`, or the peer's
training, in a process of its own for each of the seeds 0 to n - 1, the rows in turn. Tested on the 10,000 official
test images; `sprint`, `tutorial` and stock Keras on the third that they hold out. A published package trains nothing:
it reads the 10,000 by its own interface. Ratios are those of runs of one seed, median (range).
{usable_cores()} cores of {model_name()}.

{table(HEAD, [standing[row.name] for row in rows if row.name in standing])}""",
    )


if __name__ == "__main__":
    main()

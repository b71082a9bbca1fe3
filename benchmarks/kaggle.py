"""What `lenet predict test.csv --csv` takes of the processor for a table as large as Kaggle's: 28,000 rows.

    python benchmarks/kaggle.py [--runs 3]

The rows are MNIST's first 28,000 training images; Kaggle's own file has MNIST's images, too. Writes a section of
RESULTS.md.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from results import range_of, write_section

from lenet import load_dataset

ROWS = 28_000


def main() -> None:
    parser = argparse.ArgumentParser(description="A table of 28,000 rows.")
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "test.csv"
        pixels = load_dataset("mnist").images[:ROWS].reshape(ROWS, -1)
        np.savetxt(path, pixels, "%d", ",", header=",".join(f"pixel{place}" for place in range(784)), comments="")
        for _ in range(runs):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            command = [sys.executable, "-m", "lenet", "predict", str(path), "--csv"]
            lines = subprocess.run(command, check=True, capture_output=True).stdout.splitlines()
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            assert len(lines) == ROWS + 1
            seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    said = f"{range_of(seconds, '.1f')} s, n = {runs}"
    write_section(
        "A table of 28,000 rows",
        f"`python benchmarks/kaggle.py`: `lenet predict test.csv --csv` takes {said}, of the processor, in all.",
    )


if __name__ == "__main__":
    main()

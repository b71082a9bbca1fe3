"""Accuracy, bytes and instructions of networks for microcontrollers; writes a section of RESULTS.md.

    python benchmarks/chip.py [--seeds 3] [--curve] [--runs DIR]

Trains `tiny` with the recipe `small`, once for each seed, and exports it as `lenet export --format c --bits 4` does.
The C code classifies the 10,000 official test images on this machine, must give what the Python integers give, and is
compiled for a Cortex-M0 and run in QEMU for the sizes, the stack and the instructions. With --curve, five more
networks, one seed each. Finished runs in --runs are not trained again.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
from results import table, write_section

from lenet import Recipe, load_dataset, train
from lenet.export.chip import ChipC
from lenet.export.export import CALIBRATION_IMAGES, fold_temperature
from lenet.model.file import read_model
from lenet.network.named import NETWORKS

sys.path.append(str(Path(__file__).parents[1]))
from tests.export.emulator import M0, build_m0, call, run_m0, sizes

# Filters and bits of a weight: `tiny` first, then the other points of the curve.
POINTS = (
    ((12, 26, 58), 4),
    ((12, 26, 58), 2),
    ((4, 10, 20), 4),
    ((6, 14, 30), 4),
    ((8, 20, 40), 4),
    ((10, 24, 48), 4),
)
EMULATED = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--curve", action="store_true")
    parser.add_argument("--runs", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        runs = asked.runs or Path(folder)
        rows = []
        for number, (filters, bits) in enumerate(POINTS if asked.curve else POINTS[:1]):
            seeds = 1 if number else asked.seeds
            found = [_measure(_trained(runs, filters, bits, seed), bits) for seed in range(seeds)]
            rows.append(_row(filters, bits, [accuracy for accuracy, *_ in found], found[0][1:]))
            print(rows[-1], file=sys.stderr, flush=True)
    head = ["filters", "bits", "accuracy, %", "n", "flash, bytes", "RAM, bytes", "stack, bytes", "million instructions"]
    write_section(
        "On a microcontroller",
        f"""`python benchmarks/chip.py --seeds {asked.seeds}{" --curve" * asked.curve}`: `tiny` (first row) and the same
with other filters or bits, trained with the recipe `small`; the integers of the C code on the 10,000 official test
images, n seeds, mean ± standard deviation. Flash is code, weights, tables and labels, RAM the static variables (a
picture comes row by row and is not among them), from `arm-none-eabi-size` for a Cortex-M0 with `-Os`; stack and
instructions for one picture are counted in QEMU.

{table(head, rows)}

Published beside it: BitNetMCU's convolutional networks, 13.0 kB with 99.58 % and 11.0 kB with 99.55 %.""",
    )


def _trained(runs: Path, filters: tuple[int, ...], bits: int, seed: int) -> Path:
    run = runs / f"{'-'.join(map(str, filters))}-at-{bits}-seed-{seed}"
    if not (run / "metrics.json").exists():
        network = str(NETWORKS["tiny"].change(filters=filters))
        recipe = Recipe.named("small").change(network=network, weight_bits=bits, seed=seed)
        train(load_dataset("mnist"), recipe, run, draw=False)
    return run


def _measure(run: Path, bits: int) -> tuple[float, int, int, int, float]:
    """Accuracy, bytes of flash, of RAM and of stack, and instructions for a picture."""
    part = load_dataset("mnist").split("own", 0)
    calibration = part.train.images[np.random.default_rng(0).permutation(len(part.train))[:CALIBRATION_IMAGES]]
    target = ChipC(fold_temperature(read_model(run / "model.onnx")), lambda: calibration, bits=bits)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        target.write(path)
        found = target.run(path, part.test.images)
        assert (found == target.network.predict(part.test.images)).all()
        call("arm-none-eabi-gcc", *M0, "-c", path / "lenet.c", "-o", path / "lenet.o")
        size = sizes(path / "lenet.o")
        emulated = run_m0(build_m0(path, path), part.test.images[:EMULATED], found.shape[1])
    accuracy = float((found.argmax(axis=1) == part.test.labels).mean())
    return accuracy, size["text"] + size["rodata"], size["bss"], emulated.stack, emulated.instructions


def _row(filters: tuple[int, ...], bits: int, accuracies: list[float], sizes: tuple[int, int, int, float]) -> list[str]:
    flash, ram, stack, instructions = sizes
    spread = f" ± {100 * np.std(accuracies, ddof=1):.2f}" if len(accuracies) > 1 else ""
    accuracy, count = f"{100 * np.mean(accuracies):.2f}{spread}", str(len(accuracies))
    return [
        ", ".join(map(str, filters)),
        str(bits),
        accuracy,
        count,
        f"{flash:,}",
        f"{ram:,}",
        str(stack),
        f"{instructions / 1e6:.1f}",
    ]


if __name__ == "__main__":
    main()

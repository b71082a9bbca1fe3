"""``c`` with ``--bits`` and ``arduino``: C99 and C++11 in integers for the smallest chips, a picture row by row.

The code is in ``chip_source``; only tables are generated.
"""

import shutil
import tempfile
import zipfile
from collections.abc import Callable
from math import prod
from pathlib import Path
from string import Template

import numpy as np

from lenet.atomic import MARK
from lenet.datasets.dataset import Images
from lenet.errors import LenetError
from lenet.export.c import array_definition, compile_and_run, definition, describe_input, string_literal
from lenet.export.chip_network import SCORE_UNIT, ChipNetwork, ChipStep, probabilities
from lenet.export.integer_network import activation_ranges
from lenet.export.steps import group_layers
from lenet.export.target import Probabilities, Target
from lenet.model.file import ModelFile

SOURCE = Path(__file__).parent / "chip_source"
# Upper bounds on a Cortex-M0 with -Os; ``tests/export/test_chip.py`` measures both.
CODE_BYTES, STACK_BYTES = 1_024, 256
BITS = (8, 4, 2)
# Pictures of the self-test and the example: at most so many, and so many bytes.
PICTURES, PICTURE_BYTES = 10, 8_192
LARGEST_FLASH = 65_535  # bytes that the C code can address
# No score is below it.
LOWEST_SCORE = -(1 << 31) + 1


class _Chip(Target):
    """The code for a chip; compiled for this machine and run for the check."""

    def __init__(
        self,
        model: ModelFile,
        training_images: Callable[[], Images],
        bits: int | None = None,
        flash: int | None = None,
        ram: int | None = None,
    ) -> None:
        """Quantize the model to so many bits, or to the most that fit so many bytes; LenetError when none do."""
        super().__init__(model, training_images)
        trained = int(model.metadata.recipe.get("weight_bits", 0)) or max(BITS)
        ranges = activation_ranges(model, training_images(), group_layers(model.metadata.layers))
        needs = []
        for choice in [bits] if bits else [it for it in BITS if it <= trained]:
            self.network = ChipNetwork(model, ranges, choice)
            self.starts = _buffer_starts(self.network.steps)
            needed = self.flash + CODE_BYTES, self.ram + STACK_BYTES
            if needed[0] <= min(flash or LARGEST_FLASH, LARGEST_FLASH) and needed[1] <= (ram or needed[1]):
                return
            needs.append(f"{choice} bits a weight need {needed[0]:,} bytes of flash and {needed[1]:,} of RAM")
        raise LenetError(
            f"{', '.join(needs)}, code and stack included; allowed are {min(flash or LARGEST_FLASH, LARGEST_FLASH):,} "
            f"of flash{f' and {ram:,} of RAM' if ram else ''}; train a smaller network, such as lenet train "
            "--network tiny --recipe small --filters 8,16,32, or use --format c without --bits on a larger chip"
        )

    @property
    def ram(self) -> int:
        """Bytes of the static variables."""
        return self.starts[-1] + 2 * len(self.network.steps) + 4 * len(self.model.metadata.class_names)

    @property
    def flash(self) -> int:
        """Bytes of weights, tables and labels."""
        filters = sum(len(step.weights) for step in self.network.steps)
        labels = _labels(self.model)
        rows = 26 * len(self.network.steps)
        return len(self._codes()[0]) + 4 * filters + rows + len(labels) * _label_size(labels)

    def write_sources(self, path: Path) -> None:
        """Write ``lenet.c``, ``lenet.h`` and ``weights.h``."""
        metadata, labels = self.model.metadata, _labels(self.model)
        header = Template((SOURCE / "lenet.h.in").read_text(encoding="utf-8")).substitute(
            height=metadata.height,
            width=metadata.width,
            depth=metadata.depth,
            input=describe_input(metadata),
            about=""
            if metadata.test_accuracy is None
            else f"\n * The model's accuracy is {metadata.test_accuracy:.2%} on {metadata.test_n:,} test images.",
            bits=self.network.bits,
            classes=len(labels),
            label_size=_label_size(labels),
            code=CODE_BYTES,
            stack=STACK_BYTES,
            ram=self.ram,
            flash=self.flash,
            unit=SCORE_UNIT,
        )
        path.mkdir(parents=True, exist_ok=True)
        (path / "lenet.h").write_text(header, encoding="utf-8")
        (path / "weights.h").write_text(self._tables(labels), encoding="ascii")
        shutil.copyfile(SOURCE / "lenet.c", path / "lenet.c")

    def write_pictures(self, path: Path) -> None:
        """Write ``pictures.h``: pictures, and what the integers give for them."""
        images = self.training_images()
        images = images[: min(PICTURES, max(1, PICTURE_BYTES // images[0].size))]
        scores = self.network.scores(images)
        content = [
            "/* Part of the program that includes it, after lenet.h. */",
            f"enum {{ PICTURES = {len(images)} }};",
            array_definition("pictures", images, "[LENET_PIXELS]", "LENET_FLASH"),
            array_definition("picture_classes", scores.argmax(axis=1).astype(np.int16), place="LENET_FLASH"),
            array_definition("picture_scores", scores.max(axis=1).astype(np.int32), place="LENET_FLASH"),
        ]
        path.write_text("\n\n".join(content) + "\n", encoding="ascii")

    def run_sources(self, sources: Path, images: Images, *programs: Path) -> Probabilities:
        """Compile the sources without warnings, run the programs, then classify the images."""
        output = compile_and_run(sources, images, [*programs, SOURCE / "runner.c"])
        return probabilities(np.frombuffer(output, np.int32).reshape(len(images), -1))

    def reference(self, images: Images, answers: Probabilities) -> Probabilities:
        """Computed in the same integers."""
        return self.network.predict(images)

    def _codes(self) -> tuple[bytes, list[int]]:
        """The weights of all layers, and where each layer's begin."""
        content, starts = b"", []
        for step in self.network.steps:
            starts.append(len(content))
            content += _pack(step.weights, self.network.bits)
        return content, starts

    def _tables(self, labels: list[bytes]) -> str:
        """The content of ``weights.h``."""
        steps = self.network.steps
        codes, weight_starts = self._codes()
        filters = np.cumsum([0, *(len(step.weights) for step in steps)])
        threshold = self.model.metadata.unknown_threshold
        unknown = LOWEST_SCORE if threshold is None else int(np.ceil(threshold * SCORE_UNIT))
        rows = [
            _row(step, [weight_starts[i], filters[i], self.starts[i], self.starts[i + 1]], steps[i + 1 : i + 2])
            for i, step in enumerate(steps)
        ]
        return (
            "\n\n".join(
                [
                    "/* Part of lenet.c. */",
                    f"enum {{ LAYERS = {len(steps)}, BITS = {self.network.bits}, PER_BYTE = 8 / BITS }};",
                    f"enum {{ BUFFER = {self.starts[-1]}, FIRST_ROWS = {steps[0].kernel_shape[0]} }};",
                    f"#define LENET_UNKNOWN_BELOW ({unknown}L)",
                    definition(
                        "const char",
                        f"lenet_labels[LENET_CLASSES][{_label_size(labels)}] LENET_FLASH",
                        map(string_literal, labels),
                    ),
                    array_definition("weights", np.frombuffer(codes, np.uint8), place="LENET_FLASH"),
                    array_definition(
                        "biases", np.concatenate([it.bias for it in steps]).astype(np.int16), place="LENET_FLASH"
                    ),
                    array_definition(
                        "multipliers",
                        np.concatenate([it.multiplier for it in steps]).astype(np.uint16),
                        place="LENET_FLASH",
                    ),
                    definition("static const layer_t", "layers[LAYERS] LENET_FLASH", rows),
                ]
            )
            + "\n"
        )


class ChipC(_Chip):
    """A folder with ``lenet.c``, its headers and a self-test."""

    files = ("lenet.c", "lenet.h", "pictures.h", "selftest.c", "weights.h")

    def write(self, path: Path) -> None:
        """Write the folder."""
        self.write_sources(path)
        self.write_pictures(path / "pictures.h")
        shutil.copyfile(SOURCE / "selftest.c", path / "selftest.c")

    def run(self, path: Path, images: Images) -> Probabilities:
        """Compile it without warnings, run its self-test, then classify the images."""
        return self.run_sources(path, images, path / "selftest.c")


class Arduino(_Chip):
    """A zip that the Arduino IDE installs as a library, with two example sketches."""

    def write(self, path: Path) -> None:
        """Write the zip."""
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            self.write_sources(root / "src")
            for name in ("serial", "pictures"):
                (root / "examples" / name).mkdir(parents=True)
                shutil.copyfile(SOURCE / f"{name}.ino", root / "examples" / name / f"{name}.ino")
            self.write_pictures(root / "examples" / "pictures" / "pictures.h")
            shutil.copyfile(SOURCE / "library.properties", root / "library.properties")
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.comment = MARK.encode()
                for file in sorted(it for it in root.rglob("*") if it.is_file()):
                    # Of 1980, so that the same model gives the same bytes.
                    entry = zipfile.ZipInfo(f"lenet/{file.relative_to(root).as_posix()}")
                    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                    archive.writestr(entry, file.read_bytes())

    def run(self, path: Path, images: Images) -> Probabilities:
        """Unpack and compile its sources without warnings, then classify the images."""
        with tempfile.TemporaryDirectory() as folder:
            with zipfile.ZipFile(path) as archive:
                archive.extractall(folder)
            return self.run_sources(Path(folder) / "lenet" / "src", images)


def _buffer_starts(steps: list[ChipStep]) -> list[int]:
    """Where each layer's input begins in the buffer, and the buffer's size: as many rows as the kernel has."""
    sizes = [step.kernel_shape[0] * prod(step.input_shape[1:]) for step in steps]
    return [0, *np.cumsum(sizes).tolist()]


def _row(step: ChipStep, places: list[int], following: list[ChipStep]) -> str:
    """A line of the layer table, a ``layer_t`` of ``lenet.c``."""
    it = step.step
    height, width, depth = step.input_shape
    rows, columns = (side // it.pool_size * it.pool_size for side in it.map_shape)
    output = [columns // it.pool_size, following[0].kernel_shape[0] if following else 1]
    numbers = [
        *places,
        depth,
        it.filters,
        height,
        width,
        *step.kernel_shape,
        it.stride,
        it.top,
        it.left,
        rows,
        columns,
        it.pool_size,
    ]
    return (
        f"    /* {', '.join(it.layers)} */\n    {{{', '.join(map(str, [*numbers, *output, step.before, step.after]))}}}"
    )


def _pack(weights: np.ndarray, bits: int) -> bytes:
    """Odd numbers 2n + 1 as their n in ``bits`` bits each, the first in the highest bits of a byte."""
    codes = (weights.ravel() >> 1) & ((1 << bits) - 1)
    padded = np.pad(codes, (0, -len(codes) % (8 // bits))).reshape(-1, 8 // bits)
    return bytes((padded << np.arange(8 - bits, -1, -bits)).sum(axis=1).astype(np.uint8))


def _labels(model: ModelFile) -> list[bytes]:
    return [label.encode() for label in model.metadata.class_names]


def _label_size(labels: list[bytes]) -> int:
    return max(map(len, labels)) + 1

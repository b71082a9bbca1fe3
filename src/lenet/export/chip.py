"""``c`` with ``--bits`` and ``arduino``: C99 and C++11 in integers for the smallest chips, a picture row by row.

The code is in ``chip_source``; only tables are generated.
"""

import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from functools import cached_property, partial
from math import prod
from pathlib import Path

import numpy as np

from lenet.atomic import MARK
from lenet.datasets.dataset import Images
from lenet.errors import LenetError
from lenet.export.c import array_definition, compile_and_run, definition, fill, header_fields, string_literal
from lenet.export.chip_network import SCORE_UNIT, ChipNetwork, ChipStep, check, probabilities
from lenet.export.integer_network import activation_ranges
from lenet.export.steps import group_layers
from lenet.export.target import Probabilities, Target
from lenet.model.file import ModelFile

SOURCE = Path(__file__).parent / "chip_source"
BITS = (8, 4, 2)
# Upper bounds with -Os, ``tests/export/test_chip.py`` measures them: code on a Cortex-M0 and on an AVR, and stack.
CODE_BYTES, AVR_CODE_BYTES, STACK_BYTES = 1_024, 1_696, 288
LARGEST = 65_535  # bytes of flash and of RAM that the C code can address
LAYER_BYTES, ROW_COUNTERS = 26, 2  # of a ``layer_t``; of each layer's ``arrived`` and ``computed``
# Pictures of the self-test and the example: at most so many, and so many bytes.
PICTURES, PICTURE_BYTES = 10, 8_192
LOWEST_SCORE = -(1 << 31) + 1  # no score is below it
FEWER = "train with fewer filters, as --network tiny --recipe small --filters 8,16,32, or use --format c without --bits"
in_flash = partial(array_definition, place="LENET_FLASH")


class _Chip(Target):
    """The code for a chip; compiled for this machine and run for the check."""

    code = CODE_BYTES

    def __init__(
        self,
        model: ModelFile,
        training_images: Callable[[], Images],
        bits: int | None = None,
        flash: int | None = None,
        ram: int | None = None,
    ) -> None:
        """Choose so many bits, those that it was trained for, or the most that fit; LenetError when none do."""
        super().__init__(model, training_images)
        self.layers = group_layers(model.metadata.layers)
        check(self.layers, model)
        self.kernels = [model.weights[f"{step.weights}/kernel"] for step in self.layers]
        self.labels = [label.encode() for label in model.metadata.class_names]
        self.fields = header_fields(model.metadata)
        self.allowed = min(flash or LARGEST, LARGEST), ram or LARGEST
        trained = int(model.metadata.recipe.get("weight_bits", 0))
        choices = [it for it in BITS if it == (bits or trained or it)]
        fitting = [it for it in BITS if not self._excess(it)]
        self.bits = next((it for it in choices if it in fitting), choices[-1])
        if self.bits not in fitting:
            advice = FEWER
            if fitting:
                trained_so = f", for a model that was trained with weight_bits = {fitting[0]} in its recipe"
                advice = f"--bits {fitting[0]} fits" + trained_so * (fitting[0] < (trained or max(BITS)))
            weights = f"{'even ' * (len(choices) > 1)}weights of {self.bits} bits"
            needs = f"{weights} need {self._excess(self.bits)}, code and stack included"
            raise LenetError(f"{needs}; {advice}")
        self.advice = f"; train with weight_bits = {self.bits} in the recipe, or use more --bits"

    @cached_property
    def network(self) -> ChipNetwork:
        """The network in integers, calibrated on the training images."""
        return ChipNetwork(self.model, activation_ranges(self.model, self.training_images(), self.layers), self.bits)

    @cached_property
    def starts(self) -> list[int]:
        """Where each layer's input begins in the buffer, and the buffer's size: as many rows as the kernel has."""
        sizes = [
            len(kernel) if kernel.ndim == 2 else step.kernel_size * prod(step.input_shape[1:])
            for step, kernel in zip(self.layers, self.kernels, strict=True)
        ]
        return [0, *np.cumsum(sizes).tolist()]

    @property
    def ram(self) -> int:
        """Bytes of the static variables."""
        return self.starts[-1] + ROW_COUNTERS * len(self.layers) + 4 * len(self.labels)

    def flash(self, bits: int) -> int:
        """Bytes of weights, tables and labels."""
        codes = sum(-(-kernel.size * bits // 8) for kernel in self.kernels)
        filters = sum(step.filters for step in self.layers)
        return codes + 4 * filters + LAYER_BYTES * len(self.layers) + len(self.labels) * int(self.fields["label_size"])

    def _excess(self, bits: int) -> str:
        needed = self.flash(bits) + self.code, self.ram + STACK_BYTES
        too_much = []
        for kind, need, allowed in zip(("flash", "RAM"), needed, self.allowed, strict=True):
            limit = f"--{kind.lower()} is" if allowed < LARGEST else "its code addresses"
            too_much += [f"{need:,} bytes of {kind} ({limit} {allowed:,})"] if need > allowed else []
        return " and ".join(too_much)

    def write_sources(self, path: Path) -> None:
        """Write ``lenet.c``, ``lenet.h`` and ``weights.h``."""
        sizes = {"code": CODE_BYTES, "avr_code": AVR_CODE_BYTES, "stack": STACK_BYTES, "unit": SCORE_UNIT}
        sizes |= {"bits": self.bits, "ram": self.ram, "flash": self.flash(self.bits)}
        path.mkdir(parents=True, exist_ok=True)
        fill(SOURCE / "lenet.h.in", path / "lenet.h", self.fields | sizes)
        (path / "weights.h").write_text(self._tables(), encoding="ascii")
        shutil.copyfile(SOURCE / "lenet.c", path / "lenet.c")

    def write_pictures(self, path: Path, most: int) -> None:
        """Write ``pictures.h``: at most so many pictures, and what the integers give for them."""
        images = self.training_images()[:most]
        scores = self.network.scores(images)
        content = [
            "/* Part of the program that includes it, after lenet.h. */",
            f"enum {{ PICTURES = {len(images)} }};",
            in_flash("pictures", images, "[LENET_PIXELS]"),
            in_flash("picture_classes", scores.argmax(axis=1).astype(np.int16)),
            in_flash("picture_scores", scores.max(axis=1).astype(np.int32)),
        ]
        path.write_text("\n\n".join(content) + "\n", encoding="ascii")

    def pictures_in(self, room: int) -> int:
        """How many pictures fit so many bytes."""
        size = prod(self.layers[0].input_shape) + 6  # its class and its score
        return min(PICTURES, min(PICTURE_BYTES, room) // size)

    def run(self, path: Path, images: Images) -> Probabilities:
        """Compile the folder without warnings, run its self-test if it has one, then classify the images."""
        output = compile_and_run(path, images, [*path.glob("selftest.c"), SOURCE / "runner.c"])
        return probabilities(np.frombuffer(output, np.int32).reshape(len(images), -1))

    def reference(self, images: Images, answers: Probabilities) -> Probabilities:
        """Computed in the same integers."""
        return self.network.predict(images)

    def _tables(self) -> str:
        """The content of ``weights.h``."""
        steps = self.network.steps
        codes = [_pack(step.weights, self.bits) for step in steps]
        codes_begin = np.cumsum([0, *map(len, codes)])
        filters_begin = np.cumsum([0, *(len(step.weights) for step in steps)])
        threshold = self.model.metadata.unknown_threshold
        unknown = LOWEST_SCORE if threshold is None else int(np.ceil(threshold * SCORE_UNIT))
        rows = [
            _row(step, [codes_begin[i], filters_begin[i], *self.starts[i : i + 2]], steps[i + 1 : i + 2])
            for i, step in enumerate(steps)
        ]
        labels = f"lenet_labels[LENET_CLASSES][{self.fields['label_size']}] LENET_FLASH"
        content = [
            "/* Part of lenet.c. */",
            f"enum {{ LAYERS = {len(steps)}, BITS = {self.bits}, PER_BYTE = 8 / BITS }};",
            f"enum {{ BUFFER = {self.starts[-1]}, FIRST_ROWS = {steps[0].kernel_shape[0]} }};",
            f"#define LENET_UNKNOWN_BELOW ({unknown}L)",
            definition("const char", labels, map(string_literal, self.labels)),
            in_flash("weights", np.frombuffer(b"".join(codes), np.uint8)),
            in_flash("biases", np.concatenate([it.bias for it in steps]).astype(np.int16)),
            in_flash("multipliers", np.concatenate([it.multiplier for it in steps]).astype(np.uint16)),
            definition("static const layer_t", "layers[LAYERS] LENET_FLASH", rows),
        ]
        return "\n\n".join(content) + "\n"


class ChipC(_Chip):
    """A folder with ``lenet.c``, its headers and a self-test."""

    files = ("lenet.c", "lenet.h", "pictures.h", "selftest.c", "weights.h")

    def write(self, path: Path) -> None:
        """Write the folder."""
        self.write_sources(path)
        self.write_pictures(path / "pictures.h", max(1, self.pictures_in(PICTURE_BYTES)))
        shutil.copyfile(SOURCE / "selftest.c", path / "selftest.c")


class Arduino(_Chip):
    """A zip that the Arduino IDE installs as a library, with example sketches; sizes are those on an AVR."""

    code = AVR_CODE_BYTES

    def write(self, path: Path) -> None:
        """Write the zip: one folder that has the library's name, as has the header that sketches include."""
        metadata, library = self.model.metadata, re.sub(r"[^A-Za-z0-9_.-]", "_", f"lenet_{self.name}")[:63]
        fields = {"library": library, "row": metadata.width * metadata.depth}
        pictures = self.pictures_in(self.allowed[0] - self.flash(self.bits) - self.code)
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder) / library
            self.write_sources(root / "src")
            (root / "src" / f"{library}.h").write_text('#include "lenet.h"\n', encoding="ascii")
            fill(SOURCE / "library.properties", root / "library.properties", fields)
            for example in ("serial", "pictures") if pictures else ("serial",):
                sketch = root / "examples" / example / f"{example}.ino"
                sketch.parent.mkdir(parents=True)
                fill(SOURCE / sketch.name, sketch, fields)
            if pictures:
                self.write_pictures(sketch.with_name("pictures.h"), pictures)
            with zipfile.ZipFile(path, "w") as archive:
                archive.comment = MARK.encode()
                for file in sorted(filter(Path.is_file, root.rglob("*"))):
                    # Of 1980, so that the same model gives the same bytes.
                    entry = zipfile.ZipInfo(file.relative_to(folder).as_posix())
                    entry.external_attr = 0o644 << 16
                    archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)

    def run(self, path: Path, images: Images) -> Probabilities:
        """Unpack it, and run its sources."""
        with tempfile.TemporaryDirectory() as folder:
            with zipfile.ZipFile(path) as archive:
                archive.extractall(folder)
            return super().run(next(Path(folder).glob("*/src")), images)


def _row(step: ChipStep, places: list[int], following: list[ChipStep]) -> str:
    """A line of the layer table, a ``layer_t`` of ``lenet.c``."""
    it = step.step
    height, width, depth = step.input_shape
    rows, columns = (side // it.pool_size * it.pool_size for side in it.map_shape)
    shape = [depth, it.filters, height, width, *step.kernel_shape, it.stride, it.top, it.left, rows, columns]
    output = [it.pool_size, columns // it.pool_size, following[0].kernel_shape[0] if following else 1]
    values = ", ".join(map(str, [*places, *shape, *output, step.before, step.after]))
    return f"    /* {', '.join(it.layers)} */\n    {{{values}}}"


def _pack(weights: np.ndarray, bits: int) -> bytes:
    """Odd numbers 2n + 1 as their n in ``bits`` bits each, the first in the highest bits of a byte."""
    codes = (weights.ravel() >> 1) & ((1 << bits) - 1)
    padded = np.pad(codes, (0, -len(codes) % (8 // bits))).reshape(-1, 8 // bits)
    return bytes((padded << np.arange(8 - bits, -1, -bits)).sum(axis=1).astype(np.uint8))

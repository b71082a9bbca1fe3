"""``c`` and ``c-float``: plain C99 for microcontrollers. The code is in ``c_source``; only tables are generated."""

import os
import re
import shutil
import subprocess
import tempfile
from abc import abstractmethod
from collections.abc import Callable, Mapping
from functools import cached_property
from math import prod
from pathlib import Path
from string import Template
from typing import Any, ClassVar, NamedTuple

import numpy as np

from lenet.datasets.dataset import Images
from lenet.errors import LenetError
from lenet.export.integer_network import IntegerNetwork, as_rows, refuse_activations
from lenet.export.steps import Step, group_layers
from lenet.export.target import Probabilities, Target
from lenet.model.file import ModelFile
from lenet.model.metadata import Metadata
from lenet.model.runtime import Model

SOURCE = Path(__file__).parent / "c_source"
VECTORS = 10
# The score of the last picture, a float.
SCORE_BYTES = 4
FLAGS = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-O3")
SECONDS = 600
C_TYPES = {name: f"{name}_t" for name in ("int8", "uint8", "int16", "uint16", "int32")} | {"float32": "float"}
LINE = 120

Arrays = dict[str, np.ndarray[Any, Any]]


class Row(NamedTuple):
    """One line of the layer table, a ``layer_t`` of ``arithmetic.h``."""

    step: Step
    arrays: Arrays  # its arrays by field
    values: dict[str, Any]  # its other fields beside the shape


class _C(Target):
    """A folder with ``lenet.c``, its headers and a self-test; compiled and run for the check."""

    files = ("arithmetic.h", "lenet.c", "lenet.h", "selftest.c", "vectors.h", "weights.h")
    # Compiling takes seconds, and an image some milliseconds.
    proof_images = 1_000
    arithmetic: ClassVar[str]
    functions: ClassVar[str]
    value_bytes: ClassVar[int]
    # Whether the pixels are copied to memory in another type before the first layer.
    copies_pixels: ClassVar[bool]

    @abstractmethod
    def table(self) -> list[Row]:
        """The layer table."""

    def write(self, path: Path) -> None:
        """Write the folder."""
        metadata, table = self.model.metadata, self.table()
        weight_bytes = sum(array.nbytes for row in table for array in row.arrays.values())
        buffer_a, buffer_b = self._buffers([row.step for row in table])
        fields = header_fields(metadata)
        sizes = {"ram": (buffer_a + buffer_b) * self.value_bytes + SCORE_BYTES}
        sizes |= {"flash": weight_bytes + fields["classes"] * fields["label_size"]}
        threshold = metadata.unknown_threshold
        # No score is below the lowest float.
        lowest = np.float32(np.finfo(np.float32).min if threshold is None else threshold)
        labels = [string_literal(label.encode()) for label in metadata.class_names]
        weights = [
            "/* Part of lenet.c. */",
            f"enum {{ LAYERS = {len(table)}, WEIGHT_BYTES = {weight_bytes} }};",
            f"enum {{ BUFFER_A = {buffer_a}, BUFFER_B = {buffer_b} }};",
            definition("const char", f"lenet_labels[LENET_CLASSES][{fields['label_size']}]", labels),
            f"static const float unknown_threshold = {lowest}f;",
            *(
                array_definition(f"{row.step.weights}_{field}", array)
                for row in table
                for field, array in row.arrays.items()
            ),
            definition("static const layer_t", "layers[LAYERS]", map(_table_line, table)),
        ]
        images = self.training_images()[:VECTORS]
        probabilities = self.reference(images, Model(self.model).predict(images))
        vectors = [
            "/* Part of selftest.c. */",
            f"enum {{ VECTORS = {len(images)} }};",
            array_definition("vector_pixels", images, "[LENET_PIXELS]"),
            array_definition("vector_classes", probabilities.argmax(axis=1).astype(np.int32)),
            array_definition("vector_probabilities", probabilities, "[LENET_CLASSES]"),
        ]
        shutil.copyfile(SOURCE / f"arithmetic_{self.arithmetic}.h", path / "arithmetic.h")
        for name in ("lenet.c", "selftest.c"):
            shutil.copyfile(SOURCE / name, path / name)
        fill(SOURCE / "lenet.h.in", path / "lenet.h", fields | sizes | {"functions": self.functions})
        (path / "weights.h").write_text("\n\n".join(weights) + "\n", encoding="ascii")
        (path / "vectors.h").write_text("\n\n".join(vectors) + "\n", encoding="ascii")

    def run(self, path: Path, images: Images) -> Probabilities:
        """Compile it without warnings, run its self-test, then classify the images."""
        output = compile_and_run(path, images, [path / "selftest.c", SOURCE / "runner.c"])
        return np.frombuffer(output, np.float32).reshape(-1, len(self.model.metadata.class_names))

    def reference(self, images: Images, answers: Probabilities) -> Probabilities:
        """The model's answers, or what the integers give."""
        return answers

    def _buffers(self, steps: list[Step]) -> tuple[int, int]:
        """Sizes of the two buffers in values: steps write to them in turn; copied pixels start in the second."""
        metadata = self.model.metadata
        pixels = metadata.height * metadata.width * metadata.depth if self.copies_pixels else 1
        sizes = [prod(step.output_shape) for step in steps[:-1]]
        return max(sizes[0::2], default=1), max([pixels, *sizes[1::2]])


class CInt8(_C):
    """8-bit integers with 32-bit sums: a quarter of the memory, and floating point for the probabilities only."""

    arithmetic, functions, value_bytes, copies_pixels = "int8", "expf is", 1, False

    def __init__(self, model: ModelFile, training_images: Callable[[], Images]) -> None:
        """Take a model without activations other than ReLU."""
        super().__init__(model, training_images)
        refuse_activations(group_layers(model.metadata.layers))

    @cached_property
    def network(self) -> IntegerNetwork:
        """The network in integers, calibrated on the training images."""
        return IntegerNetwork(self.model, self.training_images())

    def table(self) -> list[Row]:
        """Kernels, biases, and how sums become 8-bit values again; for the last layer, how they become logits."""
        rows = []
        for step in self.network.steps:
            names = ("scale",) if step is self.network.steps[-1] else ("multiplier", "shift")
            arrays = {name: getattr(step.weights, name) for name in ("kernel", "bias", *names)} if step.weights else {}
            rows.append(Row(step.step, arrays, {"input_zero": step.input_zero, "output_zero": step.output_zero}))
        return rows

    def reference(self, images: Images, answers: Probabilities) -> Probabilities:
        """Computed in the same integers."""
        return self.network.predict(images)


class CFloat(_C):
    """Floating point: exact, for processors that have it in hardware."""

    arithmetic, functions, value_bytes, copies_pixels = "float", "expf and tanhf are", 4, True

    def table(self) -> list[Row]:
        """Kernels, biases and activations."""
        rows = []
        for step in group_layers(self.model.metadata.layers):
            arrays: Arrays = {}
            if step.weights is not None:
                kernel, bias = (self.model.weights[f"{step.weights}/{kind}"] for kind in ("kernel", "bias"))
                arrays = {"kernel": as_rows(kernel), "bias": bias}
            rows.append(Row(step, arrays, {"activation": (step.activation or "no_activation").upper()}))
        return rows


def compile_and_run(path: Path, images: Images, programs: list[Path]) -> bytes:
    """Compile ``lenet.c`` and each program without warnings and run it; what the last gives for the images."""
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None:
        raise LenetError("C code is proven with a C compiler, and there is no cc; install gcc, or use --unproven")
    with tempfile.TemporaryDirectory() as folder:
        network, program = Path(folder) / "lenet.o", Path(folder) / "program"
        compile_command = [compiler, *FLAGS, f"-I{path}"]
        _call([*compile_command, "-c", "-o", str(network), str(path / "lenet.c")], "does not compile")
        for source in programs:
            content = b"" if source.name == "selftest.c" else images.tobytes()
            _call([*compile_command, "-o", str(program), str(source), str(network), "-lm"], "does not compile")
            output = _call([str(program)], f"fails in {source.name}", content)
    return output


def _table_line(row: Row) -> str:
    step = row.step
    height, width, depth = step.input_shape
    rows, columns, filters = step.output_shape
    shape = {"height": height, "width": width, "depth": depth}
    shape |= {name: getattr(step, name) for name in ("kernel_size", "stride", "top", "left")}
    shape |= {"rows": rows, "columns": columns, "filters": filters}
    shape |= {"pool_size": step.pool_size, "pool_averages": int(step.pool == "average")}
    fields = {field: f"{step.weights}_{field}" for field in row.arrays} | row.values
    return f"    /* {', '.join(step.layers)} */\n    {{.shape = {_braces(shape)},\n     {_braces(fields)[1:]}"


def _braces(fields: dict[str, Any]) -> str:
    return "{" + ", ".join(f".{field} = {value}" for field, value in fields.items()) + "}"


def header_fields(metadata: Metadata) -> dict[str, Any]:
    """What a header says about the model: shape and form of its input, accuracy, classes."""
    form = "one character in MNIST's form, bright ink on black"
    if metadata.framing != "mark":
        form = "the whole picture, letterboxed" + " and inverted" * metadata.inverted
    about = ""
    if metadata.test_accuracy is not None:
        about = f"\n * The model's accuracy is {metadata.test_accuracy:.2%} on {metadata.test_n:,} test images."
    return {
        **{name: getattr(metadata, name) for name in ("height", "width", "depth")},
        "input": form,
        "about": about,
        "classes": len(metadata.class_names),
        "label_size": max(len(label.encode()) for label in metadata.class_names) + 1,
    }


def fill(template: Path, path: Path, fields: Mapping[str, Any]) -> None:
    """Write a template with its ``$fields`` filled in."""
    path.write_text(Template(template.read_text(encoding="utf-8")).substitute(fields), encoding="utf-8")


def array_definition(name: str, array: np.ndarray[Any, Any], row: str = "", place: str = "") -> str:
    """An array of numbers as C; ``row`` is the length of a row, in brackets, where it has rows."""
    ending = "f" if array.dtype == np.float32 else ""
    rows = array.reshape(len(array), -1) if row else array.reshape(1, -1)
    lines = (_wrap([str(value) + ending for value in values], braces=bool(row)) for values in rows)
    size = f"[{len(array)}]{row}" if row else f"[{array.size}]"
    return definition(f"static const {C_TYPES[array.dtype.name]}", f"{name}{size}{place and f' {place}'}", lines)


def definition(kind: str, name: str, rows: Any) -> str:
    """A constant as C."""
    return f"{kind} {name} = {{\n" + ",\n".join(rows) + "\n};"


def _wrap(words: list[str], braces: bool) -> str:
    """Numbers with commas, as many on a line as fit."""
    many = max(1, LINE // (max(map(len, words)) + 2))
    text = ",\n".join(", ".join(words[start : start + many]) for start in range(0, len(words), many))
    return f"{{{text}}}" if braces else text


def string_literal(label: bytes) -> str:
    """A safe string literal: all but letters, digits and spaces are written as octal escapes."""
    plain = re.sub(rb"[^A-Za-z0-9 ]", lambda found: b"\\%03o" % found[0][0], label).decode("ascii")
    return f'    "{plain}"'


def _call(command: list[str], failure: str, content: bytes = b"") -> bytes:
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LenetError(f"c: the exported code {failure} ({type(error).__name__}); nothing was kept") from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        lines = said.splitlines() or [f"status {done.returncode}"]
        first = next((line for line in lines if "error" in line), lines[0])[:200]
        raise LenetError(f"c: the exported code {failure} ({first}); nothing was kept")
    return done.stdout

"""``c`` and ``c-float``: plain C99 for microcontrollers. The code lies in ``c_source``; only numbers are written."""

import os
import re
import shutil
import subprocess
import tempfile
from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from string import Template
from typing import Any, ClassVar

import numpy as np

from lenet.datasets.dataset import Images
from lenet.errors import LenetError
from lenet.export.integer_network import IntegerNetwork
from lenet.export.layout import channels_last
from lenet.export.target import Probabilities, Target
from lenet.model.file import ModelFile
from lenet.model.runtime import Model

SOURCE = Path(__file__).parent / "c_source"
LAYERS = ("conv1", "conv2", "dense1", "dense2")
VECTORS = 10
# The score of the last picture, a float.
SCORE_BYTES = 4
FLAGS = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-O3")
SECONDS = 600
C_TYPES = {"int8": "int8_t", "uint8": "uint8_t", "int32": "int32_t", "float32": "float"}
LINE = 120


class _C(Target):
    """A folder with ``lenet.c``, its headers and a self-test; compiled and run in the proof."""

    files = ("arithmetic.h", "lenet.c", "lenet.h", "selftest.c", "vectors.h", "weights.h")
    # Compiling takes seconds, and an image some milliseconds.
    proof_images = 1_000
    arithmetic: ClassVar[str]
    value_bytes: ClassVar[int]
    # Whether the pixels are copied to memory in another type before the first layer.
    copies_pixels: ClassVar[bool]

    @abstractmethod
    def arrays(self) -> dict[str, np.ndarray[Any, Any]]:
        """What ``arithmetic.h`` expects, by C name."""

    @abstractmethod
    def answers(self, images: Images) -> Probabilities:
        """What the code must say of ``images``."""

    def write(self, path: Path) -> None:
        """Write the folder."""
        arrays = self.arrays()
        metadata = self.model.metadata
        labels = [label.encode() for label in metadata.class_names]
        label_size = max(map(len, labels)) + 1
        weight_bytes = sum(array.nbytes for array in arrays.values())
        buffers = self._buffers()
        header = Template((SOURCE / "lenet.h.in").read_text(encoding="utf-8")).substitute(
            height=metadata.height,
            width=metadata.width,
            depth=metadata.depth,
            classes=len(labels),
            label_size=label_size,
            ram=sum(buffers) * self.value_bytes + SCORE_BYTES,
            flash=weight_bytes + len(labels) * label_size,
            about=_about(self.model),
        )
        sizes = {**_sizes(self.model), "BUFFER_A": buffers[0], "BUFFER_B": buffers[1], "WEIGHT_BYTES": weight_bytes}
        threshold = metadata.unknown_threshold
        # No score lies below the lowest float.
        lowest = np.float32(np.finfo(np.float32).min if threshold is None else threshold)
        weights = [
            f"enum {{ {', '.join(f'{name} = {value}' for name, value in sizes.items())} }};",
            _definition("const char", f"lenet_labels[LENET_CLASSES][{label_size}]", map(_literal, labels)),
            f"static const float unknown_threshold = {lowest}f;",
            *(_array_definition(name, array) for name, array in arrays.items()),
        ]
        images = self.training_images()[:VECTORS]
        probabilities = self.answers(images)
        vectors = [
            f"enum {{ VECTORS = {len(images)} }};",
            _array_definition("vector_pixels", images, "[LENET_PIXELS]"),
            _array_definition("vector_classes", probabilities.argmax(axis=1).astype(np.int32)),
            _array_definition("vector_probabilities", probabilities, "[LENET_CLASSES]"),
        ]
        shutil.copyfile(SOURCE / f"arithmetic_{self.arithmetic}.h", path / "arithmetic.h")
        for name in ("lenet.c", "selftest.c"):
            shutil.copyfile(SOURCE / name, path / name)
        (path / "lenet.h").write_text(header, encoding="utf-8")
        (path / "weights.h").write_text("\n\n".join(["/* Part of lenet.c. */", *weights]) + "\n", encoding="ascii")
        (path / "vectors.h").write_text("\n\n".join(["/* Part of selftest.c. */", *vectors]) + "\n", encoding="ascii")

    def run(self, path: Path, images: Images) -> Probabilities:
        """Compile it without a warning, let it test itself, then read the images."""
        compiler = shutil.which(os.environ.get("CC", "cc"))
        if compiler is None:
            raise LenetError("c: is proven with a C compiler, and there is no cc; install gcc, or take it --unproven")
        with tempfile.TemporaryDirectory() as folder:
            network, program = Path(folder) / "lenet.o", Path(folder) / "program"
            compile_command = [compiler, *FLAGS, f"-I{path}"]
            _call([*compile_command, "-c", "-o", str(network), str(path / "lenet.c")], "does not compile")
            for source, content in ((path / "selftest.c", b""), (SOURCE / "runner.c", np.ascontiguousarray(images))):
                _call([*compile_command, "-o", str(program), str(source), str(network), "-lm"], "does not compile")
                output = _call([str(program)], f"fails in {source.name}", bytes(content))
        return np.frombuffer(output, np.float32).reshape(-1, len(self.model.metadata.class_names))

    def reference(self, images: Images, answers: Probabilities) -> Probabilities | None:
        """What the code must say but for rounding."""
        return self.answers(images)

    def _buffers(self) -> tuple[int, int]:
        """How many values the two buffers hold: pool1 and relu3; pool2, and the pixels when they are copied."""
        metadata, sizes = self.model.metadata, _sizes(self.model)
        pixels = metadata.height * metadata.width * metadata.depth if self.copies_pixels else 0
        pool1 = (metadata.height // 2) * (metadata.width // 2) * sizes["FILTERS1"]
        pool2 = (metadata.height // 4) * (metadata.width // 4) * sizes["FILTERS2"]
        return max(pool1, sizes["UNITS"]), max(pool2, pixels)


class CInt8(_C):
    """Integers of 8 bits, sums of 32: a quarter of the memory, and no floating point but for the probabilities."""

    arithmetic, value_bytes, copies_pixels = "int8", 1, False

    def __init__(self, model: ModelFile, training_images: Callable[[], Images]) -> None:
        """Quantize the model."""
        super().__init__(model, training_images)
        self.network = IntegerNetwork(model, training_images())

    def arrays(self) -> dict[str, np.ndarray[Any, Any]]:
        """Kernels, biases, and how the sums become 8 bits again."""
        layers = self.network.layers
        arrays: dict[str, np.ndarray[Any, Any]] = {}
        for name in LAYERS:
            arrays |= {f"{name}_kernel": layers[name].kernel, f"{name}_bias": layers[name].bias}
            if name != "dense2":
                arrays |= {f"{name}_multiplier": layers[name].multiplier, f"{name}_shift": layers[name].shift}
        return {**arrays, "dense2_scale": layers["dense2"].scale}

    def answers(self, images: Images) -> Probabilities:
        """By the same integers."""
        return self.network.predict(images)


class CFloat(_C):
    """Plain float: exact, for processors that have it."""

    arithmetic, value_bytes, copies_pixels = "float", 4, True

    def arrays(self) -> dict[str, np.ndarray[Any, Any]]:
        """Kernels and biases."""
        return {name.replace("/", "_"): array for name, array in channels_last(self.model).items()}

    def answers(self, images: Images) -> Probabilities:
        """By the model."""
        return Model(self.model).predict(images)


def _sizes(model: ModelFile) -> dict[str, int]:
    filters1, _, size, _ = model.weights["conv1/kernel"].shape
    return {
        "FILTERS1": filters1,
        "FILTERS2": model.weights["conv2/kernel"].shape[0],
        "KERNEL_SIZE": size,
        "UNITS": model.weights["dense1/kernel"].shape[1],
    }


def _about(model: ModelFile) -> str:
    """What the header says of the model beside its sizes."""
    metadata = model.metadata
    if metadata.test_accuracy is None:
        return ""
    return f"\n * The model reads {metadata.test_accuracy:.2%} of {metadata.test_n:,} test images right."


def _array_definition(name: str, array: np.ndarray[Any, Any], row: str = "") -> str:
    """An array of numbers as C; ``row`` is the length of a row, in brackets, where it has rows."""
    ending = "f" if array.dtype == np.float32 else ""
    rows = array.reshape(len(array), -1) if row else array.reshape(1, -1)
    lines = (_wrap([str(value) + ending for value in values], braces=bool(row)) for values in rows)
    size = f"[{len(array)}]{row}" if row else f"[{array.size}]"
    return _definition(f"static const {C_TYPES[array.dtype.name]}", f"{name}{size}", lines)


def _definition(kind: str, name: str, rows: Any) -> str:
    return f"{kind} {name} = {{\n" + ",\n".join(rows) + "\n};"


def _wrap(words: list[str], braces: bool) -> str:
    """Numbers with commas, as many on a line as fit."""
    longest = max(map(len, words)) + 2
    many = max(1, LINE // longest)
    text = ",\n".join(", ".join(words[start : start + many]) for start in range(0, len(words), many))
    return f"{{{text}}}" if braces else text


def _literal(label: bytes) -> str:
    """A string literal that no label can break out of: what is not a letter, digit or space is written by its code."""
    plain = re.sub(rb"[^A-Za-z0-9 ]", lambda found: b"\\%03o" % found[0][0], label).decode("ascii")
    return f'    "{plain}"'


def _call(command: list[str], failure: str, content: bytes = b"") -> bytes:
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LenetError(f"c: what was exported {failure} ({type(error).__name__}); nothing was kept") from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        lines = said.splitlines() or [f"status {done.returncode}"]
        first = next((line for line in lines if "error" in line), lines[0])[:200]
        raise LenetError(f"c: what was exported {failure} ({first}); nothing was kept")
    return done.stdout

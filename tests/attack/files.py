"""Hostile files for every entrance: damaged copies of sound ones, and some that are made by hand."""

import gzip
import hashlib
import io
import json
import struct
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
import safetensors.numpy
import tomli_w
from onnx import helper
from PIL import Image, ImageDraw

from lenet import Dataset, Model, Recipe, load_dataset
from lenet.datasets.convert import convert
from lenet.model.file import DIGEST, _digest, _make_model, encode_model
from lenet.training.checkpoint import STATE, encode
from lenet.training.state import TrainingState
from tests.networks import random_model
from tests.pictures.test_hostile import hostile, mutated

NETWORK = "conv 3 3, relu, maxpool 2, dense 5, relu"
SHAPE, CLASSES = (8, 8, 1), 3
# How else HDF5 can store an array.
LAYOUTS = {
    "gzip": {"compression": "gzip"},
    "lzf": {"compression": "lzf"},
    "scaleoffset": {"scaleoffset": 4},
    "shuffle": {"shuffle": True},
    "fletcher32": {"fletcher32": True},
    "chunks": {"chunks": True},
    "unlimited": {"maxshape": None},
}
# Values that stand in texts instead of sound ones.
EXTREMES = (
    *(
        "",
        "0",
        "-1",
        "1e400",
        "NaN",
        "9" * 400,
        "-0.0",
        "true",
        "null",
        '"\\ud800"',
        "[" * 3000,
        '"' + "x" * 5000 + '"',
    ),
    *("{}", "[]", '"\\u0000"', "\x00", "\ufeff", "💣", "'", "a." * 4000 + "a", "99999999999999999999", "1_000", "0x7f"),
)


class Entrance(NamedTuple):
    """One way in for files.

    Attributes:
        count: How many files of it are tried in all.
        make: From a generator of random numbers, an endless series of contents.
        name: Of the file to write the content to; its folder is what is named when it is of several.
    """

    count: int
    make: Callable[[np.random.Generator], Iterator[bytes]]
    name: str


def damaged(content: bytes) -> Callable[[np.random.Generator], Iterator[bytes]]:
    """Copies with bytes changed, moved, doubled or cut out; each eighth is cut off."""

    def make(rng: np.random.Generator) -> Iterator[bytes]:
        while True:
            cut_off = rng.random() < 0.125
            yield content[: int(rng.integers(len(content)))] if cut_off else mutated(content, rng)

    return make


def reworded(text: str, rng: np.random.Generator) -> str:
    """A text with some of its words replaced by extreme ones, repeated or left out."""
    words = text.split(" ")
    for _ in range(int(rng.integers(1, 4))):
        place = int(rng.integers(len(words)))
        match rng.integers(3):
            case 0:
                words[place] = EXTREMES[int(rng.integers(len(EXTREMES)))]
            case 1:
                words[place:place] = words[place : place + 3] * int(rng.integers(1, 300))
            case 2:
                del words[place : place + 2]
                words = words or [""]
    return " ".join(words)


def in_other_words(text: str) -> Callable[[np.random.Generator], Iterator[bytes]]:
    """Half of them reworded, half damaged."""

    def make(rng: np.random.Generator) -> Iterator[bytes]:
        damaged_ones = damaged(text.encode())(rng)
        while True:
            yield reworded(text, rng).encode(errors="surrogatepass")
            yield next(damaged_ones)

    return make


def forged_models(rng: np.random.Generator) -> Iterator[bytes]:
    """Models with one entry of their metadata or one array changed, and a right digest."""
    sound = small_model()
    while True:
        model = _make_model(sound.weights, sound.metadata)
        properties = sound.metadata.to_properties()
        names = sorted(properties)
        for _ in range(int(rng.integers(1, 3))):
            name = names[int(rng.integers(len(names)))]
            properties[name] = reworded(properties[name], rng).encode(errors="replace").decode()
        if rng.random() < 0.3:
            tensor = model.graph.initializer[int(rng.integers(len(model.graph.initializer)))]
            values = np.frombuffer(tensor.raw_data, np.float32).copy()
            values[:] = rng.choice([3e38, -3e38, np.nan, 0, 1e-40])
            tensor.raw_data = values.tobytes()
        helper.set_model_props(model, properties)
        helper.set_model_props(model, {**properties, DIGEST: _digest(model)})
        yield model.SerializeToString(deterministic=True)


def forged_checkpoints(rng: np.random.Generator) -> Iterator[bytes]:
    """Checkpoints with another state or other arrays, and a right digest."""
    text = json.dumps({"owner": {"recipe": "x"}, "step": 3, "training": vars(TrainingState(step=3, steps=9))})
    while True:
        state = np.frombuffer(reworded(text, rng).encode(errors="replace"), np.uint8)
        kind = rng.choice(["float32", "float64", "int8", "float16"]) if rng.random() < 0.3 else "float32"
        shape = tuple(int(side) for side in rng.integers(0, 60, int(rng.integers(0, 4))))
        body = safetensors.numpy.save({STATE: state, "weights/0": np.ones(shape, kind)})
        yield body + hashlib.sha256(body).digest()


@cache
def small_model() -> Model:
    """A model whose file is small."""
    return random_model(NETWORK, SHAPE, CLASSES)


def sound_weights(folder: Path) -> Path:
    """A weights file of the small model as Keras writes it."""
    path = folder / "sound.h5"
    with h5py.File(path, "w") as file:
        for number, (name, array) in enumerate(small_model().weights.items()):
            layer = name.split("/")[0]
            kind = "conv2d" if layer.startswith("conv") else "dense" if layer == "dense1" else "dense_1"
            file[f"layers/{kind}/vars/{number % 2}"] = array
    return path


def stored_otherwise(written, path, options):
    """The same arrays in another layout."""
    with h5py.File(written) as source, h5py.File(path, "w") as copy:
        arrays = {}
        source.visititems(lambda name, it: arrays.__setitem__(name, it[()]) if isinstance(it, h5py.Dataset) else None)
        for name, array in arrays.items():
            changed = {"maxshape": (None,) * array.ndim} if "maxshape" in options else options
            copy.create_dataset(name, data=array, **changed)


def weights_of(layout: dict[str, Any], folder: Path) -> bytes:
    """The same in another layout."""
    path = folder / "layout.h5"
    stored_otherwise(sound_weights(folder), path, layout)
    return path.read_bytes()


def pictures() -> dict[str, bytes]:
    """A sound picture with ink on it in every format that can be written here."""
    page = Image.new("L", (220, 160), 240)
    ImageDraw.Draw(page).line([(40, 30), (90, 30), (60, 120)], 20, 8)
    ImageDraw.Draw(page).ellipse([120, 40, 170, 110], outline=20, width=8)
    forms = {"png": {}, "jpeg": {}, "webp": {}, "bmp": {}, "gif": {}, "tiff": {"compression": "tiff_lzw"}, "ppm": {}}
    forms |= {"progressive.jpeg": {"progressive": True}, "fax.tiff": {"compression": "group4"}, "avif": {}}
    made = {}
    for name, options in forms.items():
        content = io.BytesIO()
        picture = page.convert("1") if name.startswith("fax") else page
        picture.save(content, name.rpartition(".")[2].upper(), **options)
        made[name] = content.getvalue()
    content = io.BytesIO()
    page.save(content, "PDF")
    heic = Path(__file__).parents[1] / "pictures" / "turned.heic"
    return made | {"pdf": content.getvalue(), "heic": heic.read_bytes()}


def laborious(rng: np.random.Generator) -> Iterator[bytes]:
    """Sound pictures that give the reader as much to do as their kind can."""
    width, height = 2000, 1500
    while True:
        page = Image.new("L", (width, height), 255)
        draw = ImageDraw.Draw(page)
        pen = int(rng.integers(1, 6))
        match rng.integers(5):
            case 0:  # arcs in one another
                for radius in np.arange(6, 740, rng.uniform(pen + 1, 12)):
                    draw.arc((1000 - radius, 750 - radius, 1000 + radius, 750 + radius), 10, 350, 0, pen)
            case 1:  # a spiral
                turns = np.arange(0, 2 * np.pi * rng.integers(20, 140), 0.02)
                reach = 740 * turns / turns[-1]
                draw.line(list(zip(1000 + reach * np.cos(turns), 750 + reach * np.sin(turns), strict=True)), 0, pen)
            case 2:  # noise
                side = int(rng.choice([1, 2, 4, 10]))
                grain = rng.random((height // side, width // side)) < rng.uniform(0.01, 0.45)
                page = Image.fromarray(np.where(grain, 0, 255).astype(np.uint8)).resize((width, height))
            case 3:  # a scribble
                points = rng.random((int(rng.integers(3, 400)), 2)) * (width - 100, height - 100) + 50
                draw.line([tuple(point) for point in points.tolist()], 0, pen)
            case 4:  # combs and lattices
                gap = int(rng.integers(pen + 2, 200))
                for x in range(30, width - 30, gap):
                    draw.line((x, 30, x, height - 30), 0, pen)
                for y in range(30, height - 30, gap if rng.random() < 0.5 else height):
                    draw.line((30, y, width - 30, y), 0, pen)
        content = io.BytesIO()
        page.save(content, "PNG")
        yield content.getvalue()


def by_hand(contents: dict[str, bytes]) -> Callable[[np.random.Generator], Iterator[bytes]]:
    """These, again and again."""

    def make(_: np.random.Generator) -> Iterator[bytes]:
        while True:
            yield from contents.values()

    return make


def data(folder: Path) -> dict[str, tuple[str, bytes]]:
    """Sound data of every form: the name of its file, and its content."""
    mnist = load_dataset("mnist")
    few = Dataset("few", mnist.images[:24, 6:22, 6:22], mnist.labels[:24] % 3, ("a", "b", "c"), test_from=18)
    made = {}
    for kind in ("npz", "parquet"):
        convert(few, folder / f"few.{kind}", kind)
        made[kind] = (f"few.{kind}", (folder / f"few.{kind}").read_bytes())
    rows = [["label", *(f"{row}x{column}" for row in range(16) for column in range(16))]]
    rows += [["abc"[label], *image.ravel().tolist()] for image, label in zip(few.images, few.labels, strict=True)]
    made["csv"] = ("few.csv", "".join(",".join(map(str, row)) + "\n" for row in rows).encode())
    idx = struct.pack(">BBBBIII", 0, 0, 8, 3, 24, 16, 16) + few.images.tobytes()
    made["idx"] = ("train-images-idx3-ubyte", idx)
    made["idx.gz"] = ("train-images-idx3-ubyte.gz", gzip.compress(idx, mtime=0))
    return made


def entrances(folder: Path) -> dict[str, Entrance]:
    """Every way in; ``folder`` is for sound files on the way."""
    recipe = tomli_w.dumps(Recipe.named("best").to_dict())
    state = {"step": 3, "owner": {"recipe": "x"}, "loss": 0.5, "history": [[1, 0.5, 0.9, None, None, 2.0]]}
    checkpoint = encode(state, {"weights/0": np.ones((40, 3), np.float32), "mean/0": np.zeros(7, np.float32)})
    metrics = {"test": {"n": 100, "correct": 90, "accuracy": 0.9}, "train_seconds": 3, "epochs": 1}
    metrics |= {"precision": "float32", "data_sha256": "ab" * 32, "seed": 0, "recipe": "fast", "recipe_sha256": "cd"}
    found = {
        "model, damaged": Entrance(500, damaged(encode_model(small_model().weights, small_model().metadata)), "m.onnx"),
        "model, forged": Entrance(500, forged_models, "m.onnx"),
        "architecture": Entrance(400, in_other_words(f"{NETWORK}, conv 5 3 stride 2 valid, tanh, avgpool 2"), "a.txt"),
        "recipe": Entrance(400, in_other_words(recipe), "recipe.toml"),
        "checkpoint, damaged": Entrance(150, damaged(checkpoint), "step.ckpt"),
        "checkpoint, forged": Entrance(250, forged_checkpoints, "step.ckpt"),
        "metrics": Entrance(200, in_other_words(json.dumps(metrics)), "metrics.json"),
        "picture, by hand": Entrance(len(hostile()), by_hand(hostile()), "p.png"),
        "picture, laborious": Entrance(120, laborious, "p.png"),
    }
    for layout, options in {"plain": {}, "compact": {}, **LAYOUTS}.items():
        content = weights_of(options, folder)
        found[f"weights, {layout}"] = Entrance(90, damaged(content), "w.h5")
    for form, content in pictures().items():
        found[f"picture, {form}"] = Entrance(110, damaged(content), f"p.{form.rpartition('.')[2]}")
    found["sheet"] = Entrance(60, damaged(pictures()["jpeg"]), "sheet.jpeg")
    for form, (name, content) in data(folder).items():
        found[f"data, {form}"] = Entrance(130, damaged(content), name)
    return found

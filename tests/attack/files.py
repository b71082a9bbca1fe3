"""Hostile files for every entrance: damaged copies of sound ones, and some that are made by hand."""

import hashlib
import io
import json
import shutil
import tarfile
import zipfile
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

from lenet import Model, Recipe
from lenet.model.file import DIGEST, _digest, _make_model, encode_model
from lenet.training.checkpoint import STATE, encode
from lenet.training.state import TrainingState
from tests.attack.damage import Contents, damaged, revalued, reworded
from tests.datasets.test_forms import FORMS
from tests.networks import random_model
from tests.pictures.test_hostile import hostile
from tests.pictures.test_hostile import laborious as largest

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


class Entrance(NamedTuple):
    """One way in for files.

    Attributes:
        count: How often it is tried.
        make: From a generator of random numbers, an endless series of the files of one try: contents by name.
        name: Of what is named: one of the files, or "" for their folder.
    """

    count: int
    make: Callable[[np.random.Generator], Iterator[dict[str, bytes]]]
    name: str


def alone(count: int, make: Contents, name: str) -> Entrance:
    """An entrance for one file."""
    return Entrance(count, lambda rng: ({name: content} for content in make(rng)), name)


def one_of(count: int, folder: Path, name: str) -> Entrance:
    """An entrance for the files of a folder, one of which is damaged."""
    sound = {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}

    def make(rng: np.random.Generator) -> Iterator[dict[str, bytes]]:
        while True:
            chosen = list(sound)[int(rng.integers(len(sound)))]
            yield {**sound, chosen: next(damaged(sound[chosen])(rng))}

    return Entrance(count, make, name)


def forged_models(rng: np.random.Generator) -> Iterator[bytes]:
    """Models with one entry of their metadata or one array changed, and a right digest."""
    sound = small_model()
    while True:
        model = _make_model(sound.weights, sound.metadata)
        properties = sound.metadata.to_properties()
        names = sorted(properties)
        for _ in range(int(rng.integers(1, 3))):
            name = names[int(rng.integers(len(names)))]
            change = reworded if rng.random() < 0.5 else revalued
            try:
                properties[name] = change(properties[name], rng).encode(errors="replace").decode()
            except ValueError:  # it was changed before
                continue
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


def old_weights(folder: Path) -> dict[str, bytes]:
    """The same as Keras 1 and 2 wrote them, and in a `.keras` file."""
    made = {}
    for layout, within in {"keras 1": "", "keras 2": "", "keras 2, whole": "model_weights"}.items():
        arrays = list(small_model().weights.values())
        with h5py.File(folder / "old.h5", "w") as file:
            file.attrs["backend"] = np.bytes_("theano" if layout == "keras 1" else "tensorflow")
            file.attrs["model_config"] = np.bytes_('{"data_format": "channels_last"}')
            for number in range(0, len(arrays), 2):
                kernel, bias = arrays[number : number + 2]
                kernel = kernel.transpose(3, 2, 0, 1) if kernel.ndim == 4 and layout == "keras 1" else kernel
                group = file.require_group(f"{within}/layer_{number}")
                group.attrs["weight_names"] = [b"kernel:0", b"bias:0"]
                group["kernel:0"], group["bias:0"] = kernel, bias
        made[layout] = (folder / "old.h5").read_bytes()
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.write(sound_weights(folder), "model.weights.h5")
        archive.writestr("config.json", '{"data_format": "channels_last"}')
    return made | {"keras": content.getvalue()}


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


def sources(folder: Path) -> dict[str, Path]:
    """Folders of what `lenet predict --data` reads."""
    forms = {
        "npz": "keras-mnist-npz",
        "parquet": "parquet-of-the-hub",
        "idx": "torchvision-mnist",
        "tar": "wrapper-folder",
    }
    for kind, form in forms.items():
        (folder / kind).mkdir(parents=True)
        FORMS[form][0](folder / kind)
    shutil.move(folder / "tar", folder / "pictures")
    for kind, mode in (("tar", "w"), ("tar.gz", "w:gz")):
        (folder / kind).mkdir()
        with tarfile.open(folder / kind / f"d.{kind}", mode) as archive:
            archive.add(folder / "pictures", "pictures")
    return {place.name: place for place in folder.iterdir()}


def runs(folder: Path) -> Path:
    """The files of a run folder that `lenet compare` reads."""
    metrics = {"test": {"n": 100, "correct": 90, "accuracy": 0.9}, "train_seconds": 3, "epochs": 1}
    metrics |= {"precision": "float32", "data_sha256": "ab" * 32, "seed": 0, "recipe": "fast", "recipe_sha256": "cd"}
    folder.mkdir()
    (folder / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")
    (folder / "recipe.toml").write_text(tomli_w.dumps(Recipe.named("best").to_dict()), encoding="utf-8")
    (folder / "history.csv").write_text("seconds,loss,accuracy\n1,1,1\n2,0.5,1\n", encoding="utf-8")
    return folder


def entrances(folder: Path) -> dict[str, Entrance]:
    """Every way in; ``folder`` is for sound files on the way."""
    recipe = tomli_w.dumps(Recipe.named("best").to_dict())
    state = {"step": 3, "owner": {"recipe": "x"}, "loss": 0.5, "history": [[1, 0.5, 0.9, None, None, 2.0]]}
    checkpoint = encode(state, {"weights/0": np.ones((40, 3), np.float32), "mean/0": np.zeros(7, np.float32)})
    model = encode_model(small_model().weights, small_model().metadata)
    small, large = hostile(), largest()
    space = 'learning_rate = "0.002:0.02:log"\nbatch_size = [64, 128]\nnetwork = ["lenet", "mlp"]\ndropout = "0,0.5"\n'
    found = {
        "model, damaged": alone(300, damaged(model), "m.onnx"),
        "model, forged": alone(600, forged_models, "m.onnx"),
        "start, forged": alone(200, forged_models, "m.onnx"),
        "architecture": alone(400, damaged(f"{NETWORK}, conv 5 3 stride 2 valid, tanh, avgpool 2".encode()), "a.txt"),
        "recipe": alone(400, damaged(recipe.encode()), "recipe.toml"),
        "space": alone(300, damaged(space.encode()), "space.toml"),
        "checkpoint, damaged": alone(150, damaged(checkpoint), "step.ckpt"),
        "checkpoint, forged": alone(250, forged_checkpoints, "step.ckpt"),
        "run": one_of(300, runs(folder / "run"), ""),
        "picture, by hand": alone(len(small), by_hand(small), "p.png"),
        "picture, largest": alone(len(large), by_hand(large), "p.png"),
        "picture, laborious": alone(120, laborious, "p.png"),
    }
    for layout, options in {"plain": {}, "compact": {}, **LAYOUTS}.items():
        count = 1000 if layout == "plain" else 60  # only that is what Keras writes, and reaches HDF5
        found[f"weights, {layout}"] = alone(count, damaged(weights_of(options, folder)), "w.h5")
    for layout, content in old_weights(folder).items():
        found[f"weights, {layout}"] = alone(1000, damaged(content), "w.hdf5")
    for form, content in pictures().items():
        found[f"picture, {form}"] = alone(110, damaged(content), f"p.{form.rpartition('.')[2]}")
    found["sheet"] = alone(60, damaged(pictures()["jpeg"]), "sheet.jpeg")
    for form, (make, *_) in FORMS.items():
        place = folder / form
        place.mkdir()
        found[f"data, {form}"] = one_of(50, place, str(make(place).relative_to(place)))
    found["table"] = alone(100, damaged((folder / "csv-semicolons" / "d.csv").read_bytes()), "d.csv")
    for kind, place in sources(folder / "sources").items():
        found[f"many, {kind}"] = one_of(60, place, "")
    return found

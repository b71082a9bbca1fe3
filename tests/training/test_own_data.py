"""Training and evaluating on what anybody brings: colour, 26 classes, another size, classes matched by name."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from lenet import Model, Recipe, evaluate, load_dataset, train
from lenet.datasets import store
from lenet.evaluation import data_for, part_for

# Keras 3.15 asks TensorFlow's tensors for their arrays in NumPy's former way.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """26 class folders of 24 coloured letters, 32×32, dark and bright, of several fonts' sizes."""
    root = tmp_path_factory.mktemp("letters")
    rng = np.random.default_rng(0)
    for letter in LETTERS:
        (root / letter).mkdir()
        for index in range(24):
            picture = Image.new("RGB", (32, 32), tuple(rng.integers(0, 80, 3).tolist()))
            font = ImageFont.load_default(size=int(rng.integers(18, 28)))
            place = tuple((16 + rng.integers(-3, 4, 2)).tolist())
            ImageDraw.Draw(picture).text(place, letter, tuple(rng.integers(150, 256, 3).tolist()), font, anchor="mm")
            picture.save(root / letter / f"{index}.png")
    return root


def test_a_colour_folder_of_26_classes_trains_and_evaluates(folder, tmp_path):
    dataset = load_dataset(folder, depth=3)
    assert dataset.images.shape == (624, 32, 32, 3)
    recipe = Recipe.named("fast").change(data=str(folder), depth=3, epochs=6, batch_size=32, precision="float32")
    run = train(dataset, recipe, tmp_path / "run", draw=False)
    model = Model.load(run.path)
    assert model.class_names == tuple(LETTERS)
    assert model.input_shape == (32, 32, 3)
    part = part_for(model.metadata, data_for(model.metadata, own_paths=True))
    again = evaluate(model, part)
    assert (again.n, again.correct) == (run.metrics["test"]["n"], run.metrics["test"]["correct"])
    assert again.accuracy > 0.8

    # Other data, fewer classes, another size: brought to the model's form, labels matched by name.
    for letter in "XB":
        (tmp_path / "few" / letter).mkdir(parents=True)
        for index in range(5):
            with Image.open(folder / letter / f"{index}.png") as picture:
                picture.resize((64, 64)).save(tmp_path / "few" / letter / f"{index}.png")
    few = evaluate(model, data_for(model.metadata, str(tmp_path / "few")))
    assert sorted({few.class_names[label] for label in few.truth}) == ["B", "X"]
    assert few.accuracy >= 0.7


def test_pictures_that_are_mapped_from_disk_give_the_same_weights(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    recipe = Recipe.named("fast").change(
        data=str(folder), framing="whole", network="conv 4 5, relu, dense 9", epochs=0.5, precision="float32"
    )
    in_memory = train(load_dataset(folder, framing="whole"), recipe, tmp_path / "memory", draw=False)
    monkeypatch.setattr(store, "IN_MEMORY_BYTES", 10_000)
    mapped = load_dataset(folder, framing="whole")
    assert isinstance(mapped.images.base, np.memmap)
    on_disk = train(mapped, recipe, tmp_path / "disk", draw=False)
    first, second = (Model.load(run.path).weights for run in (in_memory, on_disk))
    assert all(np.array_equal(first[name], second[name]) for name in first)

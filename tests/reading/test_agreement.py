"""What a model says of a folder's held-out pictures is the same when they are evaluated and when they are read."""

from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from lenet import Dataset, Model, Reader, Recipe, evaluate, load_dataset, train
from lenet.datasets.idx import read_idx
from lenet.evaluation import data_for, part_for
from lenet.training.adapt import recipe_for_few

FASHION = Path("/usr/share/datasets/fashion-mnist")
FONTS = ("DejaVuSans", "DejaVuSerif", "DejaVuSansMono", "DejaVuSerif-Italic", "STIXGeneral", "cmss10")
MOST_APART = 0.005


def save(pictures, folder):
    for index, (picture, label) in enumerate(pictures):
        (folder / label).mkdir(parents=True, exist_ok=True)
        picture.save(folder / label / f"{index}.png")
    return folder


def handwritten_digits():
    digits = pytest.importorskip("sklearn.datasets").load_digits()
    for image, label in zip(digits.images, digits.target, strict=True):
        picture = Image.fromarray(np.rint(image * (255 / 16)).astype(np.uint8))
        yield picture.resize((64, 64), Image.Resampling.BILINEAR), str(label)


def printed_letters():
    rng = np.random.default_rng(0)
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    for index in range(1820):
        letter = "abcdefghijklmnopqrstuvwxyz"[index % 26]
        font = ImageFont.truetype(str(folder / f"{rng.choice(FONTS)}.ttf"), int(rng.integers(20, 34)))
        page = Image.new("L", (48, 48), 255)
        ImageDraw.Draw(page).text(tuple((24 + rng.uniform(-3, 3, 2)).tolist()), letter, 0, font, anchor="mm")
        yield page.rotate(rng.uniform(-10, 10), Image.Resampling.BICUBIC, fillcolor=255), letter


def clothes():
    if not FASHION.is_dir():
        pytest.skip("install dataset-fashion-mnist")
    images, labels = (next(FASHION.glob(f"train-{kind}*")) for kind in ("images", "labels"))
    for image, label in zip(read_idx(images)[:3000], read_idx(labels)[:3000], strict=True):
        yield Image.fromarray(image), f"kind {label}"


def coloured_rings():
    """Rings and triangles of pen strokes; the class is their colour."""
    rng = np.random.default_rng(0)
    colours = {"red": (200, 40, 40), "green": (40, 160, 60), "blue": (50, 60, 200)}
    for index in range(600):
        name = list(colours)[index % 3]
        page = Image.new("RGB", (40, 40), (250, 248, 245))
        x, y, side = (int(value) for value in (*rng.integers(4, 12, 2), rng.integers(18, 26)))
        if rng.random() < 0.5:
            ImageDraw.Draw(page).ellipse((x, y, x + side, y + side), outline=colours[name], width=3)
        else:
            corners = [(x, y + side), (x + side, y + side), (x + side // 2, y)]
            ImageDraw.Draw(page).polygon(corners, outline=colours[name], width=3)
        yield page, name


@pytest.mark.parametrize(
    ("pictures", "framing", "depth", "epochs", "least"),
    [
        pytest.param(handwritten_digits, "mark", 1, 12, 0.96, marks=pytest.mark.long),
        pytest.param(printed_letters, "mark", 1, 12, 0.95, marks=pytest.mark.long),
        pytest.param(clothes, "whole", 1, 4, 0.75, marks=pytest.mark.long),
        (coloured_rings, "whole", 3, 6, 0.95),  # trained with the recipe for few pictures instead
    ],
)
def test_held_out_pictures_are_read_as_they_are_evaluated(tmp_path, pictures, framing, depth, epochs, least):
    folder = save(pictures(), tmp_path / "pictures")
    dataset = load_dataset(folder)
    assert (dataset.framing, dataset.depth) == (framing, depth)
    # bfloat16 would train these few steps less well, and the least accuracies are of float32.
    fast = Recipe.named("fast").change(epochs=epochs, batch_size=32, precision="float32")
    recipe = (recipe_for_few(dataset) or fast).change(data=str(folder), split="2:1")
    model = Model.load(train(dataset, recipe, tmp_path / "run", draw=False).path)
    assert model.metadata.framing == framing
    held_out = part_for(model.metadata, data_for(model.metadata, own_paths=True))
    assert len(held_out) < len(dataset) / 2
    part = held_out.sample(300)
    evaluated = evaluate(model, part)
    assert evaluated.accuracy >= least
    assert abs(read_correctly(Reader(model), part, folder) / len(part) - evaluated.accuracy) <= MOST_APART


def read_correctly(reader: Reader, part: Dataset, folder: Path) -> int:
    correct = 0
    for origin, label in zip(part.origins, part.labels, strict=True):
        reading = reader.read(folder / origin)
        answers = reading.digits if reading.whole is None else [reading.whole]
        correct += [answer.label for answer in answers] == [part.class_names[label]]
    return correct

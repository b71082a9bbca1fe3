"""Fragments of one character are read as one; digits and letters that are next to each other are not joined or cut."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from benchmarks.paper import compose
from lenet import Model, Reader
from lenet.model.file import decode_model, encode_model
from lenet.model.metadata import Metadata
from lenet.pictures.contrast import find_marks
from lenet.pictures.picture import open_picture

BROKEN = (145, 742, 1594, 1959, 2831, 2837)  # of MNIST


@pytest.fixture(scope="module")
def reader():
    return Reader()


@pytest.mark.parametrize("index", BROKEN)
def test_a_digit_of_several_strokes_is_one(reader, mnist, index):
    picture = np.pad(mnist.images[index, ..., 0], 6)
    assert len(find_marks(open_picture(picture)).marks) > 1
    assert reader.read(picture).rows == [mnist.class_names[mnist.labels[index]]]


def test_an_open_four_is_one_though_its_parts_look_like_digits(reader):
    page = Image.new("L", (200, 200), 255)
    for line in ([(49, 35), (48, 98), (101, 96)], [(127, 35), (127, 170)]):
        ImageDraw.Draw(page).line(line, 0, 12, joint="curve")
    assert reader.read(page).rows == ["4"]


def test_pairs_of_digits_stay_pairs(reader, mnist):
    rng = np.random.default_rng(0)
    for index in range(40):
        sheet = compose(rng, mnist.images[..., 0], mnist.labels, [[2], [1, 1]][index % 2])
        assert len(reader.read(sheet.image).digits) >= 2


def random_model(names) -> Model:
    about = Metadata(names, height=28, width=28, depth=1, network="conv 2 5, maxpool 2", framing="mark")
    shapes = {name: shape for placed in about.layers for name, shape in placed.weight_shapes.items()}
    weights = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    return Model(decode_model(encode_model(weights, about)))


def test_only_digits_are_cut_apart():
    """Two upright strokes that a thin one joins, three times as wide as high: a letter may look so."""
    page = np.zeros((100, 240), np.uint8)
    page[20:80, 30:38] = page[20:80, 202:210] = page[48:52, 30:210] = 255
    digits, letters = (len(Reader(random_model(names)).read(page).digits) for names in (("0", "1"), ("m", "w")))
    assert digits > 1
    assert letters == 1

"""Training and reading give the network the same image of a picture, and each mark is framed and classified once."""

import numpy as np
import pytest
from PIL import Image

from benchmarks.paper import compose
from lenet import LenetError, Model, Reader
from lenet.model.file import decode_model, encode_model
from lenet.model.metadata import Metadata
from lenet.pictures.framing import Framing
from lenet.pictures.picture import open_picture
from lenet.reading import answers


def model(**changes) -> Model:
    """A model with random weights for pictures of 20×24 pixels and classes of several letters."""
    about = Metadata(("cat", "dog", "owl"), height=24, width=20, network="conv 4 3, relu, maxpool 2", **changes)
    rng = np.random.default_rng(0)
    shapes = {name: shape for placed in about.layers for name, shape in placed.weight_shapes.items()}
    weights = {name: rng.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}
    return Model(decode_model(encode_model(weights, about)))


@pytest.fixture(scope="module")
def reader():
    return Reader()


def test_a_picture_of_one_mark_is_framed_as_it_is_read(reader, mnist):
    rng = np.random.default_rng(0)
    framing = Framing("mark", 28, 28, 1)
    compared = same = 0
    for index in range(12):
        image = mnist.images[index, ..., 0]
        shifted = np.roll(image, tuple(rng.integers(-4, 5, 2)), (0, 1))
        paper = compose(rng, mnist.images[index : index + 1, ..., 0], mnist.labels[index : index + 1], [1]).image
        large = Image.fromarray(255 - image).resize((200, 150), Image.Resampling.BICUBIC)
        for picture in (image, 255 - image, shifted, np.asarray(paper), large):
            digits = reader.read(picture).digits
            if len(digits) == 1:
                same += np.array_equal(digits[0].image, framing.frame(open_picture(picture)))
                compared += 1
    assert compared >= 54
    # Where contrast shows no character that the model knows, the reader takes what the finder detects.
    assert same >= compared - 2


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("depth", [1, 3])
def test_a_whole_model_gives_one_answer_for_the_picture_that_training_saw(depth, inverted):
    rng = np.random.default_rng(0)
    whole = model(depth=depth, framing="whole", inverted=inverted)
    picture = rng.integers(0, 256, (30, 50, 3), dtype=np.uint8)
    reading = Reader(whole).read(picture)
    image = Framing("whole", 24, 20, depth, inverted).frame(open_picture(picture))
    assert image.shape == (24, 20, depth)
    assert np.array_equal(reading.whole.image, image)
    np.testing.assert_allclose(reading.whole.probabilities, whole.predict(image[np.newaxis])[0], atol=1e-6)
    assert (reading.digits, reading.whole.box) == ((), (0, 0, 50, 30))
    plain = reading.to_dict()
    assert plain.keys() == {"text", "rows", "tokens", "digits", "label", "probability", "unknown", "top"}
    assert (plain["rows"], plain["digits"]) == ([reading.whole.label], [])
    assert plain["label"] in ("cat", "dog", "owl")


def test_what_looks_like_no_class_is_a_question_mark():
    reading = Reader(model(depth=3, framing="whole", unknown_threshold=1e6)).read(np.zeros((9, 9, 3), np.uint8))
    assert (reading.rows, reading.text, reading.to_dict()["unknown"]) == (["?"], "?", True)


def test_inversion_and_the_margin_of_whole_pictures():
    page = np.full((10, 20, 3), 200, np.uint8)
    assert (Framing("whole", 8, 8, 1).frame(open_picture(page)) == 200).all()
    assert (Framing("whole", 8, 8, 1, inverted=True).frame(open_picture(page)) == 55).all()


def test_marks_are_grey():
    with pytest.raises(LenetError, match="framing mark"):
        Framing("mark", 28, 28, 3)


@pytest.mark.parametrize("digits", [[1], [2], [4, 4, 3]])
def test_each_mark_is_framed_and_classified_once(reader, mnist, monkeypatch, digits):
    framed, classified = [], []
    frame_mark, logits = answers.frame_mark, reader.model.logits

    def counted_frame(strength, *size):
        framed.append(strength)  # kept, or another may have its address
        return frame_mark(strength, *size)

    def counted_logits(images):
        classified.extend(images)
        return logits(images)

    monkeypatch.setattr(answers, "frame_mark", counted_frame)
    monkeypatch.setattr(reader.model, "logits", counted_logits)
    rng = np.random.default_rng(3)
    pages = [compose(rng, mnist.images[..., 0], mnist.labels, digits).image for _ in range(6)]
    # Two that touch, which are framed as one and as halves.
    pages.append(
        np.kron(np.pad(np.concatenate([mnist.images[0, :, 3:25, 0]] * 2, axis=1), 12), np.ones((3, 3), np.uint8))
    )
    found = 0
    for page in pages:
        framed.clear()
        classified.clear()
        found += len(reader.read(page).digits)
        assert len(framed) == len({id(strength) for strength in framed}) == len(classified)
    assert found >= 6 * sum(digits)
    classified.clear()
    framed.clear()
    reader.read(mnist.images[0])
    assert (len(framed), len(classified)) == (0, 1)

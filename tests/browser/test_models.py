"""The page with a model for colour pictures."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page

from lenet import Model, Reader, create_app
from tests.browser.conftest import Opened
from tests.browser.drawing import STROKES, answer, draw
from tests.networks import random_model
from tests.serve.serving import running

COLOURED = "conv 3 4 stride 2, sigmoid, maxpool 3, conv 5 2 valid, tanh, avgpool 2, dense 30, relu, dense 12"


@contextmanager
def opened(browser: Browser, model: Model) -> Iterator[Page]:
    """A page of this model, which must log no error. There is no gallery: the classes are not MNIST's."""
    with running(create_app(model)) as address:
        pages = Opened(browser, address, gallery=False)
        yield pages()
        for context in pages.contexts:
            context.close()
        assert [error for error in pages.errors if "400" not in error] == []  # the gallery's


def test_a_photo_is_classified_as_one_picture_in_colour(browser: Browser, tmp_path: Path) -> None:
    model = random_model(COLOURED, (30, 41, 3), classes=4, framing="whole")
    photo = np.random.default_rng(2).integers(0, 256, (90, 123, 3)).astype(np.uint8)
    Image.fromarray(photo).save(tmp_path / "photo.png")
    with opened(browser, model) as page:
        assert page.is_hidden("#centring")
        page.set_input_files("#file", tmp_path / "photo.png")
        page.wait_for_selector("#boxes button")
        label = page.inner_text("#text").strip()
        assert label in model.class_names and page.inner_text("#photo-said").startswith(label)
        assert page.locator("#boxes button").count() == 1 and answer(page) == label
        colours = page.evaluate("""() => {
          const { data } = document.getElementById("seen").getContext("2d").getImageData(0, 0, 41, 30);
          return Array.from(data).filter((_, i) => i % 4 < 3);
        }""")  # fmt: skip
        image = Reader(model).read(tmp_path / "photo.png").whole.image
        assert np.array_equal(np.array(colours).reshape(30, 41, 3), image)
        page.click("#photo-close")
        draw(page, STROKES["1"])
        assert answer(page) in (*model.class_names, "?")
        page.click("#tab-inside")
        assert "undefined" not in page.inner_text("#inside")

"""Whatever the mark, an image of MNIST's form comes out, or a black one."""

import numpy as np
import pytest

from lenet.pictures.mnist_form import frame_mark, is_like_mnist


@pytest.mark.parametrize("thickness", [1, 3, 9, 25, 45])
def test_strokes_of_any_pen_come_out_as_thick_as_mnists(thickness):
    ink = np.zeros((200, 120), np.float32)
    ink[10:190, 60 - thickness // 2 : 60 - thickness // 2 + thickness] = 1
    ink[10 : 10 + thickness, 20:100] = 1
    image = frame_mark(ink).image
    assert is_like_mnist(image)
    assert 1.6 <= np.median(image[10:18].sum(axis=1) / 255) <= 3.3


def test_faint_and_tiny_ink_is_an_image_or_none():
    rng = np.random.default_rng(0)
    for _ in range(200):
        shape = rng.integers(1, 400, 2)
        ink = np.zeros(shape, np.float32)
        rows, columns = (rng.integers(0, side, 6) for side in shape)
        ink[rows, columns] = rng.uniform(0.5, 0.56, 6)
        made = frame_mark(ink)
        assert made.image.shape == (28, 28)
        assert made.image.any() or not made.digit_shaped

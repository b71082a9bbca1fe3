"""The paper's own lines are found and the writing over them is not."""

import numpy as np

from lenet.pictures.ink import find_contrast, find_ink
from lenet.pictures.rules import find_rules


def squared(side=300, step=40, thick=4, grey=120):
    page = np.full((side, side), 235, np.uint8)
    for start in range(10, side, step):
        page[start : start + thick] = grey
        page[:, start : start + thick] = grey
    return page


def written(page):
    contrast = find_contrast(np.repeat(page[..., np.newaxis], 3, axis=2))
    return find_ink(contrast, find_rules(contrast)).mask


def test_thick_squares_of_a_small_picture_are_paper():
    page = squared()
    page[60:200, 143:155] = 10
    mask = written(page)
    assert mask[70:190, 145:153].mean() > 0.9
    mask[50:210, 133:165] = False
    assert mask.mean() < 0.01


def test_one_thick_line_is_no_paper():
    page = np.full((300, 300), 235, np.uint8)
    page[140:152] = 20
    assert written(page)[142:150].mean() > 0.9

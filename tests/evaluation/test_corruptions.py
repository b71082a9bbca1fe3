"""What each kind of damage does, seen on pictures where the truth is plain."""

import numpy as np
import pytest
from scipy import ndimage

from lenet.evaluation.corruptions import CORRUPTIONS, SEVERITIES, corrupt

BY_NAME = {kind.name: kind for kind in CORRUPTIONS}
MNIST_C = (
    "shot_noise impulse_noise glass_blur motion_blur shear scale rotate brightness translate stripe fog spatter "
    "dotted_line zigzag canny_edges"
)


def frame(rows, columns, n=20):
    """A bright box on black."""
    images = np.zeros((n, 28, 28, 1), np.uint8)
    images[:, rows, columns] = 200
    return images


BOX = frame(slice(10, 18), slice(10, 18))
BAR = frame(slice(4, 24), slice(13, 15))


def grey(images):
    return images[..., 0].astype(float)


def test_the_fifteen_kinds_of_mnist_c_are_there():
    assert {kind.name for kind in CORRUPTIONS if kind.mnist_c} == set(MNIST_C.split())
    assert all(len(kind.levels) == SEVERITIES for kind in CORRUPTIONS)


@pytest.mark.parametrize("kind", CORRUPTIONS, ids=lambda kind: kind.name)
def test_every_kind_is_repeatable_and_grows(kind, test_part):
    images = test_part.images[:40]
    damaged = [corrupt(images, kind, severity) for severity in range(1, 6)]
    assert all(one.shape == images.shape and one.dtype == np.uint8 for one in damaged)
    np.testing.assert_array_equal(damaged[2], corrupt(images, kind, 3))
    harm = [np.abs(grey(one) - grey(images)).mean() for one in damaged]
    assert harm[0] > 0.1
    if kind.name != "canny_edges":  # outlines alone, at every severity
        assert harm == sorted(harm)


@pytest.mark.parametrize("kind", CORRUPTIONS, ids=lambda kind: kind.name)
def test_the_channels_of_a_colour_are_damaged_alike(kind, test_part):
    images = np.repeat(test_part.images[:3], 3, axis=-1)
    damaged = corrupt(images, kind, 3)
    for channel in (1, 2):
        np.testing.assert_array_equal(damaged[..., channel], damaged[..., 0])


@pytest.mark.parametrize("severity", [1, 3, 5])
def test_translate_moves_by_its_pixels(severity):
    level = BY_NAME["translate"].levels[severity - 1]
    for image in grey(corrupt(BOX, BY_NAME["translate"], severity)):
        moved = np.array(ndimage.center_of_mass(image)) - 13.5
        assert np.abs(moved).max() == pytest.approx(level)
        assert image.sum() == 64 * 200


def test_rotate_turns_by_its_degrees_to_both_sides():
    rows, columns = np.indices((28, 28)) - 13.5
    angles = []
    for image in grey(corrupt(BAR, BY_NAME["rotate"], 5)):
        covariance = np.array([[(image * a * b).sum() for a in (rows, columns)] for b in (rows, columns)])
        down, across = np.linalg.eigh(covariance)[1][:, -1]
        angles.append(np.degrees(np.arctan2(across, down)) % 180)
    assert {round(angle) for angle in angles} == {45, 135}


def test_scale_and_enlarge_change_the_side():
    for name, severity in (("scale", 5), ("enlarge", 5)):
        level = BY_NAME[name].levels[severity - 1]
        image = grey(corrupt(BOX, BY_NAME[name], severity))[0]
        assert np.sqrt(image.sum() / 200) == pytest.approx(8 * level, rel=0.03)


def test_shear_slides_the_rows():
    level = BY_NAME["shear"].levels[4]
    image = grey(corrupt(BAR, BY_NAME["shear"], 5))[0]
    columns = (image * np.arange(28)).sum(axis=1)[6:22] / image.sum(axis=1)[6:22]
    np.testing.assert_allclose(np.abs(np.diff(columns)), level, atol=0.05)


def test_thickness_grows_and_shrinks_by_whole_pixels():
    assert (grey(corrupt(BOX, BY_NAME["thicker"], 2))[0] > 0).sum() == 64 + 4 * 8
    assert (grey(corrupt(BOX, BY_NAME["thinner"], 4))[0] > 0).sum() == 36


def test_edges_are_the_outline():
    image = grey(corrupt(BOX, BY_NAME["canny_edges"], 1))[0]
    assert image[12:16, 12:16].sum() == 0
    assert image[:8].sum() == 0
    assert image[9:11, 13].max() == 255


def test_light():
    level = BY_NAME["brightness"].levels[1]
    np.testing.assert_allclose(grey(corrupt(BOX, BY_NAME["brightness"], 2)) - grey(BOX), 255 * level, atol=0.6)
    pale = grey(corrupt(BOX, BY_NAME["contrast"], 4))
    assert np.ptp(pale) == pytest.approx(200 * BY_NAME["contrast"].levels[3], abs=1)
    np.testing.assert_array_equal(corrupt(BOX, BY_NAME["inversion"], 5), 255 - BOX)
    np.testing.assert_array_equal(corrupt(BOX, BY_NAME["inversion"], 1)[:, :, 6:], BOX[:, :, 6:])
    veiled = grey(corrupt(BOX, BY_NAME["fog"], 3))
    assert (veiled >= grey(BOX)).all()
    assert veiled[:, :8].max() == pytest.approx(255 * BY_NAME["fog"].levels[2], abs=1)


def test_noise_has_its_strength():
    flat = np.full((50, 28, 28, 1), 128, np.uint8)
    noisy = grey(corrupt(flat, BY_NAME["gaussian_noise"], 1))
    assert noisy.std() == pytest.approx(255 * BY_NAME["gaussian_noise"].levels[0], rel=0.02)
    shots = grey(corrupt(flat, BY_NAME["shot_noise"], 1)) / 255
    assert shots.var() == pytest.approx((128 / 255) / 40, rel=0.05)
    hit = (corrupt(flat, BY_NAME["impulse_noise"], 5) != 128).mean()
    assert hit == pytest.approx(0.27, abs=0.01)
    drops = (corrupt(np.zeros_like(flat), BY_NAME["spatter"], 4) == 255).mean()
    assert drops == pytest.approx(0.11, abs=0.005)


def test_blur_keeps_the_ink_and_spreads_it():
    for name in ("blur", "motion_blur", "glass_blur"):
        image = grey(corrupt(BOX, BY_NAME[name], 2))
        assert image.sum() == pytest.approx(grey(BOX).sum(), rel=0.05), name
        assert (image > 0).sum() > (BOX > 0).sum(), name


def test_occlusion_hides_a_square_of_ink():
    full = np.full((20, 28, 28, 1), 255, np.uint8)
    hidden = (corrupt(full, BY_NAME["occlusion"], 3) == 0)[..., 0]
    for mask in hidden:
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        assert mask.sum() == len(rows) * len(columns)
        assert max(len(rows), len(columns)) <= 8
    assert (grey(corrupt(BOX, BY_NAME["occlusion"], 1)).sum(axis=(1, 2)) < 64 * 200).all()


def test_foreign_lines():
    black = np.zeros((30, 28, 28, 1), np.uint8)
    striped = corrupt(black, BY_NAME["stripe"], 3)[0, 0, :, 0]
    assert list(striped) == [255] * 7 + [0] * 14 + [255] * 7
    for name in ("dotted_line", "zigzag"):
        thin, thick = ((grey(corrupt(black, BY_NAME[name], severity)) > 60).mean() for severity in (1, 5))
        assert 0.005 < thin < thick < 0.2, name
    full = np.full((30, 28, 28, 1), 255, np.uint8)
    gone = [(grey(corrupt(full, BY_NAME["scratches"], severity)) < 60).mean() for severity in (1, 5)]
    assert 0 < gone[0] < gone[1] < 0.3

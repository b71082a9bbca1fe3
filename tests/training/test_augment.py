import numpy as np
import pytest

from lenet import Recipe
from lenet.backend import tf
from lenet.model.preprocessing import scale_pixels
from lenet.training.augment import augment

SEED = tf.constant([1, 2])


@pytest.fixture(scope="module")
def digits(mnist):
    return tf.constant(mnist.images[:200])


def changed(digits, strength=1.0, **recipe):
    return augment(digits, Recipe(**recipe), tf.constant(strength), SEED).numpy()[..., 0]


def centre(images):
    """Mean centre of mass: rows, columns, in pixels."""
    rows, columns = np.mgrid[0:28, 0:28]
    mass = images.sum(axis=(1, 2))
    return (images * rows).sum(axis=(1, 2)) / mass, (images * columns).sum(axis=(1, 2)) / mass


def test_no_strength_changes_nothing(digits):
    same = changed(digits, 0.0, rotation=15.0, zoom=0.2, shear=0.2, shift=0.2, elastic=1.0, thickness=0.5)
    np.testing.assert_allclose(same, scale_pixels(digits.numpy())[..., 0], atol=2e-5)


def test_the_seed_decides(digits):
    recipe = Recipe(rotation=15.0, elastic=1.0, gaps=0.5)
    first = augment(digits, recipe, tf.constant(1.0), SEED).numpy()
    np.testing.assert_array_equal(first, augment(digits, recipe, tf.constant(1.0), SEED).numpy())
    assert np.abs(first - augment(digits, recipe, tf.constant(1.0), SEED + 4).numpy()).max() > 0.5


def test_a_shift_moves_the_ink_by_up_to_its_size_and_both_ways(digits):
    before, after = centre(scale_pixels(digits.numpy())[..., 0]), centre(changed(digits, shift=0.2))
    for old, new in zip(before, after, strict=True):
        moved = new - old
        assert moved.min() < -1.5
        assert moved.max() > 1.5
        assert np.abs(moved).max() < 0.2 * 14 + 0.3


def test_rotation_turns_about_the_middle():
    bar = np.zeros((50, 28, 28, 1), np.uint8)
    bar[:, 13:15, 4:24] = 255
    turned = augment(tf.constant(bar), Recipe(rotation=30.0), tf.constant(1.0), SEED).numpy()[..., 0]
    rows, columns = np.mgrid[0:28, 0:28] - 13.5
    # Twice the angle of the principal axis, from the second moments.
    mixed, spread = turned * rows * columns, turned * (columns**2 - rows**2)
    angles = np.rad2deg(np.arctan2(2 * mixed.sum(axis=(1, 2)), spread.sum(axis=(1, 2)))) / 2
    assert 20 < np.abs(angles).max() < 31
    assert angles.min() < -5 < 5 < angles.max()


def test_thickness_goes_both_ways(digits):
    ink = changed(digits, thickness=0.8).sum(axis=(1, 2)) / scale_pixels(digits.numpy()).sum(axis=(1, 2, 3))
    assert ink.max() > 1.3
    assert ink.min() < 0.8


def test_gaps_cut_their_share_of_the_digits_and_only_take_ink_away(digits):
    before, after = scale_pixels(digits.numpy())[..., 0], changed(digits, gaps=0.4)
    assert (after <= before + 1e-5).all()
    cut = (np.abs(after - before).max(axis=(1, 2)) > 0.3).mean()
    assert 0.1 < cut <= 0.5


def test_digits_are_never_mirrored(digits):
    """A mirrored 7 or 3 correlates better with its mirror image than with itself."""
    images = digits.numpy()[..., 0].astype(float)
    new = changed(digits, rotation=15.0, zoom=0.15, shear=0.25)
    as_is = (new * images).sum()
    for mirrored in (images[:, :, ::-1], images[:, ::-1]):
        assert as_is > (new * mirrored).sum()


def drawn(rows, columns):
    """Fifty images of one white block."""
    images = np.zeros((50, 28, 28, 1), np.uint8)
    images[:, rows, columns] = 255
    return tf.constant(images)


def spread(images, axis):
    """Standard deviation of the ink along an axis, ``(n,)``, in pixels."""
    places = np.arange(28)
    mass = images.sum(axis=2 - axis)
    mass = mass / mass.sum(axis=1, keepdims=True)
    mean = (mass * places).sum(axis=1, keepdims=True)
    return np.sqrt((mass * (places - mean) ** 2).sum(axis=1))


def test_zoom_changes_each_side_by_up_to_its_share_and_both_ways():
    new = changed(drawn(slice(8, 20), slice(8, 20)), zoom=0.3)
    old = scale_pixels(drawn(slice(8, 20), slice(8, 20)).numpy())[..., 0]
    ratios = [spread(new, axis) / spread(old, axis) for axis in (0, 1)]
    for ratio in ratios:
        assert 0.67 < ratio.min() < 0.8
        assert 1.2 < ratio.max() < 1.33
    assert abs(np.corrcoef(*ratios)[0, 1]) < 0.5  # height and width change independently


def test_shear_slants_an_upright_bar_both_ways_and_keeps_a_level_one():
    new = changed(drawn(slice(4, 24), slice(13, 15)), shear=0.4)
    rows, columns = np.mgrid[0:28, 0:28] - 13.5
    slant = (new * rows * columns).sum(axis=(1, 2)) / (new * rows**2).sum(axis=(1, 2))
    assert -0.42 < slant.min() < -0.25
    assert 0.25 < slant.max() < 0.42
    level = changed(drawn(slice(13, 15), slice(4, 24)), shear=0.4)
    assert spread(level, 0).max() < 1


@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_elastic_distortion_bends_a_straight_bar_by_its_pixels(strength):
    new = changed(drawn(slice(2, 26), slice(12, 16)), strength, elastic=1.2)
    columns = np.arange(28)
    inside = new[:, 5:23]
    middle = (inside * columns).sum(axis=2) / inside.sum(axis=2)
    assert 0.6 * 1.2 * strength < (middle - 13.5).std() < 1.4 * 1.2 * strength
    line = np.polynomial.polynomial.polyfit(np.arange(18), middle.T, 1)
    bend = middle - np.polynomial.polynomial.polyval(np.arange(18), line)
    assert bend.std() > 0.2 * strength  # bent, not only moved or slanted


# Sums of the ink of the quarters of the first digit, in pixels of full ink, with the seed above.
GOLDEN = {
    "rotation=25.0": [32.334, 21.293, 17.9, 36.258],
    "zoom=0.3": [27.965, 26.417, 26.979, 31.311],
    "shear=0.4": [31.713, 19.86, 19.048, 37.321],
    "shift=0.3": [13.38, 42.913, 19.746, 31.903],
    "elastic=2.0": [26.461, 40.124, 24.258, 25.177],
    "thickness=0.8": [15.388, 14.188, 14.809, 16.688],
    "gaps=1.0": [26.235, 25.337, 22.253, 29.706],
}


@pytest.mark.parametrize("recipe", GOLDEN)
def test_each_change_is_the_one_that_recipes_were_chosen_with(digits, recipe):
    name, size = recipe.split("=")
    digit = changed(digits[:1], **{name: float(size)})[0]
    quarters = digit.reshape(2, 14, 2, 14).sum(axis=(1, 3)).ravel()
    np.testing.assert_allclose(quarters, GOLDEN[recipe], atol=0.02)

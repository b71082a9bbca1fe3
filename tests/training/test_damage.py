import numpy as np
import pytest

from lenet.backend import tf
from lenet.model.preprocessing import scale_pixels
from lenet.training.damage import KINDS, damage

SEED = tf.constant([1, 2])
BATCH = 110


@pytest.fixture(scope="module")
def digits(mnist):
    return scale_pixels(mnist.images[:BATCH])


def damaged(digits, share=1.0, strength=1.0, seed=SEED):
    return damage(tf.constant(digits), share, tf.constant(strength), BATCH, seed).numpy()


def test_only_the_share_is_damaged_and_every_kind_has_its_part(digits):
    changed = (damaged(digits, 0.5) != digits).any(axis=(1, 2, 3))
    assert not changed[BATCH // 2 :].any()
    parts = np.array_split(changed[: BATCH // 2], len(KINDS))
    assert all(part.any() for part in parts)


def test_the_weaker_the_fewer(digits):
    changed = [
        (damaged(digits, strength=strength) != digits).any(axis=(1, 2, 3)).mean() for strength in (0.0, 0.3, 1.0)
    ]
    assert changed[0] == 0
    assert 0.1 < changed[1] < 0.5
    assert changed[2] > 0.8


def test_the_seed_decides(digits):
    np.testing.assert_array_equal(damaged(digits), damaged(digits))
    assert np.abs(damaged(digits) - damaged(digits, seed=tf.constant([1, 6]))).max() > 0.5


def test_pixels_stay_pixels(digits):
    pixels = damaged(digits)
    assert np.isfinite(pixels).all()
    assert pixels.min() >= 0
    assert pixels.max() <= 1


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 20, 3)])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__.strip("_"))
def test_every_kind_damages_most_pictures_of_any_shape_each_in_its_own_way(kind, shape):
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]]
    bar = (abs(columns - shape[1] // 2) < 3) & (abs(rows - shape[0] // 2) < 9)
    pixels = tf.constant(np.tile(bar[..., np.newaxis].astype(np.float32), (20, 1, 1, shape[2])))
    chance = tf.random.stateless_uniform((6, 20, 1, 1, 1), SEED)
    after = np.clip(kind(pixels, chance, SEED).numpy(), 0, 1)
    assert after.shape == pixels.shape
    assert (np.abs(after - pixels.numpy()).max(axis=(1, 2, 3)) > 0.1).sum() >= 12
    assert np.abs(after[0] - after[1]).max() > 0.05


@pytest.mark.parametrize("batch", [1, 8, 32])
def test_a_batch_too_small_for_every_kind_is_damaged_all_the_same(digits, batch):
    pixels = damage(tf.constant(digits[:batch]), 1.0, tf.constant(1.0), batch, SEED).numpy()
    assert pixels.shape == (batch, 28, 28, 1)
    assert (pixels != digits[:batch]).any()
    few = tf.function(lambda images: damage(images, 0.1, tf.constant(1.0), batch, SEED))
    np.testing.assert_array_equal(few(tf.constant(digits[:batch]))[batch // 2 :], digits[batch // 2 : batch])

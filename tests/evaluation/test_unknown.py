import numpy as np
import pytest
from scipy.special import logsumexp, softmax
from sklearn.metrics import roc_auc_score

from lenet.evaluation.unknown import SCORES, auroc, compare_scores, fit_threshold, highest_logit, made_up

rng = np.random.default_rng(0)


def test_auroc_is_scikit_learns_with_ties():
    known, unknown = rng.integers(3, 12, 200), rng.integers(0, 9, 300)
    truth = np.repeat([1, 0], [200, 300])
    assert auroc(known, unknown) == pytest.approx(roc_auc_score(truth, np.concatenate([known, unknown])))
    assert auroc(np.array([2.0]), np.array([1.0])) == 1
    assert auroc(np.ones(3), np.ones(4)) == 0.5


def test_99_per_cent_lie_above_the_threshold():
    scores = rng.permutation(np.arange(1000.0))
    assert (scores >= fit_threshold(scores)).mean() == 0.99
    assert fit_threshold(scores, kept=0.5) == pytest.approx(499.5)


def test_the_scores_agree_with_scipy():
    logits = rng.normal(0, 30, (50, 10)).astype(np.float32)
    np.testing.assert_allclose(SCORES["highest probability"](logits), softmax(logits, axis=1).max(axis=1), rtol=1e-5)
    np.testing.assert_array_equal(SCORES["highest logit"](logits), logits.max(axis=1))
    np.testing.assert_allclose(SCORES["energy"](logits), logsumexp(logits, axis=1), rtol=1e-5)


def test_made_up_images_are_the_same_for_a_seed_and_of_any_size():
    images = rng.integers(0, 256, (7, 33, 21, 3), np.uint8)
    first, again, other = made_up(images), made_up(images), made_up(images, seed=1)
    for kind, pictures in first.items():
        assert (pictures.shape, pictures.dtype) == (images.shape, np.uint8), kind
        np.testing.assert_array_equal(pictures, again[kind])
        assert (pictures != other[kind]).any(), kind
        assert pictures.std() > 10, kind
    np.testing.assert_array_equal(np.sort(first["shuffled pixels"].ravel()), np.sort(images.ravel()))


def test_every_score_is_computed_for_every_kind():
    known, noise = rng.normal(3, 1, (50, 10)), rng.normal(0, 1, (70, 10))
    table = compare_scores(known, {"noise": noise, "the same": known})
    assert table.keys() == SCORES.keys()
    for name, row in table.items():
        assert row == {"noise": auroc(SCORES[name](known), SCORES[name](noise)), "the same": 0.5}
    assert table["highest logit"]["noise"] > 0.95


def area(model, test_part, strangers) -> float:
    return auroc(highest_logit(model.logits(test_part.images[:2000])), highest_logit(model.logits(strangers)))


def test_noise_is_unknown_even_to_a_quickly_trained_model(model, test_part):
    kinds = made_up(test_part.images[:500])
    assert area(model, test_part, kinds["uniform noise"]) >= 0.99
    assert area(model, test_part, kinds["gaussian noise"]) >= 0.99


@pytest.mark.parametrize("kind", ["uniform noise", "gaussian noise"])
def test_noise_is_unknown_to_the_bundled_model(bundled, test_part, kind):
    assert area(bundled, test_part, made_up(test_part.images[:1000])[kind]) >= 0.99


def test_clothes_are_unknown_to_the_bundled_model(bundled, test_part, fashion):
    assert area(bundled, test_part, fashion[:2000]) >= 0.97


def test_letters_are_unknown_to_the_bundled_model(bundled, test_part, letters):
    assert area(bundled, test_part, letters) >= 0.90


def test_99_per_cent_of_digits_are_known_to_the_bundled_model(bundled, test_part):
    kept = 1 - bundled.classify(test_part.images).unknown.mean()
    # The threshold comes from 2,000 images: three standard errors of a share of 99 % of them are 0.67 points.
    assert kept == pytest.approx(0.99, abs=0.0067)

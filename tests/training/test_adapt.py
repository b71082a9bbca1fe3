import numpy as np
import pytest

from lenet import Dataset, LenetError, Recipe, load_dataset, train
from lenet.network.named import NETWORKS
from lenet.training import adapt as module

FAST = Recipe.named("fast")


def layers(dataset, network="lenet"):
    return NETWORKS[network].place(dataset.height, dataset.width, dataset.depth, 10)


def adapt(recipe, dataset, network="lenet"):
    return module.adapt(recipe, dataset, layers(dataset, network))


def is_centred(dataset, network="lenet"):
    return module.is_centred(dataset, layers(dataset, network))


def pictures(count, ink, side=28):
    """Noise within ``ink``, a slice of rows and columns."""
    images = np.zeros((count, side, side, 1), np.uint8)
    images[:, ink, ink] = np.random.default_rng(0).integers(0, 256, images[:, ink, ink].shape)
    return Dataset("noise", images, np.arange(count) % 10, tuple("0123456789"))


def test_mnist_is_seen_as_before(mnist):
    """Its digits are centred and many: the centre view, 385 steps."""
    learnt = mnist.split("own").train.split_validation(2_000)[0]
    adapted = adapt(FAST, learnt)
    assert (adapted.view, adapted.epochs) == ("centre", 0.85)
    assert adapted.steps(len(learnt)) == 385


def test_pictures_that_fill_their_frame_are_seen_whole_and_longer():
    filled = pictures(40_000, slice(0, 28))
    adapted = adapt(FAST, filled)
    assert (adapted.view, adapted.epochs) == ("whole", FAST.whole_epochs)
    assert not is_centred(filled)
    assert is_centred(pictures(100, slice(4, 24)))


def test_a_network_without_convolution_has_no_centre():
    assert adapt(FAST, pictures(1280, slice(4, 24)), "mlp").view == "whole"


def test_small_data_is_seen_more_often():
    adapted = adapt(FAST, pictures(1280, slice(4, 24)))
    assert (adapted.view, adapted.epochs) == ("centre", 35.0)
    assert adapted.steps(1280) == 350


def test_more_shards_than_training_images_are_refused_before_the_folder_is_made(tmp_path):
    recipe, few = FAST.change(shards=128), pictures(120, slice(4, 24))
    for work in (lambda: adapt(recipe, few), lambda: train(few, recipe, tmp_path / "run")):
        with pytest.raises(LenetError, match=r"shards is 128, but there are only \d+ training images: use --shards 64"):
            work()
    assert not list(tmp_path.iterdir())
    assert adapt(FAST.change(shards=64), few).batch_size == 64


def test_pictures_too_small_for_a_centre_are_seen_whole():
    pytest.importorskip("sklearn")
    digits = load_dataset("digits", framing="whole")
    adapted = adapt(FAST, digits)
    assert adapted.view == "whole"
    assert adapted.steps(len(digits)) == 350


@pytest.mark.parametrize("changes", [{"epochs": 2.0}, {"epochs": 0.02}])
def test_epochs_that_are_named_are_meant(changes):
    few = pictures(1280, slice(0, 28))
    assert adapt(FAST.change(**changes), few).epochs == changes["epochs"]


def test_a_recipe_that_names_its_view_keeps_it():
    recipe = Recipe.named("tutorial")
    assert adapt(recipe, pictures(1280, slice(4, 24))) == recipe
    centre = Recipe.named("sprint")
    assert adapt(centre, pictures(1280, slice(0, 28))) == centre


def test_what_has_taken_normalisation_over_is_not_normalised_again(mnist):
    recipe = FAST.change(normalisation="batch")
    assert adapt(recipe, mnist).normalisation == "batch"
    assert adapt(recipe.change(start="some/run"), mnist).normalisation == "none"


def test_what_was_learnt_from_the_whole_is_not_cut_down(mnist):
    assert adapt(FAST.change(start="some/run"), mnist).view == "whole"
    assert adapt(Recipe.named("sprint").change(start="some/run"), mnist).view == "whole"

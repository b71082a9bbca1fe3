import hashlib
import json

import pytest
import tomli_w

from lenet import LenetError, Recipe
from lenet.training.recipe import NAMED


@pytest.mark.parametrize("recipe", NAMED, ids=lambda recipe: recipe.name)
def test_a_recipe_survives_its_file(recipe, tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text(tomli_w.dumps(recipe.to_dict()))
    assert Recipe.read(path) == recipe
    assert Recipe.named(recipe.name) is recipe


def test_the_tutorials_figures():
    recipe = Recipe.named("tutorial")
    assert (recipe.optimizer, recipe.learning_rate, recipe.batch_size, recipe.epochs) == ("sgd", 0.01, 128, 20)
    assert (recipe.split, recipe.view, recipe.input_gain, recipe.schedule) == ("2:1", "whole", 1.0, "constant")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("epochs = 0", "epochs is 0"),
        ("epochs = -1.5", "epochs"),
        ("epochs = nan", "epochs"),
        ("epochs = inf", "epochs is inf: input should be a finite number"),
        ("epochs = 1e12", "epochs"),
        ("teacher_epochs = inf", "teacher_epochs is inf"),
        ('normalisation = "layer"', "normalisation is 'layer': input should be 'none' or 'batch'"),
        (
            'normalisation = "batch"\nbatch_size = 1',
            "batch_size is 1: batch normalisation needs 2 images or more",
        ),
        ("batch_size = 1000000000", "batch_size is 1000000000: input should be less than or equal to 100000"),
        ("learning_rate = 1000.0", "learning_rate is 1000.0: input should be less than or equal to 100"),
        ("seed = 99999999999999", "seed is 99999999999999: input should be less than or equal to 2147483647"),
        ("epochs = 'many'", "epochs is 'many': input should be a valid number"),
        ("batch_size = 0", "batch_size is 0"),
        ("batch_size = 1.5", "batch_size is 1.5: input should be a valid integer"),
        ("learning_rate = 0.0", "learning_rate is 0.0"),
        ("optimizer = 'lion'", "optimizer is 'lion': input should be 'sgd' or 'adamw'"),
        ("schedule = 'warm'", "schedule"),
        ("precision = 'int4'", "precision"),
        ("view = 'left'", "view"),
        ("seed = -1", "seed"),
        ("class_weights = 'some'", "class_weights is 'some'"),
        ("whole_epochs = -1", "whole_epochs is -1"),
        ("least_steps = -1", "least_steps is -1"),
        ("network = 'conv 20'", "layer 1, 'conv 20': write it as"),
        ("network = 'resnet'", "network 'resnet' is unknown; named are lenet, lenet5, mlp, deep, tiny"),
        ("framing = 'crop'", "framing is 'crop'"),
        ("filters = [20, 50]", "no field 'filters'"),
        ("dropout = 1.0", "dropout"),
        ("momentum = 0.9", "no field 'momentum'"),
        ("epochs = ", "not readable TOML"),
    ],
)
def test_a_bad_recipe_is_refused_by_one_line_that_names_the_file(text, says, tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    with pytest.raises(LenetError, match=says) as caught:
        Recipe.read(path)
    assert "recipe.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(LenetError, match="fast, sprint, best, augmented, tutorial"):
        Recipe.named("slow")


def test_epochs_that_are_named_are_meant_and_a_file_keeps_both(tmp_path):
    fast = Recipe.named("fast")
    named = fast.change(epochs=2.0)
    assert (named.epochs, named.whole_epochs, named.least_steps) == (2.0, 0.0, 0)
    assert fast.change(epochs=2.0, least_steps=9).least_steps == 9
    assert fast.change(seed=3).least_steps == fast.least_steps


def test_only_what_a_resumed_run_may_change_leaves_the_lasting_hash():
    fast = Recipe.named("fast")
    for change in ({"epochs": 3.0}, {"learning_rate": 0.1}):
        assert fast.change(**change).lasting_sha256 == fast.lasting_sha256
        assert fast.change(**change).sha256 != fast.sha256
    assert fast.change(seed=1).lasting_sha256 != fast.lasting_sha256


def test_the_hash_is_of_what_a_recipe_says_not_of_the_fields_that_there_are():
    """So that a field that is new in a later lenet, and not used, leaves older runs what they are."""
    content = json.dumps({"epochs": 3.0, "name": "mine"}, sort_keys=True).encode()
    assert Recipe(name="mine", epochs=3.0).sha256 == hashlib.sha256(content).hexdigest()

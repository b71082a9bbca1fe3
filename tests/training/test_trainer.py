import csv
import json
import re

import numpy as np
import pytest

from lenet import Dataset, LeNet, LenetError, Model, Recipe, fit, resume, train
from lenet.model.preprocessing import scale_pixels
from lenet.network.named import NETWORKS
from lenet.training import checkpoint, loop, order
from lenet.training import train as trainer
from lenet.training.initial import build_network
from lenet.training.learner import Learner
from lenet.training.loop import augmentation_strengths
from lenet.training.order import image_order
from lenet.training.step import balanced_weights

NETWORK = "conv 4 5, relu, maxpool 2, conv 6 5, relu, maxpool 2, dense 20, relu"
SMALL = Recipe(epochs=2.0, batch_size=32, network=NETWORK, optimizer="adamw", learning_rate=0.01)


def lenet(**changes) -> str:
    return str(NETWORKS["lenet"].change(**changes))


def weights_after(small, recipe):
    import keras

    keras.utils.set_random_seed(recipe.seed)
    network = LeNet.build(28, 28, 1, 10, filters=(4, 6), dense_units=20)
    fit(network, small, recipe)
    return network.get_weights()


def test_every_image_is_seen_once_an_epoch_in_an_order_of_its_own():
    stream = image_order(seed=3, images=50, first=0, last=150)
    for epoch in range(3):
        assert sorted(stream[50 * epoch : 50 * epoch + 50]) == list(range(50))
    assert list(stream[:50]) != list(stream[50:100])
    np.testing.assert_array_equal(stream[33:117], image_order(3, 50, 33, 117))
    assert list(image_order(4, 50, 0, 50)) != list(stream[:50])


def test_large_data_is_taken_in_blocks_of_which_each_shard_has_its_own(monkeypatch):
    monkeypatch.setattr(order, "BLOCK_BYTES", 8 * 4)
    monkeypatch.setattr(order, "TOGETHER", 62)
    recipe, images = Recipe(shards=2, batch_size=8), np.zeros((1003, 2, 2, 1), np.uint8)  # 125 blocks of 8 and 3 images
    epoch = 62 * 8
    shards = [order.shard_order(recipe, images, shard, 0, 3 * epoch) for shard in (0, 1)]
    left_out = []
    for number in range(3):
        taken = np.concatenate([shard[number * epoch : (number + 1) * epoch] for shard in shards])
        assert len(set(taken)) == 2 * epoch, "no image twice in an epoch, nor in two shards"
        left_out.append(set(range(1003)) - set(taken))
    assert not left_out[0] & left_out[1] and len(left_out[0]) == 11
    first = shards[0][: 31 * 8]
    assert len({index // 8 for index in first}) == 31, "31 blocks of each shard are shuffled together"
    assert list(first // 8) != sorted(first // 8)
    np.testing.assert_array_equal(shards[1][33:1117], order.shard_order(recipe, images, 1, 33, 1117))


def test_the_same_seed_gives_the_same_weights_and_another_does_not(small):
    first, again, other = (
        weights_after(small, SMALL.change(seed=seed, dropout=0.2, rotation=10.0)) for seed in (0, 0, 1)
    )
    for ours, theirs in zip(first, again, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert any(not np.array_equal(ours, theirs) for ours, theirs in zip(first, other, strict=True))


def test_plain_sgd_is_what_keras_does(small):
    """Ten steps of the tutorial's recipe against Keras's own optimiser on the same batches."""
    import keras

    recipe = Recipe(epochs=0.64, batch_size=64, precision="float32")
    keras.utils.set_random_seed(0)
    network = LeNet.build(28, 28, 1, 10, filters=(4, 6), dense_units=20)
    theirs = keras.models.clone_model(network)
    theirs.set_weights(network.get_weights())
    theirs.compile(loss="sparse_categorical_crossentropy", optimizer=keras.optimizers.SGD(0.01))
    fit(network, small, recipe)
    for batch in image_order(0, 1000, 0, 640).reshape(-1, 64):
        theirs.train_on_batch(small.images[batch] / np.float32(255), small.labels[batch])
    for ours, other in zip(network.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(ours, other, atol=1e-5)


def test_adam_is_what_keras_does(small):
    import keras

    recipe = SMALL.change(epochs=0.32, precision="float32", beta_1=0.8, beta_2=0.95, weight_decay=0.1)
    keras.utils.set_random_seed(0)
    network = LeNet.build(28, 28, 1, 10, filters=(4, 6), dense_units=20)
    theirs = keras.models.clone_model(network)
    theirs.set_weights(network.get_weights())
    optimizer = keras.optimizers.AdamW(0.01, beta_1=0.8, beta_2=0.95, epsilon=1e-7, weight_decay=0.1)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    theirs.compile(loss="sparse_categorical_crossentropy", optimizer=optimizer)
    fit(network, small, recipe)
    for batch in image_order(0, 1000, 0, 320).reshape(-1, 32):
        theirs.train_on_batch(small.images[batch] / np.float32(255), small.labels[batch])
    for ours, other in zip(network.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(ours, other, atol=2e-3)


def test_the_augmentation_weakens_over_its_last_share_only():
    numbers = np.arange(1, 101)
    strengths = augmentation_strengths(Recipe(taper=0.5, taper_to=0.2), numbers, 100)
    assert (strengths[:50] == 1).all()
    assert strengths[-1] == pytest.approx(0.2)
    assert (np.diff(strengths[50:]) < 0).all()
    assert (augmentation_strengths(Recipe(), numbers, 100) == 1).all()


def test_a_finished_run_holds_what_is_promised(run, test_part):
    names = {path.relative_to(run.path).as_posix() for path in run.path.rglob("*") if path.is_file()}
    figures = {f"figures/{name}.png" for name in ("curves", "confusion", "mistakes", "filters", "calibration")}
    assert (
        names >= {"model.onnx", "model.weights.h5", "recipe.toml", "history.csv", "metrics.json", "README.md"} | figures
    )
    metrics = json.loads((run.path / "metrics.json").read_text())
    assert metrics["test"]["n"] == 10_000
    assert metrics["test"]["accuracy"] == metrics["test"]["correct"] / 10_000
    assert metrics["test"]["accuracy"] > 0.985
    assert metrics["test"]["sha256"] == test_part.sha256
    assert metrics.keys() >= {"train_seconds", "epochs", "seed", "recipe", "precision", "backend"}
    assert metrics.keys() >= {"versions", "data_sha256"}
    rows = list(csv.DictReader((run.path / "history.csv").read_text().splitlines()))
    assert list(rows[0]) == ["epoch", "loss", "accuracy", "validation_loss", "validation_accuracy", "seconds"]
    assert float(rows[-1]["validation_accuracy"]) > 0.97
    assert f"{metrics['test']['accuracy']:.2%}" in (run.path / "README.md").read_text()
    network = LeNet.build(28, 28, 1, 10, weights_path=run.path / "model.weights.h5")
    answers = network.predict(test_part.images / np.float32(255), batch_size=512, verbose=0).argmax(axis=1)
    assert (answers == test_part.labels).sum() == metrics["test"]["correct"]


def test_the_metrics_are_known_before_the_figures_are_drawn(small, tmp_path):
    seen = []

    def look(metrics):
        seen.append(metrics)
        assert (tmp_path / "run" / "model.onnx").exists()
        assert not (tmp_path / "run" / "figures").exists()
        assert not (tmp_path / "run" / "metrics.json").exists()

    run = train(small, SMALL.change(epochs=0.1), tmp_path / "run", on_metrics=look)
    assert seen == [run.metrics]
    assert (run.path / "figures" / "curves.png").exists()
    resume(run, small, on_metrics=seen.append)  # is finished
    assert seen[1] == seen[0]


def test_a_model_that_answers_otherwise_than_the_network_is_not_kept(small, tmp_path, monkeypatch):
    right = trainer.weights_by_name

    def wrong(network, layers):
        return {name: 1.01 * array for name, array in right(network, layers).items()}

    monkeypatch.setattr(trainer, "weights_by_name", wrong)
    with pytest.raises(LenetError, match="the model and the Keras network differ by 0"):
        train(small, SMALL.change(epochs=0.1), tmp_path / "run")
    assert not (tmp_path / "run" / "model.onnx").exists()


def test_the_saved_recipe_repeats_the_run(run):
    assert Recipe.read(run.path / "recipe.toml") == Recipe.named("fast")


def test_a_loss_that_is_not_finite_ends_the_training_and_its_step_is_told(small, tmp_path):
    with pytest.raises(LenetError, match=r"not finite at step 1; start it again: .* --learning-rate 0.0025"):
        train(small, SMALL.change(split="4:1", input_gain=1e38), tmp_path / "run")


def test_weights_that_blow_up_end_the_training_and_a_state_from_before_is_kept(small, tmp_path, monkeypatch):
    """At this rate and decay, every step multiplies the weights by -49."""
    monkeypatch.setattr(checkpoint, "EVERY_SECONDS", 0.0)
    monkeypatch.setattr(loop, "CHUNK", 1)
    recipe = SMALL.change(split="4:1", learning_rate=100.0, weight_decay=0.5, precision="float32")
    with pytest.raises(LenetError, match=r"not finite at step \d+; resume .*--learning-rate 25$") as caught:
        train(small, recipe, tmp_path / "run")
    step = int(re.search(r"step (\d+)", str(caught.value))[1])
    good = checkpoint.read(sorted((tmp_path / "run" / "checkpoint").iterdir())[-1])
    assert 1 <= good.state["step"] < step
    learner = Learner(build_network(small, recipe), recipe, "float32")
    for name, variable in learner.weights.items():
        variable.assign(good.arrays[f"weights/{name}"])
    assert np.isfinite(learner.logits(scale_pixels(small.images[:32])).numpy()).all()


def test_rare_classes_count_more_when_asked(mnist):
    """Of 10 images of one class among 490 of another, a short training sees nothing, unless they are weighted."""
    zeros, ones = np.flatnonzero(mnist.labels == 4), np.flatnonzero(mnist.labels == 9)
    dataset = mnist.take(np.concatenate([zeros[:490], ones[:10]]))
    held_out = mnist.take(np.concatenate([zeros[490:990], ones[10:510]]))
    weights = balanced_weights(dataset)
    assert weights[4] == pytest.approx(500 / (2 * 490))
    assert weights[9] == pytest.approx(500 / (2 * 10))
    assert weights[0] == 0
    assert weights[dataset.labels].mean() == pytest.approx(1)
    right = []
    for kind in ("none", "balanced"):
        recipe = SMALL.change(class_weights=kind, epochs=3.0, learning_rate=0.003)
        network = build_network(dataset, recipe)
        fit(network, dataset, recipe)
        answers = network(scale_pixels(held_out.images)).numpy().argmax(axis=1)
        right.append(float((answers == held_out.labels)[500:].mean()))
    assert right[1] > right[0] + 0.2


@pytest.mark.parametrize("changes", [{"dense_units": 4_000}, {"dense_units": 800_000}, {"filters": (400, 900)}])
def test_a_network_that_no_model_file_holds_is_refused_before_it_is_trained(small, tmp_path, changes):
    with pytest.raises(LenetError, match=r"parameters, [\d,]+ MiB; a model file holds 32 MiB; choose a smaller --size"):
        train(small, Recipe(split="4:1", network=lenet(**changes)), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_largest_network_that_is_not_refused_has_a_model_file(small, tmp_path):
    recipe = Recipe(split="4:1", epochs=0.1, network=lenet(dense_units=3_390))
    assert Model.load(train(small, recipe, tmp_path / "run").path).predict(small.images[:2]).shape == (2, 10)


def test_a_folder_with_nothing_but_a_lock_is_as_good_as_none(small, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".lock").touch()
    assert train(small, Recipe(split="4:1", epochs=0.1, network=lenet(dense_units=10)), tmp_path / "run").finished


def test_a_run_is_never_overwritten(small, tmp_path):
    (tmp_path / "run").mkdir()
    with pytest.raises(LenetError, match="not overwritten"):
        train(small, SMALL.change(split="4:1"), tmp_path / "run")


def test_validation_images_are_not_learnt_from(small):
    """Were they, a network trained on them could tell them by heart."""
    noise = np.random.default_rng(0)
    labels = noise.integers(0, 10, 1000)
    dataset = Dataset("noise", noise.integers(0, 256, (1000, 8, 8, 1), np.uint8), labels, tuple("0123456789"))
    parts = dataset.hold_out(300, seed=0)
    network = LeNet.build(8, 8, 1, 10, dense_units=200)
    recipe = SMALL.change(epochs=30.0, learning_rate=0.003)
    fitting = fit(network, parts.train, recipe, validation=parts.test)
    assert fitting.history[-1].accuracy > 0.9
    assert fitting.history[-1].validation_accuracy < 0.25
    assert len(fitting.history) == 15  # of two epochs each, since there are few images


def test_other_sizes_train(tmp_path):
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 40)
    images = (rng.random((120, 12, 9, 3)) * 80 + labels[:, None, None, None] * 70).astype(np.uint8)
    dataset = Dataset("colours", images, labels, ("dark", "grey", "bright"))
    run = train(
        dataset,
        SMALL.change(split="3:1", epochs=20.0, network=lenet(filters=(4, 6), kernel_size=3, dense_units=20)),
        tmp_path / "run",
    )
    assert run.metrics["test"]["accuracy"] > 0.9
    assert Model.load(run.path).class_names == ("dark", "grey", "bright")

"""Little data: its recipe, few rows of history, and the best weights kept."""

import numpy as np
import pytest

from lenet import Dataset, LenetError, Model, Recipe, Run, fit, resume, train
from lenet.evaluation.metrics import cross_entropy
from lenet.model.preprocessing import softmax
from lenet.training.adapt import recipe_for_few
from lenet.training.initial import build_network
from lenet.training.train import StoppedError

pytestmark = pytest.mark.usefixtures("no_figures")

NETWORK = "conv 4 5, relu, maxpool 2, conv 6 5, relu, maxpool 2, dense 20, relu"
# With labels at random, the validation loss soon rises.
PATIENT = Recipe(
    split="4:1", validation=1000, epochs=60.0, batch_size=32, network=NETWORK, optimizer="adamw", learning_rate=0.01,
    patience=3, precision="float32",
)  # fmt: skip


@pytest.fixture(scope="module")
def noise(mnist) -> Dataset:
    few = mnist.take(np.arange(500))
    labels = np.random.default_rng(0).integers(0, 10, 500)
    return Dataset("noise", few.images, labels, few.class_names)


@pytest.fixture(scope="module")
def whole(noise, tmp_path_factory):
    return train(noise, PATIENT, tmp_path_factory.mktemp("whole") / "run", draw=False)


def validation_losses(run):
    return [float(line.split(",")[3]) for line in (run.path / "history.csv").read_text().splitlines()[1:]]


def test_it_stops_without_gain_and_keeps_the_weights_of_the_lowest_validation_loss(noise, whole):
    losses = validation_losses(whole)
    assert len(losses) < 20
    assert losses.index(min(losses)) == len(losses) - 4
    held_out = noise.split("4:1").train.split_validation(1000)[1]
    kept = cross_entropy(softmax(Model.load(whole.path).logits(held_out.images).astype(float)), held_out.labels)
    assert kept == pytest.approx(min(losses), abs=1e-3)
    assert whole.metrics["epochs"] < 60


@pytest.mark.parametrize("at", [20, 45])
def test_stopped_and_resumed_it_keeps_the_same_weights(noise, whole, tmp_path, at):
    """Before and after the best row."""
    seen = []
    with pytest.raises(StoppedError):
        train(
            noise, PATIENT, tmp_path / "run", on_progress=lambda it: seen.append(it.step), stop=lambda: seen[-1] >= at
        )
    run = resume(tmp_path / "run", noise)
    assert (run.path / "model.onnx").read_bytes() == (whole.path / "model.onnx").read_bytes()
    assert validation_losses(run) == validation_losses(whole)


def test_a_kill_after_the_last_step_does_not_train_on(noise, whole, tmp_path, monkeypatch):
    def die(*arguments, **named):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Run, "write_results", die)
        with pytest.raises(KeyboardInterrupt):
            train(noise, PATIENT, tmp_path / "run")
    run = resume(tmp_path / "run", noise)
    assert (run.path / "model.onnx").read_bytes() == (whole.path / "model.onnx").read_bytes()
    assert run.metrics["steps"] == whole.metrics["steps"]


@pytest.mark.parametrize("count", [6, 22, 120])
def test_little_data_has_few_rows_of_whole_epochs(mnist, count):
    few = mnist.take(np.arange(count))
    recipe = Recipe.named("fast").change(network="dense 10, relu")
    history = fit(build_network(few, recipe), few, recipe).history
    assert 2 <= len(history) <= 20
    assert all(row.epoch == round(row.epoch) for row in history)
    assert history[-1].epoch == 350 * min(count, 128) // count


def test_the_recipe_for_little_data_suits_the_framing(mnist):
    few = mnist.take(np.arange(999))
    assert recipe_for_few(few) == Recipe.named("few")
    assert recipe_for_few(mnist.take(np.arange(1000))) is None
    many = mnist.take(np.arange(1200))
    for first, few_of_them in ((900, True), (1000, False)):  # where the test part begins
        parts = Dataset("parts", many.images, many.labels, many.class_names, test_from=first)
        assert (recipe_for_few(parts) is not None) == few_of_them
    whole = recipe_for_few(Dataset("photos", few.images, few.labels, few.class_names))
    assert (whole.elastic, whole.thickness, whole.shear) == (0, 0, 0)
    assert whole.shift > 0


def test_a_picture_too_few_is_said():
    one = Dataset("one", np.zeros((1, 8, 8), np.uint8), [0], ("a", "b"))
    with pytest.raises(
        LenetError, match=r"one: too few pictures to train and test on \(1\); collect at least 5 of each class"
    ):
        one.split("own")

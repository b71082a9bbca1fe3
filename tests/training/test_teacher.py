"""The teacher is taught first, and leaves no trace but what the network learnt from it."""

from dataclasses import replace

import numpy as np
import pytest

from lenet import Dataset, LenetError, Model, Recipe, Run, resume, train
from lenet.backend import tf
from lenet.model.preprocessing import scale_pixels
from lenet.training import loop
from lenet.training.fitting import Fitting
from lenet.training.loop import fit
from lenet.training.stages import StoppedError
from lenet.training.teacher import Teacher, build_teacher, teacher_recipe
from lenet.training.trainer import build_network

RECIPE = Recipe(
    name="taught",
    split="4:1",
    epochs=2.5,
    batch_size=40,
    dense_units=30,
    filters=(4, 6),
    optimizer="adamw",
    learning_rate=0.005,
    damage=0.3,
    dropout=0.2,
    normalisation="batch",
    teacher_epochs=1.5,
    distillation=0.8,
    precision="float32",
)
STEPS_OF_THE_TEACHER, STEPS = 30, 50


@pytest.fixture(autouse=True)
def no_figures(monkeypatch):
    monkeypatch.setattr(Run, "_write_figures", lambda *arguments: None)


@pytest.fixture(scope="module")
def small(mnist) -> Dataset:
    return mnist.take(np.arange(1000))


@pytest.fixture(scope="module")
def whole(small, tmp_path_factory):
    """The run that nothing interrupts."""
    return train(small, RECIPE, tmp_path_factory.mktemp("whole") / "run")


def test_it_is_taught_by_the_same_recipe_but_sees_no_damage():
    own = teacher_recipe(RECIPE)
    assert (own.epochs, own.damage, own.teacher_epochs) == (1.5, 0.0, 0.0)
    assert own == RECIPE.change(epochs=1.5, damage=0.0, dropout=0.0, teacher_epochs=0.0, distillation=0.0)
    begun = RECIPE.change(start="some/run", start_sha256="ab", view="centre")  # which are LeNet's
    assert teacher_recipe(begun) == own


@pytest.mark.parametrize("shape", [(28, 28, 1), (9, 12, 3)])
def test_it_computes_what_its_network_does(shape):
    height, width, depth = shape
    network = build_teacher(width, height, depth, 7)
    for variable in network.weights:  # so that a wrong order, or none, of normalising and pooling shows
        variable.assign(np.random.default_rng(0).uniform(0.3, 1, variable.shape) * variable.numpy() + 0.1)
    teacher = Teacher(network, RECIPE, "float32")
    pixels = np.random.default_rng(1).random((5, *shape), np.float32)
    np.testing.assert_allclose(teacher.logits(pixels), network(pixels, training=False), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(teacher.probabilities(pixels), tf.nn.softmax(network(pixels)), atol=1e-5)


def test_in_bfloat16_it_answers_nearly_the_same(small):
    network = build_teacher(28, 28, 1, 10)
    pixels = scale_pixels(small.images[:50])
    exact, coarse = (Teacher(network, RECIPE, name).probabilities(pixels) for name in ("float32", "bfloat16"))
    np.testing.assert_allclose(coarse, exact, atol=0.02)
    assert not np.array_equal(coarse, exact)


def test_what_it_learns_goes_back_into_its_network_running_means_and_all(small):
    recipe = teacher_recipe(RECIPE)
    network = build_teacher(28, 28, 1, 10)
    fit(network, small, recipe, kind=Teacher)
    right = network(scale_pixels(small.images), training=False).numpy().argmax(axis=1) == small.labels
    assert right.mean() > 0.8
    assert not np.allclose(network.get_layer("norm0").moving_variance.numpy(), 1)


@pytest.mark.parametrize(("share", "learns"), [(1.0, True), (0.0, False)])
def test_what_the_labels_do_not_say_is_learnt_from_it(small, share, learns):
    taught = RECIPE.change(damage=0.0, epochs=6, teacher_epochs=0.0, distillation=0.0)
    teacher, network = build_teacher(28, 28, 1, 10), build_network(small, taught)
    fit(teacher, small, taught, kind=Teacher)
    mislabelled = replace(small, labels=np.random.default_rng(0).permutation(small.labels))
    learning = RECIPE.change(damage=0.0, epochs=6, distillation=share, teacher_epochs=share)
    fit(network, mislabelled, learning, teacher=Teacher(teacher, taught, "float32"))
    right = network(scale_pixels(small.images), training=False).numpy().argmax(axis=1) == small.labels
    assert (right.mean() > 0.8) == learns


def test_it_is_shown_the_undamaged_digits(small):
    shown = []

    class Onlooker:
        def probabilities(self, pixels):
            tf.py_function(lambda seen: shown.append(seen.numpy()), [pixels], [])
            return tf.fill((tf.shape(pixels)[0], 10), 0.1)

    recipe = RECIPE.change(damage=1.0, epochs=0.2)
    fit(build_network(small, recipe), small, recipe, teacher=Onlooker())
    originals = {image.tobytes() for image in small.images}
    seen = np.concatenate(shown)
    assert len(seen) == 200
    assert all(np.rint(image * 255).astype(np.uint8).tobytes() in originals for image in seen)


def test_stopped_in_either_stage_it_ends_with_the_same_bits(small, whole, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "CHUNK", 10)
    stages = []

    def watch(progress):
        stages.append((progress.stage, progress.step))

    for stage, step in (("teacher", 10), ("teacher", 20), ("", 20), ("", 40)):

        def stop(stage=stage, step=step):
            return stages[-1][0] == stage and stages[-1][1] >= step

        with pytest.raises(StoppedError):
            if (tmp_path / "run").exists():
                resume(tmp_path / "run", small, watch=watch, stop=stop)
            else:
                train(small, RECIPE, tmp_path / "run", watch=watch, stop=stop)
    run = resume(tmp_path / "run", small, watch=watch)
    assert (run.path / "model.onnx").read_bytes() == (whole.path / "model.onnx").read_bytes()
    counted = [step for stage, step in stages if stage == "teacher"]
    assert counted == sorted(set(counted))  # nothing was taught twice
    assert counted[-1] == STEPS_OF_THE_TEACHER
    left = {str(path.relative_to(run.path / "checkpoint")) for path in run.path.glob("checkpoint/**/*.ckpt")}
    assert left == {f"step-{STEPS:010d}.ckpt", f"teacher/step-{STEPS_OF_THE_TEACHER:010d}.ckpt"}


def test_its_time_and_what_changed_while_it_was_taught_count(small):
    network, teacher = build_network(small, RECIPE), Teacher(build_teacher(28, 28, 1, 10), RECIPE, "float32")
    changes = [{"step": 7, "epochs": 1.5, "learning_rate": 0.1, "before": {"epochs": 1.5, "learning_rate": 0.2}}]
    taught = Fitting(step=30, seconds=1000.0, precision="float32", changes=changes)
    fitting = fit(network, small, RECIPE.change(epochs=0.1), teacher=teacher, taught=taught)
    assert 1000 < fitting.seconds < 1100
    assert 1000 < fitting.history[0].seconds < 1100
    assert fitting.changes == [{"stage": "teacher", **changes[0]}]


def test_a_learning_rate_changed_while_the_teacher_was_taught_is_not_forgotten(small, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "CHUNK", 10)
    with pytest.raises(StoppedError, match=r"stopped after step 10 of 30 of the teacher; go on with"):
        train(small, RECIPE, tmp_path / "run", stop=lambda: True)
    run = resume(tmp_path / "run", small, learning_rate=0.001)
    (change,) = run.metrics["changes"]
    assert (change["stage"], change["step"], change["before"]["learning_rate"]) == ("teacher", 10, 0.005)
    card = (run.path / "README.md").read_text()
    assert "From step 10 of the deeper network on, it was gone on with" in card
    assert "The same again" not in card


def test_a_stop_between_the_stages_is_heard_before_the_next_begins(small, tmp_path):
    seen = []
    with pytest.raises(StoppedError, match=r"after step 30 of 30 of the teacher"):
        train(
            small,
            RECIPE,
            tmp_path / "run",
            watch=lambda progress: seen.append(progress.stage),
            stop=lambda: len(seen) > 1,
        )
    assert set(seen) == {"teacher"}


def test_a_damaged_checkpoint_of_the_teacher_is_told(small, whole, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "CHUNK", 10)
    with pytest.raises(StoppedError):
        train(small, RECIPE, tmp_path / "run", stop=lambda: True)
    (tmp_path / "run" / "checkpoint" / "teacher" / "step-0000000020.ckpt").write_bytes(b"torn")
    told = []
    run = resume(tmp_path / "run", small, tell=told.append)
    assert len(told) == 1
    assert "teacher/step-0000000020.ckpt: is no whole checkpoint" in told[0]
    assert (run.path / "model.onnx").read_bytes() == (whole.path / "model.onnx").read_bytes()


def test_the_card_names_it_and_nothing_of_it_is_in_the_model(small, whole, tmp_path):
    alone = train(small, RECIPE.change(teacher_epochs=0.0, distillation=0.0, epochs=0.1), tmp_path / "alone")
    shapes, plain = ({name: a.shape for name, a in Model.load(one.path).weights.items()} for one in (whole, alone))
    assert shapes == plain
    says = "A deeper network was taught first, for 1.5 epochs; its answers were 80% of what this one learnt"
    assert says in (whole.path / "README.md").read_text()
    assert "deeper" not in (alone.path / "README.md").read_text()


@pytest.mark.parametrize(
    "changes", [{"teacher_epochs": -1.0}, {"distillation": 1.5}, {"teacher_epochs": 0.0}, {"distillation": 0.0}]
)
def test_a_recipe_of_no_teaching_is_refused(changes):
    with pytest.raises(LenetError, match=next(iter(changes))):
        RECIPE.change(**changes)

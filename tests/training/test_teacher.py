"""The teacher is taught first, and leaves no trace but what the network learnt from it."""

from dataclasses import replace

import numpy as np
import pytest

from lenet import LenetError, Model, Recipe, resume, train
from lenet.backend import tf
from lenet.model.file import read_model
from lenet.model.preprocessing import scale_pixels
from lenet.model.runtime import BUNDLED
from lenet.network.named import NETWORKS
from lenet.training import loop
from lenet.training.initial import build_network
from lenet.training.learner import Learner
from lenet.training.loop import fit
from lenet.training.state import TrainingState
from lenet.training.train import StoppedError, frozen_recipe, teacher_recipe

pytestmark = pytest.mark.usefixtures("no_figures")

RECIPE = Recipe(
    name="taught",
    split="4:1",
    epochs=2.5,
    batch_size=40,
    network="conv 4 5, relu, maxpool 2, conv 6 5, relu, maxpool 2, dense 30, relu",
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


@pytest.fixture(scope="module")
def whole(small, tmp_path_factory):
    """The run that nothing interrupts."""
    return train(small, RECIPE, tmp_path_factory.mktemp("whole") / "run", draw=False)


def test_it_is_trained_by_the_same_recipe_on_undamaged_images():
    own = teacher_recipe(RECIPE)
    assert own.network == str(NETWORKS["deep"])
    assert (own.epochs, own.damage, own.teacher_epochs, own.distillation) == (1.5, 0.0, 0.0, 0.0)
    assert (own.learning_rate, own.batch_size, own.seed) == (RECIPE.learning_rate, RECIPE.batch_size, RECIPE.seed)
    started = RECIPE.change(start="some/run", start_sha256="ab", view="centre")  # which are the run's own network's
    assert teacher_recipe(started) == own


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_trained_it_answers_as_its_network_does(small, precision):
    """Normalisation is folded into the network's weights and must not be applied twice."""
    recipe = teacher_recipe(RECIPE)
    network = build_network(small, recipe)
    fit(network, small, recipe)
    pixels = scale_pixels(small.images[:100])
    answers = Learner(network, frozen_recipe(recipe), precision).probabilities(pixels)
    np.testing.assert_allclose(answers, network(pixels), atol=1e-4 if precision == "float32" else 0.1)
    assert (answers.numpy().argmax(axis=1) == small.labels[:100]).mean() > 0.8


def test_what_the_labels_do_not_say_is_learnt_from_it(small):
    taught = RECIPE.change(damage=0.0, epochs=6, teacher_epochs=0.0, distillation=0.0)
    teacher = build_network(small, teacher_recipe(RECIPE))
    fit(teacher, small, taught)
    mislabelled = replace(small, labels=np.random.default_rng(0).permutation(small.labels))
    for share, learns in ((1.0, True), (0.0, False)):
        network = build_network(small, taught)
        learning = RECIPE.change(damage=0.0, epochs=6, distillation=share, teacher_epochs=share)
        fit(network, mislabelled, learning, teacher=Learner(teacher, frozen_recipe(taught), "float32"))
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

    def on_progress(progress):
        stages.append((progress.stage, progress.step))

    for stage, step in (("teacher", 10), ("teacher", 20), ("", 20), ("", 40)):

        def stop(stage=stage, step=step):
            return stages[-1][0] == stage and stages[-1][1] >= step

        with pytest.raises(StoppedError):
            if (tmp_path / "run").exists():
                resume(tmp_path / "run", small, on_progress=on_progress, stop=stop)
            else:
                train(small, RECIPE, tmp_path / "run", on_progress=on_progress, stop=stop)
    run = resume(tmp_path / "run", small, on_progress=on_progress)
    assert (run.path / "model.onnx").read_bytes() == (whole.path / "model.onnx").read_bytes()
    counted = [step for stage, step in stages if stage == "teacher"]
    assert counted == sorted(set(counted))  # nothing was taught twice
    assert counted[-1] == STEPS_OF_THE_TEACHER
    left = {str(path.relative_to(run.path / "checkpoint")) for path in run.path.glob("checkpoint/**/*.ckpt")}
    assert left == {f"step-{STEPS:010d}.ckpt", f"teacher/step-{STEPS_OF_THE_TEACHER:010d}.ckpt"}


def test_its_time_and_what_changed_while_it_was_taught_count(small):
    network = build_network(small, RECIPE)
    recipe = teacher_recipe(RECIPE)
    teacher = Learner(build_network(small, recipe), frozen_recipe(recipe), "float32")
    changes = [{"step": 7, "epochs": 1.5, "learning_rate": 0.1, "before": {"epochs": 1.5, "learning_rate": 0.2}}]
    taught = TrainingState(step=30, seconds=1000.0, precision="float32", changes=changes)
    state = fit(network, small, RECIPE.change(epochs=0.1), teacher=teacher, teacher_state=taught)
    assert 1000 < state.seconds < 1100
    assert 1000 < state.history[0].seconds < 1100
    assert state.changes == [{"stage": "teacher", **changes[0]}]


def test_a_learning_rate_changed_while_the_teacher_was_taught_is_not_forgotten(small, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "CHUNK", 10)
    with pytest.raises(StoppedError, match=r"stopped after step 10 of 30 of the teacher; resume with"):
        train(small, RECIPE, tmp_path / "run", stop=lambda: True)
    run = resume(tmp_path / "run", small, learning_rate=0.001)
    (change,) = run.metrics["changes"]
    assert (change["stage"], change["step"], change["before"]["learning_rate"]) == ("teacher", 10, 0.005)
    card = (run.path / "README.md").read_text()
    assert "At step 10 of the deeper network it was resumed" in card
    assert "Repeat it with" not in card


def test_a_stop_between_the_stages_is_heard_before_the_next_begins(small, tmp_path):
    seen = []
    with pytest.raises(StoppedError, match=r"after step 30 of 30 of the teacher"):
        train(
            small,
            RECIPE,
            tmp_path / "run",
            on_progress=lambda progress: seen.append(progress.stage),
            stop=lambda: len(seen) > 1,
        )
    assert set(seen) == {"teacher"}


def test_a_damaged_checkpoint_of_the_teacher_is_told(small, whole, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "CHUNK", 10)
    with pytest.raises(StoppedError):
        train(small, RECIPE, tmp_path / "run", stop=lambda: True)
    (tmp_path / "run" / "checkpoint" / "teacher" / "step-0000000020.ckpt").write_bytes(b"torn")
    told = []
    run = resume(tmp_path / "run", small, on_warning=told.append)
    assert len(told) == 1
    assert "teacher/step-0000000020.ckpt: is not a whole checkpoint" in told[0]
    assert (run.path / "model.onnx").read_bytes() == (whole.path / "model.onnx").read_bytes()


def test_the_card_names_it_and_nothing_of_it_is_in_the_model(small, whole, tmp_path):
    alone = train(small, RECIPE.change(teacher_epochs=0.0, distillation=0.0, epochs=0.1), tmp_path / "alone")
    shapes, plain = ({name: a.shape for name, a in Model.load(one.path).weights.items()} for one in (whole, alone))
    assert shapes == plain
    says = "A deeper network was trained first, for 1.5 epochs; its answers were 80% of the target"
    assert says in (whole.path / "README.md").read_text()
    assert "deeper" not in (alone.path / "README.md").read_text()


def test_a_model_that_is_there_teaches_and_a_resumed_run_ends_with_the_same_bits(small, whole, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "CHUNK", 10)
    taught = RECIPE.change(teacher=str(whole.path), weight_bits=4)
    with pytest.raises(StoppedError, match="step 10 of 50;"):
        train(small, taught, tmp_path / "run", stop=lambda: True)
    run = resume(tmp_path / "run", small)
    assert run.recipe.teacher_sha256 == read_model(whole.path / "model.onnx").sha256
    assert run.recipe.teacher_epochs == 0
    other = train(small, taught, tmp_path / "other")
    assert (run.path / "model.onnx").read_bytes() == (other.path / "model.onnx").read_bytes()
    says = (run.path / "README.md").read_text()
    assert f"The answers of `{whole.path}`" in says and "were 80% of the target" in says
    assert "rounded in training to 4 bits a weight" in says


def test_it_is_the_model_that_teaches(small, whole, tmp_path):
    """Labels at random, and nothing but the teacher's answers counts."""
    mislabelled = replace(small, labels=np.random.default_rng(0).permutation(small.labels))
    recipe = RECIPE.change(teacher=str(whole.path), distillation=1.0, damage=0.0, epochs=6)
    run = train(mislabelled, recipe, tmp_path / "run")
    right = Model.load(run.path).predict(small.images).argmax(axis=1) == small.labels
    assert right.mean() > 0.7


def test_a_teacher_of_other_classes_or_changed_since_is_refused(small, whole, tmp_path, monkeypatch):
    two = small.take(np.flatnonzero(small.labels < 2)).with_classes(("0", "1"))
    with pytest.raises(LenetError, match=r"other classes or images than .*name its run with --teacher"):
        train(two, RECIPE.change(teacher=str(whole.path)), tmp_path / "two")
    assert not (tmp_path / "two").exists()
    monkeypatch.setattr(loop, "CHUNK", 10)
    teacher = tmp_path / "teacher.onnx"
    teacher.write_bytes((whole.path / "model.onnx").read_bytes())
    with pytest.raises(StoppedError):
        train(small, RECIPE.change(teacher=str(teacher)), tmp_path / "run", stop=lambda: True)
    teacher.write_bytes(BUNDLED.read_bytes())
    with pytest.raises(LenetError, match="its SHA-256 is another"):
        resume(tmp_path / "run", small)


@pytest.mark.parametrize(
    "changes", [{"teacher_epochs": -1.0}, {"distillation": 1.5}, {"teacher_epochs": 0.0}, {"distillation": 0.0}]
)
def test_a_recipe_of_no_teaching_is_refused(changes):
    with pytest.raises(LenetError, match=next(iter(changes))):
        RECIPE.change(**changes)

import json
import shutil

import pytest
import tomli_w

from lenet import LenetError, Recipe
from lenet.cli.compare import _table
from lenet.training.compare import Record, differences, draw, same_test_set

METRICS = """{"test": {"n": %s, "correct": 0, "accuracy": 0.0}, "train_seconds": %s, "epochs": 1,
"precision": "float32", "data_sha256": "ab"}"""


@pytest.fixture
def runs(tmp_path):
    """Two finished runs; the second was longer, and better."""
    for name, epochs, correct in (("short", 1.0, 950), ("long", 2.0, 980)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "recipe.toml").write_text(tomli_w.dumps(Recipe(name="custom", epochs=epochs, seed=3).to_dict()))
        metrics = {
            "test": {"n": 1000, "correct": correct, "accuracy": correct / 1000},
            "train_seconds": 10 * epochs,
            "epochs": epochs,
            "precision": "float32",
            "data_sha256": "ab" * 32,
        }
        (folder / "metrics.json").write_text(json.dumps(metrics))
        rows = [f"{epoch},{0.5 / epoch},0.9,,,{10 * epoch}" for epoch in range(1, int(epochs) + 1)]
        head = "epoch,loss,accuracy,validation_loss,validation_accuracy,seconds"
        (folder / "history.csv").write_text("\n".join([head, *rows]) + "\n")
    return tmp_path


def test_only_differences_are_listed(runs):
    records = [Record.read(str(runs / name)) for name in ("short", "long")]
    assert differences(records) == {"epochs": [1.0, 2.0]}
    table = _table(records, differences(records))
    assert "95.00%" in table
    assert "20 of 1,000" in table
    assert "learning_rate" not in table
    assert "resumed" not in table


def test_a_field_that_an_older_recipe_lacks_has_its_default(runs):
    recipe = Recipe(name="custom", epochs=1.0, seed=3).to_dict()
    del recipe["teacher_epochs"], recipe["taper_to"]
    (runs / "short" / "recipe.toml").write_text(tomli_w.dumps(recipe))
    records = [Record.read(str(runs / name)) for name in ("short", "long")]
    assert differences(records) == {"epochs": [1.0, 2.0]}


def test_a_resumed_run_with_changed_settings_is_marked(runs):
    path = runs / "long" / "metrics.json"
    changed = json.loads(path.read_text()) | {"changes": [{"step": 1234, "epochs": 2.0, "learning_rate": 0.1}]}
    path.write_text(json.dumps(changed))
    records = [Record.read(str(runs / name)) for name in ("short", "long")]
    (line,) = (line for line in _table(records, {}).splitlines() if line.startswith("resumed at step"))
    assert line.endswith(" 1,234")


def test_the_curves_of_all_runs_are_drawn_over_training_time(runs):
    figure = draw([Record.read(str(runs / name)) for name in ("short", "long")])
    loss, accuracy = figure.axes
    assert [line.get_xydata().tolist() for line in loss.lines] == [[[10, 0.5]], [[10, 0.5], [20, 0.25]]]
    assert accuracy.get_ylabel() == "training accuracy (%)"
    assert "long has the highest test accuracy: 98.00%" in figure.get_suptitle()


def test_the_hash_of_the_test_images_decides_where_it_is_known(runs):
    def write(name, sha256):
        path = runs / name / "metrics.json"
        metrics = json.loads(path.read_text())
        path.write_text(json.dumps(metrics | {"test": metrics["test"] | {"sha256": sha256}}))

    write("short", "a")
    write("long", "b")
    assert not same_test_set([Record.read(str(runs / name)) for name in ("short", "long")])
    write("long", "a")
    path = runs / "long" / "recipe.toml"
    path.write_text(tomli_w.dumps(Recipe(name="custom", data="photos", seed=4).to_dict()))
    assert same_test_set([Record.read(str(runs / name)) for name in ("short", "long")])


def test_only_runs_of_the_same_test_images_are_ranked(runs):
    """The seed draws the test images, but MNIST's own."""
    records = [Record.read(str(runs / name)) for name in ("short", "long")]
    assert same_test_set(records)
    for changes, same in (({"seed": 4}, True), ({"split": "2:1"}, False), ({"data": "photos", "seed": 4}, False)):
        for record, seed in zip(records, (3, 4), strict=True):
            record.recipe.update(split="own", data="mnist", seed=3)
            record.recipe.update({**changes, "seed": seed})
        assert same_test_set(records) == same, changes
        assert ("highest" in draw(records).get_suptitle()) == same


def test_a_run_that_is_not_finished_is_resumed(runs):
    (runs / "long" / "metrics.json").unlink()
    (runs / "long").rename(runs / "a run")
    with pytest.raises(LenetError, match=r"is not finished; resume it with: lenet train --resume '.*a run'"):
        Record.read(str(runs / "a run"))


def test_the_same_run_has_no_differences(runs):
    shutil.copytree(runs / "long", runs / "again")
    records = [Record.read(str(runs / name)) for name in ("long", "again")]
    assert differences(records) == {}
    assert "recipes are the same" in _table(records, {})


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("metrics.json", "{}"),
        ("metrics.json", "[1"),
        ("metrics.json", '{"test": 3}'),
        ("metrics.json", METRICS % (0, 1.0)),
        ("metrics.json", METRICS % (1000, '"long"')),
        ("history.csv", "epoch,loss,accuracy,validation_loss,validation_accuracy,seconds\n"),
        ("history.csv", "epoch,loss\n1,x\n"),
        ("history.csv", "epoch,loss\n1,2\n"),
        ("recipe.toml", "= ="),
        ("recipe.toml", None),
    ],
)
def test_an_invalid_run_is_named(runs, file, content):
    path = runs / "short" / file
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(LenetError, match="short") as refused:
        Record.read(str(runs / "short"))
    assert "\n" not in str(refused.value)

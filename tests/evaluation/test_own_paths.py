"""No path that a model file names is opened: it may be a stranger's."""

import shutil
from dataclasses import replace

import pytest
from PIL import Image

from lenet import Model, load_dataset
from lenet.model.file import write_model
from lenet.serve.details import gallery
from lenet.training.start import own_data


@pytest.fixture
def private(tmp_path, test_part):
    """Somebody's pictures, as many as a gallery needs."""
    for index in range(40):
        folder = tmp_path / "private" / str(test_part.labels[index])
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(255 - test_part.images[index, ..., 0]).save(folder / f"{index}.png")
    return tmp_path / "private"


@pytest.fixture
def hostile(private, tmp_path):
    """A valid model file that names them, and knows their hash."""
    bundled = Model.load()
    about = replace(
        bundled.metadata,
        recipe={**bundled.metadata.recipe, "data": str(private)},
        training_data_sha256=load_dataset(private, "28x28", 1, framing="mark").sha256,
    )
    write_model(tmp_path / "gift.onnx", bundled.weights, about)
    return tmp_path / "gift.onnx"


@pytest.fixture
def opened(monkeypatch):
    """The folders that are read."""
    from lenet.datasets import source

    read, folders = source.read_folder, []
    monkeypatch.setattr(source, "read_folder", lambda path, *more: folders.append(path) or read(path, *more))
    return folders


def test_no_verb_opens_what_a_model_file_names(lenet, hostile, opened):
    for line in (
        ("evaluate", hostile),
        ("show", hostile),
        ("export", hostile, "--format", "onnx", "--out", "a.onnx"),
        ("train", "--from", hostile),
    ):
        result = lenet(*line)
        assert result.exit_code == 1
        assert "--data" in result.stderr.splitlines()[-1]
    assert own_data(str(hostile)) == []
    assert gallery(Model.load(hostile), 10, 0)["source"].startswith("mnist")
    assert opened == []


def test_a_run_folder_may_name_its_data_and_the_gallery_shows_nothing_else(hostile, private, opened, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    shutil.copy(hostile, run / "model.onnx")
    assert own_data(str(run)) == [str(private)]
    assert gallery(Model.load(run), 10, 0)["source"].startswith("private")
    next(private.rglob("*.png")).unlink()
    assert gallery(Model.load(run), 10, 0)["source"].startswith("mnist")
    assert opened


def test_of_the_data_that_a_model_file_names_only_what_comes_with_lenet_is_learned_again(tmp_path, private):
    bundled = Model.load()
    recipe = {**bundled.metadata.recipe, "data": ["mnist", str(private)]}
    write_model(tmp_path / "gift.onnx", bundled.weights, replace(bundled.metadata, recipe=recipe))
    assert own_data(str(tmp_path / "gift.onnx")) == ["mnist"]

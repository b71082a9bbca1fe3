"""Data is framed as the model needs it, and its own data comes out as in its training."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from lenet import LenetError, Model, evaluate, load_dataset
from lenet.evaluation import data_for, part_for
from lenet.model.metadata import Metadata


@pytest.fixture(scope="module")
def bundled():
    return Model.load()


@pytest.fixture(scope="module")
def few(test_part):
    return test_part.take(np.arange(300))


def saved(path, images, labels, **more):
    np.savez(path, x_test=images, y_test=labels, x_train=images[:10], y_train=labels[:10], **more)
    return str(path)


@pytest.mark.long
def test_the_digits_of_scikit_learn_need_no_special_handling(bundled):
    pytest.importorskip("sklearn")
    digits = data_for(bundled.metadata, "digits")
    assert digits.images.shape == (1797, 28, 28, 1)
    assert evaluate(bundled, digits).accuracy >= 0.943  # letterboxed: 0.72


def test_grey_digits_of_16_pixels_that_fill_their_frame_are_read(bundled, few, tmp_path):
    """As the USPS's are: cut to their ink and stretched."""
    small = []
    for image in few.images[..., 0]:
        rows, columns = np.flatnonzero(image.any(1)), np.flatnonzero(image.any(0))
        cut = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        small.append(np.asarray(Image.fromarray(cut).resize((16, 16), Image.Resampling.BICUBIC)))
    data = data_for(bundled.metadata, saved(tmp_path / "post.npz", np.stack(small), few.labels))
    assert evaluate(bundled, data).accuracy >= 0.95


def test_mnists_images_in_another_file_stay_as_they_are(bundled, few, tmp_path):
    data = data_for(bundled.metadata, saved(tmp_path / "mnist.npz", few.images, few.labels))
    np.testing.assert_array_equal(data.images[10:], few.images)


def test_digits_elsewhere_in_their_frame_are_centred(bundled, few, tmp_path):
    moved = np.roll(few.images, (4, -4), (1, 2))
    data = data_for(bundled.metadata, saved(tmp_path / "moved.npz", moved, few.labels))
    assert evaluate(bundled, data).accuracy >= 0.95


def test_pictures_of_several_sizes_are_read(bundled, few, tmp_path):
    for index in range(40):
        folder = tmp_path / "own" / str(few.labels[index])
        folder.mkdir(parents=True, exist_ok=True)
        side = 40 + index
        Image.fromarray(255 - few.images[index, ..., 0]).resize((side, side)).save(folder / f"{index}.png")
    assert evaluate(bundled, data_for(bundled.metadata, str(tmp_path / "own"))).accuracy >= 0.9


def test_own_data_comes_without_the_files_that_training_left_out(bundled, few, tmp_path):
    own = tmp_path / "own"
    for index in range(20):
        folder = own / str(few.labels[index])
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(few.images[index, ..., 0]).save(folder / f"{index}.png")
    (folder / "broken.png").write_bytes(b"no picture")
    trained_on_it = replace(bundled.metadata, recipe={**bundled.metadata.recipe, "data": str(own)})
    assert len(data_for(trained_on_it, own_paths=True)) == 20
    with pytest.raises(LenetError, match=r"broken\.png"):
        data_for(bundled.metadata, str(own))


def test_a_source_that_is_not_there_is_one_line(bundled):
    with pytest.raises(LenetError, match="nowhere"):
        data_for(bundled.metadata, "nowhere")


def trained(dataset, **recipe) -> Metadata:
    """Metadata of a model that was trained on ``dataset``."""
    return Metadata(
        dataset.class_names, dataset.height, dataset.width, dataset.depth, framing=dataset.framing,
        inverted=dataset.inverted, recipe=recipe, training_data_sha256=dataset.sha256,
    )  # fmt: skip


@pytest.mark.parametrize("framing", ["auto", "mark", "whole"])
@pytest.mark.parametrize("form", ["mnist", "padded", "white"])
def test_the_own_data_comes_out_as_in_the_training(few, tmp_path, framing, form):
    images = {"mnist": few.images, "padded": np.pad(few.images, ((0, 0), (4, 4), (4, 4), (0, 0)))}
    source = saved(tmp_path / "d.npz", images.get(form, 255 - few.images)[:60], few.labels[:60])
    dataset = load_dataset(source, framing=framing)
    model = trained(dataset, data=source, split="own", framing=framing)
    again = data_for(model, own_paths=True)
    assert (again.sha256, again.framing, again.inverted) == (dataset.sha256, dataset.framing, dataset.inverted)
    assert len(part_for(model, again, "train")) == 10
    assert not any("has changed" in note for note in again.notes)
    saved(tmp_path / "d.npz", images.get(form, 255 - few.images)[:61], few.labels[:61])
    assert "has changed since the training" in part_for(model, data_for(model, own_paths=True)).notes[-1]


def test_one_of_the_sources_of_a_training_is_measured_with_a_warning(few, tmp_path):
    own = [saved(tmp_path / f"{count}.npz", few.images[:count], few.labels[:count]) for count in (60, 61, 62)]
    model = trained(load_dataset(own[:2]), data=own[:2])
    for names, warned in ((own[:2], False), (own[1], True), (own[1:], True), (own[2], False)):
        notes = part_for(model, data_for(model, names)).notes
        assert any("images may be among those that are measured" in note for note in notes) == warned, names


def test_a_model_file_is_measured_on_those_of_its_sources_that_come_with_lenet(few, tmp_path):
    """Without a warning: MNIST's test part is no part of the training, unless it was split anew."""
    own = ["mnist", saved(tmp_path / "own.npz", few.images, few.labels)]
    model = trained(load_dataset(own), data=own, split="own")
    measured = part_for(model, data_for(model))
    assert np.array_equal(measured.images, load_dataset("mnist").split("own").test.images)
    assert not measured.notes and not data_for(model, "mnist").notes
    split_anew = replace(model, recipe={**model.recipe, "split": "2:1"})
    assert "may be among those that are measured" in data_for(split_anew, "mnist").notes[-1]
    with pytest.raises(LenetError, match="give --data"):
        data_for(split_anew)


def test_the_own_data_of_version_0_1_is_letterboxed_and_other_data_framed(few, tmp_path):
    for name in ("own", "other"):
        for index in range(30):
            folder = tmp_path / name / str(few.labels[index])
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(255 - few.images[index, ..., 0]).resize((50, 50)).save(folder / f"{index}.png")
    own, other = str(tmp_path / "own"), str(tmp_path / "other")
    letterboxed = load_dataset(own, size="28x28", framing="whole")
    model = replace(trained(letterboxed, data=own, split="2:1", invert="auto"), framing="mark", inverted=False)
    assert data_for(model, own_paths=True).sha256 == letterboxed.sha256
    assert np.array_equal(data_for(model, other).images, load_dataset(other, framing="mark").images)

"""No verb writes over its input, nor over what another program made."""

import json
import shutil
from pathlib import Path

import click
import numpy as np
import pytest
from PIL import Image

from lenet.atomic import MARK, refuse_loss
from lenet.cli.main import VERBS, main
from lenet.collection import Collection, picture_name
from lenet.errors import LenetError
from lenet.model.runtime import BUNDLED

# Every verb with everything that it can write, pointed at the folder of its input, at the input itself, or at a file of
# another program that has the name.
COMMANDS = (
    "predict seven.png --annotate .",
    "predict photos/7/0.png --annotate photos/7",
    "predict photos --annotate photos",
    "predict photos/7/drawn.png --annotate photos/7",
    "predict seven.png --explain .",
    "predict photos --crops photos",
    "predict photos --crops link/marks",
    "predict seven.png --crops mine",
    "explain seven.png --out .",
    "explain photos/7/drawn.png --out photos/7",
    "show model.onnx --out digits.png",
    "show model.onnx --out model.onnx",
    "evaluate model.onnx --data photos --figures .",
    "evaluate model.onnx --data photos --figures photos/1",
    "evaluate model.onnx --data photos --figures photos/new",
    "evaluate model.onnx --data photos --mistakes 1:7 --figures link/7",
    "export model.onnx --format onnx --out model.onnx",
    "export model.onnx --format onnx --out model.onnx --force",
    "export model.onnx --format html --out seven.png --force --unproven",
    "export model.onnx --format c --out photos --force --unproven",
    "convert model.onnx --out model.onnx",
    "data preview photos --out preview.png",
    "data preview photos --out photos/7/drawn.png",
    "data preview photos --out photos/7/new.png",
    "data check photos --suspects 1 --gallery photos/7/0.png",
    "data check photos --suspects 1 --gallery photos/7/drawn.png",
    "data check photos --suspects 1 --gallery photos/new.png",
    "data convert photos photos",
    "data convert photos link/photos.npz",
    "data convert photos seven.png --to folder",
    "data convert seven.png mine --sheet",
    "sheet --out sheet.pdf",
    "compare run run --out compare.png",
    "data preview a+b --out a+b/A/new.png",
    "train --data photos --run photos",
    "train --data photos --tensorboard photos/7/events",
    "train --data mnist --data photos --run link/run",
    "search --data photos --over batch_size=64,128 --run photos",
    "search --data photos --over batch_size=64,128 --run photos/search",
)
# Options that name what is read.
READS = {"model", "source", "picture", "runs", "weights", "space"}


@pytest.fixture
def work(tmp_path, test_part, monkeypatch):
    """Inputs, and beside them files of another program under the names that lenet gives."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(BUNDLED, "model.onnx")
    digits = [Image.fromarray(image[..., 0]) for image in test_part.images[:4]]
    digits[0].save("seven.png")
    for label in ("7", "1"):
        Path("photos", label).mkdir(parents=True)
        for number, digit in enumerate(digits):
            digit.save(f"photos/{label}/{number}.png")
    Path("link").symlink_to("photos")
    shutil.copytree("photos", "a + b")
    from lenet import figures
    from lenet.figures.render import as_png

    drawn = figures.annotated(np.full((80, 60, 3), 255, np.uint8), [(20, 20, 40, 60)], ["1"], [False])
    for name in ("photos/7/drawn.png", "photos/1/confusion.png"):
        Path(name).write_bytes(as_png(drawn))
    for name in ("seven-stages.png", "digits.png", "calibration.png", "preview.png", "compare.png", "mine-contact.png"):
        digits[1].save(name)
    Path("sheet.pdf").write_bytes(b"%PDF-1.4 thesis")
    return tmp_path


def test_every_output_of_every_verb_is_walked():
    """A new option that names a file or folder to write belongs into ``COMMANDS``."""
    written = set()
    for name in VERBS:
        command = main.get_command(click.Context(main), name)
        commands = command.commands.items() if isinstance(command, click.Group) else [("", command)]
        for inner, one in commands:
            for parameter in one.params:
                if isinstance(parameter.type, click.Path) and parameter.name not in READS:
                    written.add((f"{name} {inner}".strip(), parameter.name))
    # For the first see below.
    walked = {("serve", "collect"), ("data convert", "target")}
    for line in COMMANDS:
        verb = " ".join(line.split()[: 1 + line.startswith("data ")])
        walked |= {(verb, word[2:]) for word in line.split() if word.startswith("--")}
    assert written <= walked


@pytest.mark.parametrize("line", COMMANDS)
def test_nothing_that_is_there_changes(lenet, work, line):
    before = {path: path.read_bytes() for path in work.rglob("*") if path.is_file()}
    result = lenet(*(word.replace("a+b", "a + b") for word in line.split()))
    assert {path: path.read_bytes() for path in before} == before
    for folder in ("photos", "a + b"):
        assert {path for path in work.joinpath(folder).rglob("*") if path.is_file()} <= before.keys()
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    assert result.stderr.splitlines()[-1].startswith("lenet: ")


def test_serve_collects_beside_what_is_there(tmp_path):
    image = np.full((28, 28, 1), 9, np.uint8)
    path = tmp_path / "7" / picture_name(image)
    path.parent.mkdir()
    path.write_bytes(b"mine")
    assert Collection(tmp_path).keep(image, "7") == path
    assert path.read_bytes() == b"mine"


def test_a_drawing_is_replaced_through_no_link_and_not_when_it_is_read(tmp_path):
    drawing, link = tmp_path / "drawing.png", tmp_path / "link.png"
    drawing.write_bytes(f"PNG {MARK} …".encode())
    link.symlink_to(drawing)
    refuse_loss(drawing)
    refuse_loss(tmp_path / "new.png", {drawing})
    for path, inputs in ((link, {drawing}), (drawing, {tmp_path}), (tmp_path, set())):
        with pytest.raises(LenetError, match="choose another place"):
            refuse_loss(path, inputs)


def test_the_curve_of_learning_rates_is_not_drawn_among_the_data(lenet, work, monkeypatch):
    monkeypatch.chdir(work / "photos")
    result = lenet("train", "--data", ".", "--learning-rate", "find")
    assert "learning-rate.png: is an input or lies in one" in result.stderr


def test_a_folder_may_have_the_name_of_bundled_data(lenet, work):
    result = lenet("data", "preview", "mnist", "--out", "mnist/preview.png")
    assert result.exit_code == 0, result.output


def test_own_drawings_are_replaced(lenet, work):
    for _ in range(2):
        for line in ("predict seven.png --annotate out --explain out", "explain seven.png --out out"):
            result = lenet(*line.split(), "--model", "model.onnx")
            if line.startswith("predict"):
                assert result.exit_code == 0, result.output
    assert {path.name for path in (work / "out").iterdir()} == {"seven.png", "seven.pdf", "seven-stages.png"}


def test_the_images_of_a_confusion_are_drawn(lenet, run, tmp_path):
    result = lenet("evaluate", run.path, "--mistakes", "4:9", "--json")
    assert result.exit_code == 0, result.output
    count = json.loads(result.stdout)["confusion"][4][9]
    assert f"{count} images of 4 read as 9: mistakes-4-9.png" in result.stderr
    assert (tmp_path / "mistakes-4-9.png").read_bytes().startswith(b"\x89PNG")
    (tmp_path / "mistakes-3-5.png").write_bytes(b"mine")
    assert lenet("evaluate", run.path, "--mistakes", "3:5").exit_code == 1
    assert (tmp_path / "mistakes-3-5.png").read_bytes() == b"mine"
    assert lenet("evaluate", run.path, "--mistakes", "35").exit_code == 2
    assert lenet("evaluate", run.path, "--mistakes", "3:3").exit_code == 2

"""`lenet sheet` and `lenet data convert --sheet`, as a user calls them."""

import json
import shutil

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from lenet.cli.main import main
from lenet.pictures.picture import open_picture
from lenet.sheet.layout import box_corner


@pytest.fixture(scope="module")
def filled(tmp_path_factory, test_part):
    """A filled sheet of 0-3: 8 of its 14 columns are written in, in all of its 20 rows."""
    folder = tmp_path_factory.mktemp("filled")
    result = CliRunner().invoke(main, ["sheet", "--classes", "0-3", "--out", f"{folder}/sheet.pdf"])
    assert result.stdout == f"{folder}/sheet.pdf: 1 page of A4 with 280 boxes; print, fill in, photograph\n"
    pixels = open_picture(folder / "sheet.pdf").grey.copy()
    for row in range(20):
        own = test_part.images[test_part.labels == row // 5][8 * (row % 5) :]
        for column in range(8):
            left, top = (round(value * pixels.shape[1] / 210) + 4 for value in box_corner(row, column))
            digit = Image.fromarray(255 - own[column, ..., 0]).resize((64, 64), Image.Resampling.BICUBIC)
            pixels[top : top + 64, left : left + 64] = digit
    Image.fromarray(pixels).rotate(10, expand=True, fillcolor=90).save(folder / "photo.jpg")
    return folder


@pytest.fixture
def photo(filled, tmp_path):
    return shutil.copytree(filled, tmp_path, dirs_exist_ok=True)


def test_a_sheet_becomes_class_folders_that_are_read_right(lenet, photo):
    result = lenet("data", "convert", "photo.jpg", "mine", "--sheet")
    assert result.exit_code == 0, result.output
    assert result.stdout == "mine: 160 images of 4 classes; 120 empty boxes left out; see mine-contact.png\n"
    assert sorted(path.name for path in (photo / "mine").iterdir()) == ["0", "1", "2", "3"]
    pictures = sorted((photo / "mine").glob("*/*.png"))
    assert len(pictures) == 160
    assert open_picture(photo / "mine-contact.png").size > (100, 100)
    about = json.loads(lenet("data", "info", "mine", "--json").stdout)
    assert (about["framing"], about["n"]) == ("mark", 160)
    some = pictures[::4]
    read = json.loads(lenet("predict", *some, "--json").stdout)
    right = [it["rows"] == [some[number].parent.name] for number, it in enumerate(read)]
    assert np.mean(right) > 0.95


def test_nothing_is_overwritten_or_left_half(lenet, photo):
    before = sorted(photo.rglob("*"))
    assert "sheet.pdf: exists already and is not overwritten" in lenet("sheet", "--out", "sheet.pdf").stderr
    (photo / "mine-contact.png").touch()
    refused = lenet("data", "convert", "photo.jpg", "mine", "--sheet")
    assert (refused.exit_code, refused.stderr.count("\n")) == (1, 1)
    (photo / "mine-contact.png").unlink()
    for arguments in (("sheet.txt",), ("sheet.pdf", "photo.jpg"), ("missing.jpg",)):
        (photo / "sheet.txt").write_text("no picture", encoding="utf-8")
        Image.new("L", (900, 900), 255).save(photo / "blank.png")
        source = {"sheet.pdf": "blank.png"}.get(arguments[0], arguments[0])
        refused = lenet("data", "convert", source, "mine", "--sheet")
        assert (refused.exit_code, refused.stdout, refused.stderr.count("\n")) == (1, "", 1)
    assert "0 of the sheet's four corner marks" in lenet("data", "convert", "blank.png", "mine", "--sheet").stderr
    for name in ("sheet.txt", "blank.png"):
        (photo / name).unlink()
    assert sorted(photo.rglob("*")) == before


def test_classes_that_are_not_on_the_sheet_are_refused(lenet, photo):
    refused = lenet("data", "convert", "photo.jpg", "mine", "--sheet", "--classes", "a-d")
    assert refused.exit_code == 1
    assert "those printed on it" in refused.stderr
    assert lenet("data", "convert", "photo.jpg", "--sheet", "--classes", "0-3").exit_code == 0
    assert (photo / "photo" / "3").is_dir()


@pytest.mark.parametrize(
    "arguments",
    [
        ("mnist",),
        ("mnist", "out", "--classes", "0-9"),
        ("photo.jpg", "out", "--sheet", "--size", "28x28"),
        ("photo.jpg", "out", "--sheet", "--transpose"),
    ],
)
def test_wrong_usage_is_status_2(lenet, arguments):
    assert lenet("data", "convert", *arguments).exit_code == 2


def test_a_sheet_needs_classes_that_folders_can_have(lenet, tmp_path):
    refused = lenet("sheet", "--classes", "a,a")
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)
    assert lenet("sheet", "--out", "sheet.png").exit_code == 1
    assert list(tmp_path.iterdir()) == []

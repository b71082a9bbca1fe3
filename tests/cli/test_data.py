"""`lenet data`: info, preview, check and convert, as a user calls them."""

import json
import subprocess
import sys
import time

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from lenet import load_dataset
from lenet.cli.data import command


@pytest.fixture(autouse=True)
def there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    rng = np.random.default_rng(0)
    for part, count in (("train", 6), ("test", 2)):
        for label in ("cat", "dog"):
            for index in range(count):
                path = tmp_path / "pets" / part / label / f"{label}{index}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(rng.integers(0, 90, (12, 10), dtype=np.uint8)).save(path)
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(command, arguments)


def test_info(there):
    result = run("info", "pets", "--json", "--framing", "whole")
    about = json.loads(result.stdout)
    assert about["parts"] == {"train": 12, "test": 4}
    assert about["classes"] == {"cat": {"train": 6, "test": 2}, "dog": {"train": 6, "test": 2}}
    assert (about["width"], about["height"], about["depth"], about["n"]) == (10, 12, 1, 16)
    assert about["sha256"] == load_dataset("pets", framing="whole").sha256
    assert (about["framing"], about["inverted"], about["notes"]) == ("whole", False, [])
    table = run("info", "pets", "--size", "20x20", "--invert", "yes", "--framing", "whole").stdout
    assert "framing   whole, inverted" in table
    assert "20×20" in table
    assert "inverted" in table
    assert "scaled to 20×20, proportions kept, from 10×12" in table


def test_info_says_which_framing_was_chosen_and_why(there):
    few = load_dataset("digits", framing="whole").take(np.arange(40))
    np.savez(there / "few.npz", x_train=few.images, y_train=few.labels)
    table = run("info", "few.npz").stdout
    assert "framing   mark\nnote      framing mark: 40 of 40 pictures looked at hold one mark" in table


def test_broken_pictures_are_named_and_left_out(there):
    (there / "pets/train/cat/broken.png").write_bytes(b"no picture")
    for arguments in (("info", "pets"), ("preview", "pets")):
        result = run(*arguments)
        assert (result.exit_code, "16" in result.stdout) == (0, True)
        assert result.stderr.startswith("left out: pets/train/cat/broken.png: is not a readable picture")
    checked = run("check", "pets")
    assert (checked.exit_code, "note   1 broken files, which training leaves out" in checked.stdout) == (0, True)
    assert run("convert", "pets", "pets.npz").exit_code == 1


def test_broken_pictures_are_named_when_nothing_is_left(there):
    (there / "flat").mkdir()
    (there / "flat/a.png").write_bytes(b"no picture")
    result = run("info", "flat")
    assert (result.exit_code, result.stderr.startswith("left out: flat/a.png: has no class")) == (1, True)


def test_preview(there):
    result = run("preview", "pets", "--count", "3", "--out", "sheet.png")
    assert result.stdout == "pets: 16 images of 2 classes; see sheet.png\n"
    with Image.open("sheet.png") as sheet:
        assert sheet.width > 200
    assert run("preview", "pets", "--out", "sheet.jpg").exit_code == 1


def test_check_of_sound_data(there):
    result = run("check", "pets", "--framing", "whole")
    assert (result.exit_code, result.stdout) == (0, "16 images checked\n")


def test_info_and_check_say_what_was_left_out(there):
    (there / "pets" / "train" / "cat" / "cat9.doc").write_bytes(b"not known")
    note = "left out files that are no known picture: 1, such as 'train/cat/cat9.doc'"
    assert f"note      {note}\n" in run("info", "pets").stdout
    result = run("check", "pets", "--framing", "whole")
    assert (result.exit_code, result.stdout) == (0, f"note   {note}\n16 images checked\n")
    assert json.loads(run("check", "pets", "--framing", "whole", "--json").stdout)["notes"] == [note]
    for arguments in (("preview", "pets", "--framing", "whole"), ("convert", "pets", "pets.npz")):
        assert run(*arguments).stderr == f"pets: {note}\n"


def test_check_names_every_fault_and_fails(there):
    (there / "pets" / "train" / "cat" / "cat0.png").write_bytes(b"cut")
    first = there / "pets" / "train" / "dog" / "dog1.png"
    (there / "pets" / "test" / "dog" / "dog0.png").write_bytes(first.read_bytes())
    (there / "pets" / "train" / "cat" / "cat5.png").write_bytes(
        (there / "pets" / "train" / "dog" / "dog5.png").read_bytes()
    )
    result = run("check", "pets", "--json")
    report = json.loads(result.stdout)
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert [(found["kind"], found["count"]) for found in report["findings"]] == [
        ("conflicting-labels", 1),
        ("duplicates-across-parts", 1),
        ("broken", 1),
    ]
    assert report["n"] == 15
    assert "test/dog/dog0.png" in report["findings"][1]["examples"][0]
    assert "cat0.png: is not a readable picture" in run("check", "pets").stdout


def test_convert(there):
    assert run("convert", "pets", "pets.parquet").stdout == "pets.parquet: 16 images of 2 classes\n"
    first, second = (load_dataset(source, framing="whole").sha256 for source in ("pets", "pets.parquet"))
    assert first == second
    assert run("convert", "pets.parquet", "lying", "--transpose").exit_code == 0
    lying = load_dataset("lying", framing="whole")
    assert (lying.width, lying.height) == (12, 10)
    again = run("convert", "pets", "pets.parquet")
    assert (again.exit_code, again.stderr.count("\n")) == (1, 1)
    assert run("convert", "pets", "pets.doc").exit_code == 1


@pytest.mark.parametrize("target", ["mnist", "mnist.parquet"])
def test_a_terminated_conversion_leaves_nothing_behind(there, target):
    process = subprocess.Popen(
        [sys.executable, "-m", "lenet", "data", "convert", "mnist", f"converted/{target}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not list(there.glob("converted/.*")):
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(0.2)
    process.terminate()
    assert process.communicate(timeout=60) == ("", "lenet: terminated\n")
    assert process.returncode == 143
    assert list((there / "converted").iterdir()) == []


def test_wrong_usage_is_status_two(there):
    assert run("info").exit_code == 2
    assert run("info", "pets", "--invert", "perhaps").exit_code == 2
    assert run("nothing").exit_code == 2


def test_a_fault_is_one_line(there):
    result = run("info", "missing")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("lenet: unknown data 'missing'")
    assert result.stderr.count("\n") == 1


def test_a_file_name_of_two_lines_is_shown_on_one(there):
    path = there / "pets" / "train" / "cat" / "two\nlines \x1b[31mé.png"
    path.write_bytes(b"no picture")
    shown = r"two\nlines \x1b[31mé.png: is not a readable picture"
    result = run("info", "pets")
    assert shown in result.stderr
    assert result.stderr.count("\n") == 1
    assert f"/{shown}" in run("check", "pets").stdout


def test_check_lists_and_draws_the_labels_in_doubt(there):
    """Upright and lying bars of 60 pictures, one of them in the wrong folder."""
    rng = np.random.default_rng(0)
    for label in ("upright", "lying"):
        (there / "bars" / label).mkdir(parents=True)
        for index in range(60):
            pixels = rng.integers(0, 60, (12, 12), dtype=np.uint8)
            place = rng.integers(2, 9)
            pixels[:, place : place + 2] = 250
            pixels = pixels if label == "upright" else pixels.T
            Image.fromarray(pixels).save(there / "bars" / label / f"{index}.png")
    (there / "bars" / "lying" / "7.png").rename(there / "bars" / "upright" / "wrong.png")
    result = run("check", "bars", "--suspects", "3", "--gallery", "doubt.png", "--json")
    first = json.loads(result.stdout)["suspects"][0]
    assert first["image"].endswith("wrong.png")
    assert (first["label"], first["answer"]) == ("upright", "lying")
    with Image.open("doubt.png") as drawn:
        assert drawn.width > 200
    assert run("check", "bars", "--gallery", "doubt.png").exit_code == 2

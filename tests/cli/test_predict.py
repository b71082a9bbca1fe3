"""`lenet predict` on files of several pages and folders of all kinds of files."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, ImageDraw

from lenet import LenetError, load_dataset
from lenet.cli.predict import _say
from lenet.cli.verb import csv_cell
from lenet.model.file import encode_model
from lenet.pictures.picture import open_picture
from tests.networks import random_model


@pytest.fixture
def digits(test_part):
    """A 7, a 2 and a 1 on paper."""
    pages = [Image.new("L", (300, 200), 255) for _ in range(3)]
    for page, image in zip(pages, test_part.images[:3, ..., 0], strict=True):
        page.paste(Image.fromarray(255 - image).resize((112, 112), Image.Resampling.BICUBIC), (90, 40))
    return pages


def test_every_page_has_its_result(lenet, tmp_path, digits):
    digits[0].save(tmp_path / "scan.tif", save_all=True, append_images=digits[1:])
    digits[0].save(tmp_path / "one.png")
    results = json.loads(lenet("predict", "scan.tif", "one.png", "--json").stdout)
    assert [(it["picture"], it["page"], it["rows"]) for it in results] == [
        ("scan.tif", 1, ["7"]),
        ("scan.tif", 2, ["2"]),
        ("scan.tif", 3, ["1"]),
        ("one.png", 1, ["7"]),
    ]
    table = list(csv.DictReader(lenet("predict", "scan.tif", "--csv").stdout.splitlines()))
    assert [(row["page"], row["label"]) for row in table] == [("1", "7"), ("2", "2"), ("3", "1")]
    lines = lenet("predict", "scan.tif", "one.png").stdout.splitlines()
    assert [line.partition("   ")[0] for line in lines] == [
        *("scan.tif, page 1: 7", "scan.tif, page 2: 2", "scan.tif, page 3: 1", "one.png: 7"),
    ]


def test_tables_have_their_empty_cells_and_those_of_several_pictures_a_name(lenet, tmp_path, digits):
    sheet = Image.new("L", (700, 460), 255)
    draw = ImageDraw.Draw(sheet)
    for x in (20, 240, 460, 680):
        draw.line([(x, 20), (x, 440)], 60, 4)
    for y in (20, 230, 440):
        draw.line([(20, y), (680, y)], 60, 4)
    for digit, row, column in ((digits[0], 0, 0), (digits[1], 0, 2), (digits[2], 1, 1), (digits[0], 1, 2)):
        sheet.paste(digit.crop((90, 40, 202, 152)), (74 + 220 * column, 70 + 210 * row))
    sheet.save(tmp_path / "a.png")
    digits[0].save(tmp_path / "b.png")
    done = lenet("predict", "b.png", "a.png", "b.png", "a.png", "--table")
    cells = ["7,,2", ",1,7"]
    assert done.stdout.splitlines() == ["a.png", *cells, "", "a.png", *cells]
    assert lenet("predict", "a.png", "--table").stdout.splitlines() == cells
    assert done.stderr.splitlines() == ["lenet: b.png: no table found"] * 2
    page, other = json.loads(lenet("predict", "a.png", "b.png", "--json").stdout)
    assert page["table"] == [2, 3]
    assert [digit["cell"] for digit in page["digits"]] == [[0, 0], [0, 2], [1, 1], [1, 2]]
    assert "table" not in other


def test_separators_have_a_place_in_every_form(lenet, tmp_path, digits):
    """In CSV they are in no column, which number the digits of ``rows``."""
    page = Image.new("L", (420, 200), 255)
    for digit, left in ((digits[0], 0), (digits[1], 150)):
        page.paste(digit.crop((90, 40, 202, 152)), (left + 30, 40))
    page.paste(30, (148, 126, 158, 136))
    page.save(tmp_path / "a.png")
    rows = list(csv.DictReader(lenet("predict", "a.png", "--csv", "--annotate", "seen").stdout.splitlines()))
    assert [(row["label"], row["row"], row["column"], row["word"]) for row in rows] == [
        *(("7", "1", "1", "1"), (".", "1", "", "1"), ("2", "1", "2", "1")),
    ]
    (result,) = json.loads(lenet("predict", "a.png", "--json").stdout)
    assert (result["text"], result["rows"]) == ("7.2", ["72"])
    boxes = [[int(row[edge]) for edge in ("left", "top", "right", "bottom")] for row in rows]
    assert [token["box"] for token in result["tokens"]] == boxes
    left, top, right, bottom = boxes[1]
    assert left <= 148 and top <= 126 and right >= 158 and bottom >= 136
    annotated = np.asarray(Image.open(tmp_path / "seen" / "a.png").convert("RGB"), int)
    assert np.ptp(annotated[bottom + 1, left:right], axis=1).min() > 50  # a blue line


def test_one_page_can_be_asked_for(lenet, tmp_path, digits):
    digits[0].save(tmp_path / "scan.pdf", save_all=True, append_images=digits[1:])
    (only,) = json.loads(lenet("predict", "scan.pdf", "--page", 2, "--json").stdout)
    assert (only["page"], only["rows"]) == (2, ["2"])
    missing = lenet("predict", "scan.pdf", "--page", 4)
    assert (missing.exit_code, missing.stderr) == (1, "lenet: scan.pdf: has no page 4\n")
    assert lenet("predict", "scan.pdf", "--page", 0).exit_code == 2


def test_a_file_of_empty_pages_is_bounded_and_a_long_one_is_read(lenet, tmp_path, digits):
    empty = [Image.new("L", (64, 64), 255)] * 20
    digits[0].save(tmp_path / "empty.tif", save_all=True, append_images=empty)
    digits[0].save(tmp_path / "both.tif", save_all=True, append_images=[empty[0], digits[1]] * 9)
    result = lenet("predict", "empty.tif", "--json")
    *read, last = json.loads(result.stdout)
    assert (result.exit_code, len(read)) == (1, 9)
    assert last["error"] == "empty.tif: 8 pages in a row are empty, and the rest is not read; use --page"
    assert len(json.loads(lenet("predict", "both.tif", "--json").stdout)) == 19


def test_drawings_of_pages_do_not_replace_each_other(lenet, tmp_path, digits):
    digits[0].save(tmp_path / "scan.gif", save_all=True, append_images=digits[1:])
    assert lenet("predict", "scan.gif", "--annotate", "seen").exit_code == 0
    names = sorted(path.name for path in (tmp_path / "seen").iterdir())
    assert names == ["scan-page1.png", "scan-page2.png", "scan-page3.png"]


def test_a_folders_other_files_are_counted_and_named_and_its_systems_own_are_not(lenet, tmp_path, digits):
    (tmp_path / "scans").mkdir()
    digits[0].save(tmp_path / "scans" / "1.png")
    for name in ("d.svg", "a.txt", "b.doc", "c\nc", "Thumbs.db", "._1.png", ".DS_Store"):
        (tmp_path / "scans" / name).touch()
    result = lenet("predict", "scans")
    assert result.exit_code == 0
    assert result.stderr == "skipped 4 files that are not read: a.txt, b.doc, c\\nc, …\n"
    assert result.stdout.startswith("scans/1.png: 7")
    for name in ("d.svg", "b.doc", "c\nc"):
        (tmp_path / "scans" / name).unlink()
    assert lenet("predict", "scans").stderr == "skipped 1 file that is not read: a.txt\n"


def test_drawings_keep_subfolders_and_never_share_a_name(lenet, tmp_path, digits):
    """A picture named like a page of another, or like the steps of another, gets its own drawing."""
    (tmp_path / "scans" / "sub").mkdir(parents=True)
    digits[0].save(tmp_path / "scans" / "a.tif", save_all=True, append_images=digits[1:2])
    for name in ("a-page1.png", "A-page1.jpg", "sub/a.png", "b.png", "b-stages.png"):
        digits[0].save(tmp_path / "scans" / name)
    (tmp_path / "scans" / "seen").mkdir()
    digits[0].save(tmp_path / "scans" / "seen" / "mine.png")
    seen = ("--annotate", "scans/seen", "--explain", "scans/seen")
    for drawings in (seen, seen, ()):  # what was drawn is not read again, whatever is drawn the next time
        result = lenet("predict", "scans", *drawings, "--json")
        assert result.exit_code == 0, result.output
        assert len(json.loads(result.stdout)) == 8
    assert result.stderr.startswith("skipped 16 files that are not read: ") and "(made by lenet)" in result.stderr
    (tmp_path / "scans" / "seen" / "mine.png").unlink()
    drawn = {str(path.relative_to(tmp_path / "scans/seen")) for path in (tmp_path / "scans/seen").rglob("*.png")}
    assert len(drawn) == len({name.casefold() for name in drawn}) == 16
    assert "sub/a.png" in drawn


def _known(pages):
    """Labels and probabilities of all digits that are not unknown, in the labels' order."""
    digits = [digit for page in pages for digit in page["digits"] if not digit["unknown"]]
    return tuple(zip(*sorted((digit["label"], digit["probability"]) for digit in digits), strict=True))


def test_crops_are_sorted_by_hand_and_trained_with(lenet, tmp_path, digits, test_part):
    (tmp_path / "scans" / "sub").mkdir(parents=True)
    digits[0].save(tmp_path / "scans" / "a.png")
    digits[1].save(tmp_path / "scans" / "sub" / "a.png")
    digits[2].save(tmp_path / "a.gif", save_all=True, append_images=digits[:2])
    sign = Image.new("L", (60, 60), 255)
    for place in (12, 24, 36, 48):
        ImageDraw.Draw(sign).line((place, 5, place, 55), 0, 4)
        ImageDraw.Draw(sign).line((5, place, 55, place), 0, 4)
    sign.save(tmp_path / "sign.png")
    read = ("predict", "scans", "a.gif", "sign.png", "--crops", "mine")
    result = lenet(*read)
    assert "6 marks in mine; 1 of them unknown, in mine-unknown; look at mine-contact.png" in result.stderr
    crops = sorted((tmp_path / "mine").glob("*/*.png"))
    assert [path.parent.name for path in crops] == ["1", "2", "2", "7", "7"]
    assert open_picture(tmp_path / "mine-contact.png").size > (100, 100)
    again = json.loads(lenet("predict", *crops, "--json").stdout)
    first = json.loads(lenet("predict", *read[1:4], "--json").stdout)
    labels, probabilities = zip(*map(_known, (again, first)), strict=True)
    assert labels[0] == labels[1]
    assert probabilities[0] == pytest.approx(probabilities[1])
    crops[0].rename(tmp_path / "mine" / "7" / crops[0].name)  # the user knows better
    assert lenet(*read).exit_code == 0
    faults: list[LenetError] = []  # the folder that is empty now, which `lenet train` names and leaves out
    dataset = load_dataset(tmp_path / "mine", on_error=faults.append)
    assert [str(fault).partition(": ")[0] for fault in faults] == [str(tmp_path / "mine" / "1")]
    assert dataset.class_names == ("2", "7")
    assert (len(dataset), dataset.framing) == (5, "mark")


def test_a_crop_of_a_picture_that_is_inverted_is_read_as_before(lenet, tmp_path):
    model = random_model("mlp", (12, 12, 1), framing="whole", inverted=True)
    (tmp_path / "model.onnx").write_bytes(encode_model(model.weights, model.metadata))
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (30, 20)).astype(np.uint8)).save(tmp_path / "a.png")
    first = json.loads(lenet("predict", "a.png", "--model", "model.onnx", "--crops", "mine", "--json").stdout)
    (crop,) = (tmp_path / "mine").glob("*/*.png")
    again = json.loads(lenet("predict", crop, "--model", "model.onnx", "--json").stdout)
    assert (again[0]["label"], again[0]["probability"]) == (first[0]["label"], first[0]["probability"])


def test_a_lone_unknown_mark_shows_its_guess_and_among_others_it_does_not_count_for_the_lowest_probability(capsys):
    known, unknown = (
        {"label": label, "probability": p, "unknown": it} for label, p, it in (("4", 0.9, 0), ("3", 0.2, 1))
    )
    for digits, text, said in (
        ([unknown], "?", "a.png: ? (3, 20.0%)"),
        ([known, unknown], "4?", "a.png: 4?   (lowest probability 90.0%)"),
        ([unknown, unknown], "??", "a.png: ??"),
        ([], "", "a.png: no digit found"),
    ):
        _say({"picture": "a.png", "text": text, "digits": digits}, False)
        assert capsys.readouterr().out == f"{said}\n"
    _say({"picture": "a.png", "text": "?", "digits": [], **unknown}, False)
    assert capsys.readouterr().out == "a.png: ? (3, 20.0%)\n"


def test_a_folder_without_pictures_is_an_error_and_the_others_are_read(lenet, tmp_path, digits):
    digits[0].save(tmp_path / "a.png")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("no picture")
    done = lenet("predict", "notes", "a.png", "--annotate", "seen")
    assert (done.exit_code, done.stdout.partition("   ")[0]) == (1, "a.png: 7")
    assert done.stderr.startswith("lenet: notes: has no picture in it; the names of pictures end in .png, ")
    done = lenet("predict", "seen", "a.png", "--json")
    first, second = json.loads(done.stdout)
    assert (done.exit_code, second["text"]) == (1, "7")
    assert first["error"].startswith("seen: has no picture in it but what lenet made")


def test_wrong_usage_is_status_2(lenet):
    for arguments, says in (
        (("a.png", "--json", "--csv"), "--json cannot be combined with --csv"),
        (("a.png", "--csv", "--table"), "choose one form"),
        (("",), "a PICTURE is empty"),
    ):
        result = lenet("predict", *arguments)
        assert result.exit_code == 2
        assert says in result.stderr


@pytest.mark.skipif(shutil.which("script") is None, reason="script, which makes a terminal, is not installed")
def test_results_on_a_terminal_are_lines_above_the_bar(tmp_path, digits):
    """On a terminal of both kinds, and with the results in a file."""
    for number in range(2):
        digits[number].save(tmp_path / f"{number}.png")
    lines = {"0.png: 7", "1.png: 2"}
    command = f"{sys.executable} -m lenet predict 0.png 1.png"
    for redirected in ("", " > out.txt"):
        typed = ["script", "-qec", command + redirected, "/dev/null"]
        shown = subprocess.run(typed, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
        result = (tmp_path / "out.txt").read_text() if redirected else re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
        found = {line.partition("   ")[0] for line in re.split(r"[\r\n]+", result)}
        assert lines <= found, shown


def test_a_table_without_labels_gives_kaggles_columns(lenet, tmp_path, test_part):
    """Kaggle's own ``test.csv`` has 28,000 rows; here it is the official test part."""
    header = ",".join(f"pixel{place}" for place in range(784))
    pixels = test_part.images.reshape(len(test_part), 784)
    np.savetxt(tmp_path / "test.csv", pixels, "%d", ",", header=header, comments="")
    result = lenet("predict", "test.csv", "--csv")
    assert result.exit_code == 0, result.output
    rows = list(csv.reader(result.stdout.splitlines()))
    assert rows[0] == ["ImageId", "Label"]
    assert [row[0] for row in rows[1:]] == [str(number) for number in range(1, 10_001)]
    assert np.mean(np.array([int(row[1]) for row in rows[1:]]) == test_part.labels) > 0.985

    np.savetxt(tmp_path / "two.csv", pixels[:2], "%d", ",")
    (answer,) = json.loads(lenet("predict", "two.csv", "--json").stdout)
    assert [(row["row"], row["label"]) for row in answer["rows"]] == [(1, "7"), (2, "2")]
    assert lenet("predict", "two.csv").stdout.startswith("two.csv, row 1: 7 (")
    refused = lenet("predict", "two.csv", "--table")
    assert (refused.exit_code, "is read alone" in refused.stderr) == (2, True)


@pytest.mark.parametrize("name", ["=HYPERLINK(1).png", "@x.png", b"\xff.png", "\x1b[31m\n.png"])
def test_names_of_files_do_nothing_in_tables_and_terminals(lenet, tmp_path, digits, name):
    name = os.fsdecode(name)
    digits[0].save(tmp_path / "one.png")
    (tmp_path / "one.png").rename(tmp_path / name)
    (row,) = csv.DictReader(lenet("predict", name, "--csv").stdout.splitlines())
    assert row["picture"].isprintable()
    assert row["picture"][0] not in "=+-@"
    assert row["label"] == "7"
    (result,) = json.loads(lenet("predict", name, "--json").stdout)
    assert result["rows"] == ["7"]
    assert lenet("predict", name).stdout.isascii()


def test_a_cell_that_is_a_number_or_one_character_stays_as_it_is():
    for value in ("", "7", "-", "=", -1.5, "a=b", "-7", "-1,250.5"):
        assert csv_cell(value) == value
    assert [csv_cell(value) for value in ("=1+1", "-7-5", "-1+A1")] == ["'=1+1", "'-7-5", "'-1+A1"]


def test_streams_that_are_closed_or_full_are_one_line(tmp_path, digits):
    digits[0].save(tmp_path / "one.png")
    for redirected, says in (("- <&-", "standard input is closed"), ("one.png >/dev/full", "No space left on device")):
        command = f"{sys.executable} -m lenet predict {redirected}"
        done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        assert says in done.stderr
        assert "unexpected" not in done.stderr

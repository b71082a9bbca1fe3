"""`lenet predict` on files of several pages and folders of all kinds of files."""

import csv
import json

import pytest
from PIL import Image


@pytest.fixture(scope="module")
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


def test_one_page_can_be_asked_for(lenet, tmp_path, digits):
    digits[0].save(tmp_path / "scan.pdf", save_all=True, append_images=digits[1:])
    (only,) = json.loads(lenet("predict", "scan.pdf", "--page", 2, "--json").stdout)
    assert (only["page"], only["rows"]) == (2, ["2"])
    missing = lenet("predict", "scan.pdf", "--page", 4)
    assert (missing.exit_code, missing.stderr) == (1, "lenet: scan.pdf: has no page 4\n")
    assert lenet("predict", "scan.pdf", "--page", 0).exit_code == 2


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
    assert result.stderr == "skipped 4 files that are no pictures: a.txt, b.doc, c\\nc, …\n"
    assert result.stdout.startswith("scans/1.png: 7")
    for name in ("d.svg", "b.doc", "c\nc"):
        (tmp_path / "scans" / name).unlink()
    assert lenet("predict", "scans").stderr == "skipped 1 file that is no picture: a.txt\n"

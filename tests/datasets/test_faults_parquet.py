"""Broken Parquet files."""

import json

import pyarrow
import pyarrow.parquet
import pytest

from tests.datasets.faults import IMAGES, PNGS, Cases, assert_refused, png

CASES = Cases()
case = CASES.add


CASES.add_cuts("parquet")


def parquet(folder, columns, metadata=None):
    table = pyarrow.table(columns)
    if metadata is not None:
        table = table.replace_schema_metadata({"huggingface": metadata})
    pyarrow.parquet.write_table(table, folder / "data.parquet")
    return folder / "data.parquet"


LISTS = IMAGES[:4].tolist()
NAMED = json.dumps({"info": {"features": {"label": {"names": ["a", "b"]}}}})
NAMES_TWICE = json.dumps({"info": {"features": {"label": {"names": ["a", "a"]}}}})
NAMES_NUMBERS = json.dumps({"info": {"features": {"label": {"names": [1, 2]}}}})
for name, columns, says in (
    ("no-label", {"image": PNGS}, "no columns for the label"),
    ("no-image", {"label": [0, 1, 0, 1]}, "no columns for the image"),
    ("two-images", {"image": PNGS, "img": PNGS, "label": [0, 1, 0, 1]}, "2 columns for the image"),
    ("null-label", {"image": PNGS, "label": [0, 1, None, 1]}, "row 2: label 'None'"),
    ("float-label", {"image": PNGS, "label": [0.0, 1.0, 0.5, 1.0]}, "row 0: label '0.0'"),
    ("empty-label", {"image": PNGS, "label": ["a", "", "a", "b"]}, "image 1: class name ''"),
    ("list-label", {"image": PNGS, "label": [[0], [1], [0], [1]]}, "row 0: label"),
    ("null-image", {"image": [*PNGS[:3], None], "label": [0, 1, 0, 1]}, "row 3: holds no picture's bytes"),
    (
        "path-only",
        {"image": [{"bytes": None, "path": "/etc/passwd"}] * 4, "label": [0, 1, 0, 1]},
        "row 0: holds no picture's bytes",
    ),
    (
        "broken-picture",
        {"image": [*PNGS[:2], PNGS[2][:60], PNGS[3]], "label": [0, 1, 0, 1]},
        "row 2: is not a readable",
    ),
    ("no-picture", {"image": [b"hello"] * 4, "label": [0, 1, 0, 1]}, "row 0: is not a readable"),
    ("mixed-sizes", {"image": [*PNGS[:3], png(IMAGES[0][:4])], "label": [0, 1, 0, 1]}, "--size"),
    ("ragged", {"image": [*LISTS[:3], LISTS[3][:5]], "label": [0, 1, 0, 1]}, "unequal number"),
    ("null-pixel", {"image": [[1, 2, 3, 4], [1, None, 3, 4]], "label": [0, 1]}, "pixel is missing"),
    ("null-list", {"image": [[1, 2, 3, 4], None], "label": [0, 1]}, "unequal number"),
    ("nan", {"image": [[1.0, 2.0, 3.0, 4.0], [1.0, float("nan"), 3.0, 4.0]], "label": [0, 1]}, "[1, 1] is nan"),
    ("too-bright", {"image": [[1, 2, 3, 4], [1, 999, 3, 4]], "label": [0, 1]}, "[1, 1] is 999"),
    ("not-square", {"image": [[1, 2, 3], [1, 2, 3]], "label": [0, 1]}, "3 pixels"),
    ("texts", {"image": ["a.png", "b.png"], "label": [0, 1]}, "data.parquet"),
    ("numbers", {"image": [1, 2], "label": [0, 1]}, "data.parquet"),
    ("no-rows", {"image": pyarrow.array([], pyarrow.binary()), "label": pyarrow.array([], pyarrow.int64())}, "no row"),
    ("unknown-part", {"image": PNGS, "label": [0, 1, 0, 1], "part": ["train", "x", "test", "test"]}, "row 1: part 'x'"),
    (
        "null-part",
        {"image": PNGS, "label": [0, 1, 0, 1], "part": ["train", None, "test", "test"]},
        "row 1: part 'None'",
    ),
):

    @case(f"parquet-{name}")
    def _(folder, columns=columns, says=says):
        return parquet(folder, columns), says


for name, labels, metadata, says in (
    ("label-beyond", [0, 1, 2, 1], NAMED, "label '2' of image 2"),
    ("label-negative", [0, 1, -1, 1], NAMED, "label '-1' of image 2"),
    ("names-twice", [0, 1, 0, 1], NAMES_TWICE, "occurs twice"),
    ("names-numbers", [0, 1, 0, 1], NAMES_NUMBERS, "not a list of texts"),
):

    @case(f"parquet-{name}")
    def _(folder, labels=labels, metadata=metadata, says=says):
        return parquet(folder, {"image": PNGS, "label": labels}, metadata), says


@case("parquet-shards-name-different-classes")
def _(folder):
    for part, names in (("train", ["a", "b"]), ("test", ["b", "a"])):
        metadata = json.dumps({"info": {"features": {"label": {"names": names}}}})
        parquet(folder, {"image": PNGS, "label": [0, 1, 0, 1]}, metadata).rename(folder / f"{part}-0.parquet")
    return folder, "different classes"


@case("parquet-is-text")
def _(folder):
    (folder / "data.parquet").write_text("PAR1 hello PAR1", encoding="utf-8")
    return folder / "data.parquet", "data.parquet"


@pytest.mark.parametrize("name", CASES)
def test_one_clear_line_and_nothing_written(name, tmp_path, cache):
    assert_refused(CASES[name], tmp_path, cache, "whole" if "mixed-sizes" in name else "auto")

"""Broken folders and pictures, and sources that are none."""

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

from tests.datasets.faults import IMAGES, PNGS, Cases, assert_refused, cut

CASES = Cases()
case = CASES.add


FORMATS = {"png": {}, "jpg": {}, "bmp": {}, "gif": {}, "tif": {}, "webp": {}, "ppm": {}}
if features.check("avif"):
    FORMATS["avif"] = {}
for ending in FORMATS:
    for step in range(10):

        @case(f"{ending}-cut-{step}")
        def _(folder, ending=ending, step=step):
            for label in "ab":
                (folder / "data" / label).mkdir(parents=True)
                pixels = np.random.default_rng(1).integers(0, 256, (40, 40), dtype=np.uint8)
                Image.fromarray(pixels).convert("RGB").save(folder / "data" / label / f"1.{ending}")
            cut(folder / "data" / "b" / f"1.{ending}", step * 0.09)
            return folder / "data", f"b/1.{ending}"


def pictures(folder, *names, pixels=IMAGES[0]):
    for name in names:
        path = folder / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    return folder / "data"


@case("folder-empty")
def _(folder):
    (folder / "data").mkdir()
    return folder / "data", "holds no picture"


@case("folder-empty-class")
def _(folder):
    data = pictures(folder, "a/1.png", "b/1.png")
    (data / "c").mkdir()
    return data, "data/c: this class's folder holds no picture"


@case("folder-class-of-other-files")
def _(folder):
    data = pictures(folder, "a/1.png", "b/1.png")
    (data / "c").mkdir()
    (data / "c" / "drawing.svg").write_text("<svg/>", encoding="utf-8")
    return data, "data/c: this class's folder"


@case("folder-empty-class-in-a-part")
def _(folder):
    data = pictures(folder, "train/a/1.png", "train/b/1.png", "test/a/1.png")
    (data / "test" / "b").mkdir()
    return data, "test/b: this class's folder"


@case("folder-mixed-sizes")
def _(folder):
    pictures(folder, "a/1.png")
    return pictures(folder, "b/2.png", pixels=IMAGES[0][:5]), "--size"


@case("folder-flat-without-a-class")
def _(folder):
    return pictures(folder, "7_1.png", "scan.png"), "scan.png: has no class"


@case("folder-picture-beside-classes")
def _(folder):
    return pictures(folder, "a/1.png", "b/1.png", "7_x.png"), "data/7_x.png: is beside the folders of classes; put"


@case("folder-picture-beside-parts")
def _(folder):
    return pictures(folder, "train/a/1.png", "test/a/1.png", "x.png"), "data/x.png: is beside the folders of classes"


@case("folder-picture-beside-classes-in-a-part")
def _(folder):
    return pictures(folder, "train/a/1.png", "train/b_2.png", "test/a/1.png"), "train/b_2.png: is beside the folders"


@case("folder-within-a-class")
def _(folder):
    return pictures(folder, "a/1.png", "b/1.png", "b/more/2.png"), "b/more: is a folder within a class"


@case("folder-class-name-unprintable")
def _(folder):
    return pictures(folder, "a/1.png", "b\x07/1.png"), r"data: 'b\x07/1.png': class name"


@case("folder-class-name-not-utf8")
def _(folder):
    data = pictures(folder, "a/1.png", "b/1.png")
    (data / "b").rename(os.fsdecode(os.fsencode(data) + b"/\xff"))
    return data, "class name"


def link(folder, to, name="b/2.png"):
    data = pictures(folder, "a/1.png", "b/1.png")
    (data / name).symlink_to(to)
    return data


@case("folder-link-out")
def _(folder):
    Image.fromarray(IMAGES[0]).save(folder / "outside.png")
    return link(folder, folder / "outside.png"), "b/2.png: is a link that leads out"


@case("folder-link-out-relative")
def _(folder):
    Image.fromarray(IMAGES[0]).save(folder / "outside.png")
    return link(folder, "../../outside.png"), "b/2.png: is a link that leads out"


@case("folder-class-links-out")
def _(folder):
    (folder / "outside").mkdir()
    return link(folder, folder / "outside", "c"), "data/c: is a link that leads out"


@case("folder-link-to-root")
def _(folder):
    return link(folder, "/", "c"), "data/c: is a link that leads out"


@case("folder-link-to-nothing")
def _(folder):
    return link(folder, "missing.png"), "b/2.png: is a link to nothing"


@case("folder-link-to-itself")
def _(folder):
    return link(folder, "2.png"), "b/2.png: is a link to nothing"


@case("folder-link-around")
def _(folder):
    return link(folder, "..", "b/around"), "b/around: is a folder within a class"


@case("folder-pipe")
def _(folder):
    data = pictures(folder, "a/1.png", "b/1.png")
    os.mkfifo(data / "b" / "2.png")
    return data, "b/2.png: is neither a file nor a folder"


def content(folder, name, written):
    data = pictures(folder, "a/1.png", "b/1.png")
    (data / name).write_bytes(written)
    return data


def bomb(width, height):
    """A PNG that claims a size and holds a few bytes."""
    good = bytearray(PNGS[0])
    good[16:24] = struct.pack(">II", width, height)
    good[29:33] = struct.pack(">I", zlib.crc32(good[12:29]))
    return bytes(good)


for name, file, written, says in (
    ("text", "b/2.png", b"hello", "not PNG"),
    ("nothing", "b/2.jpg", b"", "not PNG"),
    ("svg", "b/2.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not PNG"),
    ("postscript", "b/2.png", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not PNG"),
    ("pickle", "b/2.png", b"\x80\x04\x95\x0b\x00\x00\x00", "not PNG"),
    ("bomb", "b/2.png", bomb(60_000, 60_000), "more than 64 million pixels"),
    ("large", "b/2.png", bomb(9_000, 9_000), "9000×9000 pixels are more than 64 million"),
    ("wide-bomb", "b/2.png", bomb(2**31 - 1, 1), "b/2.png"),
    ("no-width", "b/2.png", bomb(0, 8), "b/2.png"),
    ("wrong-checksum", "b/2.png", PNGS[0][:45] + bytes([PNGS[0][45] ^ 1]) + PNGS[0][46:], "b/2.png"),
):

    @case(f"picture-{name}")
    def _(folder, file=file, written=written, says=says):
        return content(folder, file, written), says


# What is named, and how it shall come


for name, source, says in (
    ("unknown", "nowhere/at/all", "there is no such file"),
    ("unknown-name", "cifar", "there is no such file"),
    ("empty-name", "", "holds no picture"),
):

    @case(f"source-{name}")
    def _(folder, source=source, says=says):
        return (folder if not source else Path(source)), says


@case("source-pipe")
def _(folder):
    os.mkfifo(folder / "data.csv")
    return folder / "data.csv", "data.csv: is neither a file nor a folder"


for ending in ("txt", "h5", "pt", "zip", "mat", "png"):

    @case(f"source-ending-{ending}")
    def _(folder, ending=ending):
        (folder / f"data.{ending}").write_bytes(b"hello")
        return folder / f"data.{ending}", f"data.{ending}: is not known data"


@pytest.mark.parametrize("name", CASES)
def test_one_clear_line_and_nothing_written(name, tmp_path, cache):
    assert_refused(CASES[name], tmp_path, cache, "whole" if "mixed-sizes" in name else "auto")

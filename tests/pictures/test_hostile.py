"""Damaged and hostile picture files: a reading or one line each, never a traceback, and memory stays bounded."""

import io
import json
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from lenet import LenetError, Reader
from lenet.pictures.picture import open_picture

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
MUTATED = 180  # of each format; with those cut off and those made by hand, more than 1,300


def encoded(picture, format, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width, height, *, depth=8, colour=0, data=b"", more=b"") -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + more + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def tiff(*entries: tuple[int, int, int, int], following: int = 0) -> bytes:
    """A little-endian TIFF of one directory at byte 8."""
    fields = b"".join(struct.pack("<HHII", *entry) for entry in sorted(entries))
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + fields + struct.pack("<I", following)


def pdf(commands: bytes) -> bytes:
    """A page of A4 that is drawn by ``commands``."""
    packed = zlib.compress(commands, 9)
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>>",
        b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(packed), packed),
    )
    return (
        b"%PDF-1.7\n"
        + b"".join(b"%d 0 obj\n%s\nendobj\n" % it for it in enumerate(objects, 1))
        + b"trailer<</Root 1 0 R>>"
    )


def gif(width, height, frames: int) -> bytes:
    """An animation whose frames are one pixel each."""
    frame = b"!\xf9\x04\x04\x02\0\0\0," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02D\x01\0"
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\xff" * 3 + bytes(3) + frame * frames + b";"


def webp(width, height) -> bytes:
    """One colour, without loss."""
    sides = struct.pack("<I", (width - 1) | (height - 1) << 14 | 1 << 28)
    return b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f" + sides + bytes.fromhex("071011118888fe0700")


def hostile() -> dict[str, bytes]:
    zeros = zlib.compress(bytes(40_000_000), 9)
    page = encoded(Image.new("L", (40, 40), 255), "JPEG")
    size = page.index(b"\xff\xc0") + 5
    scans = encoded(Image.new("L", (40, 40), 255), "JPEG", progressive=True)
    sides = scans.index(b"\xff\xc2") + 5
    four_four_four = encoded(Image.new("RGB", (40, 40)), "JPEG", progressive=True, subsampling=0)
    fine = four_four_four.index(b"\xff\xc2") + 5
    fax = ((256, 4, 1, 64), (257, 4, 1, 60_000), (258, 3, 1, 1), (259, 3, 1, 3), (262, 3, 1, 0), (278, 4, 1, 60_000))
    text = PngImagePlugin.PngInfo()
    text.add_text("note", "a" * 60_000_000, zip=True)
    exif = Image.Exif()
    exif[0x0112] = 4242
    grey = ((256, 4, 1, 40), (257, 4, 1, 40), (258, 3, 1, 8), (262, 3, 1, 1), (278, 4, 1, 40))
    return {
        "empty.png": b"",
        "zeros.png": bytes(1000),
        "huge-sides.png": png(2**31 - 1, 2**31 - 1, data=zeros),
        "no-sides.png": png(0, 0),
        "long-line.png": png(63_000_000, 1, data=zeros),
        "more-than-it-says.png": png(10, 10, data=zeros),
        "less-than-it-says.png": png(7000, 7000, data=zlib.compress(bytes(100))),
        "odd-depth.png": png(10, 10, depth=3, data=zeros),
        "no-palette.png": png(10, 10, colour=3, data=zlib.compress(bytes(110))),
        "broken-profile.png": png(10, 10, data=zlib.compress(bytes(110)), more=chunk(b"iCCP", b"x\0\0" + zeros)),
        "endless-note.png": encoded(Image.new("L", (40, 40), 255), "PNG", pnginfo=text),
        "bomb.png": encoded(Image.new("1", (30_000, 30_000)), "PNG"),
        "huge-sides.jpg": page[:size] + struct.pack(">HH", 65_500, 65_500) + page[size + 4 :],
        "many-scans.jpg": scans[:sides]
        + struct.pack(">HH", 8000, 8000)
        + scans[sides + 4 : -2]
        + scans[scans.rindex(b"\xff\xda") : -2] * 60
        + scans[-2:],
        "no-sides.jpg": page[:size] + bytes(4) + page[size + 4 :],
        "odd-turn.jpg": encoded(Image.new("L", (40, 40), 255), "JPEG", exif=exif),
        "only-header.jpg": page[: size + 4],
        "huge-sides.gif": b"GIF89a" + struct.pack("<HHBBB", 65_535, 65_535, 0x80, 0, 0) + bytes(6) + b";",
        "frame-outside.gif": b"GIF89a" + struct.pack("<HHBBB", 9, 9, 0, 0, 0) + b"," + b"\xff" * 9 + b"\x08\x01\x00;",
        "huge-sides.bmp": b"BM" + struct.pack("<IIIIiiHHIIIIII", 54, 0, 54, 40, 2**31 - 1, -(2**31), 1, 24, *[0] * 6),
        "run-of-nothing.bmp": b"BM"
        + struct.pack("<IIIIiiHHIIIIII", 54, 0, 54, 40, 5000, 5000, 1, 8, 1, 0, 0, 0, 0, 0)
        + bytes(2000),
        "own-tail.tif": tiff(*grey, (273, 4, 1, 8), (279, 4, 1, 1600), following=8),
        "strips-far-away.tif": tiff(*grey, (273, 4, 1, 2**32 - 1), (279, 4, 1, 2**32 - 1)),
        "endless-strips.tif": tiff(*grey, (273, 4, 2**32 - 1, 8), (279, 4, 2**32 - 1, 8)),
        "many-strips.tif": tiff(*grey[:2], (258, 3, 1, 8), (262, 3, 1, 1), (278, 4, 1, 1), (273, 4, 200_000, 8))
        + bytes(1_000_000),
        "damaged-fax.tif": tiff(*fax, (273, 4, 1, 8), (279, 4, 1, 200_000)) + bytes(range(1, 256)) * 800,
        "huge-sides.tif": tiff((256, 4, 1, 2**32 - 1), (257, 4, 1, 2**32 - 1), *grey[2:], (273, 4, 1, 8)),
        "cut.webp": b"RIFF\xff\xff\xff\xffWEBPVP8L" + bytes(20),
        "page.pdf.png": b"%PDF-1.7\n",
        "script.png": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9999999 9999999\n",
        "blank.webp": webp(8000, 8000),
        "frames.gif": gif(8000, 8000, 1000),
        "progressive.jpg": four_four_four[:fine] + struct.pack(">HH", 8000, 8000) + four_four_four[fine + 4 :],
        "much-to-draw.pdf": pdf(b"0 0 595 842 re f\n" * 200_000),
        "fits.png": b"SIMPLE  =                    T" + bytes(2880),
    }


def laborious() -> dict[str, bytes]:
    """Sound pictures that take as much memory or time as their kinds may."""
    return {
        "many-pages.gif": gif(2000, 2000, 300),
        "sixteen-bits.png": png(8000, 8000, depth=16, data=zlib.compress(bytes(8000 * 16_001))),
        "colour.png": encoded(Image.new("RGBA", (8000, 8000), (255, 255, 255, 9)), "PNG", compress_level=1),
        "progressive.jpg": encoded(Image.new("RGB", (8000, 8000), "white"), "JPEG", progressive=True),
        "fractions.tif": encoded(Image.new("F", (8000, 8000), 0.5), "TIFF", compression="tiff_adobe_deflate"),
        "inks.tif": encoded(Image.new("CMYK", (8000, 8000)), "TIFF", compression="tiff_lzw"),
        "colours.gif": encoded(Image.new("P", (8000, 8000)), "GIF"),
        "one-colour.webp": webp(4200, 4200),
        "white.avif": encoded(Image.new("RGB", (5300, 5300), "white"), "AVIF", speed=10),
    }


@pytest.fixture(scope="module")
def files():
    """One good file of each format, small, with ink on it."""
    grey = np.full((64, 56), 240, np.uint8)
    grey[12:52, 26:32] = 20
    picture = Image.fromarray(grey)
    return {format: encoded(picture, format) for format in FORMATS}


def mutated(content: bytes, rng) -> bytes:
    """Some bytes changed, some swapped for extreme ones, a piece cut out, doubled or moved."""
    changed = bytearray(content)
    for _ in range(int(rng.integers(1, 12))):
        # Half of the damage goes where the formats say what follows.
        place = int(rng.integers(min(len(changed), 120) if rng.random() < 0.5 else len(changed)))
        changed[place] = rng.choice([0, 1, 127, 128, 255, int(rng.integers(256))])
    start, end = sorted(int(place) for place in rng.integers(0, len(changed), 2))
    match rng.integers(5):
        case 0:
            del changed[start : start + (end - start) // 4]
        case 1:
            changed[start:start] = changed[start:end]
        case 2:
            changed[start:end] = bytes(end - start)
    return bytes(changed)


def outcome(read, content) -> str:
    try:
        read(content)
    except LenetError as error:
        assert "\n" not in str(error)
        return "refused"
    return "read"


@pytest.mark.parametrize("format", FORMATS)
def test_mutated_and_cut_files_are_one_line_or_a_reading(files, format):
    rng = np.random.default_rng(FORMATS.index(format))
    content, reader = files[format], Reader()
    damaged = [mutated(content, rng) for _ in range(MUTATED)]
    damaged += [content[: int(length)] for length in np.linspace(0, len(content) - 1, 40)]
    # The sixth part goes through the reader as well, which sees what no camera takes.
    outcomes = [outcome(reader.read if n % 6 == 0 else open_picture, each) for n, each in enumerate(damaged)]
    assert outcomes.count("refused") >= 20
    assert outcome(reader.read, content) == "read"


def test_hostile_files_are_one_line_each_and_memory_stays_bounded(tmp_path):
    (tmp_path / "in").mkdir()
    files = hostile()
    for name, content in files.items():
        (tmp_path / "in" / name).write_bytes(content)
    # What the process itself took at its peak; the system's own count starts with that of its parent.
    program = (
        "import atexit, pathlib, sys; from lenet.cli.main import main; "
        "atexit.register(lambda: sys.stderr.write(pathlib.Path('/proc/self/status').read_text())); main()"
    )
    command = [sys.executable, "-c", program, "predict", str(tmp_path / "in"), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Name:")  # no line of the program's own
    peak = int(done.stderr.partition("VmHWM:")[2].split()[0])
    results = {result["picture"].rpartition("/")[2]: result for result in json.loads(done.stdout)}
    assert results.keys() == files.keys()
    refused = [name for name, result in results.items() if "error" in result]
    assert all("\n" not in results[name]["error"] and name in results[name]["error"] for name in refused)
    assert {"bomb.png", "huge-sides.png", "huge-sides.jpg", "huge-sides.tif", "empty.png", "long-line.png"} <= set(
        refused
    )
    assert {"blank.webp", "frames.gif", "progressive.jpg", "much-to-draw.pdf"} <= set(refused)
    assert "66 scans" in results["many-scans.jpg"]["error"]
    assert "200,000 strips" in results["many-strips.tif"]["error"]
    assert peak < 400 * 1024  # KiB; bomb.png alone would unpack to 900 MB

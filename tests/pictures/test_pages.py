"""Files of several pages, and the formats that need a library of their own."""

import io
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from lenet import LenetError
from lenet.pictures import formats, upright_rgb, work
from lenet.pictures import picture as pictures
from lenet.pictures.formats import ENDINGS, is_picture
from lenet.pictures.picture import Picture, look, open_pages, open_picture

LYING_SEVEN = Path(__file__).with_name("turned.heic")  # a 7; stored lying, with a turn that makes it 300×200


def page(level: int, size=(40, 30)) -> Image.Image:
    picture = Image.new("L", size, 255)
    picture.paste(level, (5, 5, 15, 25))
    return picture


PAGES = [page(0), page(60), page(120), page(180)]


def written(ending: str, pages=PAGES, **options) -> bytes:
    buffer = io.BytesIO()
    first, *others = [it.convert("RGB") if ending in ("webp", "avif") else it for it in pages]
    first.save(buffer, ending, save_all=True, append_images=others, **options)
    return buffer.getvalue()


def ink(picture: Picture) -> int:
    height, width = picture.grey.shape
    return int(picture.grey[height // 2, width // 4])


KINDS = [
    ("tiff", {}),
    ("tiff", {"compression": "tiff_lzw"}),
    ("gif", {}),
    ("png", {}),
    ("webp", {"lossless": True}),
    ("avif", {"quality": 100}),
    ("pdf", {"resolution": 72}),
]


@pytest.mark.parametrize(("ending", "options"), KINDS)
def test_every_page_is_read_in_order(tmp_path, ending, options):
    content = written(ending, **options)
    (tmp_path / f"file.{ending}").write_bytes(content)
    for source in (content, tmp_path / f"file.{ending}"):
        found = list(open_pages(source))
        assert [it.number for it in found] == [1, 2, 3, 4]
        assert all(it.of_several for it in found)
        assert np.allclose([ink(it.picture) for it in found], [0, 60, 120, 180], atol=8)
        assert look(source).several
    only = list(open_pages(content, number=3))
    assert [it.number for it in only] == [3]
    assert abs(ink(only[0].picture) - 120) <= 8
    assert abs(ink(open_picture(content)) - 0) <= 8
    with pytest.raises(LenetError, match="has no page 5"):
        list(open_pages(content, number=5))


def test_a_file_of_one_page_has_one_whatever_it_is():
    for source in (written("png", PAGES[:1]), written("pdf", PAGES[:1]), PAGES[0], np.asarray(PAGES[0])):
        (only,) = open_pages(source)
        assert (only.number, only.of_several, only.picture.grey.min()) == (1, False, 0)
        with pytest.raises(LenetError, match="has no page 2"):
            list(open_pages(source, number=2))


def test_a_turn_in_the_exif_data_turns_every_frame():
    exif = Image.Exif()
    exif[0x0112] = 6
    found = list(open_pages(written("webp", exif=exif, lossless=True)))
    assert [it.picture.size for it in found] == [(30, 40)] * 4


def test_a_damaged_page_is_named_and_the_others_come():
    pages = [page(0), Image.effect_noise((400, 300), 99), page(120)]
    content = bytearray(written("tiff", pages, compression="tiff_lzw"))
    middle = len(content) // 2
    content[middle : middle + 9000] = b"\xff" * 9000
    found = list(open_pages(bytes(content), "scan.tif"))
    assert [it.number for it in found] == [1, 2, 3]
    assert str(found[1].picture).startswith("scan.tif, page 2: is not a readable picture")
    assert isinstance(found[2].picture, Picture)


def test_a_page_that_is_too_large_is_refused_before_it_is_decoded(monkeypatch):
    monkeypatch.setattr(work, "MOST_PIXELS", 5000)
    found = list(open_pages(written("tiff", [page(0), page(60, (400, 300))]), "scan.tif"))
    assert isinstance(found[0].picture, Picture)
    assert "400×300 pixels are more than" in str(found[1].picture)


def test_pages_are_bounded_and_one_can_still_be_named(monkeypatch):
    monkeypatch.setattr(pictures, "MOST_PAGES", 3)
    read = []
    with pytest.raises(LenetError, match="has more than 3 pages"):
        read.extend(it.number for it in open_pages(written("gif")))
    assert [it.number for it in open_pages(written("gif"), number=4)] == [4]


def test_a_reduced_copy_in_a_tiff_is_no_page():
    copy = TiffImagePlugin.ImageFileDirectory_v2()
    copy[254] = 1
    buffer = io.BytesIO()
    with TiffImagePlugin.AppendingTiffWriter(buffer) as file:
        page(0).save(file, "TIFF")
        file.newFrame()
        page(60, (10, 8)).save(file, "TIFF", tiffinfo=copy)
        file.newFrame()
        page(120).save(file, "TIFF")
        file.newFrame()
    assert [ink(it.picture) for it in open_pages(buffer.getvalue())] == [0, 120]


def test_the_second_picture_of_a_cameras_file_is_no_page():
    buffer = io.BytesIO()
    PAGES[0].save(buffer, "MPO", save_all=True, append_images=PAGES[1:])
    assert len(list(open_pages(buffer.getvalue()))) == 1
    assert not look(buffer.getvalue()).several


def test_heic_is_read_upright():
    pytest.importorskip("pi_heif")
    picture = open_picture(LYING_SEVEN)
    assert picture.size == (300, 200)
    assert look(LYING_SEVEN).size == (200, 300)
    assert picture.grey[75:85, 110:130].min() < 100  # the bar of the 7


def test_a_pdf_has_200_dots_an_inch_and_bounded_pixels():
    assert open_picture(written("pdf", resolution=72)).size == (112, 84)
    picture = open_picture(written("pdf", [Image.new("1", (9000, 9000))], resolution=72))
    assert 15_900_000 < picture.size[0] * picture.size[1] < 16_100_000


def test_a_pdf_that_is_too_much_work_is_ended(monkeypatch):
    """Even where the system has no limit of processor time."""
    monkeypatch.setattr(formats, "_RENDER_SECONDS", 0.01)
    with pytest.raises(LenetError, match="the page is too much work, or is damaged"):
        open_picture(written("pdf", resolution=72))


def test_pages_of_a_small_file_have_so_many_pixels_together(monkeypatch):
    content = written("gif")
    monkeypatch.setattr(pictures, "MOST_TOTAL", 3 * 40 * 30)
    monkeypatch.setattr(pictures, "TOTAL_PER_BYTE", 0)
    found = []
    with pytest.raises(LenetError, match=r"page 4: 4,800 pixels to this page are too many for so small a file"):
        found.extend(open_pages(content))
    monkeypatch.setattr(pictures, "TOTAL_PER_BYTE", 4800 / len(content))
    assert len(list(open_pages(content))) == 4


def test_scans_within_a_tiff_are_counted():
    buffer = io.BytesIO()
    page(0, (400, 300)).save(buffer, "TIFF", compression="jpeg")
    content = buffer.getvalue()
    assert open_picture(content).size == (400, 300)
    strips = len(Image.open(io.BytesIO(content)).tag_v2[work.STRIPS])
    scans = work.MOST_SCANNED * strips // (400 * 300) + 1
    with pytest.raises(LenetError, match="scans of 400×300 pixels"):
        open_picture(content + work.START_OF_SCAN * scans)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "CMYK", "I;16", "I", "F"])
def test_a_picture_shrinks_in_bands_as_in_one_piece(monkeypatch, mode):
    monkeypatch.setattr(upright_rgb, "BAND_PIXELS", 20_000)
    picture = Image.effect_noise((451, 613), 90).convert("RGB" if mode in ("RGBA", "CMYK", "P") else "L").convert(mode)
    whole = picture.convert("RGB") if mode in ("1", "P") else picture
    whole = whole.resize((200, 271), Image.Resampling.BOX)
    shrunk = upright_rgb._shrunk(picture, (200, 271))
    assert shrunk.mode == whole.mode
    assert np.array_equal(np.asarray(shrunk), np.asarray(whole))


def test_a_pdf_with_a_password_or_damage_is_one_line():
    for content in (b"%PDF-1.7\nnothing", written("pdf")[:300]):
        with pytest.raises(LenetError, match=r"^letter\.pdf: is not a readable picture") as caught:
            open_picture(content, "letter.pdf")
        assert "\n" not in str(caught.value)


def test_threads_may_read_pdfs_at_the_same_time():
    content, read = written("pdf", resolution=72), []
    threads = [threading.Thread(target=lambda: read.extend(open_pages(content))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(it.number for it in read if isinstance(it.picture, Picture)) == sorted([1, 2, 3, 4] * 8)


@pytest.mark.parametrize(("library", "kind"), [("pi_heif", "HEIC"), ("pypdfium2", "PDF")])
def test_a_missing_library_is_named_with_the_command_that_installs_it(tmp_path, library, kind):
    path = tmp_path / "letter.pdf"
    path.write_bytes(written("pdf") if kind == "PDF" else LYING_SEVEN.read_bytes())
    code = f"import sys\nsys.modules[{library!r}] = None\nfrom lenet.cli.main import main\nmain(['predict', '{path}'])"
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"lenet: {path}: reading {kind} needs: pip install 'lenet[formats]'\n"


def test_endings_are_those_of_the_formats():
    assert all(is_picture(Path(f"A{ending.upper()}")) for ending in ENDINGS)
    assert not is_picture(Path("letter.doc"))

"""The sheet: its pattern, its page, and photographs of it."""

import io

import numpy as np
import pytest
from PIL import Image

from lenet import LenetError, load_dataset
from lenet.pictures.picture import open_pages, open_picture
from lenet.sheet.cut import cut_sheet, read_sheets
from lenet.sheet.draw import as_pdf
from lenet.sheet.find import project_onto
from lenet.sheet.layout import BITS, COLUMNS, PITCH, ROWS, SIDE, Sheet, box_corner, parse_classes, sheets

DIGITS = Sheet(tuple("0123456789"))
DOTS = 1457 / 210  # of a rendered page as it is worked on, to a millimetre
WRITTEN = {(0, 0): 10, (3, 5): 5, (7, 13): 30, (12, 2): 11, (19, 13): 12, (19, 0): 7}  # box → an MNIST test image


def photograph(page, marks):
    """The page on a dark desk, seen so that its corner marks are at these places (x, y)."""
    back = np.diag([DOTS, DOTS, 1]) @ np.linalg.inv(project_onto(np.array(marks)))
    back /= back[2, 2]
    return page.transform(
        (1600, 1800), Image.Transform.PERSPECTIVE, back.ravel()[:8], Image.Resampling.BICUBIC, fillcolor=60
    )


@pytest.fixture(scope="module")
def page():
    """The page with some digits in its boxes."""
    images = load_dataset("mnist").split("own").test.images[..., 0]
    pixels = open_picture(as_pdf([DIGITS])).grey.copy()
    for place, index in WRITTEN.items():
        left, top = (round(value * DOTS) for value in box_corner(*place))
        digit = np.asarray(Image.fromarray(255 - images[index]).resize((66, 66), Image.Resampling.BICUBIC))
        part = pixels[top + 3 : top + 69, left + 3 : left + 69]
        np.minimum(part, digit, out=part)
    return Image.fromarray(pixels)


def written(picture) -> set[tuple[int, int]]:
    boxes = cut_sheet(open_picture(picture), "photo.jpg")
    assert len(boxes) == ROWS * COLUMNS
    assert all(box.label == str(box.row // 2) for box in boxes)
    return {(box.row, box.column) for box in boxes if not box.empty}


@pytest.mark.parametrize("classes", [("0",), tuple("abcdefghijklmnopqrst"), ("猫", "狗", "cat 2"), ("x" * 43,)])
def test_the_pattern_names_the_classes_and_is_balanced(classes):
    sheet = Sheet(classes)
    assert sheet.bits.shape == BITS
    assert 0.4 < sheet.bits.mean() < 0.6
    assert Sheet.from_bits(sheet.bits) == sheet
    wrong = sheet.bits.copy()
    wrong[3, 17] ^= True
    assert Sheet.from_bits(wrong) is None
    assert len(sheet.rows) <= ROWS
    assert set(sheet.rows) == set(classes)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("0-9", tuple("0123456789")),
        ("a-c,X-Z", tuple("abcXYZ")),
        ("8-11", ("8", "9", "10", "11")),
        ("cat, dog", ("cat", "dog")),
        ("7,left-right", ("7", "left-right")),
    ],
)
def test_classes_are_ranges_and_names(text, names):
    assert parse_classes(text) == names


@pytest.mark.parametrize(
    "text", ["", "9-0", "a,a", "a/b", "..", "0-999999", "x" * 44, ",".join(f"n{i}" for i in range(201)), "a,,b"]
)
def test_classes_that_no_sheet_can_have_are_refused(text):
    with pytest.raises(LenetError, match="classes") as caught:
        parse_classes(text)
    assert "\n" not in str(caught.value)


def test_many_classes_take_several_pages_of_equal_length():
    assert [len(sheet.class_names) for sheet in sheets(parse_classes("a-z"))] == [13, 13]
    names = tuple(f"a rather long name {number}" for number in range(5))
    assert [name for sheet in sheets(names) for name in sheet.class_names] == list(names)
    assert all(Sheet.from_bits(sheet.bits) == sheet for sheet in sheets(names))
    content = as_pdf(sheets(parse_classes("a-z")))
    assert content == as_pdf(sheets(parse_classes("a-z")))
    assert [it.picture.size for it in open_pages(content)] == [(1654, 2339)] * 2


def test_a_scan_is_cut_into_what_is_written(page):
    assert written(page) == set(WRITTEN)


@pytest.mark.parametrize("quarter", [Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270])
def test_a_page_may_lie_any_way(page, quarter):
    assert written(page.transpose(quarter)) == set(WRITTEN)


def test_a_photograph_in_perspective_shadow_and_blur_is_cut(page):
    seen = photograph(page, [(500, 100), (1450, 400), (1050, 1700), (150, 1350)])
    pixels = np.asarray(seen, np.float64)
    pixels[:, 600:] *= 0.5  # a hard edge through the boxes
    pixels[:900] *= np.linspace(0.5, 1, 900)[:, np.newaxis]
    rng = np.random.default_rng(0)
    noisy = np.uint8((pixels + rng.normal(0, 5, pixels.shape)).clip(0, 255))
    buffer = io.BytesIO()
    Image.fromarray(noisy).save(buffer, "JPEG", quality=70)
    assert written(buffer.getvalue()) == set(WRITTEN)


def test_a_damaged_pattern_is_read_from_its_copy_or_with_the_classes(page):
    pixels = np.asarray(page).copy()
    pixels[round(9 * DOTS) : round(21 * DOTS), 500:800] = 90
    assert written(pixels) == set(WRITTEN)
    pixels[round(276 * DOTS) : round(288 * DOTS), 500:800] = 90
    with pytest.raises(LenetError, match="pattern of black cells cannot be read; name the classes"):
        cut_sheet(open_picture(pixels), "photo.jpg")
    boxes = cut_sheet(open_picture(pixels), "photo.jpg", [DIGITS])
    assert {(box.row, box.column) for box in boxes if not box.empty} == set(WRITTEN)
    with pytest.raises(LenetError, match="those printed on it"):
        cut_sheet(open_picture(pixels), "photo.jpg", sheets(parse_classes("a-j")))


def test_what_shows_no_whole_sheet_is_refused(page):
    for picture, marks in ((page.crop((0, 0, 1200, 2060)), 2), (Image.new("L", (500, 700), 255), 0)):
        with pytest.raises(LenetError, match=f"{marks} of the sheet's four corner marks were found"):
            cut_sheet(open_picture(picture), "photo.jpg")


def test_outlines_of_a_bent_page_are_not_in_the_pictures(page):
    blank = open_picture(as_pdf([DIGITS])).grey
    bend = (1.2 * DOTS * np.sin(np.linspace(0, np.pi, blank.shape[1]))).round().astype(int)
    rows = (np.arange(blank.shape[0])[:, np.newaxis] + bend).clip(0, blank.shape[0] - 1)
    boxes = cut_sheet(open_picture(np.take_along_axis(blank, rows, axis=0)), "photo.jpg")
    assert all(box.empty for box in boxes)
    assert min(int(box.image.min()) for box in boxes) > 200


def test_sheets_of_a_folder_and_of_a_file_become_one_data_set(tmp_path, page):
    page.save(tmp_path / "b.tif", save_all=True, append_images=[page])
    page.save(tmp_path / "a.png")
    dataset, empty = read_sheets(tmp_path)
    assert (len(dataset), empty) == (3 * len(WRITTEN), 3 * (ROWS * COLUMNS - len(WRITTEN)))
    assert dataset.class_names == ("0", "1", "3", "6", "9")
    assert dataset.origins[0] == "a.png, row 1, box 1"
    assert dataset.origins[-1] == "b.tif, page 2, row 20, box 14"
    (tmp_path / "._a.png").write_bytes(b"what macOS leaves beside a.png")
    assert len(read_sheets(tmp_path)[0]) == len(dataset)
    Image.fromarray(open_picture(as_pdf([DIGITS])).grey).save(tmp_path / "empty.png")
    with pytest.raises(LenetError, match="all boxes are empty"):
        read_sheets(tmp_path / "empty.png")
    (tmp_path / "none").mkdir()
    with pytest.raises(LenetError, match="has no picture in it"):
        read_sheets(tmp_path / "none")


def test_what_shows_no_sheet_is_left_out_of_a_folder_and_said(lenet, tmp_path, page):
    photos = tmp_path / "photos"
    (photos / "more").mkdir(parents=True)
    page.save(photos / "a.png")
    (photos / "b.jpg").write_bytes(b"no picture")
    Image.new("L", (500, 700), 255).save(photos / "c.png")
    (photos / "notes.txt").write_text("no picture")
    assert lenet("data", "convert", photos / "a.png", photos / "a", "--sheet").exit_code == 0  # photos/a-contact.png
    done = lenet("data", "convert", photos, "mine", "--sheet")
    assert done.exit_code == 0
    assert f"mine: {len(WRITTEN)} images of 5 classes" in done.stdout
    broken, without, others = done.stderr.splitlines()
    assert broken.startswith(f"left out: {photos}/b.jpg")
    assert without.startswith("left out: c.png: 0 of the sheet's four corner marks were found")
    assert others == f"{photos}: left out other files and folders: 4, such as 'a'"
    failed = lenet("data", "convert", photos / "c.png", "other", "--sheet")
    assert failed.exit_code == 1
    assert len(failed.stderr.splitlines()) == 1


def test_boxes_do_not_touch():
    assert PITCH > SIDE

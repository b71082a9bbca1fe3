"""Pictures made here from MNIST's test digits, in many modes and on paper, are read; what is no digit is not."""

import io
import json
from difflib import SequenceMatcher
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from benchmarks.paper import KINDS_WITHOUT, compose, no_digit
from lenet import LenetError, Model, Reader
from lenet.model.file import encode_model
from lenet.model.metadata import Metadata
from lenet.pictures.picture import open_picture
from lenet.reading import ways


@pytest.fixture(scope="module")
def reader():
    return Reader(Model.load())


@pytest.fixture(scope="module")
def drawing(test_part):
    """The first test digit, a seven, as black ink on a white page."""
    page = np.full((300, 260), 255, np.uint8)
    page[80:220, 60:200] = 255 - np.asarray(Image.fromarray(test_part.images[0, ..., 0]).resize((140, 140)))
    return Image.fromarray(page)


def encoded(picture, format, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


def test_mnists_own_images_are_left_as_they_are(reader, test_part):
    right = 0
    for image, label in zip(test_part.images[:200], test_part.labels[:200], strict=True):
        digits = reader.read(encoded(Image.fromarray(image[..., 0]), "PNG")).digits
        assert len(digits) == 1
        np.testing.assert_array_equal(digits[0].image, image)
        right += digits[0].label == str(label)
    assert right >= 198


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1", "CMYK", "LA", "I;16"])
def test_every_mode_reads_the_same_digit(reader, drawing, mode):
    picture = Image.fromarray(np.asarray(drawing).astype(np.uint16) * 257) if mode == "I;16" else drawing.convert(mode)
    format = "TIFF" if mode in ("CMYK", "I;16") else "PNG"
    assert reader.read(encoded(picture, format)).rows == ["7"]


@pytest.mark.parametrize("format", ["JPEG", "WEBP", "BMP", "GIF", "TIFF"])
def test_every_format_is_read(reader, drawing, format):
    assert reader.read(encoded(drawing, format)).rows == ["7"]


def test_ink_on_nothing_and_light_ink_on_dark(reader, drawing):
    ink = 255 - np.asarray(drawing)
    clear = np.dstack([np.zeros((*ink.shape, 3), np.uint8), ink])
    assert reader.read(encoded(Image.fromarray(clear), "PNG")).rows == ["7"]
    assert reader.read(ink).rows == ["7"]


@pytest.mark.parametrize(("turn", "undo"), [(3, 180), (6, 90), (8, 270)])
def test_the_cameras_turn_is_undone(reader, drawing, turn, undo):
    exif = Image.Exif()
    exif[0x0112] = turn
    assert reader.read(encoded(drawing.rotate(undo, expand=True), "JPEG", exif=exif)).rows == ["7"]


def test_boxes_lie_on_the_ink_in_pixels_of_the_picture(reader, drawing):
    left, top, right, bottom = reader.read(drawing).digits[0].box
    rows, columns = np.nonzero(np.asarray(drawing) < 128)
    assert abs(left - columns.min()) <= 4
    assert abs(right - columns.max()) <= 5
    assert abs(top - rows.min()) <= 4
    assert abs(bottom - rows.max()) <= 5


@pytest.mark.parametrize("ring", ["circle", "gap", "boxes"])
def test_what_goes_around_digits_is_none(reader, test_part, ring):
    page = Image.new("L", (420, 220), 250)
    for place in (0, 1):
        digit = Image.fromarray(255 - test_part.images[place, ..., 0]).resize((70, 70), Image.Resampling.BICUBIC)
        page.paste(digit, (135 + 80 * place, 75))
    pen = ImageDraw.Draw(page)
    if ring == "boxes":
        for left in (45, 130, 210, 290):
            pen.rectangle((left, 65, left + 75, 155), outline=40, width=4)
    else:
        pen.arc((90, 0, 330, 218), 20 * (ring == "gap"), 360, 40, 6)
    assert reader.read(page).text == "72"


def typed(text, font="DejaVuSansMono", size=44):
    page = Image.new("L", (14 * size, 2 * size * len(text.split("\n"))), 250)
    typeface = ImageFont.truetype(Path(matplotlib.get_data_path(), "fonts", "ttf", f"{font}.ttf"), size)
    ImageDraw.Draw(page).multiline_text((size, size / 2), text, 20, typeface, spacing=12)
    return page


@pytest.mark.parametrize("font", ["DejaVuSans-Bold", "DejaVuSerif", "cmr10"])
@pytest.mark.parametrize(("line", "text"), [("$9.70", "?9.70"), ("£5712", "?5712"), ("12/05/2024", "12?05?2024")])
def test_signs_of_amounts_and_dates_are_no_digits(reader, font, line, text):
    """A bar may be known or not."""
    assert reader.read(typed(line, font, 30).filter(ImageFilter.GaussianBlur(1))).text.replace("/", "?") == text


@pytest.mark.parametrize("font", ["DejaVuSans", "DejaVuSerif"])
@pytest.mark.parametrize("text", ["-5", "5.", "-1", "5,"])
def test_signs_beside_a_lone_digit_are_read(reader, font, text):
    assert reader.read(typed(text, font, 64)).text == text


def test_numbers_beside_printed_words_are_read(reader):
    lines = reader.read(typed("Total 12.50\nTax 1.25\nSum 13.75")).text.split("\n")
    assert [line.split(" ")[-1] for line in lines] == ["12.50", "1.25", "13.75"]
    assert not any(mark.isdigit() for line in lines for mark in line.split(" ")[0])


@pytest.mark.parametrize("font", ["DejaVuSans", "DejaVuSansMono"])
def test_a_typed_space_parts_words(reader, font):
    assert reader.read(typed("07 12 33", font)).text == "07 12 33"


@pytest.mark.parametrize("font", ["DejaVuSansMono", "DejaVuSerif"])
def test_zeros_with_a_dot_or_a_narrow_hole_are_no_rings(reader, font):
    page = Image.new("L", (360, 160), 250)
    typeface = ImageFont.truetype(Path(matplotlib.get_data_path(), "fonts", "ttf", f"{font}.ttf"), 90)
    ImageDraw.Draw(page).text((30, 25), "80056", 40, typeface)
    assert reader.read(page).rows == ["80056"]


@pytest.mark.parametrize("index", [774, 805, 857])
def test_fragments_of_a_blurred_digit_do_not_replace_it(reader, index):
    """Of these digits of 8×8 pixels the finder sees nothing, or pieces."""
    digits = pytest.importorskip("sklearn.datasets").load_digits()
    digit = Image.fromarray(np.rint(digits.images[index] * (255 / 16)).astype(np.uint8))
    assert reader.read(digit.resize((64, 64), Image.Resampling.BILINEAR)).rows == [str(digits.target[index])]


def test_composed_pages_are_read_in_order(reader, test_part):
    """A share of what benchmarks/reading.py measures: rows, rules, shadows and slants as they come."""
    rng = np.random.default_rng(0)
    exact = digits = found = 0
    for _ in range(30):
        sheet = compose(rng, test_part.images[..., 0], test_part.labels)
        rows = reader.read(sheet.image).rows
        exact += rows == sheet.rows
        digits += sum(map(len, sheet.rows))
        matching = SequenceMatcher(None, "".join(rows), "".join(sheet.rows), autojunk=False)
        found += sum(block.size for block in matching.get_matching_blocks())
    assert exact >= 24
    assert found / digits >= 0.95


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_page_on_its_side_or_upside_down_is_read(reader, test_part, quarters):
    """Its boxes and stages are those of the picture as it is given."""
    sheet = compose(np.random.default_rng(1), test_part.images[..., 0], test_part.labels, [5, 4], ruled="none")
    page = np.ascontiguousarray(np.rot90(np.asarray(sheet.image), quarters))
    reading = reader.read(page)
    assert reading.rows == sheet.rows
    stages = reading.stages
    boxed = np.zeros_like(stages.mask)
    for digit in reading.digits:
        left, top, right, bottom = stages.place(digit.box)
        boxed[top:bottom, left:right] = True
    assert stages.strength[boxed].sum() > 0.9 * stages.strength.sum()
    assert np.corrcoef(stages.strength.ravel(), -stages.pixels.mean(axis=2).ravel())[0, 1] > 0.5
    assert stages.pixels.shape[0] / stages.pixels.shape[1] == pytest.approx(page.shape[0] / page.shape[1], rel=0.01)


@pytest.mark.parametrize("degrees", [-24, -13, 13, 24])
def test_a_tilted_page_is_read_line_by_line(reader, test_part, degrees):
    sheet = compose(np.random.default_rng(0), test_part.images[..., 0], test_part.labels, [4, 3, 5, 4])
    level = reader.read(sheet.image)
    page = Image.fromarray(np.asarray(sheet.image)).convert("RGB")
    tilted = page.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=(235, 235, 235))
    reading = reader.read(tilted)
    assert reading.rows == level.rows == sheet.rows
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    for digit, before in zip(reading.digits, level.digits, strict=True):
        across, down = (np.reshape(before.box, (2, 2)).mean(axis=0) - np.array(page.size) / 2).tolist()
        place = np.array([across * cosine + down * sine, down * cosine - across * sine]) + np.array(tilted.size) / 2
        height = before.box[3] - before.box[1]
        assert np.abs(np.reshape(digit.box, (2, 2)).mean(axis=0) - place).max() < 0.3 * height
    stages = reading.stages
    assert stages.pixels.shape[0] / stages.pixels.shape[1] == pytest.approx(tilted.height / tilted.width, rel=0.01)
    assert stages.mask.shape == stages.strength.shape == stages.pixels.shape[:2]


def test_a_page_of_many_marks_is_not_looked_at_again(reader, test_part, monkeypatch):
    """Each look at a page full of marks takes a second."""
    page = compose(np.random.default_rng(0), test_part.images[..., 0], test_part.labels, [4, 4]).image
    looks = []
    monkeypatch.setattr(ways, "detect_at", lambda *of, look=ways.detect_at: looks.append(of) or look(*of))
    reader.read(page)
    many = len(looks)
    monkeypatch.setattr(ways, "MOST_LOOKED_AT_AGAIN", 7)
    reader.read(page)
    assert len(looks) - many == many - len(ways.NEAR)


def test_a_page_full_of_digits_is_read(reader, test_part):
    page = np.full((1320, 1160), 245, np.uint8)
    for index in range(25 * 28):
        row, column = divmod(index, 28)
        digit = Image.fromarray(255 - test_part.images[index, ..., 0]).resize((36, 36), Image.Resampling.BICUBIC)
        part = page[30 + 50 * row :, 30 + 39 * column :][:36, :36]
        np.minimum(part, np.asarray(digit), out=part)
    rows = reader.read(page).rows
    truth = ["".join(map(str, row)) for row in test_part.labels[: 25 * 28].reshape(25, 28)]
    right = sum(sum(map(str.__eq__, *both)) for both in zip(rows, truth, strict=True))
    assert right > 0.9 * 25 * 28


def test_no_digit_of_a_small_picture_is_left_out(reader, test_part):
    """Digits of five to seven pixels are still seen."""
    rows = [test_part.images[start : start + 8, 4:24, 4:24, 0] for start in range(0, 32, 8)]
    page = np.zeros((4 * 40 + 20, 8 * 34 + 20), np.uint8)
    for row, images in enumerate(rows):
        for column, image in enumerate(images):
            page[20 + 40 * row : 40 + 40 * row, 20 + 34 * column : 40 + 34 * column] = image
    small = Image.fromarray(255 - page).resize((page.shape[1] * 3 // 10, page.shape[0] * 3 // 10), Image.Resampling.BOX)
    assert [len(row) for row in reader.read(np.asarray(small)).rows] == [8] * 4


def test_noise_without_a_mark_is_looked_at_once(reader, monkeypatch):
    looks = []
    monkeypatch.setattr(ways, "detect_at", lambda *of, look=ways.detect_at: looks.append(of) or look(*of))
    grain = np.random.default_rng(0).random((300, 400)) < 0.3
    assert reader.read(np.where(grain, 0, 255).astype(np.uint8)).rows == []
    assert len(looks) == 1


@pytest.mark.long
def test_what_is_no_digit_is_not_said_to_be_one(reader):
    rng = np.random.default_rng(1)
    pictures = [no_digit(rng, kind) for kind in KINDS_WITHOUT for _ in range(4)]
    quiet = sum(all(digit.unknown for digit in reader.read(picture).digits) for picture in pictures)
    assert quiet >= 18


@pytest.mark.parametrize(
    "content", [b"", b"no picture at all", b"\x89PNG\r\n\x1a\n" + bytes(50), b"GIF89a" + bytes(20), b"%PDF-1.7"]
)
def test_foreign_bytes_are_one_line(content):
    with pytest.raises(LenetError) as caught:
        open_picture(content, "thing.png")
    assert "thing.png" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_bomb_is_refused_before_it_is_unpacked():
    bomb = encoded(Image.new("1", (30_000, 30_000)), "PNG")
    assert len(bomb) < 1_000_000
    with pytest.raises(LenetError, match="pixels"):
        open_picture(bomb, "bomb.png")


def test_predict_reads_what_it_can_and_says_what_it_cannot(lenet, drawing, tmp_path):
    drawing.save(tmp_path / "seven.png")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    Image.new("L", (100, 100), 255).save(tmp_path / "blank.png")
    result = lenet(
        "predict", "seven.png", "broken.png", "blank.png", "--json", "--annotate", "seen", "--explain", "seen"
    )
    assert result.exit_code == 1
    seven, broken, blank = json.loads(result.stdout)
    assert (seven["picture"], seven["rows"], seven["text"]) == ("seven.png", ["7"], "7")
    digit = seven["digits"][0]
    assert digit["label"] == "7"
    assert len(digit["box"]) == 4
    assert [len(candidate) for candidate in digit["top"]] == [2, 2, 2]
    assert "error" in broken
    assert blank["rows"] == []
    assert len(list((tmp_path / "seen").iterdir())) >= 2


def test_predict_reads_standard_input_folders_and_writes_csv(tmp_path, drawing):
    import subprocess
    import sys

    (tmp_path / "scans").mkdir()
    drawing.save(tmp_path / "scans" / "a.png")
    command = [sys.executable, "-m", "lenet", "predict", "--csv"]
    for arguments, content in ((["-"], encoded(drawing, "PNG")), (["scans"], b"")):
        done = subprocess.run([*command, *arguments], cwd=tmp_path, input=content, capture_output=True, check=True)
        header, row = done.stdout.decode().splitlines()
        assert "label" in header
        assert ",7," in row


@pytest.mark.parametrize("depth", [1, 3])
def test_predict_classifies_whole_pictures(lenet, tmp_path, depth):
    about = Metadata(("cat", "dog"), 20, 24, depth, network="conv 2 3, maxpool 2", framing="whole")
    shapes = {name: shape for placed in about.layers for name, shape in placed.weight_shapes.items()}
    rng = np.random.default_rng(0)
    weights = {name: rng.normal(0, 0.1, shape).astype(np.float32) for name, shape in shapes.items()}
    (tmp_path / "pets.onnx").write_bytes(encode_model(weights, about))
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for name in ("a.avif", "b.ppm"):
        Image.fromarray(rng.integers(0, 256, (60, 90, 3), dtype=np.uint8)).save(pictures / name)
    plain = lenet("predict", "pictures", "--model", "pets.onnx", "--annotate", "seen", "--explain", "seen")
    answers = json.loads(lenet("predict", "pictures", "--model", "pets.onnx", "--json").stdout)
    lines = [f"{each['picture']}: {each['label']} ({each['probability']:.1%})" for each in answers]
    assert plain.stdout.splitlines() == lines
    assert [(each["digits"], each["rows"]) for each in answers] == [([], [each["label"]]) for each in answers]
    header, *rows = lenet("predict", "pictures", "--model", "pets.onnx", "--csv").stdout.splitlines()
    assert header.startswith("picture,page,row,column,word,label,probability,unknown,left")
    shown = [[each["picture"], "1", "", "", "", each["label"]] for each in answers]
    assert [row.split(",")[:6] for row in rows] == shown
    assert sorted(path.name for path in (tmp_path / "seen").iterdir()) == [
        "a-stages.png", "a.png", "b-stages.png", "b.png",
    ]  # fmt: skip

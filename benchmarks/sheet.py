"""How well photographed sheets are cut into labelled pictures: n composed photographs, no camera's.

    python benchmarks/sheet.py [--photographs 100] [--seed 1000] [--write DIR] [--results]

Each shows the page of ``lenet sheet --classes 0-9``, as its PDF is rendered, with MNIST's test digits in five of six
boxes: bent by up to 1.5 mm, seen from up to 25 degrees aside, turned by up to 20 degrees and by quarter turns, on a
desk of any brightness, shadowed with soft and hard edges, blurred, noisy, a JPEG of quality 60 to 95. --seed is the
first photograph's seed; the code was developed on seeds below 100 and is measured from 1000 on.

A box is right when its digit is in a picture of its class, or when it is empty and left out. The bundled model reads
the pictures of every fifth photograph.
"""

import argparse
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from results import table, write_section

from lenet import LenetError, Model, Reader, load_dataset
from lenet.pictures.picture import open_picture
from lenet.sheet.cut import cut_sheet
from lenet.sheet.draw import as_pdf
from lenet.sheet.find import project_onto
from lenet.sheet.layout import COLUMNS, HEIGHT, SIDE, WIDTH, box_corner, sheets

CLASSES = tuple("0123456789")
FILLED = 5 / 6
READ_EVERY = 5


@dataclass
class Photograph:
    """A composed photograph.

    Attributes:
        image: As a camera gives it.
        written: The index of the test digit in each box, -1 for none, ``(rows, columns)``.
        about: What was done to it.
    """

    image: Image.Image
    written: np.ndarray
    about: str


def main() -> None:
    parser = argparse.ArgumentParser(description="How well photographed sheets are cut into labelled pictures.")
    parser.add_argument("--photographs", type=int, default=100, metavar="N")
    parser.add_argument("--seed", type=int, default=1000, help="of the first photograph")
    parser.add_argument("--write", type=Path, metavar="DIR", help="write the photographs there")
    parser.add_argument("--results", action="store_true", help="write the section of RESULTS.md")
    arguments = parser.parse_args()
    test = load_dataset("mnist").split("60000:10000").test
    (sheet,) = sheets(CLASSES)
    page = np.asarray(open_picture(as_pdf([sheet])).grey)
    reader = Reader(Model.load())
    total = np.zeros(4, int)  # boxes, right ones, pictures that were read, and read right
    failures = []
    for seed in range(arguments.seed, arguments.seed + arguments.photographs):
        photograph = compose(np.random.default_rng(seed), page, test.images[..., 0], test.labels)
        if arguments.write:
            arguments.write.mkdir(parents=True, exist_ok=True)
            photograph.image.save(arguments.write / f"{seed}.jpg", quality=95)
        counts, wrong = measure(photograph, reader if seed % READ_EVERY == 0 else None, test.labels)
        total += counts
        failures += [seed] if wrong else []
        print(f"{seed}: {counts.tolist()} {wrong} {photograph.about}", flush=True)
    boxes, right, seen, read = total.tolist()
    rows = [["boxes right", f"{boxes:,}", f"{right / boxes:.2%}"]]
    rows += [["pictures read right by the bundled model", f"{seen:,}", f"{read / max(1, seen):.2%}"]]
    text = table([f"{arguments.photographs} composed photographs", "n", "share"], rows)
    print(f"{text}\n\nphotographs with a wrong box: {failures}")
    if arguments.results:
        command = f"python benchmarks/sheet.py --photographs {arguments.photographs} --seed {arguments.seed}"
        write_section("A photographed sheet of one's own hand", f"`{command}`\n\n{text}")


def measure(photograph: Photograph, reader: Reader | None, labels: np.ndarray) -> tuple[np.ndarray, str]:
    """Boxes, right ones, pictures that were read, and read right; and what is wrong, in words."""
    written = photograph.written
    try:
        boxes = cut_sheet(open_picture(photograph.image), "photograph")
    except LenetError as error:
        return np.array([written.size, 0, 0, 0]), str(error)
    right = seen = read = 0
    wrong = []
    for box in boxes:
        index = written[box.row, box.column]
        same = box.empty if index < 0 else not box.empty and box.label == CLASSES[labels[index]]
        right += same
        if not same:
            wrong.append((box.row, box.column, "empty" if box.empty else box.label))
        elif reader is not None and not box.empty:
            seen += 1
            read += "".join(reader.read(box.image).rows) == box.label
    return np.array([written.size, right, seen, read]), f"wrong {wrong}" if wrong else ""


def compose(rng: np.random.Generator, blank: np.ndarray, images: np.ndarray, labels: np.ndarray) -> Photograph:
    """A photograph of a page with digits in it.

    Args:
        rng: Decides everything.
        blank: The page, grey ``(height, width)``.
        images: Digits, uint8 ``(n, 28, 28)``.
        labels: Their classes ``(n,)``.
    """
    page = blank.astype(np.float32) / 255
    dots = page.shape[1] / WIDTH  # pixels to a millimetre
    (sheet,) = sheets(CLASSES)
    written = np.full((len(sheet.rows), COLUMNS), -1)
    darkness = rng.uniform(0.55, 0.95)
    for (row, column), _ in np.ndenumerate(written):
        if rng.random() > FILLED:
            continue
        index = int(rng.choice(np.flatnonzero(labels == int(sheet.rows[row]))))
        written[row, column] = index
        side = round(rng.uniform(7, 11) * dots)  # of 28 pixels, of which the digit takes 20
        ink = np.asarray(Image.fromarray(images[index]).resize((side, side), Image.Resampling.BICUBIC)) / 255
        room = SIDE - 0.8 - side / dots
        offset = SIDE / 2 - side / dots / 2 + rng.uniform(-1, 1, 2) * max(0.6, room / 2)
        left, top = ((np.array(box_corner(row, column)) + offset) * dots).round().astype(int)
        page[top : top + side, left : left + side] *= 1 - darkness * ink
    image, about = _photographed(rng, _bent(rng, page, dots))
    return Photograph(image, written, about)


def _bent(rng: np.random.Generator, page: np.ndarray, dots: float) -> np.ndarray:
    """The page with its middle moved by up to 1.5 mm along one side, as paper that does not lie flat."""
    page = page if rng.random() < 0.5 else page.T
    lying = page.shape[0] < page.shape[1]
    bend = rng.uniform(-1.5, 1.5) * dots * np.sin(np.linspace(0, np.pi, page.shape[1]))
    rows = (np.arange(page.shape[0])[:, np.newaxis] + bend.round().astype(int)).clip(0, page.shape[0] - 1)
    bent = np.take_along_axis(page, rows, axis=0)
    return bent.T if lying else bent


def _photographed(rng: np.random.Generator, page: np.ndarray) -> tuple[Image.Image, str]:
    turn = rng.uniform(-20, 20)
    quarter = int(rng.integers(4))
    height = int(rng.integers(1600, 3000))
    width = round(height * 0.75)
    if quarter % 2:
        height, width = width, height
    corners = _page_corners(rng, np.deg2rad(turn + 90 * quarter), width, height)
    # From the page's corners to those in the photograph, by way of the marks' places.
    to_photo = _projection(np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]]), corners)
    dots = page.shape[1] / WIDTH
    back = np.diag([dots, dots, 1]) @ np.linalg.inv(to_photo)
    back /= back[2, 2]
    paper = Image.fromarray(np.uint8(page * 255))
    options = ((width, height), Image.Transform.PERSPECTIVE, back.ravel()[:8], Image.Resampling.BICUBIC)
    warped = np.asarray(paper.transform(*options), np.float32) / 255
    inside = np.asarray(Image.new("L", paper.size, 255).transform(*options), np.float32) / 255
    desk = _smooth_noise(rng, width, height, 30) * rng.uniform(0.1, 0.3) + rng.uniform(0.05, 0.6)
    scene = warped * inside * rng.uniform(0.8, 0.95) + desk * (1 - inside)
    light, shadow = _light(rng, width, height)
    scene = (scene * light)[..., np.newaxis] * rng.uniform(0.85, 1.0, 3)
    photo = Image.fromarray(np.uint8(scene.clip(0, 1) * 255))
    blur = rng.uniform(0, 2) * max(width, height) / 2000
    photo = photo.filter(ImageFilter.GaussianBlur(blur))
    noise = rng.uniform(0, 10)
    pixels = np.asarray(photo, np.float32) + rng.normal(0, noise, (height, width, 3)).astype(np.float32)
    buffer = io.BytesIO()
    quality = int(rng.integers(60, 96))
    Image.fromarray(np.uint8(pixels.clip(0, 255))).save(buffer, "JPEG", quality=quality)
    about = f"{width}x{height} turn {turn:.0f}+{90 * quarter} shadow {shadow:.2f} blur {blur:.1f} noise {noise:.0f}"
    return Image.open(buffer), about


def _page_corners(rng: np.random.Generator, angle: float, width: int, height: int) -> np.ndarray:
    """The page's corners in the photograph: turned, seen from aside, and as large as fits."""
    corners = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]]) - [WIDTH / 2, HEIGHT / 2]
    turned = corners @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    tilt = np.deg2rad(rng.uniform(0, 25))
    toward = rng.uniform(0, 2 * np.pi)
    depth = turned @ [np.cos(toward), np.sin(toward)] * np.sin(tilt)
    along = np.array([np.cos(toward), np.sin(toward)])
    flat = turned - np.outer(turned @ along * (1 - np.cos(tilt)), along)
    seen = flat / (1 + depth / (1.3 * HEIGHT))[:, np.newaxis]
    low, high = seen.min(axis=0), seen.max(axis=0)
    scale = (np.array([width, height]) / (high - low)).min() * rng.uniform(0.75, 0.98)
    room = np.array([width, height]) - (high - low) * scale
    return (seen - low) * scale + rng.uniform(0.2, 0.8, 2) * room


def _projection(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The projection ``(3, 3)`` from four points to four others."""
    onto = project_onto(source)  # marks → source
    return project_onto(target) @ np.linalg.inv(onto)


def _light(rng: np.random.Generator, width: int, height: int) -> tuple[np.ndarray, float]:
    """Brightness falling off to one side, and the shadow of a hand or a telephone with a soft or hard edge."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    toward = rng.uniform(0, 2 * np.pi)
    ramp = (x / width - 0.5) * np.cos(toward) + (y / height - 0.5) * np.sin(toward)
    light = 1 - rng.uniform(0, 0.5) * (ramp + 0.7) / 1.4
    depth = rng.uniform(0, 0.55)
    mask = Image.new("L", (width, height))
    centre = rng.uniform(0, 1, 2) * [width, height]
    angles = np.sort(rng.uniform(0, 2 * np.pi, 6))
    radii = rng.uniform(0.2, 0.6, 6) * max(width, height)
    points = centre + np.stack([np.cos(angles), np.sin(angles)], axis=1) * radii[:, np.newaxis]
    ImageDraw.Draw(mask).polygon([tuple(point) for point in points.tolist()], fill=255)
    mask = mask.filter(ImageFilter.GaussianBlur(float(rng.choice([1.5, 8, 30]))))
    return light * (1 - depth * np.asarray(mask, np.float32) / 255), depth


def _smooth_noise(rng: np.random.Generator, width: int, height: int, cell: int) -> np.ndarray:
    coarse = rng.random((height // cell + 2, width // cell + 2)).astype(np.float32)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


if __name__ == "__main__":
    main()

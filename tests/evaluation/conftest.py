"""Images that are no digits, for the tests of unknown images."""

from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from lenet import Model
from lenet.datasets.idx import read_idx
from lenet.model.runtime import BUNDLED

FASHION = Path("/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz")
# Without those that look like digits: O 0, I and l 1, S 5, Z 2, B 8, g and q 9.
LETTERS = "".join(sorted(set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") - set("OIlSZBgq")))
FONTS = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSansMono")


@pytest.fixture(scope="session")
def bundled() -> Model:
    if not BUNDLED.exists():
        pytest.skip("no bundled model in this source tree: build it first")
    return Model.load()


@pytest.fixture(scope="session")
def fashion():
    if not FASHION.exists():
        pytest.skip(f"{FASHION} is not there: apt-get install dataset-fashion-mnist")
    return read_idx(FASHION)[..., np.newaxis]


@pytest.fixture(scope="session")
def letters():
    """Every letter in six fonts, in the form of MNIST: 20 pixels, centre of mass in the middle."""
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return np.stack([_letter(letter, folder / f"{face}.ttf") for face in FONTS for letter in LETTERS])


def _letter(letter: str, font: Path) -> np.ndarray:
    canvas = Image.new("L", (160, 160))
    face = ImageFont.truetype(str(font), 80)
    ImageDraw.Draw(canvas).text((80, 80), letter, font=face, fill=255, anchor="mm")
    glyph = canvas.crop(canvas.getbbox())
    size = [max(1, round(side * 20 / max(glyph.size))) for side in glyph.size]
    frame = Image.new("L", (28, 28))
    frame.paste(glyph.resize(size, Image.Resampling.LANCZOS), ((28 - size[0]) // 2, (28 - size[1]) // 2))
    pixels = np.asarray(frame, float)
    offset = 13.5 - np.array(ndimage.center_of_mass(pixels))
    return np.clip(ndimage.shift(pixels, offset, order=1), 0, 255).astype(np.uint8)[..., np.newaxis]

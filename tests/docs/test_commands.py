"""Every command block of the documentation is run, or says why not; both languages have the same ones."""

import os
import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lenet.pictures.picture import open_picture
from lenet.sheet.draw import as_pdf
from lenet.sheet.layout import Sheet

pytestmark = pytest.mark.long

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [page for page in sorted(DOCS.rglob("*.md")) if not page.is_relative_to(DOCS / "zh")]
BLOCK = re.compile(r"(?P<why><!-- not run: .+? -->\n\n)?^ *```bash\n(?P<commands>.+?)^ *```$", re.MULTILINE | re.DOTALL)
QUICK = ("--epochs", "0.3")


def blocks(page: Path) -> list[tuple[bool, list[str]]]:
    """Whether each command block is run, and its lines."""
    found = BLOCK.finditer(page.read_text(encoding="utf-8"))
    return [(not match["why"], [line.strip() for line in match["commands"].splitlines()]) for match in found]


@pytest.fixture
def files(tmp_path, test_part):
    """What the how-tos speak of."""
    digits = [Image.fromarray(image[..., 0]) for image in test_part.images[:12]]
    for number, digit in enumerate(digits):
        folder = tmp_path / "photos" / ("cat", "dog")[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        digit.save(folder / f"{number}.png")
    page = open_picture(as_pdf([Sheet(tuple("0123456789"))])).pixels.copy()
    for left in range(240, 1200, 100):  # strokes in the boxes
        page[240:290, left : left + 4] = 0
    Image.fromarray(page).save(tmp_path / "photo.jpg")
    digits[0].save(tmp_path / "new.png")
    row = np.concatenate(test_part.images[:4, ..., 0], axis=1)
    Image.fromarray(255 - row).resize((448, 112)).save(tmp_path / "letter.png")


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    "page", [page for page in PAGES if any(run for run, _ in blocks(page))], ids=lambda it: it.stem
)
def test_the_commands_of_a_page_run_one_after_the_other(lenet, page):
    for line in [line for run, lines in blocks(page) if run for line in lines]:
        program, *arguments = shlex.split(line)
        assert program == "lenet"
        if arguments[0] == "train":
            arguments += QUICK
        if arguments[0] == "export" and not shutil.which("chromium") and "CI" not in os.environ:
            arguments.append("--unproven")  # in CI, the browser must be there
        result = lenet(*arguments)
        assert result.exit_code == 0, f"{line}: {result.output}"


def test_both_languages_have_the_same_commands():
    shown = 0
    for page in PAGES:
        chinese = DOCS / "zh" / page.relative_to(DOCS)
        lines = [(run, [line.removesuffix(" --chinese") for line in block]) for run, block in blocks(chinese)]
        assert lines == blocks(page), page
        shown += len(lines)
    assert shown > 10


def test_no_line_of_text_begins_with_what_markdown_takes_for_a_comment():
    for page in [*PAGES, *(DOCS / "zh").rglob("*.md")]:
        assert not re.findall(r"^ *%.*", page.read_text(encoding="utf-8"), flags=re.MULTILINE), page

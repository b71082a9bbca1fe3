"""Images kept as labelled pictures, a folder for each class, that ``lenet train --data`` takes."""

import hashlib
from pathlib import Path

from lenet.atomic import write_bytes
from lenet.errors import LenetError
from lenet.pictures.formats import is_folder_name
from lenet.pictures.letterbox import as_png
from lenet.pictures.picture import Pixels

# So that nobody fills the disk; at 28×28 a picture takes less than 1 KB.
MOST_KEPT = 100_000


class Collection:
    """Corrections of wrong answers."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; it is made with the first picture."""
        self.folder = folder
        self._count = sum(1 for _ in folder.glob("*/*.png"))

    def keep(self, image: Pixels, label: str) -> Path:
        """Keep an image ``(height, width, depth)`` in the folder of its true class; the same image is kept once.

        Raises:
            LenetError: when the label cannot be a folder's name, or the folder is full or cannot be written.
        """
        path = class_folder(self.folder, label) / picture_name(image)
        if self._count >= MOST_KEPT:
            raise LenetError(f"{self.folder}: has {MOST_KEPT:,} pictures already; start with another --collect DIR")
        if not path.exists():
            write_picture(path, image)
            self._count += 1
        return path


def class_folder(root: Path, label: str) -> Path:
    """The folder of a class in ``root``; LenetError when a folder cannot have its name."""
    if not is_folder_name(label):
        raise LenetError(f"class {label!r}: cannot be a folder's name, so nothing was kept")
    return root / label


def picture_name(image: Pixels) -> str:
    """A file name that depends on the pixels alone."""
    return f"{hashlib.sha256(image.tobytes()).hexdigest()[:20]}.png"


def write_picture(path: Path, image: Pixels) -> None:
    """Write a uint8 image ``(height, width, 1 or 3)`` as PNG, atomically."""
    write_bytes(path, as_png(image))

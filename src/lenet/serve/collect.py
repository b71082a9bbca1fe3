"""What people say was read wrong, kept as labelled pictures that ``lenet train --data`` takes."""

import hashlib
import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from lenet.atomic import write_bytes
from lenet.datasets.folder import is_passed_over
from lenet.errors import LenetError

# So that nobody fills the disk: at 28×28 a picture has less than 1 KB.
MOST_KEPT = 100_000


class Collection:
    """A folder with one folder a class, one PNG an image."""

    def __init__(self, folder: Path) -> None:
        """Take the folder, which is made with the first picture."""
        self.folder = folder
        self._count = sum(1 for _ in folder.glob("*/*.png"))

    def keep(self, image: npt.NDArray[np.uint8], label: str) -> Path:
        """Keep an image under its true class; the same image of the same class is kept once.

        Args:
            image: uint8 ``(height, width)``, bright ink on black.
            label: the class's name.

        Raises:
            LenetError: when the label cannot be a folder's name, the folder is full or cannot be written.
        """
        if is_passed_over(label) or "/" in label or "\\" in label or len(label.encode()) > 255:
            raise LenetError(f"class {label!r}: cannot be a folder's name, so nothing was kept")
        if self._count >= MOST_KEPT:
            raise LenetError(f"{MOST_KEPT:,} pictures are kept already; no more are taken")
        content = io.BytesIO()
        Image.fromarray(image).save(content, "PNG")
        name = hashlib.sha256(image.tobytes()).hexdigest()[:20]
        path = self.folder / label / f"{name}.png"
        if not path.exists():
            write_bytes(path, content.getvalue())
            self._count += 1
        return path

"""The one list of picture formats, and the two that need a library of their own: HEIC and PDF."""

import io
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageFile

from lenet.errors import LenetError

_BY_PILLOW = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "PPM")
FORMATS = (*_BY_PILLOW, "HEIC", "PDF")
ENDINGS = (
    *(".png", ".jpg", ".jpeg", ".jfif", ".gif", ".bmp", ".dib", ".tif", ".tiff"),
    *(".webp", ".avif", ".pgm", ".ppm", ".pbm", ".pnm", ".heic", ".heif", ".hif", ".pdf"),
)
# Files that operating systems add to folders.
_SYSTEMS_OWN = ("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r")
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
# What renders a page of a PDF, and how long it may take on a busy machine.
_RENDER, _RENDER_SECONDS = (sys.executable, "-P", "-m", "lenet.pictures.render_page"), 15.0


def is_picture(path: Path) -> bool:
    """Whether a file's ending is that of a picture."""
    return path.suffix.lower() in ENDINGS


def is_passed_over(name: str) -> bool:
    """Whether a file or folder of this name is ignored: hidden ones and those of operating systems."""
    return name.startswith((".", "__MACOSX")) or name.lower() in _SYSTEMS_OWN


def is_folder_name(name: str) -> bool:
    """Whether a class's folder can have this name on every system."""
    return not is_passed_over(name) and not set(name) & set("/\\") and len(name.encode()) <= 255


def open_file(file: BinaryIO, name: str) -> Image.Image:
    """Open a picture file, whose content tells its format; no pixel is decoded yet.

    Returns:
        The image, to be closed with ``with``; ``seek`` chooses another page or frame.

    Raises:
        LenetError: when the library for the format is not installed; ``name`` is named in it.
        Exception: any, when it is damaged or in no known format.
    """
    head = file.read(64)
    file.seek(0)
    try:
        if head.lstrip(b"\xef\xbb\xbf\0\r\n\t ").startswith(b"%PDF-"):
            return _PdfImage(file)
        if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS and b"avif" not in head:
            from pi_heif import HeifImageFile

            return HeifImageFile(file)  # type: ignore[no-any-return]
    except ImportError:
        kind = "PDF" if b"%PDF-" in head else "HEIC"
        raise LenetError(f"{name}: reading {kind} needs: pip install 'lenet[formats]'") from None
    return Image.open(file, formats=_BY_PILLOW)


class _PdfImage(ImageFile.ImageFile):
    """A PDF, as Pillow has other files of several pages."""

    format = "PDF"

    def _open(self) -> None:
        import pypdfium2  # noqa: F401  said to be missing before a process is started

        assert self.fp is not None
        self._content = self.fp.read()
        self.n_frames = 1
        self._mode = "RGB"
        self.seek(0)

    def seek(self, frame: int) -> None:
        """Render a page, in another process."""
        if not 0 <= frame < self.n_frames:
            raise EOFError("no such page")
        try:
            done = subprocess.run(
                [*_RENDER, str(frame)],
                input=self._content,
                capture_output=True,
                check=False,
                timeout=_RENDER_SECONDS,
            )
        except subprocess.TimeoutExpired:
            done = subprocess.CompletedProcess(_RENDER, -1)
        if done.returncode:
            said = (done.stderr or b"").decode(errors="replace").splitlines() if done.returncode == 1 else ()
            raise ValueError(said[-1] if said else "the page is too much work, or is damaged")
        count, _, pixels = done.stdout.partition(b"\n")
        self.n_frames, self._page = int(count), frame
        self.is_animated = self.n_frames > 1
        with Image.open(io.BytesIO(pixels), formats=["PPM"]) as rendered:
            rendered.load()
        self.im, self._size = rendered.im, rendered.size

    def tell(self) -> int:
        """Index of the page."""
        return self._page

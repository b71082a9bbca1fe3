"""The one list of picture formats, and the two that need a library of their own: HEIC and PDF."""

import math
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO

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
# A page of a PDF is rendered at 200 dpi, or at fewer if it would have more pixels than these: A2 has 15 million.
DPI, MOST_RENDERED = 200, 16_000_000
# PDFium may be called by one thread at a time.
_PDFIUM = Lock()


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
        import pypdfium2

        assert self.fp is not None
        with _PDFIUM:
            self._document = pypdfium2.PdfDocument(self.fp.read())
            self.n_frames = len(self._document)
        self.is_animated = self.n_frames > 1
        self._mode = "RGB"
        self.seek(0)

    def seek(self, frame: int) -> None:
        """Choose a page."""
        if not 0 <= frame < self.n_frames:
            raise EOFError("no such page")
        with _PDFIUM:
            width, height = self._document.get_page_size(frame)  # points
        self._page = frame
        self._scale = min(DPI / 72, math.sqrt(MOST_RENDERED / max(1.0, width * height)))
        self._size = (math.ceil(width * self._scale), math.ceil(height * self._scale))
        self._im = None

    def tell(self) -> int:
        """Index of the page."""
        return self._page

    def load(self) -> Any:
        """Render the page."""
        if self._im is None:
            with _PDFIUM:
                page = self._document[self._page]
                rendered = page.render(scale=self._scale).to_pil()
                page.close()
            self.im, self._size = rendered.im, rendered.size
        return super().load()

    def __exit__(self, *arguments: object) -> None:
        with _PDFIUM:
            self._document.close()
        super().__exit__(*arguments)

"""A process that renders one page of a PDF: ``python -m lenet.pictures.render_page PAGE``.

A PDF of a few bytes can ask for any amount of work and memory, and PDFium cannot be stopped; so this process has
limits, and may be killed. Standard input is the file. Standard output is a line with the number of pages, then the page
as PPM.
"""

import math
import os
import sys

import pypdfium2

# A page is rendered at 200 dpi, or at fewer if it would have more pixels than these: A2 has 15 million.
DPI, MOST_RENDERED = 200, 16_000_000
# Of the processor, and of memory in bytes; a scanned page of A2 takes a second and 200 MB.
MOST_SECONDS, MOST_MEMORY = 4, 384 << 20


def main() -> None:
    """Render the page, counted from 0; nothing after the number of pages where there is no such page."""
    if os.name == "posix":
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
        resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    document = pypdfium2.PdfDocument(sys.stdin.buffer.read())
    sys.stdout.buffer.write(b"%d\n" % len(document))
    number = int(sys.argv[1])
    if number < len(document):
        page = document[number]
        width, height = page.get_size()  # points
        scale = min(DPI / 72, math.sqrt(MOST_RENDERED / max(1.0, width * height)))
        page.render(scale=scale).to_pil().convert("RGB").save(sys.stdout.buffer, "PPM")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        main()
    except Exception as error:
        sys.exit(str(error).partition("\n")[0])

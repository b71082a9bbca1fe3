"""``html``: one page that classifies what is drawn on it; it holds the network and works offline."""

import base64
import json
import posixpath
import re
import shutil
import subprocess
import tempfile
from pathlib import Path, PurePosixPath
from string import Template
from typing import Any

import numpy as np

from lenet.datasets.dataset import Images
from lenet.errors import LenetError
from lenet.export.integer_network import as_rows, quantize_rows
from lenet.export.target import Probabilities, Target
from lenet.model.description import describe, shortest
from lenet.model.file import ModelFile, encode_model
from lenet.model.runtime import Model

PAGE = Path(__file__).parents[1] / "page"
MAIN, PROOF = "single/main.js", "single/proof.js"
STYLES = ("core/core.css", "core/inside/inside.css")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
# Nothing of the user's profile, and no access to the network: not even names are looked up.
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-extensions", "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip
SECONDS = 600
IMPORT = re.compile(r'(?<=^import )(?:[^"]* from )?"([^"]+)"', re.MULTILINE)


class Html(Target):
    """One file with style, scripts and the weights as 8-bit integers. Computes in floating point."""

    # An image takes some milliseconds in a browser.
    proof_images = 1_000

    def write(self, path: Path) -> None:
        """Write the page."""
        description, kernels = describe_rounded(self.model)
        page = Template(_read("single/page.html")).substitute(
            style="\n".join(map(_read, STYLES)),
            modules=json.dumps({"imports": link_modules(MAIN)}),
            main=MAIN,
            # No class name may close the script element.
            model=json.dumps(description, ensure_ascii=False).replace("<", "\\u003c"),
            weights=base64.b64encode(kernels).decode(),
        )
        path.write_text(page, encoding="utf-8")

    def run(self, path: Path, images: Images) -> Probabilities:
        """Classify the images in a browser that opens the file and has no network."""
        pictures = base64.b64encode(np.ascontiguousarray(images).tobytes()).decode()
        addition = (
            f'<script type="text/plain" id="pictures">{pictures}</script><pre id="answers"></pre>'
            f'<script type="module">{_absolute_imports(PROOF)}</script>'
        )
        found = re.search(r'<pre id="answers">(\[.*?\])</pre>', _open_in_browser(path, addition), re.DOTALL)
        if found is None:
            raise LenetError("html: the page's network does not run in the browser; nothing was kept")
        return np.array(json.loads(found[1]), np.float32)

    def reference(self, images: Images, answers: Probabilities) -> Probabilities | None:
        """The model's answers with the rounded weights."""
        return Model(round_kernels(self.model)).predict(images)


def round_kernels(file: ModelFile) -> ModelFile:
    """The same model with the kernels that the page computes with."""
    weights = {**file.weights}
    for name, kernel in file.weights.items():
        if name.endswith("/kernel"):
            integers, scale = quantize_rows(as_rows(kernel))
            weights[name] = np.ascontiguousarray(np.moveaxis(integers, 0, -1) * scale)
    return ModelFile(encode_model(weights, file.metadata), weights, file.metadata)


def describe_rounded(file: ModelFile) -> tuple[dict[str, Any], bytes]:
    """The network as ``describe`` gives it, with a ``scale`` for each filter or unit; and its kernels as integers."""
    description, kernels = describe(file.metadata, file.weights), []
    for layer in description["layers"]:
        if "kernel" in layer:
            integers, scale = quantize_rows(as_rows(file.weights[f"{layer['name']}/kernel"]))
            kernels.append(np.moveaxis(integers, 0, -1).tobytes())
            layer["scale"] = shortest(scale)
    return description, b"".join(kernels)


def link_modules(main: str) -> dict[str, str]:
    """``main`` and all modules that it imports, each under its name, as the import map of a page in one file."""
    found: dict[str, str] = {}
    waiting = [main]
    while waiting:
        name = waiting.pop()
        if name not in found:
            script = _absolute_imports(name)
            found[name] = f"data:text/javascript;base64,{base64.b64encode(script.encode()).decode()}"
            waiting += IMPORT.findall(script)
    return found


def _absolute_imports(name: str) -> str:
    """A module whose imports name files of the page's folder: relative ones mean nothing in a data: address."""
    folder = PurePosixPath(name).parent

    def absolute(match: re.Match[str]) -> str:
        return match[0].replace(match[1], posixpath.normpath(folder / match[1]))

    return IMPORT.sub(absolute, _read(name))


def _open_in_browser(path: Path, addition: str) -> str:
    """The HTML of the page at ``path``, with ``addition`` appended, after its scripts have run in headless Chromium."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise LenetError("html: is proven in Chromium, and there is none; install chromium, or use --unproven")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        page = Path(folder) / "page.html"
        page.write_text(path.read_text(encoding="utf-8") + addition, encoding="utf-8")
        command = [browser, *FLAGS, f"--user-data-dir={folder}/profile", "--dump-dom", page.as_uri()]
        try:
            done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=True)
        except (OSError, subprocess.SubprocessError) as error:
            raise LenetError(f"html: {browser} does not run ({type(error).__name__}); use --unproven") from error
    return done.stdout.decode()


def _read(name: str) -> str:
    return (PAGE / name).read_text(encoding="utf-8")

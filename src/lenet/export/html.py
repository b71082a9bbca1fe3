"""``html``: one page that reads what is drawn on it, with the network inside, from a disk and with no network on."""

import base64
import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from string import Template

import numpy as np

from lenet.datasets.dataset import Images
from lenet.errors import LenetError
from lenet.export.layout import channels_last
from lenet.export.quantize import quantize_rows
from lenet.export.target import Probabilities, Target
from lenet.model.file import ModelFile, encode_model
from lenet.model.runtime import Model

PAGE = Path(__file__).parent / "page"
SCRIPTS = ("network.js", "ink.js", "page.js")
LAYERS = ("conv1", "conv2", "dense1", "dense2")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
# Nothing of the user's profile, and no way to the network: even a name is not looked up.
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-extensions", "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip
SECONDS = 600


class Html(Target):
    """One file: style, scripts, weights as 8-bit integers. Reads in floating point."""

    # Some 15 ms an image in a browser.
    proof_images = 1_000

    def write(self, path: Path) -> None:
        """Write the page."""
        metadata, weights = self.model.metadata, channels_last(self.model)
        layers, kernels = [], []
        for name in LAYERS:
            kernel, scale = quantize_rows(weights[f"{name}/kernel"])
            kernels.append(kernel.tobytes())
            bias = weights[f"{name}/bias"].tolist()
            rows = len(kernel)
            layers.append({"rows": rows, "length": kernel.size // rows, "scale": scale.tolist(), "bias": bias})
        model = {
            "height": metadata.height,
            "width": metadata.width,
            "depth": metadata.depth,
            "classNames": metadata.class_names,
            "pixelScale": metadata.pixel_scale,
            "kernelSize": weights["conv1/kernel"].shape[1],
            "unknownThreshold": metadata.unknown_threshold,
            "testAccuracy": metadata.test_accuracy,
            "testCount": metadata.test_n,
            "layers": layers,
        }
        page = Template(_read("page.html")).substitute(
            style=_read("page.css"),
            # So that no class name can end the element that it stands in.
            model=json.dumps(model, ensure_ascii=False).replace("<", "\\u003c"),
            weights=base64.b64encode(b"".join(kernels)).decode(),
            script="\n".join(map(_read, SCRIPTS)),
        )
        path.write_text(page, encoding="utf-8")

    def run(self, path: Path, images: Images) -> Probabilities:
        """Open it in a browser from the disk, the network off, and let it read."""
        pictures = base64.b64encode(np.ascontiguousarray(images).tobytes()).decode()
        addition = (
            f'<script type="text/plain" id="pictures">{pictures}</script><pre id="answers"></pre>'
            f"<script>{_read('proof.js')}</script>"
        )
        found = re.search(r'<pre id="answers">(\[.*?\])</pre>', _open_in_browser(path, addition), re.DOTALL)
        if found is None:
            raise LenetError("html: the page's network does not run in the browser; nothing was kept")
        return np.array(json.loads(found[1]), np.float32)

    def reference(self, images: Images, answers: Probabilities) -> Probabilities | None:
        """What the model would say, had it the rounded weights."""
        rounded = {**self.model.weights}
        for name in LAYERS:
            kernel = rounded[f"{name}/kernel"]
            # One row a filter or unit, as the page has them; ONNX's dense layers have one column a unit.
            rows = kernel if kernel.ndim == 4 else kernel.T
            integers, scale = quantize_rows(rows)
            rows = (integers.reshape(len(rows), -1) * scale[:, np.newaxis]).reshape(rows.shape)
            rounded[f"{name}/kernel"] = rows if kernel.ndim == 4 else np.ascontiguousarray(rows.T)
        metadata = self.model.metadata
        return Model(ModelFile(encode_model(rounded, metadata), rounded, metadata)).predict(images)


def _open_in_browser(path: Path, addition: str) -> str:
    """Open a page from the disk in headless Chromium, with no network, and give back what it becomes.

    Args:
        path: the page.
        addition: HTML that is put behind it, such as a script that looks at it.

    Returns:
        The page's elements after its scripts have run, as HTML.

    Raises:
        LenetError: when there is no Chromium, or it fails.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise LenetError("html: is proven in Chromium, and there is none; install chromium, or take it --unproven")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        page = Path(folder) / "page.html"
        page.write_text(path.read_text(encoding="utf-8") + addition, encoding="utf-8")
        command = [browser, *FLAGS, f"--user-data-dir={folder}/profile", "--dump-dom", page.as_uri()]
        try:
            done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=True)
        except (OSError, subprocess.SubprocessError) as error:
            raise LenetError(f"html: {browser} does not run ({type(error).__name__}); take it --unproven") from error
    return done.stdout.decode()


def _read(name: str) -> str:
    return (PAGE / name).read_text(encoding="utf-8")

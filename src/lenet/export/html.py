"""``html``: one page that classifies what is drawn on it; it holds the network and works offline."""

import base64
import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from string import Template
from typing import Any, assert_never

import numpy as np

from lenet.datasets.dataset import Images
from lenet.errors import LenetError
from lenet.export.integer_network import as_rows, quantize_rows
from lenet.export.target import Probabilities, Target
from lenet.model.file import ModelFile, encode_model
from lenet.model.graph import Array
from lenet.model.runtime import Model
from lenet.network.architecture import Activation, Conv, Dense, Flatten, PlacedLayer, Pool, Softmax

PAGE = Path(__file__).parents[1] / "page"
SCRIPTS = ("network.js", "ink.js", "page.js")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
# Nothing of the user's profile, and no access to the network: not even names are looked up.
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-extensions", "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip
SECONDS = 600


class Html(Target):
    """One file with style, scripts and the weights as 8-bit integers. Computes in floating point."""

    # An image takes some 15 ms in a browser.
    proof_images = 1_000

    def write(self, path: Path) -> None:
        """Write the page."""
        metadata = self.model.metadata
        description, kernels = describe(self.model)
        description |= {name: getattr(metadata, name) for name in ("height", "width", "depth", "framing")}
        description |= {"classNames": metadata.class_names}
        description |= {"testAccuracy": metadata.test_accuracy, "testCount": metadata.test_n}
        page = Template(_read("page.html")).substitute(
            style=_read("page.css"),
            # No class name may close the script element.
            model=json.dumps(description, ensure_ascii=False).replace("<", "\\u003c"),
            weights=base64.b64encode(kernels).decode(),
            script="\n".join(map(_read, SCRIPTS)),
        )
        path.write_text(page, encoding="utf-8")

    def run(self, path: Path, images: Images) -> Probabilities:
        """Classify the images in a browser that opens the file and has no network."""
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


def describe(file: ModelFile) -> tuple[dict[str, Any], bytes]:
    """Arguments of ``page/network.js``: a description of the network, and its kernels as 8-bit integers."""
    layers, kernels = [], []
    for placed in file.metadata.layers:
        layer = {"name": placed.name, "input": placed.input_shape, "output": placed.output_shape}
        layer |= _describe_kind(placed)
        if placed.weight_shapes:
            kernel, scale = quantize_rows(as_rows(file.weights[f"{placed.name}/kernel"]))
            kernels.append(kernel.tobytes())
            layer |= {"scale": _shortest(scale), "bias": _shortest(file.weights[f"{placed.name}/bias"])}
        layers.append(layer)
    metadata = file.metadata
    description = {"pixelScale": metadata.pixel_scale, "unknownThreshold": metadata.unknown_threshold}
    return {**description, "layers": layers}, b"".join(kernels)


def _describe_kind(placed: PlacedLayer) -> dict[str, Any]:
    match placed.layer:
        case Conv(_, size, stride) as conv:
            top, left = (conv.padding_for(side)[0] for side in placed.input_shape[:2])
            return {"kind": "conv", "size": size, "stride": stride, "top": top, "left": left}
        case Activation(kind):
            return {"kind": kind}
        case Pool(pool, size):
            return {"kind": "maxpool" if pool == "max" else "avgpool", "size": size}
        case Dense() | Flatten() | Softmax():
            return {"kind": type(placed.layer).__name__.lower()}
        case _ as missing:
            assert_never(missing)


def _shortest(values: Array) -> list[float]:
    """Floats with as few digits as distinguish float32 numbers."""
    return [float(str(value)) for value in values]


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

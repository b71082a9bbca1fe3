"""``lenet doctor``."""

import importlib.util
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import click

from lenet.cli.verb import verb
from lenet.errors import LenetError

READING = ("numpy", "onnx", "onnxruntime", "pillow", "matplotlib")
TRAINING = ("tensorflow", "keras", "h5py", "tomli-w", "filelock", "safetensors")
FORMATS, DATA, EXPORT = ("pi-heif", "pypdfium2"), ("pyarrow", "scikit-learn"), ("ai-edge-litert",)
SCALE = ("ray", "optuna")
MODULES = {"scikit-learn": "sklearn"}


@verb("doctor", "lenet doctor", "lenet doctor --json")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of lines.")
def command(as_json: bool) -> None:
    """Check this machine and this installation: what works, and what is missing.

    The exit status is 1 when something that reading needs is broken.
    """
    checks = [
        _check("python", True, _python),
        _check("processor", False, _processor),
        _check("reading", True, lambda: _versions(READING)),
        _check("training", False, _training),
        _check("devices", False, _devices),
        _check("HEIC and PDF", False, lambda: _extra(FORMATS, "reading HEIC and PDF", "formats")),
        _check("other data", False, lambda: _extra(DATA, "reading Parquet, and scikit-learn's digits,", "data")),
        _check("LiteRT", False, lambda: _extra(EXPORT, "the proof of LiteRT files", "export")),
        _check("many machines", False, lambda: _extra(SCALE, "work in several processes, and search,", "scale")),
        _check("C compiler", False, lambda: _program([os.environ.get("CC", "cc")], "the proof of C exports")),
        _check("Chromium", False, _chromium),
        _check("Tk", False, _tk),
        _check("fonts", False, _fonts),
        _check("mnist", True, _mnist),
        _check("bundled model", False, _bundled),
        _check("networks", True, _networks),
        _check("this folder", False, _folder),
    ]
    if as_json:
        click.echo(json.dumps(checks, ensure_ascii=False))
    else:
        for check in checks:
            mark = "ok" if check["ok"] else "BROKEN" if check["needed"] else "missing"
            click.echo(f"{check['name']:<14} {mark:<8} {check['says']}")
    if any(check["needed"] and not check["ok"] for check in checks):
        raise LenetError(
            "something that reading needs is broken; install again with: pip install --force-reinstall lenet"
        )


def _check(name: str, needed: bool, look: Callable[[], str]) -> dict[str, Any]:
    try:
        return {"name": name, "needed": needed, "ok": True, "says": look()}
    except (LenetError, PackageNotFoundError, OSError, ImportError) as error:
        return {"name": name, "needed": needed, "ok": False, "says": str(error).splitlines()[0]}


def _python() -> str:
    return f"{platform.python_version()} on {platform.system()} {platform.machine()}, {sys.prefix}"


def _processor() -> str:
    from lenet.processor import model_name, usable_cores, vector_features

    features = ", ".join(vector_features()) or "none that are used here"
    return f"{model_name()}, {usable_cores()} usable cores; vector units: {features}"


def _versions(packages: tuple[str, ...]) -> str:
    return ", ".join(f"{package} {version(package)}" for package in packages)


def _training() -> str:
    _refuse_missing(TRAINING, "training needs: pip install 'lenet[train]'")
    from lenet.backend import tf  # the name of its distribution differs by platform

    return f"tensorflow {tf.__version__}, {_versions(TRAINING[1:])}"


def _devices() -> str:
    _refuse_missing(TRAINING, "training needs: pip install 'lenet[train]'")
    from lenet.backend import tf

    graphics = tf.config.list_physical_devices("GPU")
    names = [tf.config.experimental.get_device_details(device).get("device_name", device.name) for device in graphics]
    none = "the processor; a GPU on Linux needs: pip install 'lenet[gpu]'"
    return f"training uses {', '.join(names) or none}"


def _extra(packages: tuple[str, ...], purpose: str, extra: str) -> str:
    _refuse_missing(packages, f"{purpose} needs: pip install 'lenet[{extra}]'")
    return _versions(packages)


def _refuse_missing(packages: tuple[str, ...], hint: str) -> None:
    modules = {name: MODULES.get(name, name.replace("-", "_")) for name in packages}
    missing = [name for name, module in modules.items() if importlib.util.find_spec(module) is None]
    if missing:
        raise LenetError(f"{', '.join(missing)} not installed; {hint}")


def _program(names: Iterable[str], purpose: str) -> str:
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise LenetError(f"not installed; {purpose} needs it")
    return found


def _chromium() -> str:
    from lenet.export.html import BROWSERS

    return _program(BROWSERS, "the proof of html exports")


def _tk() -> str:
    _refuse_missing(("tkinter",), "`lenet show --window` needs a package of the system, such as python3-tk")
    return "opens the window of `lenet show --window`"


def _fonts() -> str:
    from lenet.figures.style import cjk_fonts

    if not cjk_fonts():
        raise LenetError("no Chinese font; class names such as 一 in figures need Noto Sans CJK")
    return ", ".join(cjk_fonts())


def _mnist() -> str:
    from lenet.datasets import load_dataset

    started = time.perf_counter()
    count = len(load_dataset("mnist"))
    return f"{count:,} images, SHA-256 as published, loaded in {time.perf_counter() - started:.2f} s"


def _bundled() -> str:
    from lenet.model.runtime import Model

    metadata = Model.load().metadata
    return f"{metadata.test_accuracy:.2%} of {metadata.test_n:,} test images read correctly; network {metadata.network}"


def _networks() -> str:
    from lenet.network.named import NETWORKS

    counts = ((name, network.count_parameters(28, 28, 1, 10)) for name, network in NETWORKS.items())
    return "parameters for MNIST: " + ", ".join(f"{name} {count:,}" for name, count in counts)


def _folder() -> str:
    with tempfile.TemporaryFile(dir=Path.cwd()):
        free = os.statvfs(Path.cwd()) if hasattr(os, "statvfs") else None
    space = f", {free.f_bavail * free.f_frsize / 2**30:.1f} GiB free" if free else ""
    return f"{Path.cwd()} can be written{space}"

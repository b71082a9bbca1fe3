"""``lenet doctor``."""

import importlib.util
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import click

from lenet.cli.verb import verb
from lenet.errors import LenetError

READING = ("numpy", "onnx", "onnxruntime", "pillow", "matplotlib")
TRAINING = ("tensorflow", "keras", "h5py", "tomli-w", "filelock", "safetensors")
FORMATS = ("pi-heif", "pypdfium2")


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
        _check("HEIC and PDF", False, _formats),
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


def _formats() -> str:
    _refuse_missing(FORMATS, "reading HEIC and PDF needs: pip install 'lenet[formats]'")
    return _versions(FORMATS)


def _refuse_missing(packages: tuple[str, ...], hint: str) -> None:
    missing = [name for name in packages if importlib.util.find_spec(name.replace("-", "_")) is None]
    if missing:
        raise LenetError(f"{', '.join(missing)} not installed; {hint}")


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

"""The environment of a training: everything beside recipe and data that the bits of its weights depend on."""

import os
import platform
from importlib.metadata import version
from typing import Any, Literal

from lenet.processor import model_name, usable_cores, vector_features
from lenet.training.recipe import Precision

LIBRARIES = ("lenet", "keras", "numpy", "onnx", "onnxruntime")
# Processors without these units emulate bfloat16, many times slower.
BFLOAT16_UNITS = {"avx512_bf16", "amx_bf16"}


def choose_precision(wanted: Precision) -> Literal["float32", "bfloat16"]:
    """``float32`` or ``bfloat16`` for a recipe's precision; ``auto`` depends on the processor's instructions only."""
    if wanted != "auto":
        return wanted
    return "bfloat16" if BFLOAT16_UNITS & set(vector_features()) else "float32"


def library_versions() -> dict[str, str]:
    """Versions of Python and of the libraries that training uses."""
    from lenet.backend import tf  # here, so that a run folder can be read without it

    numbers = {name: version(name) for name in LIBRARIES}
    return numbers | {"tensorflow": tf.__version__, "python": platform.python_version()}


def environment() -> dict[str, Any]:
    """Versions, system, processor and number of threads, as plain values."""
    return {
        "versions": library_versions(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": model_name(),
        "vector_units": list(vector_features()),
        "threads": threads(),
    }


def threads() -> int:
    """Number of threads that share one operation."""
    from lenet.backend import tf

    asked = tf.config.threading.get_intra_op_parallelism_threads() or os.environ.get("TF_NUM_INTRAOP_THREADS", "0")
    return int(asked) or usable_cores()


def differences(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Entries of ``now`` that differ from ``before``, in a few words each."""
    old = _flat(before)
    changed = {name: value for name, value in _flat(now).items() if old.get(name, value) != value}
    return [f"{name} was {old[name]}, is {value}" for name, value in changed.items()]


def _flat(values: dict[str, Any]) -> dict[str, Any]:
    versions = values.get("versions")
    return {**values, "versions": None, **(versions if isinstance(versions, dict) else {})}

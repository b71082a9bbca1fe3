"""Properties of the processor, as the operating system reports them."""

import os
import platform
from pathlib import Path

# Vector units that the speed of a convolution depends on, in the kernel's spelling.
VECTOR_FEATURES = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_bf16", "asimd", "bf16")


def usable_cores() -> int:
    """Number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def model_name() -> str:
    """Name of the processor, or of its architecture when the name is unknown."""
    return _cpuinfo("model name") or platform.processor() or platform.machine()


def vector_features() -> tuple[str, ...]:
    """The ``VECTOR_FEATURES`` of the processor; empty where the system does not report them."""
    present = (_cpuinfo("flags") or _cpuinfo("Features")).split()
    return tuple(name for name in VECTOR_FEATURES if name in present)


def _cpuinfo(key: str) -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.partition(":")[0].strip() == key), "")

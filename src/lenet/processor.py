"""What the processor can do, as the operating system tells."""

import os
import platform
from pathlib import Path

# The vector units that decide how fast a convolution goes, in the kernel's spelling.
VECTOR_FEATURES = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_bf16", "asimd", "bf16")


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def model_name() -> str:
    """The processor's name, as far as it is known."""
    return _cpuinfo("model name") or platform.processor() or platform.machine()


def vector_features() -> tuple[str, ...]:
    """Those of ``VECTOR_FEATURES`` that are there; nothing where the system does not tell."""
    there = (_cpuinfo("flags") or _cpuinfo("Features")).split()
    return tuple(name for name in VECTOR_FEATURES if name in there)


def _cpuinfo(key: str) -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.partition(":")[0].strip() == key), "")

"""CPU seconds and memory of a command with all processes that Ray starts for it."""

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def watch(folder: Path, kind: str, *arguments: str) -> tuple[float, float]:
    """CPU seconds and MiB, of a ``kind`` of smaps_rollup, of a command and all processes that Ray starts for it."""
    command = [sys.executable, "-m", "lenet", *arguments]
    driver = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seconds: dict[int, float] = {}
    peak = 0.0
    while driver.poll() is None:
        pages = 0.0
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError, ValueError, IndexError):
                own = f"LENET_DRIVER={driver.pid}" in (process / "environ").read_text().split("\0")
                if own or int(process.name) == driver.pid:
                    fields = (process / "stat").read_text().rpartition(")")[2].split()
                    seconds[int(process.name)] = (int(fields[11]) + int(fields[12])) / TICKS
                    rollup = (process / "smaps_rollup").read_text()
                    pages += int(rollup.partition(f"\n{kind}:")[2].split()[0]) / 1024
        peak = max(peak, pages)
        time.sleep(0.2)
    assert driver.returncode == 0
    return sum(seconds.values()), peak

"""The exported code on emulated chips: a Cortex-M0 in QEMU, an ATmega328P in simavr."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

HERE = Path(__file__).parent / "chip"
M0 = ("-mcpu=cortex-m0", "-mthumb", "-Os", "-ffunction-sections", "-Wall", "-Wextra", "-Werror")
AVR = ("-mmcu=atmega328p", "-Os", "-DF_CPU=16000000UL", "-ffunction-sections", "-Wall", "-Wextra", "-Werror")
# QEMU's microbit has a timer of 16 MHz; `-icount shift=0` lets an instruction take a nanosecond.
INSTRUCTIONS_PER_TICK = 62.5
PACKAGES = {
    "arm-none-eabi-gcc": "gcc-arm-none-eabi libnewlib-arm-none-eabi",
    "qemu-system-arm": "qemu-system-arm",
    "avr-gcc": "gcc-avr avr-libc",
    "simavr": "simavr",
}


class Emulated(NamedTuple):
    """What a chip gave."""

    scores: np.ndarray  # (n, classes)
    instructions: float  # per picture
    stack: int  # bytes, at most


def require(*programs: str) -> None:
    """Skip a test, or fail it in CI, where a program is missing."""
    for program in programs:
        if shutil.which(program) is None:
            why = f"{program} is missing: apt-get install {PACKAGES[program]}"
            (pytest.fail if os.environ.get("CI") else pytest.skip)(why)


def call(*command: str | Path, **options: object) -> subprocess.CompletedProcess:
    done = subprocess.run([*map(str, command)], capture_output=True, check=False, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stderr.decode() if isinstance(done.stderr, bytes) else done.stderr
    return done


def sizes(program: Path, tool: str = "arm-none-eabi-size") -> dict[str, int]:
    """Bytes of the sections by kind; ``.text.main`` counts as ``text``."""
    found: dict[str, int] = {}
    listed = call(tool, "-A", program, text=True).stdout
    for kind, size in re.findall(r"^\.(bss|data|rodata|text|progmem)\S*\s+(\d+)", listed, re.MULTILINE):
        found[kind] = found.get(kind, 0) + int(size)
    return found


def build_m0(sources: Path, folder: Path) -> Path:
    """A whole program, linked for 16 KiB of flash and 2 KiB of RAM."""
    program = folder / "firmware.elf"
    link = ("-Wl,--gc-sections", "-nostartfiles", "-T", HERE / "memory.ld", "--specs=nano.specs")
    call("arm-none-eabi-gcc", *M0, *link, f"-I{sources}", HERE / "firmware.c", sources / "lenet.c", "-o", program)
    return program


def run_m0(program: Path, images: np.ndarray, classes: int) -> Emulated:
    """Run it on uint8 ``images`` ``(n, height, width, depth)``."""
    machine = ("-M", "microbit", "-nographic", "-monitor", "none", "-serial", "none", "-icount", "shift=0")
    host = ("-semihosting-config", "enable=on,target=native")
    output = call("qemu-system-arm", *machine, *host, "-kernel", program, input=images.tobytes()).stdout
    *scores, ticks, stack = np.frombuffer(output, np.int32)
    return Emulated(np.reshape(scores, (-1, classes)), float(ticks) * INSTRUCTIONS_PER_TICK / len(images), int(stack))


def build_sketch(library: Path, name: str, folder: Path) -> Path:
    """An example sketch of an Arduino library, as the IDE compiles it: C++11 with Arduino.h before it."""
    network, program = folder / "lenet.o", folder / f"{name}.elf"
    call("avr-gcc", *AVR, "-std=c99", "-pedantic", "-c", library / "src" / "lenet.c", "-o", network)
    sketch = ("-x", "c++", "-include", HERE / "Arduino.h", library / "examples" / name / f"{name}.ino")
    flags = ("-std=c++11", f"-I{library / 'src'}", "-Wl,--gc-sections")
    call("avr-g++", *AVR, *flags, *sketch, "-x", "none", network, "-o", program)
    return program

"""The C export: strict compilers, sanitizers, memory, and what its functions return."""

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lenet import LenetError, Model
from lenet.export.c import _C, CFloat, CInt8
from lenet.export.export import export_model, fold_temperature
from lenet.model.file import ModelFile, encode_model
from tests.export.conftest import ODD_NAMES, Odd

STRICT = ("-std=c99", "-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wvla", "-Werror")


@pytest.fixture(params=[CInt8, CFloat])
def target(request: pytest.FixtureRequest, odd: Odd) -> _C:
    return request.param(fold_temperature(odd.file), lambda: odd.dataset.split("1:1", 0).train.images)


def _cc(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["cc", *map(str, arguments)], capture_output=True, text=True, check=False)


def _defined(header: Path, name: str) -> int:
    found = re.search(rf"#define {name} (\d+)", header.read_text(encoding="utf-8"))
    assert found
    return int(found[1])


@pytest.mark.parametrize("optimise", ["-O0", "-Os"])
def test_builds_for_a_careful_compiler(target: _C, optimise: str, tmp_path: Path) -> None:
    target.write(tmp_path)
    done = _cc(*STRICT, optimise, "-o", tmp_path / "test", tmp_path / "lenet.c", tmp_path / "selftest.c", "-lm")
    assert done.returncode == 0 and done.stderr == ""
    said = subprocess.run([tmp_path / "test"], capture_output=True, text=True, check=True).stdout
    assert said == "lenet self-test: 10 of 10 vectors right\n"


def test_sanitizers_find_nothing(target: _C, tmp_path: Path) -> None:
    """No read outside an array, no overflow, no shift too far."""
    target.write(tmp_path)
    flags = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    assert _cc(*flags, "-o", tmp_path / "t", tmp_path / "lenet.c", tmp_path / "selftest.c", "-lm").returncode == 0
    assert subprocess.run([tmp_path / "t"], capture_output=True, check=False).returncode == 0


def test_header_states_what_the_sections_have(target: _C, tmp_path: Path) -> None:
    target.write(tmp_path)
    assert _cc("-O2", "-fno-pie", "-c", "-o", tmp_path / "lenet.o", tmp_path / "lenet.c").returncode == 0
    listed = subprocess.run(["size", "-A", tmp_path / "lenet.o"], capture_output=True, text=True, check=True).stdout
    sections: dict[str, int] = {}
    for name, size in re.findall(r"^\.(bss|data|rodata|text)\S*\s+(\d+)", listed, re.MULTILINE):
        sections[name] = sections.get(name, 0) + int(size)
    ram = _defined(tmp_path / "lenet.h", "LENET_RAM_BYTES")
    flash = _defined(tmp_path / "lenet.h", "LENET_FLASH_BYTES")
    # Alignment and the layer table come on top.
    assert ram <= sections["bss"] <= ram + 64 and sections["data"] == 0
    assert flash <= sections["rodata"] <= flash + 512
    assert sections["text"] <= 3 * 1024


@pytest.mark.parametrize("name", ["LENET_RAM_BYTES", "LENET_FLASH_BYTES"])
def test_wrong_size_in_the_header_does_not_compile(target: _C, name: str, tmp_path: Path) -> None:
    target.write(tmp_path)
    header = tmp_path / "lenet.h"
    value = _defined(header, name)
    header.write_text(header.read_text(encoding="utf-8").replace(f"{name} {value}", f"{name} {value + 1}"))
    assert "as_the_header_says" in _cc("-c", "-o", tmp_path / "lenet.o", tmp_path / "lenet.c").stderr


def test_labels_come_through_whatever_they_hold(target: _C, tmp_path: Path) -> None:
    target.write(tmp_path)
    (tmp_path / "main.c").write_text(
        '#include "lenet.h"\n#include <stdio.h>\n'
        "int main(void) { int i; for (i = 0; i < LENET_CLASSES; i++) puts(lenet_labels[i]); return 0; }\n"
    )
    assert _cc(*STRICT, "-o", tmp_path / "main", tmp_path / "main.c", tmp_path / "lenet.c", "-lm").returncode == 0
    said = subprocess.run([tmp_path / "main"], capture_output=True, check=True).stdout.decode()
    assert tuple(said.splitlines()) == ODD_NAMES


def test_probabilities_may_be_left_out(target: _C, tmp_path: Path) -> None:
    target.write(tmp_path)
    (tmp_path / "main.c").write_text(
        '#include "lenet.h"\n#include "vectors.h"\n'
        "int main(void) { int i, wrong = 0; for (i = 0; i < VECTORS; i++) "
        "wrong += lenet_classify(vector_pixels[i], 0) != vector_classes[i]; return wrong; }\n"
    )
    assert _cc("-O1", "-o", tmp_path / "main", tmp_path / "main.c", tmp_path / "lenet.c", "-lm").returncode == 0
    assert subprocess.run([tmp_path / "main"], check=False).returncode == 0


@pytest.mark.parametrize("fitted", [True, False])
def test_unknown_is_what_the_model_calls_unknown(fitted: bool, odd: Odd, tmp_path: Path) -> None:
    metadata = odd.file.metadata if fitted else replace(odd.file.metadata, unknown_threshold=None)
    file = ModelFile(encode_model(odd.file.weights, metadata), odd.file.weights, metadata)
    images = odd.dataset.images[:10]
    CFloat(fold_temperature(file), lambda: images).write(tmp_path)
    (tmp_path / "main.c").write_text(
        '#include "lenet.h"\n#include "vectors.h"\n#include <stdio.h>\n'
        "int main(void) { int i; for (i = 0; i < VECTORS; i++) "
        '{ lenet_classify(vector_pixels[i], 0); printf("%d", lenet_unknown()); } return 0; }\n'
    )
    assert _cc("-O1", "-o", tmp_path / "main", tmp_path / "main.c", tmp_path / "lenet.c", "-lm").returncode == 0
    said = subprocess.run([tmp_path / "main"], capture_output=True, text=True, check=True).stdout
    assert [digit == "1" for digit in said] == Model(file).classify(images).unknown.tolist()
    assert ("1" in said) == fitted


def test_self_test_notices_a_wrong_vector(target: _C, tmp_path: Path) -> None:
    target.write(tmp_path)
    vectors = (tmp_path / "vectors.h").read_text()
    changed = re.sub(r"(vector_pixels\[10\]\[LENET_PIXELS\] = \{\n\{)\d+, \d+, \d+", r"\g<1>255, 0, 255", vectors)
    assert changed != vectors
    (tmp_path / "vectors.h").write_text(changed)
    with pytest.raises(LenetError, match=r"fails in selftest.c \(.*wrong"):
        target.run(tmp_path, np.zeros((1, 9, 14, 3), np.uint8))


def test_a_warning_fails_the_export(odd: Odd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = CFloat.write

    def write_with_warning(self: _C, path: Path) -> None:
        write(self, path)
        with (path / "lenet.c").open("a") as file:
            file.write("static int unused;\n")

    monkeypatch.setattr(CFloat, "write", write_with_warning)
    with pytest.raises(LenetError, match=r"does not compile .*unused"):
        export_model(odd.path, "c-float", tmp_path / "c", odd.dataset)
    assert list(tmp_path.iterdir()) == []


def test_buffers_of_the_tutorial_network(trained_file: ModelFile, training_images: np.ndarray, tmp_path: Path) -> None:
    """Two layers at a time, 14·14·20 and 7·7·50 bytes, and the score: 6.4 kB."""
    CInt8(trained_file, lambda: training_images[:10]).write(tmp_path)
    assert _defined(tmp_path / "lenet.h", "LENET_RAM_BYTES") == 14 * 14 * 20 + 7 * 7 * 50 + 4

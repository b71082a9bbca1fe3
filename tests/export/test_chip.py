"""The smallest C code and the Arduino library: the integers, strict compilers, sizes, the zip, emulated chips."""

import re
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from lenet import LenetError, Model
from lenet.cli.main import main
from lenet.datasets import Dataset
from lenet.export.chip import AVR_CODE_BYTES, BITS, CODE_BYTES, STACK_BYTES, Arduino, ChipC
from lenet.export.chip_network import round_to_odd
from lenet.export.export import export_model
from lenet.model.file import ModelFile, encode_model
from tests.export.conftest import ODD_NAMES, Odd
from tests.export.emulator import AVR, build_m0, build_sketch, call, require, run_m0, sizes
from tests.networks import random_model

STRICT = ("-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wvla", "-Werror")
LANGUAGES = {"c99": ("cc", "-std=c99"), "c++11": ("c++", "-x", "c++", "-std=c++11")}


def _file(model: Model) -> ModelFile:
    return ModelFile(encode_model(model.weights, model.metadata), model.weights, model.metadata)


@pytest.fixture(scope="module")
def tiny(mnist: Dataset) -> ChipC:
    """``tiny`` with random weights, on the scales of real digits."""
    return ChipC(_file(random_model("tiny")), lambda: mnist.images[:100], bits=4)


@pytest.fixture(scope="module")
def written(tiny: ChipC, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tiny")
    tiny.write(path)
    return path


@pytest.fixture(scope="module")
def library(mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked Arduino library."""
    folder = tmp_path_factory.mktemp("library")
    target = Arduino(_file(random_model("tiny")), lambda: mnist.images[:100], bits=4, flash=16 << 10)
    target.name = "my signs"
    target.write(folder / "tiny.zip")
    with zipfile.ZipFile(folder / "tiny.zip") as archive:
        archive.extractall(folder)
    return folder / "lenet_my_signs"


def _defined(header: Path, name: str) -> int:
    found = re.search(rf"#define {name} (\d+)", header.read_text(encoding="utf-8"))
    assert found
    return int(found[1])


def test_a_trained_grid_is_found_again() -> None:
    """Odd multiples of any step, as long as one has the largest multiple."""
    numbers = np.array([[-15, 1, 3, -7], [15, 15, -1, 9]])
    steps = np.array([[0.37], [1e-4]], np.float32)
    found, scale = round_to_odd((numbers * steps).astype(np.float32), 4)
    assert (found == numbers).all()
    assert np.allclose(scale, steps[:, 0])


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_builds_for_a_careful_compiler(bits: int, language: str, odd: Odd, tmp_path: Path) -> None:
    ChipC(odd.file, lambda: odd.dataset.images[:20], bits=bits).write(tmp_path)
    command, build = LANGUAGES[language], tmp_path / "test"
    for source in ("lenet", "selftest"):
        call(*command, *STRICT, "-Os", "-c", tmp_path / f"{source}.c", "-o", tmp_path / f"{source}.o")
    call("cc", tmp_path / "lenet.o", tmp_path / "selftest.o", "-o", build)
    assert call(build, text=True).stdout == "lenet self-test: 10 of 10 pictures as exported\n"


@pytest.mark.parametrize("bits", BITS)
def test_sanitizers_find_nothing(bits: int, odd: Odd, tmp_path: Path) -> None:
    ChipC(odd.file, lambda: odd.dataset.images[:20], bits=bits).write(tmp_path)
    flags = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    call("cc", *flags, tmp_path / "lenet.c", tmp_path / "selftest.c", "-o", tmp_path / "test")
    call(tmp_path / "test")


def test_rows_give_what_the_picture_gives_and_an_incomplete_one_is_forgotten(
    tiny: ChipC, written: Path, tmp_path: Path
) -> None:
    (tmp_path / "main.c").write_text(
        '#include "lenet.h"\n#include "pictures.h"\n'
        "int main(void) { int n, y, found = 0, wrong = 0; for (n = 0; n < PICTURES; n++) {\n"
        "for (y = 0; y < 5; y++) wrong += lenet_row(pictures[9 - n]) != -1;\n"
        "lenet_restart();\n"
        "for (y = 0; y < LENET_HEIGHT; y++) { found = lenet_row(pictures[n] + y * LENET_ROW);\n"
        "wrong += y < LENET_HEIGHT - 1 && found != -1; }\n"
        "wrong += found != picture_classes[n] || lenet_scores[found] != picture_scores[n]; } return wrong; }\n"
    )
    call("cc", f"-I{written}", tmp_path / "main.c", written / "lenet.c", "-o", tmp_path / "main")
    call(tmp_path / "main")
    images = tiny.training_images()[:10]
    assert len(np.unique(tiny.network.scores(images), axis=0)) == 10


def test_unknown_and_labels_are_the_models(odd: Odd, tmp_path: Path) -> None:
    images = odd.dataset.images[:10]
    target = ChipC(odd.file, lambda: images, bits=8)
    scores = target.network.scores(images).max(axis=1)
    threshold = int(np.sort(scores)[5])
    metadata = odd.file.metadata.__class__(**{**vars(odd.file.metadata), "unknown_threshold": threshold / 256})
    ChipC(ModelFile(odd.file.content, odd.file.weights, metadata), lambda: images, bits=8).write(tmp_path)
    (tmp_path / "main.c").write_text(
        '#include "lenet.h"\n#include "pictures.h"\n#include <stdio.h>\n'
        "int main(void) { int i; for (i = 0; i < PICTURES; i++) "
        '{ lenet_classify(pictures[i]); printf("%d", lenet_unknown()); } puts("");\n'
        "for (i = 0; i < LENET_CLASSES; i++) puts(lenet_labels[i]); return 0; }\n"
    )
    call("cc", tmp_path / "main.c", tmp_path / "lenet.c", "-o", tmp_path / "main")
    unknown, *labels = call(tmp_path / "main").stdout.decode().splitlines()
    assert [digit == "1" for digit in unknown] == (scores < threshold).tolist()
    assert "0" in unknown and "1" in unknown
    assert tuple(labels) == ODD_NAMES


@pytest.mark.parametrize("name", ["LENET_RAM_BYTES", "LENET_FLASH_BYTES"])
def test_wrong_size_in_the_header_does_not_compile(name: str, tiny: ChipC, tmp_path: Path) -> None:
    tiny.write(tmp_path)
    header = tmp_path / "lenet.h"
    value = _defined(header, name)
    header.write_text(header.read_text(encoding="utf-8").replace(f"{name} {value}", f"{name} {value + 1}"))
    done = subprocess.run(["cc", "-c", "lenet.c"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "as_the_header_says" in done.stderr


REFUSED = {
    "conv 3 3, tanh": r"tanh is not available .* --format c-float",
    "conv 3 3, relu, avgpool 2": r"average pooling needs --format c, without",
    "conv 3 3": r"without relu needs --format c, without",
    "maxpool 2, dense 5, relu": r"without relu needs --format c, without",
    "conv 90 3, relu, dense 10, relu": r"larger than 255 pixels or 65,535 inputs; use --format c",
    "conv 40 3, relu, maxpool 2, dense 10, relu": r"80,222 bytes of flash \(its code addresses 65,535\).* --bits 4",
}


@pytest.mark.parametrize("network", REFUSED)
def test_what_it_cannot_do_names_the_format_that_can(network: str) -> None:
    images = np.zeros((2, 28, 28, 1), np.uint8)
    with pytest.raises(LenetError, match=REFUSED[network]):
        ChipC(_file(random_model(network)), lambda: images, bits=8)


def _refusal(model: ModelFile, target: type[ChipC | Arduino] = ChipC, **limits: int) -> str:
    with pytest.raises(LenetError) as refused:
        target(model, lambda: pytest.fail("needs no data"), **limits)
    return str(refused.value)


@pytest.mark.parametrize(("target", "code"), [(ChipC, CODE_BYTES), (Arduino, AVR_CODE_BYTES)])
def test_limits_take_the_most_bits_that_fit_or_say_what_would(target: type[ChipC | Arduino], code: int) -> None:
    model, images = _file(random_model("tiny")), lambda: np.zeros((10, 28, 28, 1), np.uint8)
    any_bits = target(model, images)
    needs, ram = {bits: any_bits.flash(bits) + code for bits in BITS}, any_bits.ram + STACK_BYTES
    assert any_bits.bits == 8
    for limits, bits in (
        ({"flash": needs[8]}, 8),
        ({"flash": needs[8] - 1}, 4),
        ({"flash": 16 << 10, "ram": 2 << 10}, 4),
        ({"flash": needs[2], "ram": ram}, 2),
    ):
        assert target(model, images, **limits).bits == bits
    said = _refusal(model, target, flash=needs[2] - 1)
    assert f"even weights of 2 bits need {needs[2]:,} bytes of flash (--flash is {needs[2] - 1:,}), code and" in said
    assert "train with fewer filters" in said and "RAM" not in said
    said = _refusal(model, target, ram=ram - 1)
    assert f"need {ram:,} bytes of RAM (--ram is {ram - 1:,}), code" in said and "flash" not in said
    said = _refusal(model, target, bits=8, flash=needs[4])
    assert said.endswith("; --bits 4 fits, for a model that was trained with weight_bits = 4 in its recipe")


def test_bits_that_it_was_trained_for_are_taken(mnist: Dataset) -> None:
    model = random_model("tiny")
    metadata = replace(model.metadata, recipe={"weight_bits": 4})
    file = ModelFile(encode_model(model.weights, metadata), model.weights, metadata)
    assert ChipC(file, lambda: mnist.images[:10]).bits == 4
    assert _refusal(file, bits=8, flash=16 << 10).endswith("; --bits 4 fits")
    said = _refusal(file, flash=8 << 10)
    assert said.startswith("weights of 4 bits") and said.endswith("--bits 2 fits, for a model that was trained with "
                                                       "weight_bits = 2 in its recipe")  # fmt: skip


def test_the_example_has_as_many_pictures_as_fit(mnist: Dataset, tmp_path: Path) -> None:
    model = _file(random_model("tiny"))
    library = Arduino(model, lambda: mnist.images[:20]).flash(4) + AVR_CODE_BYTES
    for room, pictures in ((790, 1), (2 * 790 - 1, 1), (100 * 790, 10), (789, 0)):
        out = tmp_path / f"{room}.zip"
        Arduino(model, lambda: mnist.images[:20], bits=4, flash=library + room).write(out)
        with zipfile.ZipFile(out) as archive:
            names = {name for name in archive.namelist() if name.endswith("pictures.h")}
            assert len(names) == (pictures > 0)
            assert all(f"PICTURES = {pictures} " in archive.read(name).decode() for name in names)


def test_library_and_sender_follow_the_model(odd: Odd, tmp_path: Path) -> None:
    export_model(odd.path, "arduino", tmp_path / "Zeichen für 2.zip", odd.dataset, unproven=True)
    with zipfile.ZipFile(tmp_path / "Zeichen für 2.zip") as archive:
        assert {name.split("/")[0] for name in archive.namelist()} == {"lenet_Zeichen_f_r_2"}
        sketch = archive.read("lenet_Zeichen_f_r_2/examples/serial/serial.ino").decode()
    assert "range(0, len(picture), 42)" in sketch and "start + 42" in sketch
    assert "#include <lenet_Zeichen_f_r_2.h>" in sketch
    # A '>' of the time before the sender would start a row too early.
    assert sketch.index("port.reset_input_buffer()") < sketch.index("port.read_until")


@pytest.mark.parametrize("page", ["docs/how-to/chip.md", "docs/zh/how-to/chip.md", "README.md", "README.zh-CN.md"])
def test_the_documented_limits_fit_tiny_on_an_uno(page: str, mnist: Dataset) -> None:
    """On an Uno the sketch, the Arduino core and its serial port need some of the 2,048 bytes."""
    examples = re.findall(r"--flash (\d+)k --ram (\d+) ", (Path(__file__).parents[2] / page).read_text())
    for (flash, ram), bits in zip(examples, (4, 2), strict=False):
        assert int(ram) < 2_048
        Arduino(_file(random_model("tiny")), lambda: mnist.images[:20], bits, int(flash) << 10, int(ram))
    assert examples


def test_limits_on_the_command_line(tmp_path: Path) -> None:
    """What needs no data to be refused is refused before anything is written."""
    for arguments, says in (
        (["--format", "onnx", "--bits", "4"], "onnx: knows no --bits; use --format c or arduino"),
        (["--format", "arduino", "--flash", "16kk"], "not a number of bytes"),
        (["--format", "arduino", "--flash", "16k", "--ram", "2k"], "bytes of RAM (--ram is 2,048)"),
        (["--format", "arduino"], "bytes of flash (its code addresses 65,535)"),
    ):
        done = CliRunner().invoke(main, ["export", *arguments, "--out", str(tmp_path / "out.zip")])
        assert done.exit_code != 0 and says in done.stderr and "writing" not in done.stderr


@pytest.mark.parametrize("bits", ["2", "4"])
def test_weights_trained_for_few_bits_lose_nothing(bits: str, mnist: Dataset, tmp_path: Path) -> None:
    """Rounded to the grid that they are trained on, networks answer as their models; others are refused."""
    from lenet import Recipe, train

    recipe = Recipe.named("small").change(network="conv 6 3, relu, maxpool 4", epochs=6.0, weight_bits=int(bits))
    run = train(mnist.take(np.arange(2000)), recipe.change(split="4:1", validation=0), tmp_path / "run", draw=False)
    part = mnist.take(np.arange(2000))
    proof = export_model(run.path, "c", tmp_path / "c", part, limits={"bits": int(bits)})
    assert proof is not None and proof.agreeing >= 0.995 * proof.n
    assert proof.model_accuracy > 0.7
    if bits == "4":
        with pytest.raises(LenetError, match=r"agrees with the model on .*; train with weight_bits = 2 in the recipe"):
            export_model(run.path, "c", tmp_path / "two", part, limits={"bits": 2})


# What the published specification of Arduino libraries, revision 2.2, asks for.
CATEGORIES = (
    "Display, Communication, Signal Input/Output, Sensors, Device Control, Timing, Data Storage, Data Processing, Other"
)
FIELDS = {
    "name": r"(?!arduino)[A-Za-z0-9][A-Za-z0-9 _.-]{0,62}",
    "version": r"\d+\.\d+(\.\d+)?",
    "author": ".+",
    "maintainer": ".+",
    "sentence": ".+",
    "paragraph": ".+",
    "category": "|".join(map(re.escape, CATEGORIES.split(", "))),
    "url": "https?://.+",
    "architectures": r"\*|[a-z0-9]+(,[a-z0-9]+)*",
    "includes": r"[\w.]+\.h(,[\w.]+\.h)*",
}


def test_the_zip_is_a_library_by_the_specification(library: Path) -> None:
    lines = (library / "library.properties").read_text(encoding="utf-8").splitlines()
    fields = dict(line.split("=", 1) for line in lines)
    assert fields.keys() == FIELDS.keys()
    for name, value in fields.items():
        assert re.fullmatch(FIELDS[name], value), name
    assert fields["name"] == library.name and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", library.name)
    assert {entry.name for entry in library.iterdir()} == {"library.properties", "src", "examples"}
    assert all((library / "src" / header).is_file() for header in fields["includes"].split(","))
    for folder in (library / "examples").iterdir():
        assert [sketch.stem for sketch in folder.glob("*.ino")] == [folder.name]
        assert re.fullmatch(r"[A-Za-z0-9][\w.-]{0,62}", folder.name)


def test_the_zip_is_one_folder_and_the_same_each_time(mnist: Dataset, tmp_path: Path) -> None:
    for name in ("one.zip", "two.zip"):
        Arduino(_file(random_model("tiny")), lambda: mnist.images[:20], bits=4).write(tmp_path / name)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert {name.split("/")[0] for name in archive.namelist()} == {"lenet_model"}


def test_the_library_takes_what_its_header_says_on_an_avr(library: Path, tmp_path: Path) -> None:
    """Linked, with what it calls, into a program that otherwise does nothing."""
    require("avr-gcc")
    found = []
    everything = "uint8_t row[LENET_ROW] = {0}; return lenet_row(row) + lenet_classify(row) + lenet_unknown();"
    for name, body in (("without", "return 0;"), ("with", everything)):
        source, program = tmp_path / f"{name}.c", tmp_path / f"{name}.elf"
        source.write_text(f'#include "lenet.h"\nint main(void) {{ {body} }}\n')
        link = ("-Wl,--gc-sections", f"-I{library / 'src'}", source, library / "src" / "lenet.c")
        call("avr-gcc", *AVR, *link, "-o", program)
        found.append(sizes(program, "avr-size"))
    header = library / "src" / "lenet.h"
    flash, ram = (found[1].get(kind, 0) - found[0].get(kind, 0) for kind in ("text", "bss"))
    assert ram == _defined(header, "LENET_RAM_BYTES") and found[1]["data"] == 0
    assert AVR_CODE_BYTES - 64 < flash - _defined(header, "LENET_FLASH_BYTES") <= AVR_CODE_BYTES


def test_the_sketches_fit_an_atmega328p(library: Path, tmp_path: Path) -> None:
    """Compiled for the chip of an Arduino Uno, with warnings as errors; `pictures` fits the 16 kB that were asked."""
    require("avr-gcc")
    for name in ("serial", "pictures"):
        found = sizes(build_sketch(library, name, tmp_path), "avr-size")
        assert found["data"] + found["bss"] + STACK_BYTES <= 2048
        assert found["text"] + found["data"] <= 17 << 10  # 1 kB for the sketch and what stands for the Arduino core


@pytest.mark.long
def test_an_atmega328p_reads_the_pictures_in_its_flash(library: Path, tmp_path: Path) -> None:
    require("avr-gcc", "simavr")
    program = build_sketch(library, "pictures", tmp_path)
    done = call("simavr", "-m", "atmega328p", "-f", "16000000", program, timeout=600)
    said = (done.stdout + done.stderr).decode()
    lines = re.findall(r"(\w) = (\w)", said)
    assert len(lines) == 4 and all(found == expected for found, expected in lines)
    assert 100 < int(re.findall(r"stack (\d+)", said)[0]) <= STACK_BYTES


def test_a_cortex_m0_with_16_kib_and_2_kib_computes_the_same(
    tiny: ChipC, written: Path, test_part: Dataset, tmp_path: Path
) -> None:
    _prove_on_m0(tiny, written, test_part.images[:20], tmp_path)


@pytest.mark.long
def test_a_cortex_m0_computes_the_same_for_a_thousand(
    tiny: ChipC, written: Path, test_part: Dataset, tmp_path: Path
) -> None:
    _prove_on_m0(tiny, written, test_part.images[::10], tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("bits", BITS)
def test_this_machine_computes_the_same_for_all_test_images(bits: int, test_part: Dataset, tmp_path: Path) -> None:
    target = ChipC(_file(random_model("tiny")), lambda: test_part.images[:100], bits=bits)
    target.write(tmp_path)
    call("cc", "-O2", f"-I{tmp_path}", Path(__file__).parents[2] / "src/lenet/export/chip_source/runner.c",
         tmp_path / "lenet.c", "-o", tmp_path / "runner")  # fmt: skip
    output = call(tmp_path / "runner", input=test_part.images.tobytes()).stdout
    assert (np.frombuffer(output, np.int32).reshape(-1, 10) == target.network.scores(test_part.images)).all()


def _prove_on_m0(target: ChipC, written: Path, images: np.ndarray, folder: Path) -> None:
    require("arm-none-eabi-gcc", "qemu-system-arm")
    network = folder / "lenet.o"
    call("arm-none-eabi-gcc", "-mcpu=cortex-m0", "-mthumb", "-Os", "-c", written / "lenet.c", "-o", network)
    found = sizes(network)
    assert found["text"] <= CODE_BYTES
    assert target.flash(target.bits) <= found["rodata"] <= target.flash(target.bits) + 8  # alignment
    assert target.ram <= found["bss"] <= target.ram + 8 and found["data"] == 0
    emulated = run_m0(build_m0(written, folder), images, len(target.model.metadata.class_names))
    assert (emulated.scores == target.network.scores(images)).all()
    assert emulated.stack <= STACK_BYTES
    assert 1e6 < emulated.instructions < 2e7

"""Every format: what is written, what is proven, and when nothing is kept."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from lenet import LenetError, Model
from lenet.datasets import Dataset
from lenet.export.export import ROUNDING, Proof, export_model, fold_temperature
from lenet.export.formats import FORMATS
from lenet.export.target import Target
from lenet.model.file import ModelFile
from lenet.model.runtime import locate_model
from tests.export.conftest import Odd

EXACT = {"onnx", "litert", "c-float"}


# The bundled model is too large for what goes to the smallest chips.
LARGE = [name for name in FORMATS if name != "arduino"]


@pytest.fixture(scope="session", params=LARGE)
def exported(
    request: pytest.FixtureRequest, trained: Path, mnist: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path, Proof]:
    """The bundled model in each format, proven as a user's is."""
    out = tmp_path_factory.mktemp("exported") / "new folder" / request.param
    proof = export_model(trained, request.param, out, mnist)
    assert proof is not None
    return request.param, out, proof


def test_reads_as_the_model_does(exported: tuple[str, Path, Proof]) -> None:
    format, out, proof = exported
    assert out.exists() and [path.name for path in out.parent.iterdir()] == [format]
    assert proof.n == (1_000 if format in {"c", "c-float", "html"} else 10_000)
    assert proof.agreeing >= 0.999 * proof.n
    assert proof.accuracy >= proof.model_accuracy - 0.0005
    if format in EXACT:
        assert proof.agreeing == proof.n and proof.largest_difference < 1e-5


def test_mode_is_that_of_any_new_file(exported: tuple[str, Path, Proof], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    _, out, _ = exported
    assert out.stat().st_mode == (tmp_path / ("folder" if out.is_dir() else "file")).stat().st_mode


@pytest.mark.parametrize("format", FORMATS)
def test_any_size_any_names_any_temperature(format: str, odd: Odd, tmp_path: Path) -> None:
    """Odd height, even kernels, colour, temperature 2.5: equal up to rounding."""
    part = odd.dataset.split("1:1", 0)
    target = FORMATS[format].load_target()(fold_temperature(odd.file), lambda: part.train.images)
    out = tmp_path / "out"
    if target.files:
        out.mkdir()
    target.write(out)
    images = part.test.images[:50]
    answers = Model.load(odd.path).predict(images)
    reference = target.reference(images, answers)
    found = target.run(out, images)
    assert np.abs(found - (answers if reference is None else reference)).max() < (0.05 if reference is None else 1e-5)
    assert np.abs(found - answers).max() < (1e-5 if format in EXACT else 0.05)
    assert {path.name for path in out.iterdir()} == set(target.files) if target.files else out.is_file()


@pytest.mark.parametrize("format", FORMATS)
def test_same_model_same_bytes(format: str, odd: Odd, tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert export_model(odd.path, format, tmp_path / name / "model", odd.dataset, unproven=True) is None
    one, two = (
        {file.relative_to(path): file.read_bytes() for file in path.rglob("*")} if path.is_dir() else path.read_bytes()
        for path in (tmp_path / "one" / "model", tmp_path / "two" / "model")
    )
    assert one == two


def _negate_first_weights(content: bytes, file: ModelFile) -> bytes:
    """The same with the first filter negated."""
    first = np.ascontiguousarray(file.weights["conv1/kernel"][..., 0, 0])
    assert content.count(first.tobytes()) == 1
    return content.replace(first.tobytes(), (-first).tobytes())


def _break(format: str, out: Path, file: ModelFile) -> None:
    if format == "onnx":
        out.write_bytes(_negate_first_weights(out.read_bytes(), file))
    elif format.startswith("litert"):
        # Most of the file is the kernel of dense1.
        content = np.frombuffer(out.read_bytes(), np.int8).copy()
        content[len(content) // 4 : len(content) // 2] *= -1
        out.write_bytes(content)
    elif format == "onnx-int8":
        import onnx

        model = onnx.load(out)
        scale = next(tensor for tensor in model.graph.initializer if tensor.name == "conv2/kernel_scale")
        scale.raw_data = (-np.frombuffer(scale.raw_data or np.float32(scale.float_data), np.float32)).tobytes()
        onnx.save(model, out)
    elif format == "html":
        page = out.read_text(encoding="utf-8")
        start = page.index('id="weights">') + len('id="weights">')
        out.write_text(page[:start] + "f39/f39/" + page[start + 8 :], encoding="utf-8")
    else:
        path = out / "weights.h"
        lines = path.read_text().split("\n")
        first = next(number for number, line in enumerate(lines) if "conv2_kernel" in line) + 1
        words = lines[first].split(",")
        words[3] = " 99" if format == "c" else " 0.9f"
        path.write_text("\n".join([*lines[:first], ",".join(words), *lines[first + 1 :]]))


@pytest.mark.parametrize("format", LARGE)
def test_changed_weight_fails_the_export(
    format: str, odd: Odd, trained: Path, mnist: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Off from the reference, where there is one, in the smaller model; else from the trained one's answers."""
    model, data, says = odd.path, odd.dataset, r"(computes wrongly|fails in selftest\.c).*nothing was kept"
    if format.startswith(("litert", "onnx-")):
        model, data, says = trained, _first(mnist, 200), "nothing was kept"
    write = FORMATS[format].load_target().write

    def write_broken(self: Target, path: Path) -> None:
        write(self, path)
        _break(format, path, self.model)

    monkeypatch.setattr(FORMATS[format].load_target(), "write", write_broken)
    with pytest.raises(LenetError, match=says) as failure:
        export_model(model, format, tmp_path / "out", data)
    assert "\n" not in str(failure.value)
    assert list(tmp_path.iterdir()) == []


def _first(dataset: Dataset, count: int) -> Dataset:
    """The training part and the first test images: too few to take long, of another hash than the whole."""
    return Dataset(
        "mnist",
        np.concatenate([dataset.images[:1000], dataset.images[60_000 : 60_000 + count]]),
        np.concatenate([dataset.labels[:1000], dataset.labels[60_000 : 60_000 + count]]),
        dataset.class_names,
        test_from=1000,
    )


def _write_broken(self: Target, path: Path) -> None:
    path.write_bytes(_negate_first_weights(self.model.content, self.model))


def test_failed_proof_leaves_the_old_file(odd: Odd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "model.onnx"
    out.write_bytes(locate_model().read_bytes())
    monkeypatch.setattr(
        FORMATS["onnx"].load_target(),
        "write",
        lambda self, path: path.write_bytes(_negate_first_weights(self.model.content, self.model)),
    )
    with pytest.raises(LenetError, match="computes wrongly"):
        export_model(odd.path, "onnx", out, odd.dataset, force=True)
    assert out.read_bytes() == locate_model().read_bytes() and list(tmp_path.iterdir()) == [out]


def test_tolerance_is_tight(odd: Odd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A difference a little larger than rounding is refused, a smaller one is not."""
    run = FORMATS["onnx"].load_target().run
    for off, refused in ((2 * ROUNDING, True), (ROUNDING / 2, False)):
        monkeypatch.setattr(
            FORMATS["onnx"].load_target(),
            "run",
            lambda self, path, images, off=off: run(self, path, images) + np.float32(off),
        )
        if refused:
            with pytest.raises(LenetError, match=r"off by up to 0\.0002"):
                export_model(odd.path, "onnx", tmp_path / "a.onnx", odd.dataset)
        else:
            export_model(odd.path, "onnx", tmp_path / "a.onnx", odd.dataset)


def test_not_finite_is_refused(odd: Odd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = lambda self, path, images: np.full((len(images), 4), np.nan, np.float32)  # noqa: E731
    monkeypatch.setattr(FORMATS["onnx-int8"].load_target(), "run", nothing)
    with pytest.raises(LenetError, match="not give one finite probability"):
        export_model(odd.path, "onnx-int8", tmp_path / "a.onnx", odd.dataset)
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_replaced_only_when_asked(odd: Odd, tmp_path: Path) -> None:
    """With --force, what was exported before; never a file of another program, nor the model itself."""
    out = tmp_path / "model.onnx"
    out.write_bytes(b"mine")
    for force, says in ((False, "--force"), (True, "not made by lenet")):
        with pytest.raises(LenetError, match=says):
            export_model(odd.path, "onnx", out, odd.dataset, force=force)
    assert out.read_bytes() == b"mine"
    with pytest.raises(LenetError, match="is an input"):
        export_model(odd.path, "onnx", odd.path, odd.dataset, force=True)
    for format in ("onnx", "html", "onnx-int8", "arduino"):
        exported = tmp_path / f"mine.{format}"
        export_model(odd.path, format, exported, odd.dataset, unproven=True)
        export_model(odd.path, format, exported, odd.dataset, force=True, unproven=True)


def test_only_a_folder_of_its_own_is_replaced(odd: Odd, tmp_path: Path) -> None:
    out = tmp_path / "c"
    export_model(odd.path, "c", out, odd.dataset, unproven=True)
    with pytest.raises(LenetError, match="--force"):
        export_model(odd.path, "c", out, odd.dataset, unproven=True)
    (out / "lenet.h").write_text("old")
    export_model(odd.path, "c-float", out, odd.dataset, force=True, unproven=True)
    assert "LENET_RAM_BYTES" in (out / "lenet.h").read_text()
    (out / "thesis.txt").write_text("years of work")
    (out / ".hidden").touch()
    with pytest.raises(LenetError, match=r"also holds thesis\.txt, so it is not replaced"):
        export_model(odd.path, "c", out, odd.dataset, force=True, unproven=True)
    assert (out / "thesis.txt").exists() and (out / ".hidden").exists() and list(tmp_path.iterdir()) == [out]


def test_file_and_folder_are_not_mixed_up(odd: Odd, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LenetError, match="is a folder"):
        export_model(odd.path, "onnx", tmp_path, odd.dataset, force=True)
    with pytest.raises(LenetError, match="is a file"):
        export_model(odd.path, "c", tmp_path / "file", odd.dataset, force=True)


@pytest.mark.parametrize("format", ["html", "c"])
def test_place_that_cannot_be_written(format: str, odd: Odd, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LenetError, match="choose another place"):
        export_model(odd.path, format, tmp_path / "file" / "out", odd.dataset)


@pytest.mark.parametrize(("format", "hint"), [("c", "install gcc"), ("html", "install chromium")])
def test_missing_tool_is_named(
    format: str, hint: str, odd: Odd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    with pytest.raises(LenetError, match=f"{hint}.*--unproven"):
        export_model(odd.path, format, tmp_path / "out", odd.dataset)
    assert list(tmp_path.iterdir()) == []
    assert export_model(odd.path, format, tmp_path / "out", odd.dataset, unproven=True) is None
    assert (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("library", "importer", "extra"),
    [("keras", "lenet.backend", "train"), ("ai_edge_litert", "ai_edge_litert.interpreter", "export")],
)
def test_without_its_libraries_litert_names_the_extra(
    library: str, importer: str, extra: str, odd: Odd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.delitem(sys.modules, importer, raising=False)
    with pytest.raises(LenetError, match=rf"pip install 'lenet\[{extra}\]'"):
        export_model(odd.path, "litert", tmp_path / "out", odd.dataset)
    assert list(tmp_path.iterdir()) == []


def test_calibration_takes_no_test_image(odd: Odd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    test_part = odd.dataset.split("1:1", 0).test
    forbidden = {image.tobytes() for image in test_part.images}
    seen = []
    monkeypatch.setattr(FORMATS["onnx"].load_target(), "write", lambda self, path: seen.extend(self.training_images()))
    export_model(odd.path, "onnx", tmp_path / "a.onnx", odd.dataset, unproven=True)
    assert len(seen) == 200 and not forbidden & {image.tobytes() for image in seen}


def test_foreign_data_cannot_calibrate(odd: Odd, tmp_path: Path) -> None:
    other = Dataset("other", odd.dataset.images[:20], odd.dataset.labels[:20], odd.dataset.class_names)
    with pytest.raises(LenetError, match="no training part to calibrate on"):
        export_model(odd.path, "c", tmp_path / "c", other)
    assert export_model(odd.path, "onnx", tmp_path / "a.onnx", other) is not None

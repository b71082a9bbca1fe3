"""From a model and a target's name to a file or folder that has proven itself."""

from pathlib import Path

import numpy as np

from lenet.atomic import replacing, replacing_folder
from lenet.datasets import Dataset
from lenet.datasets.dataset import Images
from lenet.errors import LenetError
from lenet.evaluation import evaluate, part_for
from lenet.export.c import CFloat, CInt8
from lenet.export.html import Html
from lenet.export.litert import LiteRT
from lenet.export.onnx import Onnx
from lenet.export.onnx_int8 import OnnxInt8
from lenet.export.proof import Proof, prove, sample
from lenet.export.target import Target
from lenet.export.temperature import fold_temperature
from lenet.model.file import read_model
from lenet.model.metadata import Metadata
from lenet.model.runtime import Model, locate_model

FORMATS: dict[str, type[Target]] = {
    "onnx": Onnx,
    "onnx-int8": OnnxInt8,
    "litert": LiteRT,
    "c": CInt8,
    "c-float": CFloat,
    "html": Html,
}
CALIBRATION_IMAGES = 1_000


def export_model(
    model: str | Path | None,
    format: str,
    out: Path,
    dataset: Dataset,
    force: bool = False,
    unproven: bool = False,
) -> Proof | None:
    """Write ``model`` in another format, and prove that it reads as before.

    Args:
        model: a run folder, a model file, or None for the bundled model.
        format: one of ``FORMATS``.
        out: the file to write; for C, the folder.
        dataset: what to prove it on, and to calibrate it on: the data that the model was trained on.
        force: replace what is there.
        unproven: leave the proof out, for a machine that lacks what runs the exported thing.

    Returns:
        What was measured; None when unproven.

    Raises:
        LenetError: it does not fit, cannot be written, or does not read as the model does. Then nothing is left.
    """
    target_class = FORMATS[format]
    out = out.resolve()
    _check_free(out, target_class.files, force)
    path = locate_model(model)
    file = read_model(path)
    target = target_class(fold_temperature(file), lambda: _calibration_images(file.metadata, dataset))
    writing = replacing_folder(out) if target.files else replacing(out)
    with writing as temporary:
        target.write(temporary)
        if unproven:
            return None
        part = sample(part_for(file.metadata, dataset), target.proof_images)
        evaluation = evaluate(Model(file, name=str(model or "bundled")), part)
        exported = target.run(temporary, part.images)
        return prove(evaluation, exported, target.reference(part.images, evaluation.probabilities))


def _check_free(out: Path, files: tuple[str, ...], force: bool) -> None:
    """Refuse to overwrite what was not asked for, and ever to remove a folder that holds other things."""
    if not out.exists():
        return
    if not files and out.is_dir():
        raise LenetError(f"{out}: is a folder; name a file with --out")
    if files and not out.is_dir():
        raise LenetError(f"{out}: is a file; name a folder with --out")
    if not force:
        raise LenetError(f"{out}: is there already; choose another --out, or replace it with --force")
    if files and (other := sorted(entry.name for entry in out.iterdir() if entry.name not in files)):
        raise LenetError(f"{out}: holds {other[0]}, too, so it is not replaced; name another folder with --out")


def _calibration_images(metadata: Metadata, dataset: Dataset) -> Images:
    """The same images of the training part each time."""
    try:
        part = part_for(metadata, dataset, "train")
    except LenetError:
        hint = "name the data that the model was trained on with --data"
        raise LenetError(f"{dataset.name}: has no training part to calibrate on; {hint}") from None
    chosen = np.random.default_rng(0).permutation(len(part))[:CALIBRATION_IMAGES]
    return part.images[chosen]

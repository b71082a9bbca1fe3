"""Export a model: write it in another format, run the result, and keep it only if its answers are the model's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lenet.atomic import refuse_loss, replacing, replacing_folder
from lenet.datasets import Dataset
from lenet.datasets.dataset import Images
from lenet.errors import LenetError
from lenet.evaluation import Evaluation, evaluate, part_for
from lenet.export.formats import FORMATS
from lenet.export.target import Probabilities, Target
from lenet.model.file import ModelFile, encode_model, read_model
from lenet.model.metadata import Metadata
from lenet.model.runtime import Model, locate_model

CALIBRATION_IMAGES = 1_000
# Float32 sums in another order change probabilities by some 1e-6, a defect by far more.
ROUNDING = 1e-4
# Bounds on what quantization may cost.
LOWEST_AGREEMENT = 0.995
HIGHEST_LOSS = 0.005


@dataclass(frozen=True)
class Proof:
    """Result of the check."""

    data: str
    n: int
    agreeing: int  # number of images with the same label as the model's
    largest_difference: float  # largest difference of a probability from the model's
    correct: int  # number of images that the exported file classifies correctly
    model_correct: int  # number of images that the model classifies correctly

    @property
    def accuracy(self) -> float:
        """Accuracy of the exported file, 0 to 1."""
        return self.correct / self.n

    @property
    def model_accuracy(self) -> float:
        """Accuracy of the model on the same images, 0 to 1."""
        return self.model_correct / self.n


def export_model(
    model: str | Path | None,
    format: str,
    out: Path,
    dataset: Dataset,
    force: bool = False,
    unproven: bool = False,
    limits: Mapping[str, int] | None = None,
) -> Proof | None:
    """Write a model in another format, and check that its answers are the model's.

    Args:
        model: Run folder, model file, or None for the bundled model.
        format: One of ``FORMATS``.
        out: File to write; for C, the folder.
        dataset: Data that the model was trained on: its test part for the check, its training part to calibrate.
        force: Whether to replace an export that is there.
        unproven: Whether to skip the check, on a machine without the program that runs the exported file.
        limits: Of ``bits`` a weight, bytes of ``flash`` and of ``ram``, for formats that have them.

    Returns:
        Result of the check; None when it was skipped.

    Raises:
        LenetError: when the format cannot express the model, the file cannot be written, or its answers differ. Then
            nothing is left behind.
    """
    file = read_model(locate_model(model))
    target = prepare(model, format, out, force, limits, lambda: _calibration_images(file.metadata, dataset))
    target.name = out.stem
    with replacing_folder(out) if target.files else replacing(out) as temporary:
        target.write(temporary)
        if unproven:
            return None
        part = part_for(file.metadata, dataset)
        sample_indices = np.unique(np.linspace(0, len(part) - 1, target.proof_images).astype(int))
        part = part.take(sample_indices, part.name)
        evaluation = evaluate(Model(file, name=str(model or "bundled")), part)
        exported = target.run(temporary, part.images)
        return _prove(evaluation, exported, target.reference(part.images, evaluation.probabilities), target.advice)


def prepare(
    model: str | Path | None,
    format: str,
    out: Path,
    force: bool = False,
    limits: Mapping[str, int] | None = None,
    training_images: Callable[[], Images] = lambda: np.empty(0, np.uint8),
) -> Target:
    """Refuse what needs no data to be refused: a format that cannot express the model, limits, a place that is taken.

    Arguments and errors as for ``export_model``; ``training_images`` are called only to write.
    """
    if limits and not FORMATS[format].limited:
        able = " or ".join(name for name, it in FORMATS.items() if it.limited)
        raise LenetError(f"{format}: knows no --{min(limits)}; use --format {able}")
    _check_free(model, format, out, force)
    target_class = FORMATS[format].load_target(bool(limits))
    return target_class(fold_temperature(read_model(locate_model(model))), training_images, **limits or {})


def fold_temperature(file: ModelFile) -> ModelFile:
    """The same model with temperature 1: the last dense layer's weights and the unknown threshold are divided by it.

    A plain softmax then gives the calibrated probabilities, and the same images are unknown. A file of temperature 1 is
    returned byte for byte.
    """
    temperature = np.float32(file.metadata.temperature)
    last_dense = file.metadata.layers[-2]
    with np.errstate(over="ignore"):  # which `encode_model`'s readers refuse
        weights = {**file.weights, **{name: file.weights[name] / temperature for name in last_dense.weight_shapes}}
    threshold = file.metadata.unknown_threshold
    threshold = None if threshold is None else threshold / file.metadata.temperature
    metadata = replace(file.metadata, temperature=1.0, unknown_threshold=threshold)
    return ModelFile(encode_model(weights, metadata), weights, metadata)


def _check_free(model: str | Path | None, format: str, out: Path, force: bool) -> None:
    """Refuse to overwrite without ``force``; even with it, to replace the model or what is no export."""
    if not out.exists():
        return
    written = FORMATS[format]
    files = {*written.load_target().files, *(written.load_target(limited=True).files if written.limited else ())}
    if not files and out.is_dir():
        raise LenetError(f"{out}: is a folder; name a file with --out")
    if files and not out.is_dir():
        raise LenetError(f"{out}: is a file; name a folder with --out")
    if not force:
        raise LenetError(f"{out}: exists already and is not overwritten; choose another --out, or add --force")
    if files and (other := sorted(entry.name for entry in out.iterdir() if entry.name not in files)):
        raise LenetError(f"{out}: also holds {other[-1]}, so it is not replaced; name another folder with --out")
    if not files:
        refuse_loss(out, {locate_model(model).resolve()})


def _calibration_images(metadata: Metadata, dataset: Dataset) -> Images:
    """Images of the training part, always the same ones."""
    try:
        part = part_for(metadata, dataset, "train")
    except LenetError:
        hint = "name the data that the model was trained on with --data"
        raise LenetError(f"{dataset.name}: has no training part to calibrate on; {hint}") from None
    chosen = np.random.default_rng(0).permutation(len(part))[:CALIBRATION_IMAGES]
    return part.images[chosen]


def _prove(model: Evaluation, exported: Probabilities, reference: Probabilities | None, advice: str) -> Proof:
    """Compare an exported file's probabilities ``(n, classes)`` with the model's, and with ``reference`` if known."""
    if exported.shape != model.probabilities.shape or not np.isfinite(exported).all():
        raise LenetError("the exported file does not give one finite probability for each class; nothing was kept")
    if reference is not None and (deviation := float(np.abs(exported - reference).max())) > ROUNDING:
        raise LenetError(f"the exported file computes wrongly: off by up to {deviation:.2g}; nothing was kept")
    labels = exported.argmax(axis=1)
    proof = Proof(
        data=model.data,
        n=model.n,
        agreeing=int((labels == model.predicted).sum()),
        largest_difference=float(np.abs(exported - model.probabilities).max()),
        correct=int((labels == model.truth).sum()),
        model_correct=model.correct,
    )
    if proof.agreeing < LOWEST_AGREEMENT * proof.n or proof.accuracy < proof.model_accuracy - HIGHEST_LOSS:
        raise LenetError(
            f"the exported file agrees with the model on {proof.agreeing:,} of {proof.n:,} images, accuracy "
            f"{proof.accuracy:.2%} instead of {proof.model_accuracy:.2%}; nothing was kept{advice}"
        )
    return proof

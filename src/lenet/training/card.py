"""The model card of a run folder: the model, its measurements, its training."""

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lenet.datasets.source import BUNDLED, JOINT, names_of
from lenet.errors import one_line
from lenet.evaluation import Evaluation
from lenet.evaluation.metrics import wilson_interval
from lenet.model.metadata import Metadata
from lenet.network.architecture import Architecture


def model_card(
    name: str, metadata: Metadata, metrics: dict[str, Any], evaluation: Evaluation, has_kernels: bool
) -> str:
    """Text of a run's ``README.md``; all its numbers are measured, ``evaluation`` on the test part."""
    low, high = wilson_interval(evaluation.correct, evaluation.n)
    recipe = metadata.recipe
    parameters = Architecture.parse(metadata.network).count_parameters(
        metadata.height, metadata.width, metadata.depth, len(metadata.class_names)
    )
    kernels = "![kernels of the first layer](figures/filters.png)\n" if has_kernels else ""
    name, classes, tested_on = _plain(name), _plain(", ".join(metadata.class_names)), _plain(evaluation.data)
    sources = names_of(recipe["data"])
    data, start = _option("data", sources), _option("from", [recipe["start"]])
    repeat = (
        "Since it was resumed with other settings, its recipe alone does not repeat it."
        if metrics["changes"]
        else f"Repeat it with {_code(f'lenet train --recipe recipe.toml{data}{start}')} in this folder."
    )
    return f"""# {name}

A network for {metadata.width}×{metadata.height}×{metadata.depth} images and {len(metadata.class_names)} classes \
({classes}), with {parameters:,} parameters:

    {metadata.network}

{_framing(metadata)}{_origin(recipe, metrics["changes"])}

| measured | |
| --- | --- |
| accuracy on {tested_on}, n = {evaluation.n:,} | \
{evaluation.accuracy:.2%} (95 % interval {low:.2%} to {high:.2%}) |
{_groups(evaluation)}| images read incorrectly | {evaluation.n - evaluation.correct} |
| expected calibration error | {metrics["expected_calibration_error"]:.2%} |
| training | {metrics["epochs"]:g} epochs in {metrics["train_seconds"]:.1f} s, {metrics["precision"]} |

Recipe `{recipe["name"]}` on {_code(JOINT.join(sources))}, split {recipe["split"]}, seed {metadata.seed}; the test part
was not used for training. {repeat} Measured by `lenet train`; measure
again with {_code(f"lenet evaluate .{data}")} in this folder.

{_calibration(metadata, evaluation)}

![learning curves](figures/curves.png)
![confusion matrix](figures/confusion.png)
![mistakes of highest confidence](figures/mistakes.png)
{kernels}![calibration](figures/calibration.png)

Versions: {", ".join(f"{library} {number}" for library, number in metadata.versions.items())}.
SHA-256 of the data: `{metadata.training_data_sha256}`.
"""


def _groups(evaluation: Evaluation) -> str:
    return "".join(
        f"| digits by {name}, n = {row['n']:,} | {row['accuracy']:.2%} |\n"
        for name, row in evaluation.per_group.items()
    )


def _plain(text: str) -> str:
    """Text that Markdown shows as it is: names of classes and files may hold markup."""
    return re.sub(r"[\\`*_\[\]<>|#&~]", r"\\\g<0>", one_line(text))


def _code(text: str) -> str:
    """Text as code, between more backticks than it holds in a row."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence, blank = "`" * (longest + 1), " " * (longest > 0)
    return f"{fence}{blank}{one_line(text)}{blank}{fence}"


def _option(name: str, sources: Sequence[str]) -> str:
    """An option with the absolute paths of files and folders, so that it works in every folder; none without them."""
    paths = {source for source in sources if source and source not in BUNDLED and Path(source).exists()}
    absolute = [str(Path(source).resolve()) if source in paths else source for source in sources]
    return "" if absolute == list(sources) else "".join(f" --{name} {shlex.quote(it)}" for it in absolute)


def _framing(metadata: Metadata) -> str:
    if metadata.framing == "mark":
        return "Framing `mark`: it reads the marks on a picture, each brought to MNIST's form."
    inverted = ", inverted" if metadata.inverted else ""
    return f"Framing `whole`: it reads the whole picture, letterboxed to the input size{inverted}."


def _calibration(metadata: Metadata, evaluation: Evaluation) -> str:
    if metadata.unknown_threshold is None:
        return (
            "Its probabilities are not calibrated (temperature 1), and it calls nothing unknown: too few images were "
            "held out\nto fit either."
        )
    return (
        f"Temperature {metadata.temperature:.3f}, fitted on training images held out. An image whose highest logit is "
        f"below {metadata.unknown_threshold:.3f}\nis called unknown: 1 % of those images; {evaluation.kept:.2%} of the "
        "test images are kept as known."
    )


def _origin(recipe: Mapping[str, Any], changes: list[dict[str, Any]]) -> str:
    """Sentences about initial weights, a teacher, and changes of the settings."""
    text = ""
    if recipe["start"]:
        text += (
            f" Its training started from the weights of {_code(recipe['start'])} (SHA-256 `{recipe['start_sha256']}`)."
        )
    if recipe["teacher_epochs"]:
        text += (
            f" A deeper network was trained first, for {recipe['teacher_epochs']:g} epochs; its answers were "
            f"{recipe['distillation']:.0%} of the target, the labels the rest."
        )
    if recipe["teacher"]:
        text += (
            f" The answers of {_code(recipe['teacher'])} (SHA-256 `{recipe['teacher_sha256']}`) were "
            f"{recipe['distillation']:.0%} of the target, the labels the rest."
        )
    if recipe["weight_bits"]:
        text += f" Its kernels were rounded in training to {recipe['weight_bits']} bits a weight."
    for change in changes:
        whose = " of the deeper network" if "stage" in change else ""
        text += f" At step {change['step']}{whose} it was resumed for {change['epochs']:g} epochs in all"
        text += f" at a learning rate of {change['learning_rate']:g},"
        text += f" before for {change['before']['epochs']:g} at {change['before']['learning_rate']:g}."
    return text

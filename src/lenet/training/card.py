"""The model card that a run folder carries: what the model is, what was measured of it, how it came to be."""

from collections.abc import Mapping
from typing import Any

from lenet.evaluation import Evaluation
from lenet.evaluation.metrics import wilson_interval
from lenet.model.metadata import Metadata


def model_card(name: str, metadata: Metadata, metrics: dict[str, Any], evaluation: Evaluation) -> str:
    """The text of a run's ``README.md``, measured figures only.

    Args:
        name: of the run.
        metadata: of its model.
        metrics: what ``metrics.json`` will hold.
        evaluation: on the test part.
    """
    low, high = wilson_interval(evaluation.correct, evaluation.n)
    recipe = metadata.recipe
    first, second = recipe["filters"]
    origin = _origin(recipe, metrics["changes"])
    return f"""# {name}

A LeNet for {metadata.width}×{metadata.height}×{metadata.depth} images and {len(metadata.class_names)} classes \
({", ".join(metadata.class_names)}): convolutions of {first} and {second} kernels \
{recipe["kernel_size"]}×{recipe["kernel_size"]}, {recipe["dense_units"]} dense units.{origin}

| measured | |
| --- | --- |
| accuracy on {evaluation.data}, n = {evaluation.n:,} | \
{evaluation.accuracy:.2%} (95 % interval {low:.2%} to {high:.2%}) |
| images read wrong | {evaluation.n - evaluation.correct} |
| confidence and accuracy differ by | {metrics["expected_calibration_error"]:.2%} (expected calibration error) |
| training | {metrics["epochs"]:g} epochs in {metrics["train_seconds"]:.1f} s, {metrics["precision"]} |

Recipe `{recipe["name"]}` on `{recipe["data"]}`, split {recipe["split"]}, seed {metadata.seed}; the test part took no
part in the training. {_again(name, metrics["changes"])} Measured by `lenet train`; measure again with `lenet evaluate`.

{_calibration(metadata, evaluation)}

![learning curves](figures/curves.png)
![confusion matrix](figures/confusion.png)
![mistakes of highest confidence](figures/mistakes.png)
![kernels of the first convolution](figures/filters.png)
![calibration](figures/calibration.png)

Versions: {", ".join(f"{library} {number}" for library, number in metadata.versions.items())}.
SHA-256 of the data: `{metadata.training_data_sha256}`.
"""


def _calibration(metadata: Metadata, evaluation: Evaluation) -> str:
    if metadata.unknown_threshold is None:
        return (
            "Its probabilities are as the network gives them (temperature 1), and it calls nothing unknown: the recipe "
            "kept too\nfew images aside to fit either."
        )
    return (
        f"Temperature {metadata.temperature:.3f}, fitted on {metadata.recipe['validation']:,} training images kept "
        f"aside. An image that scores below {metadata.unknown_threshold:.3f}\n(highest logit) is called unknown: 1 % "
        f"of those images; {evaluation.kept:.2%} of the measured ones are kept as known."
    )


def _origin(recipe: Mapping[str, Any], changes: list[dict[str, Any]]) -> str:
    """What the card says of a training that did not simply follow its recipe from fresh weights."""
    text = ""
    if recipe["start"]:
        text += f" Its training began with the weights of `{recipe['start']}` (SHA-256 `{recipe['start_sha256']}`)."
    if recipe["teacher_epochs"]:
        text += (
            f" A deeper network was taught first, for {recipe['teacher_epochs']:g} epochs; its answers were "
            f"{recipe['distillation']:.0%} of what this one learnt, the labels the rest."
        )
    for change in changes:
        whose = " of the deeper network" if "stage" in change else ""
        text += f" From step {change['step']}{whose} on, it was gone on with for {change['epochs']:g} epochs in all"
        text += f" at a learning rate of {change['learning_rate']:g},"
        text += f" before for {change['before']['epochs']:g} at {change['before']['learning_rate']:g}."
    return text


def _again(name: str, changes: list[dict[str, Any]]) -> str:
    if changes:
        return "Since it was gone on with otherwise than it began, its recipe alone does not repeat it."
    return f"The same again: `lenet train --recipe {name}/recipe.toml`."

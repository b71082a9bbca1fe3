"""The whole course from a data set to a finished run folder: begun, or gone on with."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from lenet.backend import keras
from lenet.datasets import Dataset
from lenet.errors import LenetError
from lenet.model.file import MOST_BYTES
from lenet.network import LeNet, count_parameters
from lenet.training.environment import environment
from lenet.training.lock import locked
from lenet.training.loop import Progress
from lenet.training.recipe import Recipe
from lenet.training.run import Run
from lenet.training.stages import Parts, Stages
from lenet.training.start import load_start, start_from


def train(
    dataset: Dataset,
    recipe: Recipe,
    run: Run | Path | str | None = None,
    *,
    watch: Callable[[Progress], None] = lambda progress: None,
    stop: Callable[[], bool] = lambda: False,
) -> Run:
    """Train a LeNet on ``dataset`` by ``recipe`` and leave a finished run folder.

    Args:
        dataset: labelled images.
        recipe: all that decides the training.
        run: the folder to fill, or its path; ``runs/train-N`` when not given. Never overwritten.
        watch: is told of the progress, often.
        stop: is asked often; when it says yes, the training ends and leaves what it can be gone on from.

    Raises:
        StoppedError: when ``stop`` said yes; says how to go on.
        LenetError: for data that cannot be trained on, a folder that cannot be written, a loss that is not finite.
    """
    if recipe.start and not recipe.start_sha256:
        recipe = start_from(recipe, recipe.start)
    parts = _divide(dataset, recipe)
    network = build_network(dataset, recipe)
    if not isinstance(run, Run):
        run = Run.create(run)
    with locked(run.path):
        run.write_recipe(recipe)
        run.write_environment(_environment(dataset, recipe))
        Stages(run, recipe, dataset, parts, watch, stop).learn(network)
    return run


def resume(
    run: Run | Path | str,
    dataset: Dataset,
    *,
    epochs: float | None = None,
    learning_rate: float | None = None,
    watch: Callable[[Progress], None] = lambda progress: None,
    stop: Callable[[], bool] = lambda: False,
    tell: Callable[[str], None] = lambda sentence: None,
) -> Run:
    """Go on with a run that was interrupted, to the same weights, bit for bit, as if it had never been.

    Args:
        run: the run folder, or its path.
        dataset: the same as before.
        epochs: another end, also of a finished run. The rest follows the schedule of a training of so many epochs from
            the step that was come to; for a constant schedule that is the longer training itself, bit for bit. Fewer
            than were done end the run where it stands.
        learning_rate: another one for the steps that are left.
        watch: is told of the progress, often.
        stop: is asked often; when it says yes, the training ends and leaves what it can be gone on from.
        tell: is told what keeps the weights from being the same bits, and of checkpoints that were damaged.

    Raises:
        StoppedError: when ``stop`` said yes; says how to go on.
        LenetError: when there is no such run, another process trains there, the data is not the same, no checkpoint is
            whole, or as for ``train``.
    """
    run = run if isinstance(run, Run) else Run(Path(run))
    before = run.recipe
    wanted = {"epochs": epochs, "learning_rate": learning_rate}
    recipe = before.change(**{name: value for name, value in wanted.items() if value is not None})
    with locked(run.path):
        if run.finished and recipe == before:
            return run
        if run.finished and epochs is None:
            raise LenetError(f"{run.path}: is finished, no step is left for another learning rate; add --epochs")
        run.remove_leftovers()
        stages = Stages(run, recipe, dataset, _divide(dataset, recipe), watch, stop, tell)
        network = build_network(dataset, recipe.change(start="") if stages.begun else recipe)
        if recipe != before:
            run.write_recipe(recipe)
        for difference in run.write_environment(_environment(dataset, recipe)):
            tell(f"{difference}: the weights may not be, bit for bit, those of a training without a break")
        stages.learn(network)
    return run


def build_network(dataset: Dataset, recipe: Recipe) -> Any:
    """An untrained LeNet for the images and classes of ``dataset``; the recipe's seed decides its weights.

    Where the recipe names a model to start from, it has that one's weights.

    Raises:
        LenetError: for a network that no model file could hold, or none at all.
    """
    _check_size(dataset, recipe)
    keras.utils.set_random_seed(recipe.seed)
    network = LeNet.build(
        dataset.width,
        dataset.height,
        dataset.depth,
        len(dataset.class_names),
        filters=recipe.filters,
        kernel_size=recipe.kernel_size,
        dense_units=recipe.dense_units,
        initializer=recipe.initializer,
    )
    if recipe.start:
        load_start(network, recipe, dataset.class_names)
    return network


def _check_size(dataset: Dataset, recipe: Recipe) -> None:
    parameters = count_parameters(
        dataset.width,
        dataset.height,
        dataset.depth,
        len(dataset.class_names),
        recipe.filters,
        recipe.kernel_size,
        recipe.dense_units,
    )
    # The rest of a model file is small, but for its class names.
    needed = 4 * parameters + 64 * len(dataset.class_names) + (1 << 16)
    if needed > MOST_BYTES:
        raise LenetError(
            f"{dataset.name}: a network for {dataset.width}×{dataset.height} pixels with these filters and dense units "
            f"has {parameters:,} parameters, {needed / 2**20:,.0f} MiB; a model file holds {MOST_BYTES >> 20} MiB; "
            "choose a smaller --size, such as 28x28, or fewer --dense-units"
        )


def _divide(dataset: Dataset, recipe: Recipe) -> Parts:
    train_part, test = dataset.split(recipe.split, recipe.seed)
    return Parts(*train_part.keep_aside(recipe.validation, recipe.seed), test)


def _environment(dataset: Dataset, recipe: Recipe) -> dict[str, Any]:
    return environment() | {"seed": recipe.seed, "data_sha256": dataset.sha256}

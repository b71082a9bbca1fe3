"""Training from a data set to a finished run folder, and resuming it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lenet.datasets import Dataset
from lenet.datasets.dataset import BY_WRITER, LITTLE, Images
from lenet.errors import LenetError
from lenet.evaluation import evaluate
from lenet.evaluation.calibration import calibrate
from lenet.explain.explanation import image_kernels
from lenet.model.file import decode_model, encode_model
from lenet.model.metadata import Metadata
from lenet.model.preprocessing import scale_pixels, softmax
from lenet.model.runtime import Model
from lenet.training.adapt import refuse_shards
from lenet.training.checkpoint import Checkpoints
from lenet.training.environment import choose_precision, environment, library_versions
from lenet.training.figures import DrawingProcess, draw
from lenet.training.group import ALONE, Group
from lenet.training.initial import build_network, class_names, load_teacher, taught_by
from lenet.training.learner import Learner
from lenet.training.loop import TEACHER, DivergedError, Progress, fit
from lenet.training.mix import mix
from lenet.training.model_from_keras import weights_by_name
from lenet.training.recipe import Recipe
from lenet.training.run import Run
from lenet.training.start import start_from
from lenet.training.state import TrainingState
from lenet.training.verdict import held_out, remarks, verdict

# Between the model file and Keras: float32 sums in another order differ in the last digits, a defect by more.
LARGEST_DIFFERENCE = 1e-5


class StoppedError(LenetError):
    """A training was stopped on request; its run can be resumed."""


class _Parts(NamedTuple):
    train: Dataset
    validation: Dataset | None  # None when no images are held out
    test: Dataset


def train(
    dataset: Dataset,
    recipe: Recipe,
    run: Run | Path | str | None = None,
    *,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    stop: Callable[[], bool] = lambda: False,
    on_metrics: Callable[[dict[str, Any]], None] = lambda metrics: None,
    draw: bool | DrawingProcess = True,
) -> Run:
    """Train the recipe's network on ``dataset`` and write a finished run folder.

    Args:
        dataset: Labelled images.
        recipe: How to train it.
        run: A new run folder or its path; ``runs/train-N`` when not given. Never overwritten.
        on_progress: Called often; ``print`` shows a line each time.
        stop: Called often; when it returns True, the training stops.
        on_metrics: Called with the content of ``metrics.json`` as soon as it is known, before the figures are written.
        draw: Whether to draw the figures of the run folder, which takes a second, or a process that draws them.

    Raises:
        StoppedError: when ``stop`` returned True; says how to resume.
        LenetError: for data that cannot be trained on, a folder that cannot be written, a loss that is not finite.
    """
    if not (isinstance(dataset, Dataset) and isinstance(recipe, Recipe)):
        raise LenetError(
            f"train takes a Dataset and a Recipe, not {type(dataset).__name__} and {type(recipe).__name__}: write "
            "train(load_dataset(…), Recipe.named(…))"
        )
    recipe = named_models(recipe, dataset)
    data = _split(dataset, recipe)
    network = build_network(dataset, recipe)
    if not isinstance(run, Run):
        run = Run.create(run)
    with run.locked():
        run.remove_leftovers()
        run.write_recipe(recipe)
        run.write_environment(_environment(dataset, recipe))
        _Trainer(run, recipe, dataset, data, on_progress, stop, on_metrics=on_metrics, draw=draw).train(network)
    return run


def named_models(recipe: Recipe, dataset: Dataset) -> Recipe:
    """The recipe with the hashes of the models that it names, as ``train`` keeps it in the run folder.

    Raises:
        LenetError: when a model is not suitable, or there are fewer training images than shards.
    """
    if recipe.start and not recipe.start_sha256:
        recipe = start_from(recipe, recipe.start)
    if recipe.shards == 1 and not recipe.teacher:
        return recipe
    images = _split(dataset, recipe).train
    refuse_shards(recipe, len(images))
    return taught_by(recipe, images) if recipe.teacher else recipe


def resume(
    run: Run | Path | str,
    dataset: Dataset,
    *,
    epochs: float | None = None,
    learning_rate: float | None = None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    stop: Callable[[], bool] = lambda: False,
    on_warning: Callable[[str], None] = lambda sentence: None,
    on_metrics: Callable[[dict[str, Any]], None] = lambda metrics: None,
    draw: bool | DrawingProcess = True,
    group: Group = ALONE,
) -> Run:
    """Resume a run that was interrupted; its weights end bit for bit as if it had not been.

    Args:
        run: The run folder, or its path.
        dataset: The same as before.
        epochs: A new number of epochs, also for a finished run. The remaining steps follow the schedule of a training
            of so many epochs; for a constant schedule that is the longer training itself, bit for bit. With fewer
            epochs than were done, the run ends at once.
        learning_rate: A new one for the remaining steps.
        on_progress: As for ``train``.
        stop: As for ``train``.
        on_warning: Called with a sentence about each change of the environment that may change the bits of the weights,
            and about each damaged checkpoint.
        on_metrics: As for ``train``.
        draw: As for ``train``.
        group: The processes that train together; the others call ``follow``.

    Raises:
        StoppedError: when ``stop`` returned True; says how to resume.
        LenetError: when there is no such run, another process trains there, the data is not the same, no checkpoint is
            whole, or as for ``train``.
    """
    if not isinstance(dataset, Dataset):
        raise LenetError(f"resume takes a Dataset, not {type(dataset).__name__}: write resume(run, load_dataset(…))")
    run = run if isinstance(run, Run) else Run(Path(run))
    before = run.recipe
    wanted = {"epochs": epochs, "learning_rate": learning_rate}
    recipe = before.change(**{name: value for name, value in wanted.items() if value is not None})
    with run.locked():
        if run.finished and recipe == before:
            on_metrics(run.metrics)
            return run
        if run.finished and epochs is None:
            raise LenetError(f"{run.path}: is finished, no step is left for another learning rate; add --epochs")
        run.remove_leftovers(data=group is ALONE)
        parts = _split(dataset, recipe)
        trainer = _Trainer(run, recipe, dataset, parts, on_progress, stop, on_warning, on_metrics, draw, group)
        network = build_network(dataset, recipe.change(start="") if trainer.begun else recipe)
        if recipe != before:
            run.write_recipe(recipe)
        for difference in run.write_environment(_environment(dataset, recipe)):
            on_warning(f"{difference}: the weights may differ in the last bits from those of an uninterrupted training")
        trainer.train(network)
    return run


def follow(run: Run, dataset: Dataset, group: Group) -> None:
    """Train beside the process of the group that has called ``resume``, and write nothing."""
    recipe = run.recipe
    data = _split(dataset, recipe)
    trainer = _Trainer(run, recipe, dataset, data, lambda progress: None, lambda: False, group=group)
    trainer.train(build_network(dataset, recipe.change(start="") if trainer.begun else recipe))


def _split(dataset: Dataset, recipe: Recipe) -> _Parts:
    names = class_names(dataset, recipe)
    if len(names) == 1:
        raise LenetError(f"{dataset.name}: the only class is {names[0]!r}; training needs two or more to tell apart")
    train_part, test = dataset.split(recipe.split, recipe.seed)
    by_writer = recipe.split == BY_WRITER
    train_part, validation = train_part.split_validation(recipe.validation, recipe.seed, by_writer=by_writer)
    train_part = mix(train_part.with_classes(names), recipe.each_source, recipe.seed)
    return _Parts(train_part, validation and validation.with_classes(names), test.with_classes(names))


def _environment(dataset: Dataset, recipe: Recipe) -> dict[str, Any]:
    return environment() | {"seed": recipe.seed, "data_sha256": dataset.sha256}


@dataclass(frozen=True)
class _Trainer:
    """The stages of a training: the teacher where the recipe has one, the network, the results.

    Each stage starts anew, or resumes from its own checkpoints. The caller has locked the run folder.
    """

    run: Run
    recipe: Recipe
    dataset: Dataset
    data: _Parts
    on_progress: Callable[[Progress], None]
    stop: Callable[[], bool]
    on_warning: Callable[[str], None] = lambda sentence: None
    on_metrics: Callable[[dict[str, Any]], None] = lambda metrics: None
    draw: bool | DrawingProcess = True
    group: Group = ALONE

    @property
    def begun(self) -> bool:
        """Whether the run's own network has a checkpoint."""
        return bool(self._checkpoints(self.recipe).paths())

    def train(self, network: Any) -> None:
        """Train ``network`` to the end, and write the results."""
        teacher, teacher_state = self._train_teacher() if self.recipe.teacher_epochs else (self._load_teacher(), None)
        state = self._fit(network, self.recipe, teacher=teacher, teacher_state=teacher_state)
        if self.group.rank:
            return
        self._finish(network, state)
        for within in ("", TEACHER):
            self._checkpoints(self.recipe, within).keep_last(1)

    def _train_teacher(self) -> tuple[Learner, TrainingState]:
        recipe = teacher_recipe(self.recipe)
        network = build_network(self.dataset, recipe)
        state = self._fit(network, recipe, TEACHER)
        return Learner(network, frozen_recipe(recipe), state.precision), state

    def _load_teacher(self) -> Learner | None:
        """The trained model that the recipe names, or None."""
        if not self.recipe.teacher:
            return None
        recipe = frozen_recipe(self.recipe)
        return Learner(load_teacher(recipe), recipe, choose_precision(recipe.precision))

    def _fit(self, network: Any, recipe: Recipe, within: str = "", **teacher: Any) -> TrainingState:
        """Fit one network to the end; ``teacher`` are options of ``fit``."""
        checkpoints = self._checkpoints(recipe, within)
        try:
            state = fit(
                network,
                self.data.train,
                recipe,
                validation=self.data.validation,
                on_progress=lambda progress: self.on_progress(replace(progress, stage=within)),
                stop=self.stop,
                checkpoints=checkpoints,
                group=self.group,
                **teacher,
            )
        except DivergedError as error:
            what = "resume from its last good state" if checkpoints.paths() else "start it again"
            lower = f"--learning-rate {recipe.learning_rate / 4:g}"
            raise LenetError(f"{error}; {what}: lenet train --resume {self.run.path} {lower}") from error
        if state.step < state.steps or (within and self.stop()):
            done = f"step {state.step:,} of {state.steps:,}{within and f' of the {within}'}"
            raise StoppedError(f"stopped after {done}; resume with: lenet train --resume {self.run.path}")
        return state

    def _finish(self, network: Any, state: TrainingState) -> None:
        """Calibrate, measure on the test part, compare with Keras, and write all files of the run folder."""
        dataset, recipe = self.dataset, self.recipe
        same = ("class_names", "height", "width", "depth", "framing", "inverted")
        metadata = Metadata(
            **{name: getattr(self.data.test, name) for name in same},
            network=recipe.network,
            recipe=recipe.to_dict(),
            seed=recipe.seed,
            versions=library_versions(),
            training_data_sha256=dataset.sha256,
        )
        weights = weights_by_name(network, metadata.layers)
        figures: dict[str, tuple[Any, ...]] = {}
        process = self.draw if isinstance(self.draw, DrawingProcess) else None
        begin = process.begin if process else figures.update
        begin({"curves": (state.trace, [tuple(row) for row in state.history])})
        if (kernels := image_kernels(metadata.layers, weights)) is not None:
            begin({"filters": (kernels,)})
        model = Model(decode_model(encode_model(weights, metadata)), name=str(self.run.path))
        if self.data.validation is not None:
            model.metadata = calibrate(model, self.data.validation)
        evaluation = evaluate(model, self.data.test)
        begin(evaluation.figure_arguments(self.data.test.images))
        images = self.data.test.images[:128]
        refuse_difference(softmax(evaluation.logits[: len(images)]), network, images)
        said: dict[str, Any] = {"held_out": held_out(evaluation, self.data.test, recipe)}
        said["remarks"] = remarks(evaluation, state.history, self.data.train.labels, recipe)
        if len(self.data.train) < LITTLE:
            judged = verdict(evaluation, evaluate(model, self.data.train).accuracy)
            said |= {"verdict": judged.sentence, "verdict_code": judged.code}
        drawn = process.finish if process else partial(draw, figures if self.draw else {})
        self.run.write_results(
            network, weights, model.metadata, recipe, state, evaluation, self.data.test, said, self.on_metrics, drawn
        )

    def _checkpoints(self, recipe: Recipe, within: str = "") -> Checkpoints:
        owner = {"recipe": recipe.lasting_sha256, "data set": self.dataset.sha256}
        return Checkpoints(self.run.path, owner, within, self.on_warning)


def refuse_difference(answers: Any, network: Any, images: Images) -> None:
    """Raise a LenetError where a model's ``answers`` to ``images`` are not those of the Keras ``network``."""
    difference = np.abs(answers - network(scale_pixels(images), training=False).numpy()).max()
    if not difference <= LARGEST_DIFFERENCE:
        raise LenetError(f"the model and the Keras network differ by {difference:g}; the model was not written")


def teacher_recipe(recipe: Recipe) -> Recipe:
    """Recipe of the teacher: that of the run, for ``teacher_epochs``, from new weights, on undamaged images.

    The teacher is a deeper network that is trained first; its probabilities are a part of the targets beside the
    labels. It is more accurate than LeNet trained on the labels alone, and its probabilities show how recognisable an
    augmented image still is, which the label does not. Only the run's own network is saved. Source: Hinton, Vinyals and
    Dean, "Distilling the Knowledge in a Neural Network", 2015.
    """
    return recipe.change(
        network="deep",
        initializer="he_uniform",
        normalisation="batch",
        input_gain=1.0,
        dropout=0.4,  # LeNet, which is smaller and has the teacher's answers to learn from, is better without
        epochs=recipe.teacher_epochs,
        teacher_epochs=0.0,
        teacher="",
        teacher_sha256="",
        distillation=0.0,
        weight_bits=0,
        damage=0.0,
        view="whole",
        start="",
        start_sha256="",
        patience=0,
    )


def frozen_recipe(recipe: Recipe) -> Recipe:
    """Recipe of the trained teacher, with normalisation and gain folded into its weights."""
    return recipe.change(normalisation="none", input_gain=1.0, dropout=0.0, view="whole", weight_bits=0)

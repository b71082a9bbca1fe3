"""The stages of a training: a teacher first, where the recipe asks for one, then the network, then its results."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from lenet.backend import keras
from lenet.datasets import Dataset
from lenet.errors import LenetError
from lenet.training.checkpoint import Checkpoints
from lenet.training.finish import finish
from lenet.training.fitting import Fitting
from lenet.training.loop import DivergedError, Progress, fit
from lenet.training.recipe import Recipe
from lenet.training.run import Run
from lenet.training.teacher import TEACHER, Teacher, build_teacher, teacher_recipe


class StoppedError(LenetError):
    """A training was asked to stop and did; its run can be gone on with."""


class Parts(NamedTuple):
    """The three uses of a data set; ``validation`` is None when nothing is kept aside."""

    train: Dataset
    validation: Dataset | None
    test: Dataset


@dataclass(frozen=True)
class Stages:
    """One training in one run folder; each stage is begun, or gone on with from its own checkpoints.

    Attributes:
        run: the folder, which the caller has locked.
        recipe: all that decides the training.
        dataset: all of it.
        parts: the same, divided as the recipe says.
        watch: is told of the progress, often.
        stop: is asked often; when it says yes, the training ends.
        tell: is told of checkpoints that were damaged.
    """

    run: Run
    recipe: Recipe
    dataset: Dataset
    parts: Parts
    watch: Callable[[Progress], None]
    stop: Callable[[], bool]
    tell: Callable[[str], None] = lambda sentence: None

    @property
    def begun(self) -> bool:
        """Whether the network itself has a checkpoint already."""
        return bool(self._checkpoints(self.recipe).paths())

    def learn(self, network: Any) -> None:
        """Teach ``network``, built by ``LeNet.build``, to its end, and write what came of it.

        Raises:
            StoppedError: when ``stop`` said yes before.
            LenetError: when the loss was no finite number any more, or nothing can be written.
        """
        teacher, taught = self._teach() if self.recipe.teacher_epochs else (None, None)
        fitting = self._fit(network, self.recipe, watch=self.watch, teacher=teacher, taught=taught)
        finish(self.run, network, self.recipe, fitting, self.dataset, self.parts.test, self.parts.validation)
        for within in ("", TEACHER):
            self._checkpoints(self.recipe, within).keep_last(1)

    def _teach(self) -> tuple[Teacher, Fitting]:
        """The teacher, and what teaching it came to."""

        def watch_stage(progress: Progress) -> None:
            self.watch(replace(progress, stage=TEACHER))

        recipe, dataset = teacher_recipe(self.recipe), self.dataset
        keras.utils.set_random_seed(recipe.seed)
        network = build_teacher(dataset.width, dataset.height, dataset.depth, len(dataset.class_names))
        fitting = self._fit(network, recipe, TEACHER, watch=watch_stage, kind=Teacher)
        if self.stop():
            raise self._stopped(fitting, TEACHER)
        return Teacher(network, recipe, fitting.precision), fitting

    def _fit(self, network: Any, recipe: Recipe, within: str = "", **options: Any) -> Fitting:
        """Fit one network to its end; ``options`` are those of ``fit``."""
        checkpoints = self._checkpoints(recipe, within)
        checkpoints.newest()
        for fault in checkpoints.passed_over:
            self.tell(f"{fault}; the one before it is taken")
        try:
            fitting = fit(
                network,
                self.parts.train,
                recipe,
                validation=self.parts.validation,
                stop=self.stop,
                checkpoints=checkpoints,
                **options,
            )
        except DivergedError as error:
            where = "go on from its last good state" if checkpoints.paths() else "begin it again"
            lower = f"--learning-rate {recipe.learning_rate / 4:g}"
            raise LenetError(f"{error}; {where}: lenet train --resume {self.run.path} {lower}") from error
        if fitting.stopped:
            raise self._stopped(fitting, within)
        return fitting

    def _stopped(self, fitting: Fitting, within: str) -> StoppedError:
        whose = f" of the {within}" if within else ""
        return StoppedError(
            f"stopped after step {fitting.step:,} of {fitting.steps:,}{whose}; "
            f"go on with: lenet train --resume {self.run.path}"
        )

    def _checkpoints(self, recipe: Recipe, within: str = "") -> Checkpoints:
        owner = {"recipe": recipe.lasting_sha256, "data set": self.dataset.sha256}
        return Checkpoints(self.run.path, owner, within)

"""Search for a recipe: Optuna proposes and stops trials, Ray's processes train them.

Only this process reads and writes the journal of the trials. A trial whose process was lost, or that was running when
the search was killed, is queued again with the same values.
"""

import json
import os
import warnings
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

import tomli_w

from lenet.atomic import write_text
from lenet.datasets import load_dataset
from lenet.datasets.dataset import BY_WRITER, OWN_PROPORTION
from lenet.errors import LenetError, last_line
from lenet.scale.cluster import PATIENCE, TrainingActor, cluster
from lenet.training.recipe import Recipe
from lenet.training.run import Run

JOURNAL = "search.journal"
# Trainings of a trial, each with another seed and other validation images: of one alone, most differences are chance.
# After the first and the second, a trial is stopped unless its mean is in the best half of those before.
TRAININGS, REDUCTION = 4, 2
# Processes that may be lost with the same values.
MOST_LOSSES = 3
# By Optuna's names, what a trial is called that has ended.
STATES = {"COMPLETE": "complete", "PRUNED": "stopped early", "FAIL": "failed"}

# Values of a field: low and high end and whether the scale is logarithmic, or those to choose from.
Space = Mapping[str, tuple[float, float, bool] | list[Any]]


class Trial(NamedTuple):
    """A trial that has ended."""

    number: int
    state: str  # one of ``STATES``
    wrong: float | None  # share of the validation images, mean over its trainings
    values: dict[str, Any]


class _Trainer(TrainingActor):
    """An actor: trains one recipe after the other."""

    data: Any = None

    def train(self, common: Recipe, values: dict[str, Any]) -> float | None:
        """Share of the validation images that are wrong, mean over all trainings; None when it was stopped."""
        self.stopped = False
        os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
        from lenet.training.initial import build_network
        from lenet.training.loop import fit, measure

        recipe = common.change(**values)
        form = (recipe.size or None, recipe.depth or None, recipe.invert, recipe.framing)
        # Without broken pictures, which the driver has named.
        self.data = self.data or load_dataset(recipe.data, *form, on_error=lambda error: None)
        learner = deque[Any](maxlen=1)
        wrong: list[float] = []
        for number in range(TRAININGS):
            train, validation = search_parts(self.data, recipe, number)
            again = recipe.change(seed=recipe.seed + number)
            state = fit(
                build_network(train, again),
                train,
                again,
                validation=validation if recipe.patience else None,
                on_progress=lambda progress: learner.append(progress.learner),
                stop=lambda: self.stopped,
            )
            if state.step < state.steps:
                return None
            wrong.append(1 - measure(learner[0], validation)[1])
            self.reports.append((number + 1, mean(wrong)))
        return mean(wrong)


def search_parts(dataset: Any, recipe: Recipe, number: int = 0) -> Any:
    """Training and validation part, both from the training part of the recipe's split; the test part is not used.

    No writer is in both, where the writers are known; else every class is divided in the same ratio. Which images are
    held out depends on the ``number`` of the training, where the source has no validation part of its own.
    """
    train = dataset.split(recipe.split, recipe.seed).train
    if train.validation_from is not None:
        return train.split_validation(0)
    return train.split(OWN_PROPORTION if train.writer_of is None else BY_WRITER, recipe.seed + number)


def search(
    recipe: Recipe,
    space: Space,
    trials: int,
    folder: Path,
    address: str | None = None,
    workers: int | None = None,
    on_trial: Callable[[Trial, Trial | None], None] = lambda trial, best: None,
    stop: Callable[[], bool] = lambda: False,
) -> tuple[list[Trial], dict[str, float]]:
    """Run trials until there are ``trials``, also those of earlier calls, and write the best as ``recipe.toml``.

    Args:
        recipe: What all trials have in common; its data, too.
        space: The fields to change.
        folder: A new folder, or one of an earlier call with the same recipe and space.
        address, workers: As for ``cluster``; a worker trains one trial at a time.
        on_trial: Called with each trial that has ended, and the best so far.
        stop: Called often; when it returns True, the search stops. The trials that run begin anew in the next call.

    Returns:
        All trials, and the importance of each field for their results, shares of 1.

    Raises:
        LenetError: when the folder has another search, another process searches there, or all trials failed.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    if folder.exists() and not (folder / JOURNAL).exists() and any(folder.iterdir()):
        raise LenetError(f"{folder}: holds no search; choose another --run")
    folder.mkdir(parents=True, exist_ok=True)
    with Run(folder).locked():
        study = _open_study(recipe, space, folder)
        if len(_ended(study)) < trials:
            with cluster(address, workers) as ray:
                most = workers or int(ray.cluster_resources().get("CPU", 1))
                _run(ray, study, recipe, space, trials, most, on_trial, stop)
        found = _ended(study)
        complete = ranked(found)
        if complete:
            write_text(folder / "recipe.toml", tomli_w.dumps(recipe.change(**complete[0].values).to_dict()))
        elif len(found) >= trials:
            errors = [trial.user_attrs["error"] for trial in study.trials if "error" in trial.user_attrs]
            raise LenetError(f"{folder}: no trial was trained to the end; {errors[0] if errors else 'add trials'}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # few trials tell little
            return found, optuna.importance.get_param_importances(study) if len(complete) > 1 else {}


def ranked(trials: list[Trial]) -> list[Trial]:
    """Those that were trained to the end, the best first."""
    complete = [trial for trial in trials if trial.state == STATES["COMPLETE"]]
    return sorted(complete, key=lambda trial: (trial.wrong, trial.number))


def _open_study(recipe: Recipe, space: Space, folder: Path) -> Any:
    """The study of the folder, whose interrupted trials are queued again."""
    import optuna
    from optuna.storages.journal import JournalFileBackend

    # Optuna's own lock, which a killed search has left; the caller has locked the folder.
    folder.joinpath(f"{JOURNAL}.lock").unlink(missing_ok=True)
    storage = optuna.storages.JournalStorage(JournalFileBackend(str(folder.resolve() / JOURNAL)))
    study = optuna.create_study(study_name="search", storage=storage, direction="minimize", load_if_exists=True)
    begun = json.dumps({"recipe": recipe.sha256, "space": {name: list(axis) for name, axis in space.items()}})
    if study.user_attrs.setdefault("begun", begun) != begun:
        raise LenetError(f"{folder}: holds a search with another recipe or space; choose another --run")
    study.set_user_attr("begun", begun)
    # Not the same seed as before, or the same values would be proposed again.
    study.sampler = optuna.samplers.TPESampler(seed=recipe.seed + len(study.trials))
    study.pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=REDUCTION)
    if not study.trials and (own := _own_values(recipe, space)):
        study.enqueue_trial(own)
    queued = {trial.user_attrs.get("again") for trial in study.trials}
    for trial in study.get_trials(states=(optuna.trial.TrialState.RUNNING,)):
        if trial.number not in queued:  # else it was killed between the two lines
            study.enqueue_trial(trial.params, user_attrs={**trial.user_attrs, "again": trial.number})
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    return study


def _own_values(recipe: Recipe, space: Space) -> dict[str, Any]:
    """The values that the recipe has already, which are tried first; none where the space leaves one out."""
    own: dict[str, Any] = {}
    for name, axis in space.items():
        value = getattr(recipe, name)
        choices = axis if isinstance(axis, list) else [value] * (axis[0] <= value <= axis[1])
        for choice in choices:
            if recipe.change(**{name: choice}) == recipe:
                own[name] = choice
    return own if own.keys() == space.keys() else {}


def _run(ray: Any, study: Any, recipe: Recipe, space: Space, trials: int, most: int, on_trial: Any, stop: Any) -> None:
    from optuna.trial import TrialState

    axes = {name: _distribution(recipe, name, axis) for name, axis in space.items()}
    trainer = ray.remote(_Trainer).options(max_concurrency=3, num_cpus=1)
    idle: list[Any] = []
    running: dict[Any, tuple[Any, Any]] = {}
    while not stop():
        while len(running) < most and len(_ended(study)) + len(running) < trials:
            trial = study.ask(axes)
            actor = idle.pop() if idle else trainer.remote(Path.cwd())
            running[actor.train.remote(recipe, trial.params)] = actor, trial
        if not running:
            return
        done, _ = ray.wait(list(running), timeout=PATIENCE)
        for reference, (actor, trial) in list(running.items()):
            try:
                for number, wrong in ray.get(actor.take_reports.remote()):
                    trial.report(wrong, number)
                    if trial.should_prune():
                        actor.stop.remote()
                if reference not in done:
                    continue
                wrong = ray.get(reference)
                study.tell(trial, wrong, state=TrialState.PRUNED if wrong is None else TrialState.COMPLETE)
                idle.append(actor)
            except ray.exceptions.RayTaskError as error:
                trial.set_user_attr("error", last_line(error.cause))
                study.tell(trial, state=TrialState.FAIL)
                idle.append(actor)
            except ray.exceptions.RayError as error:
                _queue_again(study, trial, type(error).__name__)
            del running[reference]
            ended = {one.number: one for one in _ended(study)}
            if trial.number in ended:
                on_trial(ended[trial.number], next(iter(ranked(list(ended.values()))), None))


def _queue_again(study: Any, trial: Any, how: str) -> None:
    """Fail a trial whose process was lost, and queue its values once more, unless that has happened too often."""
    from optuna.trial import TrialState

    losses = trial.user_attrs.get("losses", 0) + 1
    if losses == MOST_LOSSES:
        trial.set_user_attr("error", f"its process was lost {losses} times ({how})")
    else:
        study.enqueue_trial(trial.params, user_attrs={"losses": losses, "again": trial.number})
    study.tell(trial, state=TrialState.FAIL)


def _distribution(recipe: Recipe, name: str, axis: Any) -> Any:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(axis, list):
        return CategoricalDistribution(axis)
    kind = IntDistribution if isinstance(getattr(recipe, name), int) else FloatDistribution
    return kind(axis[0], axis[1], log=axis[2])


def _ended(study: Any) -> list[Trial]:
    """The trials that have ended, but for those that were lost and queued again."""
    trials = []
    for trial in study.get_trials(deepcopy=False):
        if trial.state.name in ("COMPLETE", "PRUNED") or "error" in trial.user_attrs:
            last = max(trial.intermediate_values.items(), default=(0, None))[1]
            trials.append(Trial(trial.number, STATES[trial.state.name], last, trial.params))
    return trials

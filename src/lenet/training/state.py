"""The state of a training beside its weights; checkpoints, history and metrics are written from it."""

from dataclasses import field
from typing import Any, Literal, NamedTuple

from pydantic import ConfigDict, NonNegativeFloat, NonNegativeInt, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from lenet.errors import LenetError, first_fault


class Epoch(NamedTuple):
    """A row of the history; the fields are its columns, ``seconds`` the training time since the start."""

    epoch: float
    loss: float
    accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    seconds: float


@dataclass(config=ConfigDict(extra="forbid"))
class TrainingState:
    """Result of ``fit``; plain values, since a checkpoint holds all of them."""

    step: NonNegativeInt = 0  # number of steps done
    steps: int = 0  # number of steps in all
    epochs: float = 0.0  # number of epochs done; less than the recipe's when stopped
    history: list[Epoch] = field(default_factory=list)  # one row per epoch
    # Epochs done, loss and accuracy on the images of the last steps, every few steps.
    trace: list[tuple[float, float, float]] = field(default_factory=list)
    sums: tuple[float, float, float] = (0.0, 0.0, 0.0)  # of loss, correct answers and images in this epoch
    # Time of the training steps, with the teacher's and graph building, without validation.
    seconds: NonNegativeFloat = 0.0
    precision: Literal["float32", "bfloat16"] = "float32"
    # Changes of epochs or learning rate by a resumed run: the step, the new values, and those before; with ``stage``
    # "teacher" for the training of the teacher.
    changes: list[dict[str, Any]] = field(default_factory=list)

    def without_gain(self, patience: int) -> bool:
        """Whether the last ``patience`` rows of the history, if any, have no lower validation loss than one before."""
        losses = [row.validation_loss for row in self.history if row.validation_loss is not None]
        return bool(patience and losses) and len(losses) - 1 - losses.index(min(losses)) >= patience

    @classmethod
    def from_dict(cls, values: Any) -> "TrainingState":
        """The inverse of ``vars``, also for rows that JSON has made lists; LenetError for values that no state has."""
        try:
            return TypeAdapter(cls).validate_python(values)
        except ValidationError as error:
            raise LenetError(f"a checkpoint of another version of lenet ({first_fault(error)}); start again") from None

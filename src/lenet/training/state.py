"""The state of a training beside its weights; checkpoints, history and metrics are written from it."""

from dataclasses import astuple, dataclass, field
from typing import Any

from lenet.errors import LenetError


@dataclass(frozen=True)
class Epoch:
    """A row of the history; the fields are its columns, ``seconds`` the training time since the start."""

    epoch: float
    loss: float
    accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    seconds: float


@dataclass
class TrainingState:
    """Result of ``fit``; plain values, since a checkpoint holds all of them.

    Attributes:
        step: Number of steps done.
        steps: Number of steps in all.
        epochs: Number of epochs done; less than the recipe's when stopped.
        history: One row per epoch.
        trace: Epochs done, loss and accuracy on the images of the last steps, every few steps.
        sums: Sums of loss, correct answers and images in this epoch.
        seconds: Time of the training steps in seconds, with the teacher's and graph building, without validation.
        precision: Precision of the computation.
        changes: Changes of epochs or learning rate by a resumed run: the step, the new values, and those before; with
            ``stage`` "teacher" for the training of the teacher.
    """

    step: int = 0
    steps: int = 0
    epochs: float = 0.0
    history: list[Epoch] = field(default_factory=list)
    trace: list[tuple[float, float, float]] = field(default_factory=list)
    sums: tuple[float, float, float] = (0.0, 0.0, 0.0)
    seconds: float = 0.0
    precision: str = "float32"
    changes: list[dict[str, Any]] = field(default_factory=list)

    @property
    def stopped(self) -> bool:
        """Whether it ended before its last step."""
        return self.step < self.steps

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {**vars(self), "history": [astuple(row) for row in self.history]}

    @classmethod
    def from_dict(cls, values: Any) -> "TrainingState":
        """The inverse of ``to_dict``.

        Raises:
            LenetError: for values that ``to_dict`` does not give.
        """
        try:
            history = [Epoch(*row) for row in values["history"]]
            trace = [(float(epochs), float(loss), float(accuracy)) for epochs, loss, accuracy in values["trace"]]
            loss, correct, images = (float(value) for value in values["sums"])
            state = cls(**{**values, "history": history, "trace": trace, "sums": (loss, correct, images)})
            if state.step < 0 or state.seconds < 0 or state.precision not in ("float32", "bfloat16"):
                raise ValueError("its state has impossible values")
        except (KeyError, TypeError, ValueError) as error:
            raise LenetError(f"a checkpoint of another version of lenet ({error}); start again") from error
        return state

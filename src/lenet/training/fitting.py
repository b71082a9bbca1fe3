"""What a training has come to so far: the record that checkpoints, the history and the measures are written from."""

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
class Fitting:
    """What ``fit`` says of its work; plain values, since a checkpoint keeps all of them.

    Attributes:
        step: steps done.
        steps: steps in all.
        epochs: that were done; less than the recipe's when stopped.
        history: a row an epoch.
        trace: epochs done, loss and accuracy of the images just learnt from, every few steps.
        sums: of loss, right answers and images since the epoch began.
        seconds: spent on training steps, those of its teacher and graph building included, validation not.
        precision: that was computed in.
        changes: the step from which a recipe was gone on with that has other epochs or another learning rate, these,
            and those before; those while its teacher was taught have the ``stage`` "teacher".
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
    def from_dict(cls, values: Any) -> "Fitting":
        """Read them back.

        Raises:
            LenetError: when they are none.
        """
        try:
            history = [Epoch(*row) for row in values["history"]]
            trace = [(float(epochs), float(loss), float(accuracy)) for epochs, loss, accuracy in values["trace"]]
            loss, right, seen = (float(value) for value in values["sums"])
            fitting = cls(**{**values, "history": history, "trace": trace, "sums": (loss, right, seen)})
            if fitting.step < 0 or fitting.seconds < 0 or fitting.precision not in ("float32", "bfloat16"):
                raise ValueError("no training stands there")
        except (KeyError, TypeError, ValueError) as error:
            raise LenetError(f"a checkpoint of another lenet ({error}); start again") from error
        return fitting

"""Event files for TensorBoard."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lenet.atomic import make_folder
from lenet.errors import LenetError
from lenet.training.loop import Progress


def refuse_unwritable(folder: Path) -> None:
    """Make the folder for event files; LenetError when that fails."""
    try:
        make_folder(folder)
    except OSError as error:
        raise LenetError(f"{folder}: cannot be written ({error.strerror}); choose another --tensorboard") from error


@contextmanager
def event_files(folder: Path) -> Iterator[Callable[[Progress], None]]:
    """Give a function that writes the progress of a training to a new event file in ``folder``.

    It writes loss and accuracy after each group of steps and, where images are held out, after each row of the history;
    those of the teacher under ``teacher/``. Needs the extra ``tensorboard``.
    """
    from tensorboard.summary import Writer

    writer = Writer(str(folder))

    def tell(progress: Progress) -> None:
        values: dict[str, float | None] = {"loss": progress.loss, "accuracy": progress.accuracy}
        if (row := progress.epoch) and row.validation_loss is not None:
            values |= {"validation_loss": row.validation_loss, "validation_accuracy": row.validation_accuracy}
        for name, value in values.items():
            writer.add_scalar(f"{progress.stage}/{name}".lstrip("/"), value, progress.step)

    try:
        yield tell
    finally:
        writer.close()

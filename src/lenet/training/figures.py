"""The figures of a run, drawn by a process of their own: ``python -m lenet.training.figures``.

It imports Matplotlib while this process imports TensorFlow or trains, and draws while this one measures and writes the
model. Its standard input brings the arguments of figures' functions; at its end the process answers and ends.
"""

import pickle  # noqa: TID251  between two processes of one program
import subprocess
import sys
import warnings
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Self

# Arguments of functions of ``lenet.figures``, by name.
Figures = Mapping[str, tuple[Any, ...]]

COMMAND = (sys.executable, "-P", "-m", "lenet.training.figures")


class DrawingProcess:
    """A process that draws while this one works; a context manager, at whose end it ends."""

    def __init__(self) -> None:
        """Start it; Ctrl-C does not reach it."""
        pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(COMMAND, **pipes, start_new_session=True)
        self._figures: dict[str, tuple[Any, ...]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.__exit__(None, None, None)

    def begin(self, figures: Figures) -> None:
        """Begin to draw them, without waiting for the end."""
        assert self._process.stdin
        self._figures |= figures
        with suppress(OSError):  # where the process is gone, ``finish`` draws
            pickle.dump(figures, self._process.stdin)
            self._process.stdin.flush()

    def finish(self) -> dict[str, bytes]:
        """All figures as PNG, by name; drawn here if the process has failed."""
        assert self._process.stdin and self._process.stdout
        with suppress(OSError):
            self._process.stdin.close()
        try:
            contents, said = pickle.load(self._process.stdout)  # noqa: S301
        except (EOFError, pickle.UnpicklingError):
            return draw(self._figures)
        for sentence in said:
            warnings.warn(sentence, stacklevel=2)
        return contents  # type: ignore[no-any-return]


def draw(wanted: Figures) -> dict[str, bytes]:
    """The figures as PNG, by name."""
    from lenet import figures
    from lenet.figures.render import as_png

    return {name: as_png(getattr(figures, name)(*arguments)) for name, arguments in wanted.items()}


def main() -> None:
    """Import what draws, draw what comes until the input ends, and answer with the figures and the warnings."""
    contents = draw({})
    with warnings.catch_warnings(record=True) as caught, suppress(EOFError):
        while True:
            contents |= draw(pickle.load(sys.stdin.buffer))  # noqa: S301
    if contents:
        pickle.dump((contents, [str(warning.message) for warning in caught]), sys.stdout.buffer)


if __name__ == "__main__":
    main()

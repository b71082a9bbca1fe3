"""The models that one may choose from: the one that is served, the bundled one, the runs of a folder."""

from functools import lru_cache
from pathlib import Path

from lenet.errors import LenetError
from lenet.model.runtime import Model
from lenet.reading import Reader

BUNDLED = "bundled"
# Beside the served one; each has about 20 MB.
MOST_LOADED = 4
MOST_LISTED = 1000


class Shelf:
    """Models by name; each is read once, when it is first asked for."""

    def __init__(self, model: Model, runs: Path | None = None) -> None:
        """Take the served model and the folder of runs.

        Raises:
            LenetError: when the model does not read grey images.
        """
        self.served = Reader(model)
        self.name = _short(model.name)
        self.runs = runs
        self._load = lru_cache(MOST_LOADED)(_load)

    def names(self) -> list[str]:
        """The served one first, then the runs as they lie there now, newest last."""
        found: list[Path] = []
        if self.runs is not None and self.runs.is_dir():
            found = sorted(self.runs.glob("*/model.onnx"), key=lambda path: path.stat().st_mtime)[-MOST_LISTED:]
        others = [path.parent.name for path in found if not path.parent.name.startswith(".")]
        return list(dict.fromkeys([self.name, BUNDLED, *others]))

    def reader(self, name: str | None = None) -> Reader:
        """The reader of that name; of the served model when none is given.

        Raises:
            LenetError: when there is none of that name, or its file is not to be trusted.
        """
        if name is None or name == self.name:
            return self.served
        if name not in self.names():
            raise LenetError(f"model {name[:100]!r}: not known here; GET /api/runs lists the names")
        if name == BUNDLED or self.runs is None:
            return self._load(None, 0)
        path = self.runs / name
        return self._load(path, (path / "model.onnx").stat().st_mtime_ns)


def _load(path: Path | None, _changed: int) -> Reader:
    return Reader(Model.load(path))


def _short(name: str) -> str:
    """A run folder's name, or the file's."""
    path = Path(name)
    return path.parent.name if path.name == "model.onnx" and path.parent.name else path.name or name

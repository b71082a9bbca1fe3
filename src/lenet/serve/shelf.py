"""The models to choose from: the served one, the bundled one, the runs of a folder, and those trained here."""

from functools import lru_cache
from pathlib import Path

from lenet.errors import LenetError
from lenet.model.runtime import Model
from lenet.reading import Reader

BUNDLED = "bundled"
# Beside the served one; each takes about 20 MB.
MOST_LOADED = 4
MOST_LISTED = 1000


class Shelf:
    """Readers of models by name; each model is loaded when it is first used, and kept."""

    def __init__(self, model: Model, runs: Path | None) -> None:
        """Take the served model and the folder of runs."""
        self.served = Reader(model)
        path = Path(model.name)
        # A run folder's name, or the file's.
        self.name = path.parent.name if path.name == "model.onnx" and path.parent.name else path.name or model.name
        self.runs = runs
        # Folders of the networks that this server has trained, by name.
        self.trained: dict[str, Path] = {}
        self._load = lru_cache(MOST_LOADED)(_load)

    def names(self) -> list[str]:
        """The served model first, then the bundled one, the runs in the folder, and those trained here, newest last."""
        found: list[Path] = []
        if self.runs is not None and self.runs.is_dir():
            found = sorted(self.runs.glob("*/model.onnx"), key=lambda path: path.stat().st_mtime)[-MOST_LISTED:]
        others = [path.parent.name for path in found if not path.parent.name.startswith(".")]
        return list(dict.fromkeys([self.name, BUNDLED, *others, *self.trained]))

    def reader(self, name: str) -> Reader:
        """The reader of another model by its name; LenetError when there is none, or its file is not valid."""
        if name not in self.names():
            raise LenetError(f"model {name[:100]!r}: not known here; GET /api/runs lists the names")
        if name in self.trained:
            return self._load(self.trained[name], 0)
        if name == BUNDLED or self.runs is None:
            return self._load(None, 0)
        path = self.runs / name
        try:
            return self._load(path, (path / "model.onnx").stat().st_mtime_ns)
        except LenetError as error:  # which names where it lies on this machine
            raise LenetError(str(error).replace(str(path / "model.onnx"), name)) from error


def _load(path: Path | None, _changed: int) -> Reader:
    return Reader(Model.load(path))

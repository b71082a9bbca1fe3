"""What ``lenet predict`` writes beside its answers: annotated pictures, strips of the steps of reading, and crops."""

from collections import Counter
from collections.abc import Iterable, Sequence, Set
from pathlib import Path

import numpy as np

from lenet import figures
from lenet.atomic import refuse_loss, write_bytes
from lenet.collection import class_folder, picture_name, write_picture
from lenet.figures.render import as_png
from lenet.model.runtime import Model
from lenet.pictures.picture import Pixels
from lenet.reading import Reading

# On the contact sheet, which can have 65,536 pixels down at the most.
MOST_SHOWN, MOST_LABELS = 500, 70
# Letters of a picture's name in those of its crops.
LONGEST_STEM = 50


class Drawings:
    """Files about the pictures that are read; no two of them get the same name, and no file is lost."""

    def __init__(
        self, model: Model, inputs: Set[Path], annotate: Path | None, explain: Path | None, crops: Sequence[Path]
    ) -> None:
        """Take the model and the files that it reads, the folders to write to, and the places of ``Crops``."""
        self.inputs, self.annotate, self.explain = inputs, annotate, explain
        self._crops = Crops(model, *crops) if crops else None
        self._taken: set[str] = set()

    def check(self, stems: Iterable[Path]) -> None:
        """Refuse to begin where a drawing would replace a file that is not one; pages are known only later."""
        for stem in stems:
            for path in self._paths(stem):
                if path is not None:
                    refuse_loss(path, self.inputs)

    def add(self, reading: Reading, stem: Path) -> None:
        """Draw what was read; ``stem`` is the picture's name without ending, below its folder."""
        if self._crops is not None:
            self._crops.add(reading, stem)
        annotated, strip = self._paths(stem)
        stages = reading.stages
        digits = reading.answers
        boxes = [stages.place(digit.box) for digit in digits]
        doubtful = [digit.unknown for digit in digits]
        captions = [f"{digit.label} {digit.probability:.0%}" + " ?" * digit.unknown for digit in digits]
        if annotated is not None:
            self._write(annotated, as_png(reading.annotated()))
        if strip is not None and reading.whole is None:
            images = [digit.image[..., 0] for digit in digits]
            steps = figures.reading(stages.pixels, stages.strength, stages.mask, boxes, images, captions, doubtful)
            self._write(strip, as_png(steps))
        elif strip is not None and reading.whole is not None:
            seen = reading.whole.image
            height, width, depth = seen.shape
            colour = np.repeat(seen, 3, axis=2) if depth == 1 else seen
            self._write(strip, as_png(figures.annotated(colour, [(0, 0, width, height)], captions, doubtful)))

    def finish_crops(self) -> str:
        """Draw the contact sheet of the crops; a line about them."""
        return "" if self._crops is None else self._crops.finish()

    def _paths(self, stem: Path) -> tuple[Path | None, Path | None]:
        return (
            self.annotate and self.annotate / f"{stem}.png",
            self.explain and self.explain / f"{stem}-stages.png",
        )

    def _write(self, path: Path, content: bytes) -> None:
        path = _unused(path, self._taken)
        refuse_loss(path, self.inputs)
        write_bytes(path, content)


class Crops:
    """The marks of pictures as labelled images, a folder for each label; beside it the unknown ones, and a sheet."""

    def __init__(self, model: Model, folder: Path, unknown: Path, contact: Path) -> None:
        """Take the model, the folders, and the sheet; LenetError when another file has the sheet's name."""
        self.folder, self.unknown, self.contact = folder, unknown, contact
        refuse_loss(self.contact)
        self._model = model
        self._there = {path.name for path in (*self.folder.glob("*/*.png"), *self.unknown.glob("*.png"))}
        self._shown: dict[str | None, list[Pixels]] = {label: [] for label in (*model.class_names, None)}
        self._counts: Counter[str | None] = Counter()
        self._taken: set[str] = set()

    def add(self, reading: Reading, stem: Path) -> None:
        """Keep each mark, except where it is there already: it may have been moved to another label."""
        prefix = "-".join(stem.parts).lstrip(".")[:LONGEST_STEM]
        for number, digit in enumerate(reading.answers, 1):
            label = None if digit.unknown else digit.label
            self._counts[label] += 1
            if len(self._shown[label]) < MOST_SHOWN:
                self._shown[label].append(digit.image)
            # A model that inverts pictures inverts this one, too, when it reads it again.
            image = 255 - digit.image if self._model.metadata.inverted else digit.image
            name = _unused(Path(f"{prefix}-{number}-{picture_name(image)}"), self._taken)
            if name.name not in self._there:
                folder = self.unknown if label is None else class_folder(self.folder, label)
                write_picture(folder / name, image)

    def finish(self) -> str:
        """Draw the contact sheet; a sentence about what was kept."""
        if not self._counts:
            return "crops: there are no marks"
        shown = [label for label in self._shown if self._counts[label]][-MOST_LABELS:]
        title = f"{self.folder.name}: {self._counts.total():,} marks as they were read"
        rows = [np.stack(self._shown[label]) for label in shown]
        write_bytes(self.contact, as_png(figures.contact(title, rows, [label or "unknown" for label in shown])))
        unknown = f"; {self._counts[None]:,} of them unknown, in {self.unknown}" if self._counts[None] else ""
        return f"crops: {self._counts.total():,} marks in {self.folder}{unknown}; look at {self.contact}"


def _unused(path: Path, taken: set[str]) -> Path:
    """The path, with a number if it is taken; it is taken from now on. File systems may not tell capitals."""
    free, number = path, 1
    while str(free).casefold() in taken:
        number += 1
        free = path.with_stem(f"{path.stem}-{number}")
    taken.add(str(free).casefold())
    return free

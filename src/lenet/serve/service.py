"""What the API does, without HTTP: which thread does it, and what comes of it."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import scipy.ndimage  # noqa: F401  what a drawing needs, so that the first one need not wait for its import

from lenet.datasets.dataset import Images
from lenet.errors import LenetError
from lenet.explain.explanation import Explanation, explain
from lenet.model.runtime import Model
from lenet.reading import Digit, Reader
from lenet.reading.drawing import Drawing, Pixels, prepare_drawing
from lenet.reading.reader import candidates
from lenet.serve import schema
from lenet.serve.collect import Collection
from lenet.serve.inference import Judged, Question, answer_together
from lenet.serve.limits import Limits
from lenet.serve.metrics import Metrics
from lenet.serve.queue import Lane
from lenet.serve.shelf import Shelf

Result = TypeVar("Result")
# Images that go through the network together; more at once would let the first wait for the last.
TOGETHER = 512
# To make a drawing ready takes as long as so many images take in the network.
DRAWING = 40
# What an explanation, a model's file, and so many bytes of a picture take, in small pictures read.
EXPLANATION, MODEL, PICTURE_BYTES = 4, 4, 1 << 16


class Service:
    """One app's models, threads, counters and folders.

    Two threads work: one puts drawings through the network, in micro-batches; the other does what takes longer (finding
    the marks of a photo, explaining, reading a model), so that nobody's drawing waits for somebody's photo.
    """

    def __init__(self, model: Model, runs: Path | None, collect: Path | None, limits: Limits) -> None:
        self.limits = limits
        self.shelf = Shelf(model, runs)
        self.collection = Collection(collect) if collect is not None else None
        self.inference: Lane[Question, Judged] = Lane("inference", answer_together, limits.waiting_images, TOGETHER)
        self.desk: Lane[Callable[[], Any], Any] = Lane("pictures", _one_by_one, limits.waiting_pictures)
        self.metrics = Metrics({"inference": self.inference, "pictures": self.desk})
        self.draining = False

    def close(self) -> None:
        """Finish what is queued and end the threads."""
        self.inference.close()
        self.desk.close()

    async def aside(self, work: Callable[[], Result], weight: int = 1) -> Result:
        """Do what takes longer in the second thread.

        Raises:
            BusyError: when too much of that waits.
        """
        result: Result = await self.desk.do(work, weight)
        return result

    async def reader(self, name: str | None) -> Reader:
        """The reader of a model by its name; the served one's at once."""
        if name is None or name == self.shelf.name:
            return self.shelf.served
        return await self.aside(partial(self.shelf.reader, name), MODEL)

    async def answer_drawing(self, content: bytes, reader: Reader) -> dict[str, Any]:
        """Answer for a drawing, as JSON: its ink as one mark.

        Even the JSON is taken apart in the inference thread: the event loop has only to pass things on, and answers
        who asks for its health whatever else is asked.
        """
        height, width, _ = reader.model.input_shape
        made: list[Drawing] = []

        def prepare() -> Images:
            asked = schema.parse(schema.Drawing, content)
            made.append(prepare_drawing(asked.array(), height, width, asked.centre))
            return made[0].image[np.newaxis, ..., np.newaxis]

        judged = await self._judge(reader.model, prepare, DRAWING)
        drawing = made[0]
        if drawing.box is None:
            return _nothing(drawing.image)
        unknown = bool(judged.unknown[0]) or not drawing.digit_shaped
        return self._answer(reader.model, judged, unknown, drawing.box, 1)

    async def answer_picture(self, content: bytes, reader: Reader) -> dict[str, Any]:
        """Answer for a picture's file: its largest mark."""
        digits = await self.aside(lambda: reader.read(content).digits, _weight(content))
        if not digits:
            return _nothing(np.zeros(reader.model.input_shape[:2], np.uint8))
        digit = largest(digits)
        judged = await self._judge(reader.model, lambda: digit.image[np.newaxis, ..., np.newaxis], 1)
        return self._answer(reader.model, judged, digit.unknown, digit.box, len(digits))

    async def answer_images(self, content: bytes, reader: Reader) -> dict[str, Any]:
        """Answer for many ready images, their bytes one after the other.

        Raises:
            LenetError: when the bytes are no whole number of images, or too many.
        """
        height, width, depth = reader.model.input_shape
        size, most = height * width * depth, self.limits.images
        if not content or len(content) % size or len(content) // size > most:
            raise LenetError(f"{len(content)} bytes are not 1 to {most} images of {height}×{width} = {size} bytes each")
        images = np.frombuffer(content, np.uint8).reshape(-1, height, width, depth)
        judged = await self._judge(reader.model, lambda: images, len(images))
        best = judged.probabilities.argmax(axis=1)
        return {
            "labels": [reader.model.class_names[label] for label in best],
            "probabilities": judged.probabilities.max(axis=1).round(6).tolist(),
            "unknown": judged.unknown.tolist(),
        }

    async def read(self, content: bytes, reader: Reader, with_images: bool) -> dict[str, Any]:
        """Read every mark of a picture's file."""

        def work() -> dict[str, Any]:
            reading = reader.read(content)
            found = reading.to_dict()
            if with_images:
                for digit, plain in zip(reading.digits, found["digits"], strict=True):
                    plain["image"] = digit.image.tolist()
            return found

        found = await self.aside(work, _weight(content))
        for digit in found["digits"]:
            self.metrics.digits.labels(str(not digit["unknown"]).lower()).inc()
        return found

    async def explain(
        self, content: bytes, is_drawing: bool, reader: Reader, label: str | None
    ) -> tuple[dict[str, Any], Explanation | None]:
        """Answer for a drawing or a picture's largest mark, and what the network made of it; None of nothing.

        Raises:
            LenetError: for a label that the model does not have.
        """
        names = reader.model.class_names
        if label is not None and label not in names:
            raise LenetError(f"label {label[:100]!r}: the model knows {', '.join(names[:20])}")
        answer = await (self.answer_drawing if is_drawing else self.answer_picture)(content, reader)
        if answer["empty"]:
            return answer, None
        image = np.array(answer["image"], np.uint8)[..., np.newaxis]
        number = names.index(label) if label is not None else None
        return answer, await self.aside(lambda: explain(reader.model, image, number), EXPLANATION)

    async def keep(self, content: bytes, reader: Reader) -> Path:
        """Keep a drawing, as JSON with its true class, in the form in which the network sees it.

        Raises:
            LenetError: when nothing is collected here, nothing is drawn, or there is no such class.
        """
        collection = self.collection
        if collection is None:
            raise LenetError("nothing is collected here; start with --collect DIR")
        names = reader.model.class_names
        height, width, _ = reader.model.input_shape

        def work() -> Path:
            wrong = schema.parse(schema.Wrong, content)
            if wrong.label not in names:
                raise LenetError(f"label {wrong.label!r}: the model knows {', '.join(names[:20])}")
            drawing = prepare_drawing(wrong.array(), height, width, wrong.centre)
            if drawing.box is None:
                raise LenetError("nothing is drawn, so nothing was kept")
            return collection.keep(drawing.image, wrong.label)

        return await self.aside(work)

    async def _judge(self, model: Model, prepare: Callable[[], Images], weight: int) -> Judged:
        judged = await self.inference.do(Question(model, prepare), weight)
        self.metrics.batch.observe(judged.together)
        return judged

    def _answer(self, model: Model, judged: Judged, unknown: bool, box: Sequence[int], found: int) -> dict[str, Any]:
        row = judged.probabilities[0]
        top = candidates(row, model.class_names)
        self.metrics.digits.labels(str(not unknown).lower()).inc()
        return {
            "empty": False,
            "label": top[0].label,
            "probability": top[0].probability,
            "unknown": unknown,
            "box": list(box),
            "top": [list(candidate) for candidate in top],
            "probabilities": dict(zip(model.class_names, row.tolist(), strict=True)),
            "image": judged.images[0, ..., 0].tolist(),
            "found": found,
        }


def largest(digits: Sequence[Digit]) -> Digit:
    """The digit with the largest box."""
    return max(digits, key=lambda it: (it.box[2] - it.box[0]) * (it.box[3] - it.box[1]))


def _weight(content: bytes) -> int:
    return 1 + len(content) // PICTURE_BYTES


def _nothing(image: Pixels) -> dict[str, Any]:
    return {
        "empty": True, "label": None, "probability": 0.0, "unknown": False, "box": None, "top": [], "probabilities": {},
        "image": image.tolist(), "found": 0,
    }  # fmt: skip


def _one_by_one(works: Sequence[Callable[[], Any]]) -> list[Any]:
    results: list[Any] = []
    for work in works:
        try:
            results.append(work())
        except Exception as error:
            results.append(error)
    return results

"""What the API does, without HTTP: which thread does it, and its results as plain values."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import scipy.ndimage  # noqa: F401  needed by drawings; imported here so that the first one does not wait for it

from lenet.collection import Collection
from lenet.datasets.dataset import Images
from lenet.errors import LenetError, did_you_mean
from lenet.explain.explanation import explain
from lenet.model.runtime import Answers, Model
from lenet.reading import Digit, Reader
from lenet.reading.result import candidates
from lenet.serve import schema
from lenet.serve.details import encode_explanation
from lenet.serve.drawing import FramedDrawing, frame_drawing
from lenet.serve.limits import Limits
from lenet.serve.metrics import Metrics
from lenet.serve.queue import BatchQueue
from lenet.serve.shelf import Shelf
from lenet.serve.training_queue import Trainings

Result = TypeVar("Result")
# Images in a batch; in a larger one the first would wait for the last.
BATCH_IMAGES = 512
# Weights in the queues. Framing a drawing takes as long as this many images in the network.
DRAWING = 40
# An explanation, loading a model, and this many bytes of a picture, each in small pictures.
EXPLANATION, MODEL, PICTURE_BYTES = 4, 4, 1 << 16


class Question(NamedTuple):
    """Images for a model."""

    model: Model
    # Returns the images, uint8 ``(n, height, width, depth)``; it is called in the inference thread.
    prepare: Callable[[], Images]


class Classified(NamedTuple):
    """The answers to the images of a question."""

    answers: Answers
    batch_size: int  # number of images in the batch, those of other questions included


class Service:
    """Models, threads, metrics and folders of one app.

    There are two threads. One classifies drawings, in batches. The other, the picture worker, does what takes longer
    (reading pictures, explaining, loading models), so that no drawing waits for a picture.
    """

    def __init__(self, model: Model, runs: Path | None, collect: Path | None, limits: Limits) -> None:
        self.limits = limits
        self.shelf = Shelf(model, runs)
        self.collection = Collection(collect) if collect is not None else None
        self.inference: BatchQueue[Question, Classified] = BatchQueue(
            "inference", classify_batch, limits.waiting_images, BATCH_IMAGES
        )
        self.pictures: BatchQueue[Callable[[], Any], Any] = BatchQueue(
            "pictures", lambda works: [work() for work in works], limits.waiting_pictures
        )
        self.metrics = Metrics({"inference": self.inference, "pictures": self.pictures})
        self.trainings = Trainings(self.shelf, self.metrics)
        self.draining = False

    def close(self) -> None:
        """Finish the queued jobs and end the threads."""
        self.inference.close()
        self.pictures.close()

    async def in_worker(self, work: Callable[[], Result], weight: int = 1) -> Result:
        """Call ``work`` in the picture worker; BusyError when its queue is full."""
        result: Result = await self.pictures.do(work, weight)
        return result

    async def reader(self, name: str | None) -> Reader:
        """The reader of a model by its name; the served one does not wait for the picture worker."""
        if name is None or name == self.shelf.name:
            return self.shelf.served
        return await self.in_worker(partial(self.shelf.reader, name), MODEL)

    async def answer_drawing(self, content: bytes, reader: Reader) -> dict[str, Any]:
        """The answer to a drawing in JSON, ``answers.Answer`` in plain values.

        The JSON is parsed in the inference thread, so that the event loop stays free for health checks.
        """
        framed: list[FramedDrawing] = []

        def prepare() -> Images:
            framed.append(_framed(content, reader))
            return framed[0].image[np.newaxis]

        answers = await self._classify(reader.model, prepare, DRAWING)
        return self._answer_drawing(framed[0], answers.probabilities[0], bool(answers.unknown[0]), reader)

    async def answer_picture(self, content: bytes, reader: Reader) -> dict[str, Any]:
        """The answer to a picture file, ``answers.Answer`` in plain values: its largest mark, or the whole picture."""
        return await self.in_worker(lambda: self._answer_picture(content, reader), _weight(content))

    async def answer_images(self, content: bytes, reader: Reader) -> dict[str, Any]:
        """The answers to concatenated images of the model's size; LenetError for other or too many bytes."""
        height, width, depth = reader.model.input_shape
        size, most = height * width * depth, self.limits.images
        if not content or len(content) % size or len(content) // size > most:
            shape = f"{height}×{width}" + (f"×{depth}" if depth > 1 else "")
            raise LenetError(f"{len(content)} bytes are not 1 to {most} images of {shape} = {size} bytes each")
        images = np.frombuffer(content, np.uint8).reshape(-1, height, width, depth)
        answers = await self._classify(reader.model, lambda: images, len(images))
        return {
            "labels": [reader.model.class_names[label] for label in answers.probabilities.argmax(axis=1)],
            "probabilities": answers.probabilities.max(axis=1).round(6).tolist(),
            "unknown": answers.unknown.tolist(),
        }

    async def read(self, content: bytes, reader: Reader, with_images: bool) -> dict[str, Any]:
        """All marks of a picture file, or the whole picture, ``answers.Reading`` in plain values."""

        def work() -> dict[str, Any]:
            reading = reader.read(content)
            plain = reading.to_dict()
            if with_images:
                for digit, values in zip(reading.digits, plain["digits"], strict=True):
                    values["image"] = schema.image_rows(digit.image)
                if reading.whole is not None:
                    plain["image"] = schema.image_rows(reading.whole.image)
            for digit in reading.answers:
                self.metrics.count_digit(digit.unknown)
            return plain

        return await self.in_worker(work, _weight(content))

    async def explain(self, content: bytes, is_drawing: bool, reader: Reader, label: str | None) -> bytes:
        """The answer to a drawing or a picture file and its explanation, ``answers.Explained`` as JSON."""
        number = _label_index(label, reader) if label is not None else None

        def work() -> bytes:
            if not is_drawing:
                answer = self._answer_picture(content, reader)
                image = np.array(answer["image"], np.uint8).reshape(reader.model.input_shape)
                return encode_explanation(answer, None if answer["empty"] else explain(reader.model, image, number))
            drawing = _framed(content, reader)
            if drawing.box is None:
                return encode_explanation(_nothing(drawing.image), None)
            explanation = explain(reader.model, drawing.image, number)
            answer = self._answer_drawing(drawing, explanation.probabilities, explanation.unknown, reader)
            return encode_explanation(answer, explanation)

        return await self.in_worker(work, EXPLANATION + (0 if is_drawing else _weight(content)))

    async def keep(self, content: bytes, reader: Reader, collection: Collection) -> Path:
        """Keep a drawing with its true class, both in JSON, as the image that the network sees."""

        def work() -> Path:
            wrong = schema.parse(schema.Wrong, content)
            _label_index(wrong.label, reader)
            drawing = frame_drawing(wrong.array(), reader.framing, wrong.centre)
            if drawing.box is None:
                raise LenetError("nothing is drawn, so nothing was kept")
            return collection.keep(drawing.image, wrong.label)

        return await self.in_worker(work)

    async def _classify(self, model: Model, prepare: Callable[[], Images], weight: int) -> Answers:
        answers, batch_size = await self.inference.do(Question(model, prepare), weight)
        self.metrics.batch.observe(batch_size)
        return answers

    def _answer_drawing(
        self, drawing: FramedDrawing, probabilities: schema.Probabilities, unknown: bool, reader: Reader
    ) -> dict[str, Any]:
        if drawing.box is None:
            return _nothing(drawing.image)
        top = candidates(probabilities, reader.model.class_names)
        digit = Digit(drawing.box, drawing.image, probabilities, top, unknown or not drawing.plausible)
        return self._answer(digit, reader)

    def _answer_picture(self, content: bytes, reader: Reader) -> dict[str, Any]:
        reading = reader.read(content)
        digits = reading.answers
        if not digits:
            return _nothing(np.zeros(reader.model.input_shape, np.uint8))
        largest = max(digits, key=lambda it: (it.box[2] - it.box[0]) * (it.box[3] - it.box[1]))
        return self._answer(largest, reader, len(digits))

    def _answer(self, digit: Digit, reader: Reader, found: int = 1) -> dict[str, Any]:
        self.metrics.count_digit(digit.unknown)
        return {
            **digit.to_dict(),
            "empty": False,
            "probabilities": dict(zip(reader.model.class_names, digit.probabilities.tolist(), strict=True)),
            "image": schema.image_rows(digit.image),
            "found": found,
        }


def classify_batch(questions: Sequence[Question]) -> list[Classified | Exception]:
    """Answer questions with one call for each model; a question that cannot be prepared fails alone."""
    results: dict[int, Classified | Exception] = {}
    batches: defaultdict[Model, dict[int, Images]] = defaultdict(dict)
    for place, question in enumerate(questions):
        try:
            batches[question.model][place] = question.prepare()
        except Exception as error:
            results[place] = error
    for model, batch in batches.items():
        images = np.concatenate(list(batch.values()))
        answers = model.classify(images)
        start = 0
        for place, own in batch.items():
            part = slice(start, start := start + len(own))
            own_answers = Answers(answers.logits[part], answers.probabilities[part], answers.unknown[part])
            results[place] = Classified(own_answers, len(images))
    return [results[place] for place in range(len(questions))]


def _label_index(label: str, reader: Reader) -> int:
    names = reader.model.class_names
    if label not in names:
        known = f"the model has the classes {', '.join(names[:20])}{did_you_mean(label, names)}"
        raise LenetError(f"label {label[:100]!r}: {known}")
    return names.index(label)


def _framed(content: bytes, reader: Reader) -> FramedDrawing:
    drawing = schema.parse(schema.Drawing, content)
    return frame_drawing(drawing.array(), reader.framing, drawing.centre)


def _weight(content: bytes) -> int:
    return 1 + len(content) // PICTURE_BYTES


def _nothing(image: Images) -> dict[str, Any]:
    return {
        "empty": True, "label": None, "probability": 0.0, "unknown": False, "box": None, "top": [], "probabilities": {},
        "image": schema.image_rows(image), "found": 0,
    }  # fmt: skip

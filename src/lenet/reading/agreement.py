"""One picture read in several ways: what they agree on is known."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lenet.pictures.marks import Mark
from lenet.reading.known import Known

# A mark is known when the mean square of its class's probability over all ways is at least this; squares make doubtful
# answers count little. A way that does not know the mark counts by this share, one that does not see it not at all.
LEAST, UNKNOWN_COUNTS = 0.22, 0.5
# Boxes of the same mark: area of both to area of either.
SAME = 0.5


def agreed(way: Known, others: Sequence[Known]) -> Known:
    """The same marks, each with the mean probabilities of all ways that see it, and known or not by their agreement."""
    marks = way.characters
    answers = {mark: [way.answered[mark]] for mark in marks}
    own = _boxes(way, marks)
    for other in others:
        theirs = other.characters
        if not marks or not theirs:
            continue
        overlap = _overlap(own, _boxes(other, theirs))
        for mark, place, share in zip(marks, overlap.argmax(axis=1), overlap.max(axis=1), strict=True):
            if share > SAME:
                answers[mark].append(other.answered[theirs[place]])
    for mark, seen in answers.items():
        probabilities = np.mean([answer.probabilities for answer in seen], axis=0)
        label = probabilities.argmax()
        support = sum(answer.probabilities[label] ** 2 * (UNKNOWN_COUNTS if answer.unknown else 1) for answer in seen)
        unknown = bool(support < LEAST * (1 + len(others)))
        way.answered[mark] = way.answered[mark]._replace(probabilities=probabilities, unknown=unknown)
    return way


def _boxes(way: Known, marks: Sequence[Mark]) -> npt.NDArray[np.float64]:
    """Boxes ``(n, 4)`` in pixels of the picture."""
    boxes = np.array([mark.box for mark in marks], float).reshape(-1, 4)
    return np.asarray((boxes - way.found.margin) / way.found.zoom)


def _overlap(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Area of both to area of either, for each pair of boxes, ``(n, m)``."""
    both = np.minimum(one[:, np.newaxis, 2:], other[:, 2:]) - np.maximum(one[:, np.newaxis, :2], other[:, :2])
    area = both.clip(0).prod(axis=2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (one, other)]
    return np.asarray(area / (areas[0][:, np.newaxis] + areas[1] - area))

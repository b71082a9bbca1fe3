"""One picture read in several ways: what they agree on is known."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lenet.reading.answers import MarkAnswer
from lenet.reading.known import FEW, Known

Floats = npt.NDArray[np.float64]

# A mark is known when the mean square of its class's probability over all ways is at least this; squares make doubtful
# answers count little. A way that does not know the mark counts by this share, one that does not see it not at all.
LEAST, UNKNOWN_COUNTS = 0.18, 0.6
# The finder sees what is around a mark: one by one, letters look like digits. More known marks than a few are unknown
# when its mean probability of their classes is less than this.
CONTEXT = 0.5
# Boxes of the same mark: area of both to area of either.
SAME = 0.5


class Seen(NamedTuple):
    """What one way says of the marks that it sees: boxes in pixels of the picture, ``(n, 4)``, and the answers."""

    boxes: Floats
    answers: list[MarkAnswer]


def seen_by(way: Known) -> Seen:
    """What a way says, without what it looked at."""
    boxes = np.array([mark.box for mark in way.characters], float).reshape(-1, 4)
    return Seen((boxes - way.found.margin) / way.found.zoom, [way.answered[mark] for mark in way.characters])


def agreed(way: Known, others: Sequence[Seen]) -> Known:
    """The same marks, each with the mean probabilities of all ways that see it, and known or not by their agreement."""
    boxes, own = seen_by(way)
    answers = [[answer] for answer in own]
    for other in others:
        if not own or not other.answers:
            continue
        overlap = _overlap(boxes, other.boxes)
        for answer, place, share in zip(answers, overlap.argmax(axis=1), overlap.max(axis=1), strict=True):
            if share > SAME:
                answer.append(other.answers[place])
    in_context = []
    for mark, seen in zip(way.characters, answers, strict=True):
        probabilities = np.mean([answer.probabilities for answer in seen], axis=0)
        label = int(probabilities.argmax())
        support = sum(answer.probabilities[label] ** 2 * (UNKNOWN_COUNTS if answer.unknown else 1) for answer in seen)
        unknown = bool(support < LEAST * (1 + len(others)))
        way.answered[mark] = way.answered[mark]._replace(probabilities=probabilities, unknown=unknown)
        if not unknown:
            finder = [answer.finder[label] for answer in seen if answer.finder is not None]
            in_context.append(np.mean(finder) if finder else 0.0)
    if len(in_context) > FEW and np.mean(in_context) < CONTEXT:
        way.answered.update({mark: way.answered[mark]._replace(unknown=True) for mark in way.characters})
    return way


def _overlap(one: Floats, other: Floats) -> Floats:
    """Area of both to area of either, for each pair of boxes, ``(n, m)``."""
    both = np.minimum(one[:, np.newaxis, 2:], other[:, 2:]) - np.maximum(one[:, np.newaxis, :2], other[:, :2])
    area = both.clip(0).prod(axis=2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (one, other)]
    return np.asarray(area / (areas[0][:, np.newaxis] + areas[1] - area))

"""One picture read in several ways: what they agree on is known."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lenet.pictures.detect import DIGITS, separator_of
from lenet.pictures.marks import Mark
from lenet.reading.answers import MarkAnswer
from lenet.reading.known import FEW, Known
from lenet.reading.lines import Floats, in_lines, words, writing_height

Probabilities = npt.NDArray[np.float32]

# A mark is known when the mean square of its class's probability over all ways is at least this; squares make doubtful
# answers count little. A way that does not know the mark counts by this share, one that does not see it not at all.
LEAST, UNKNOWN_COUNTS = 0.15, 0.6
# The finder sees what is around a mark: one by one, letters look like digits. More known marks than a few are unknown
# when its mean probability of their classes is less than this.
CONTEXT = 0.45
# So is a mark around which its mean probability of digits is less than the first; a line of less is left out beside
# others. Mark and next mark count by the second, the one after by its square, those of other words by so much of it.
AROUND, NEXT, OTHER_WORD = 0.5, 0.75, 0.3
# The network counts so much, the rest is what the finder sees in the mark. What is added to their probabilities says
# how firmly they can exclude a class. A mark is unknown that the finder takes for another sign with more than the last.
NETWORK, NETWORK_DOUBT, FINDER_DOUBT, OTHER = 0.65, 1e-4, 1e-2, 0.8
# Digits are not lower, in pixels of the picture: an enlarged one has grain that looks like them.
LEAST_HEIGHT = 6
# A mark lower than this share of the usual height on its line, or on the page where the line has less than so many
# digits, is a piece of something.
LOW, TELLING = 0.55, 3
# The finder, as it is trained, does not see digits that are lower or higher, pixels of what is looked at.
LOWEST, HIGHEST = 8, 52
# What counts where the finder sees no mark.
NOT_SEEN = 0.5
# Separators that are dots, and those that are as high as digits.
DOTS, BARS = frozenset(".,:"), frozenset("/()")
# Boxes of the same mark, and of marks that have nothing to do with one another: area of both to area of either.
SAME, NEW = 0.5, 0.2


class Seen(NamedTuple):
    """What one way says of the marks that it sees.

    Attributes:
        boxes: In pixels of the picture, ``(n, 4)``.
        answers: The network's; None for separators.
        kinds: The finder's, ``(18,)``; None where it did not look.
    """

    boxes: Floats
    answers: list[MarkAnswer | None]
    kinds: list[Probabilities | None]


def seen_by(way: Known) -> Seen:
    """What a way says, without what it looked at."""
    marks = [mark for line in way.lines for mark in line]
    return Seen(way.boxes, [way.answered.get(mark) for mark in marks], [mark.kinds for mark in marks])


def agreed(way: Known, others: Sequence[Seen]) -> Known:
    """The same marks, each with the mean probabilities of all ways that see it, and known or not by their agreement.

    The finder's mean opinion tells separators; what half of the others see beside the marks is added.
    """
    own, added = seen_by(way), _beside(way, others)
    way.answered.update({mark: answer for mark, _, answer in added if answer})
    marks = [*(mark for line in way.lines for mark in line), *(mark for mark, _, _ in added)]
    nothing = [None] * len(added)
    boxes = np.array([*own.boxes, *(box for _, box, _ in added)]).reshape(-1, 4)
    own = Seen(boxes, [*own.answers, *nothing], [*own.kinds, *nothing])
    separators, digits, signs, in_context = [], {}, set(), []
    for mark, height, (answers, looked) in zip(marks, boxes[:, 3] - boxes[:, 1], _opinions(own, others), strict=True):
        kinds = np.mean(looked, axis=0) if looked else None
        if kinds is not None and (name := separator_of(kinds)):
            separators.append(replace(mark, separator=name))
            continue
        if height < LEAST_HEIGHT or not (answers or mark.strength.any()):
            continue
        way.answered.add([mark])
        finder = [answer.finder for answer in answers if answer.finder is not None]
        probabilities, support = _pool(answers or [way.answered[mark]], finder)
        unknown = bool(support < LEAST * (1 + len(others)))
        if kinds is not None and kinds[-1] > OTHER:
            signs.add(mark)
            unknown = True
        way.answered[mark] = way.answered[mark]._replace(probabilities=probabilities, unknown=unknown)
        digits[mark] = NOT_SEEN if kinds is None else float(kinds[:DIGITS].sum())
        if not unknown:
            in_context.append(np.mean([each[probabilities.argmax()] for each in finder]) if finder else 0.0)
    lines = in_lines([*digits], _colons(separators, way.size))
    # Print, wires and the like beside digits are no part of the answer.
    written = [line for line in lines if np.mean([digits[mark] for mark in line if mark in digits]) >= AROUND]
    way = way._replace(lines=written or lines)
    letters = len(in_context) > FEW and np.mean(in_context) < CONTEXT
    if letters or way.are_no_digits([mark for mark in digits if mark not in signs]):
        return way.with_unknown([*digits])
    return way.with_unknown([*_out_of_context(way, digits), *_low(way)])


def _opinions(own: Seen, others: Sequence[Seen]) -> list[tuple[list[MarkAnswer], list[Probabilities]]]:
    """Of each mark, the answers and the finder's kinds of all ways that see it."""
    opinions = [[opinion] for opinion in zip(own.answers, own.kinds, strict=True)]
    for other in others:
        if not opinions or not other.answers:
            continue
        overlap = _overlap(own.boxes, other.boxes)
        for seen, place, share in zip(opinions, overlap.argmax(axis=1), overlap.max(axis=1), strict=True):
            if share > SAME:
                seen.append((other.answers[place], other.kinds[place]))
    return [
        ([answer for answer, _ in seen if answer is not None], [kinds for _, kinds in seen if kinds is not None])
        for seen in opinions
    ]


def _pool(answers: list[MarkAnswer], finder: list[Probabilities]) -> tuple[Probabilities, float]:
    """The mean probabilities of all answers, and how much they support the likeliest class."""
    pooled = [_pooled(answer.probabilities, finder) for answer in answers]
    probabilities = np.mean(pooled, axis=0)
    label = int(probabilities.argmax())
    shares = (UNKNOWN_COUNTS if answer.unknown else 1.0 for answer in answers)
    return probabilities, sum(share * float(each[label]) ** 2 for share, each in zip(shares, pooled, strict=True))


def _pooled(network: Probabilities, finder: list[Probabilities]) -> Probabilities:
    """What the network and the finder's mean say together: a logarithmic opinion pool.

    Genest and Zidek, Combining probability distributions, 1986.
    """
    if not finder:
        return network
    mean = np.mean(finder, axis=0)
    both = (network + NETWORK_DOUBT) ** NETWORK * (mean + FINDER_DOUBT) ** (1 - NETWORK)
    return np.asarray(both / both.sum())


def _out_of_context(way: Known, digits: Mapping[Mark, float]) -> list[Mark]:
    """The marks around which the finder's probability of ``digits`` is low, such as letters beside a number."""
    around: dict[Mark, float] = {}
    word_of = words(way.lines, way.size, {})
    for line in way.lines:
        marks = [mark for mark in line if mark in digits]
        place, word = np.arange(len(marks)), np.array([word_of[mark] for mark in marks])
        weights = NEXT ** abs(place - place[:, np.newaxis]).clip(1) * np.where(
            word == word[:, np.newaxis], 1, OTHER_WORD
        )
        means = weights @ [digits[mark] for mark in marks] / weights.sum(axis=1)
        around.update(zip(marks, means.tolist(), strict=True))
    return [mark for mark, share in around.items() if share < AROUND]


def _low(way: Known) -> list[Mark]:
    """The marks that are much lower than the others."""
    usual, low = writing_height(way.characters), []
    for line in way.lines:
        marks = [mark for mark in line if mark in way.answered]
        height = writing_height(marks) if len(marks) >= TELLING else usual
        low += [mark for mark in marks if mark.height < LOW * height]
    return low


def _beside(way: Known, others: Sequence[Seen]) -> list[tuple[Mark, Floats, MarkAnswer | None]]:
    """What half of the others see and this way does not, with box and answer.

    That is separators, by those that look for any, where no box is much the same; and known digits where there is no
    box, which are too low or too high for the finder in the size of this way.
    """
    boxes, found = way.boxes, []
    for separators in (False, True) if way.lines else ():
        looking = [other for other in others if not separators or any(kinds is not None for kinds in other.kinds)]
        seen = [
            [(box, answer) for box, answer in zip(*other[:2], strict=True) if separators == (answer is None)]
            for other in looking
        ]
        seen = [[(box, answer) for box, answer in some if not (answer and answer.unknown)] for some in seen]
        edges = [np.array([box for box, _ in some]).reshape(-1, 4) for some in seen]
        for box, answer in (each for some in seen for each in some):
            middle, height = (box[:2] + box[2:]) / 2, (box[3] - box[1]) * way.found.zoom
            if answer and LOWEST <= height <= HIGHEST:
                continue
            ways = sum(((some[:, :2] <= middle) & (middle <= some[:, 2:])).all(axis=1).any() for some in edges)
            taken = _overlap(box[np.newaxis], boxes) >= (NEW if separators else np.finfo(float).tiny)
            if 2 * ways < len(looking) or taken.any():
                continue
            boxes = np.concatenate([boxes, box[np.newaxis]])
            left, top, right, bottom = np.rint(box * way.found.zoom + way.found.margin).astype(int).tolist()
            nothing = np.zeros((bottom - top, right - left), np.float32)
            found.append((Mark((left, top, right, bottom), nothing), box, answer))
    return found


def _colons(separators: Sequence[Mark], size: float) -> list[Mark]:
    """The same, but two dots above one another, which some ways see as two separators, are one colon."""
    joined: list[Mark] = []
    for mark in separators:
        left, top, right, bottom = mark.box
        for place, other in enumerate(joined):
            first, low, last, high = other.box
            across = min(right, last) - max(left, first)
            near = 2 * across > min(mark.width, other.width) and abs(top + bottom - low - high) < 2 * size
            if near and DOTS & {mark.separator, other.separator} and not BARS & {mark.separator, other.separator}:
                box = (min(left, first), min(top, low), max(right, last), max(bottom, high))
                joined[place] = replace(other, box=box, separator=":")
                break
        else:
            joined.append(mark)
    return joined


def _overlap(one: Floats, other: Floats) -> Floats:
    """Area of both to area of either, for each pair of boxes, ``(n, m)``."""
    both = np.minimum(one[:, np.newaxis, 2:], other[:, 2:]) - np.maximum(one[:, np.newaxis, :2], other[:, :2])
    area = both.clip(0).prod(axis=2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (one, other)]
    return np.asarray(area / (areas[0][:, np.newaxis] + areas[1] - area))

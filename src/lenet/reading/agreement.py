"""One picture read in several ways: what they agree on is known."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import compress, groupby
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lenet.pictures.detect import DIGITS, HIGHEST, LOWEST, separator_of
from lenet.pictures.finder import KINDS
from lenet.pictures.marks import Mark, Probabilities
from lenet.reading.answers import MarkAnswer
from lenet.reading.lines import Floats, in_lines, words, writing_height
from lenet.reading.mark_reading import MarkReading

# A mark is known when it is more likely right than this: logistic regression on its features, whose weights are fitted
# by benchmarks/certainty.py.
LEAST = 0.25
WEIGHTS, CONSTANT = (0.83, 0.211, 4.218, 4.502, 0.634), -4.212
# Probabilities count by their logits, no higher than that of this doubt.
DOUBT = 1e-3
# A way that does not know a mark supports it by this share, one that does not see it not at all.
UNKNOWN_COUNTS = 0.6
# What the finder takes for a bar with this probability is unknown where it is higher than the writing; a 1 that is so
# many times as high is a bar. Of what was read as 1 on drawn pages with dates, 114 bars and 295 ones, 57 and 6 were
# unknown or bars so, 40 and 3 of these bars.
DOUBTED, HIGH_BAR = 0.2, 1.1
# So many characters of a line tell how high its digits are.
TELLING = 3
# Marks and words are known, and lines not left out beside others, when the finder's probability of digits, in words and
# lines the mean, is no less. Beside letters, a line is not left out if that of one of its words is no less than the
# second.
WRITTEN, CLEARLY = 0.5, 0.85
# The network counts so much, the rest is what the finder sees in the mark. What is added to their probabilities says
# how firmly they can exclude a class.
NETWORK, NETWORK_DOUBT, FINDER_DOUBT = 0.65, 1e-4, 1e-2
# Digits are not lower, in pixels of the picture: an enlarged one has grain that looks like them.
LEAST_HEIGHT = 5
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


def seen_by(way: MarkReading) -> Seen:
    """What a way says, without what it looked at."""
    marks = [mark for line in way.lines for mark in line]
    return Seen(way.boxes, [way.answered.get(mark) for mark in marks], [mark.kinds for mark in marks])


class Opinion(NamedTuple):
    """What all ways say of a mark.

    Attributes:
        probabilities: The mean, ``(10,)``.
        support: How much the ways support the likeliest class, 0 to 1.
        finder: The finder's mean probability of that class; ``NOT_SEEN`` where it sees no mark.
        digit: Its mean probability of all digits.
        bar: Its mean probability of a bar.
        seen: Share of its looks in which it sees the mark.
    """

    probabilities: Probabilities
    support: float
    finder: float
    digit: float
    bar: float
    seen: float


class Placed(NamedTuple):
    """A mark, its box ``(4,)`` in pixels of the picture, and the answer of another way that sees it, if it is new."""

    mark: Mark
    box: Floats
    answer: MarkAnswer | None


def agreed(way: MarkReading, others: Sequence[Seen], beyond: Sequence[Seen] = ()) -> MarkReading:
    """The same marks, each with the mean probabilities of all ways that see it, and known or not by their agreement.

    The finder's mean opinion tells separators; what half of the others see beside the marks is added, and what half of
    those see that look ``beyond`` the sizes in which this way sees marks. The answers of ``way`` are changed in place.
    """
    separators, opinions = _opinions(way, others, beyond)
    lines = in_lines([*opinions], _colons(separators, way.size))
    # Print, wires and the like beside digits are no part of the answer.
    written = [
        line
        for line, parts in zip(lines, _words(lines, way.size), strict=True)
        if _digit_share(line, opinions) >= WRITTEN or any(_digit_share(word, opinions) >= CLEARLY for word in parts)
    ]
    way = way._replace(lines=written or lines)
    chances = 1 / (1 + np.exp(-features(way.lines, opinions) @ WEIGHTS - CONSTANT))
    every = [word for parts in _words(way.lines, way.size) for word in parts]
    in_words = {mark for word in every if _digit_share(word, opinions) >= WRITTEN for mark in word}
    for mark, chance in zip(way.characters, chances.tolist(), strict=True):
        opinion = opinions[mark]
        # A sign between digits, such as $ or a bar, is not the digit that it looks like.
        sign = opinion.digit < WRITTEN or (opinion.bar > DOUBTED and mark.height > way.size)
        unknown = chance < LEAST or sign or mark not in in_words
        way.answered[mark] = way.answered[mark]._replace(probabilities=opinion.probabilities, unknown=unknown)
    return way.all_unknown_if_many_are([mark for mark in way.characters if opinions[mark].digit >= WRITTEN])


def _opinions(
    way: MarkReading, others: Sequence[Seen], beyond: Sequence[Seen]
) -> tuple[list[Mark], dict[Mark, Opinion]]:
    """The separators and what all ways say of the other marks, with those that are added."""
    own, marks = seen_by(way), [mark for line in way.lines for mark in line]
    known = np.array([answer is None or not answer.unknown for answer in own.answers], bool)
    far = _beside(way, own.boxes[known], beyond)
    # What is unknown within a digit that is too high for this way is a piece of it.
    left = known | ~_inside(own.boxes, _boxes(far))
    here = [Placed(mark, box, None) for mark, box in compress(zip(marks, own.boxes, strict=True), left)]
    here += _beside(way, _boxes([*here, *far]), others)
    separators, opinions = [], {}
    for some, ways in ((here, (own, *others)), (far, beyond)):
        looks = sum(any(kinds is not None for kinds in each.kinds) for each in ways)
        for (mark, box, answer), (answers, looked) in zip(some, _seen(_boxes(some), ways), strict=True):
            if answer:
                way.answered[mark] = answer
            if looked and (name := _separator(np.mean(looked, axis=0), mark.height > HIGH_BAR * way.size)):
                separators.append(replace(mark, separator=name))
            elif box[3] - box[1] >= LEAST_HEIGHT and (answers or mark.strength.any()):
                way.answered.add([mark])
                opinions[mark] = _opinion(answers or [way.answered[mark]], looked, looks, len(ways))
    return separators, opinions


def _separator(kinds: Probabilities, high: bool) -> str:
    """The separator that a mark is, if any; a ``high`` 1 that the finder takes for a bar, too, is a bar."""
    bar = high and kinds[:DIGITS].argmax() == 1 and kinds[KINDS.index("/")] > DOUBTED
    return separator_of(kinds) or ("/" if bar else "")


def _digit_share(marks: Sequence[Mark], opinions: Mapping[Mark, Opinion]) -> float:
    """The finder's mean probability of digits on a line or in a word."""
    return float(np.mean([opinions[mark].digit for mark in marks if mark in opinions] or [0.0]))


def _words(lines: Sequence[Sequence[Mark]], size: float) -> list[list[list[Mark]]]:
    """The words of each line."""
    word_of = words(lines, size, {})
    return [[list(word) for _, word in groupby(line, word_of.__getitem__)] for line in lines]


def features(lines: Sequence[Sequence[Mark]], opinions: Mapping[Mark, Opinion]) -> Floats:
    """What tells whether the characters of a page are the digits that they seem, ``(n, 5)``, in reading order.

    The logits of the finder's probability and of the support; the share of looks that see the mark; the logarithm of
    how much lower it is than usual on its line, or on the page where the line has few; and the logit of the finder's
    mean probability of the other characters' classes: one by one, letters look like digits.
    """
    characters = [[mark for mark in line if mark in opinions] for line in lines]
    usual = writing_height([mark for line in characters for mark in line])
    low = [
        np.log(min(1.0, mark.height / (writing_height(line) if len(line) >= TELLING else usual)))
        for line in characters
        for mark in line
    ]
    every = [opinions[mark] for line in characters for mark in line]
    finder = np.array([opinion.finder for opinion in every])
    around = (finder.sum() - finder) / (len(finder) - 1) if len(finder) > 1 else finder
    support = np.array([opinion.support for opinion in every])
    return np.stack([_logit(finder), _logit(support), [opinion.seen for opinion in every], low, _logit(around)], 1)


def _logit(probabilities: Floats) -> Floats:
    clipped = probabilities.clip(DOUBT, 1 - DOUBT)
    return np.asarray(np.log(clipped / (1 - clipped)))


def _seen(boxes: Floats, ways: Sequence[Seen]) -> list[tuple[list[MarkAnswer], list[Probabilities]]]:
    """Of each box ``(n, 4)``, the answers and the finder's kinds of all ways that see a mark there."""
    seen: list[tuple[list[MarkAnswer], list[Probabilities]]] = [([], []) for _ in boxes]
    for way in ways:
        if not len(boxes) or not way.answers:
            continue
        overlap = _overlap(boxes, way.boxes)
        for (answers, looked), place, share in zip(seen, overlap.argmax(axis=1), overlap.max(axis=1), strict=True):
            answer, kinds = way.answers[place], way.kinds[place]
            if share > SAME and answer is not None:
                answers.append(answer)
            if share > SAME and kinds is not None:
                looked.append(kinds)
    return seen


def _opinion(answers: list[MarkAnswer], looked: list[Probabilities], looks: int, ways: int) -> Opinion:
    """Of a mark; ``looked`` are the finder's kinds in those of its looks that see the mark."""
    finder = [answer.finder for answer in answers if answer.finder is not None]
    pooled = [_pooled(answer.probabilities, finder) for answer in answers]
    probabilities = np.mean(pooled, axis=0)
    label = int(probabilities.argmax())
    shares = (UNKNOWN_COUNTS if answer.unknown else 1.0 for answer in answers)
    support = sum(share * float(each[label]) ** 2 for share, each in zip(shares, pooled, strict=True)) / ways
    if not looked:
        return Opinion(probabilities, support, NOT_SEEN, NOT_SEEN, 0.0, 0.0)
    kinds = np.mean(looked, axis=0)
    class_seen = float(np.mean([each[label] for each in finder])) if finder else NOT_SEEN
    digit, bar = float(kinds[:DIGITS].sum()), float(kinds[KINDS.index("/")])
    return Opinion(probabilities, support, class_seen, digit, bar, len(looked) / looks)


def _pooled(network: Probabilities, finder: list[Probabilities]) -> Probabilities:
    """What the network and the finder's mean say together: a logarithmic opinion pool.

    Genest and Zidek, Combining probability distributions, 1986.
    """
    if not finder:
        return network
    mean = np.mean(finder, axis=0)
    both = (network + NETWORK_DOUBT) ** NETWORK * (mean + FINDER_DOUBT) ** (1 - NETWORK)
    return np.asarray(both / both.sum())


def _beside(way: MarkReading, boxes: Floats, others: Sequence[Seen]) -> list[Placed]:
    """What half of the others see and this way does not.

    That is separators, by those that look for any, where no box ``(n, 4)`` is much the same; and known digits where
    there is no box, which are too low or too high for the finder in the size of this way.
    """
    found: list[Placed] = []
    for separators in (False, True) if way.lines else ():
        looking = [other for other in others if not separators or any(kinds is not None for kinds in other.kinds)]
        seen = [
            [(box, answer) for box, answer in zip(*other[:2], strict=True) if separators == (answer is None)]
            for other in looking
        ]
        seen = [[(box, answer) for box, answer in some if not (answer and answer.unknown)] for some in seen]
        edges = [np.array([box for box, _ in some]).reshape(-1, 4) for some in seen]
        for box, answer in (each for some in seen for each in some):
            height = (box[3] - box[1]) * way.found.zoom
            if answer and LOWEST <= height <= HIGHEST:
                continue
            ways = sum(_inside(box[np.newaxis], some).any() for some in edges)
            taken = _overlap(box[np.newaxis], boxes) >= (NEW if separators else np.finfo(float).tiny)
            if 2 * ways < len(looking) or taken.any():
                continue
            boxes = np.concatenate([boxes, box[np.newaxis]])
            left, top, right, bottom = np.rint(box * way.found.zoom + way.found.margin).astype(int).tolist()
            nothing = np.zeros((bottom - top, right - left), np.float32)
            found.append(Placed(Mark((left, top, right, bottom), nothing), box, answer))
    return found


def _inside(boxes: Floats, others: Floats) -> npt.NDArray[np.bool_]:
    """Whether the middle of each box is inside one of the others, ``(n,)``."""
    middles = (boxes[:, np.newaxis, :2] + boxes[:, np.newaxis, 2:]) / 2
    within = (others[:, :2] <= middles) & (middles <= others[:, 2:])
    return np.array([some.all(axis=1).any() for some in within], bool)


def _boxes(placed: Sequence[Placed]) -> Floats:
    return np.array([box for _, box, _ in placed]).reshape(-1, 4)


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

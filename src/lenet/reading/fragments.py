"""A picture whose marks are the fragments of one character."""

import numpy as np

from lenet.pictures.marks import FoundMarks, Mark
from lenet.reading.answers import AnsweredMarks

# Fragments of one character are at most so many, and together at most so wide to one of height. Characters above one
# another are narrow together and of similar height: the lower is more than this share of the higher.
MOST, NARROWEST, WIDEST, SIMILAR = 3, 0.6, 1.9, 0.5
# All together are surer than the first where a fragment that is known is less sure than the second, as the corner of an
# open four.
SURE, LESS_SURE = 0.998, 0.99


def join_fragments(marks: list[Mark], found: FoundMarks, answered: AnsweredMarks) -> list[Mark]:
    """Take all marks of a picture as one when they are the fragments of one character.

    They are when the network is surer of all together as one character than of each as a character. Two neighbours can
    look like a third character, so marks that are not connected must include one that the network does not know or is
    not so sure of.

    Args:
        marks: Of the picture, cut where digits touch.
        found: The same before they were cut.
        answered: The network's answers.
    """
    whole = found.joined()
    ratio, heights = whole.width / whole.height, [mark.height for mark in marks]
    stacked = ratio < NARROWEST and min(heights, default=0) > SIMILAR * max(heights, default=0)
    if len(marks) < 2 or len(found.marks) > MOST or ratio > WIDEST or stacked:
        return marks
    probability, *others = answered.confidence([whole, *marks])
    surer = probability > SURE and min(others) < LESS_SURE
    doubtful = surer or len(found.marks) == 1 or any(answered[mark].unknown for mark in marks)
    return [whole] if doubtful and probability > np.prod(others) and not answered[whole].unknown else marks

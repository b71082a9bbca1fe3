"""Found marks → characters that a network knows, in lines, with separators and cells."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lenet.model.runtime import Model
from lenet.pictures.detect import DIGITS
from lenet.pictures.marks import FoundMarks, Mark
from lenet.reading.answers import AnsweredMarks
from lenet.reading.fragments import join_fragments
from lenet.reading.lines import Floats, in_lines, writing_height
from lenet.reading.table import Table, find_table
from lenet.reading.touching import cut_apart, cuts_to_try

# If more marks than these (number, and share of all) are unknown, all are: they are no characters.
FEW, MANY = 3, 0.42
# Only texture has more marks; to classify each would take long.
MOST_MARKS = 3000
# An unknown mark takes so much from the evidence that marks were found well; a separator adds so much.
UNKNOWN, SEPARATOR = 0.8, 0.9


class MarkReading(NamedTuple):
    """What a network says about the marks that were found in one way.

    Attributes:
        found: The marks and how they were found.
        answered: The answers.
        lines: Characters and separators in reading order.
        size: Height of the writing, in pixels of what was looked at.
        table: That the marks stand in, or rows of boxes; None where there are none.
        degrees: By how many the picture was turned, counterclockwise.
    """

    found: FoundMarks
    answered: AnsweredMarks
    lines: list[list[Mark]]
    size: float
    table: Table | None = None
    degrees: float = 0

    @property
    def characters(self) -> list[Mark]:
        """The marks that are no separators, in reading order."""
        return [mark for line in self.lines for mark in line if mark in self.answered]

    @property
    def evidence(self) -> float:
        """How well the marks are known.

        Probabilities of the known, where the finder sees digits, less a part for each unknown; more for separators.
        """
        characters = self.characters
        evidence = SEPARATOR * (sum(map(len, self.lines)) - len(characters))
        for mark in characters:
            digit = 1.0 if mark.kinds is None else float(mark.kinds[:DIGITS].sum())
            share = 0.0 if self.answered[mark].unknown else digit
            evidence += share * float(self.answered[mark].probabilities.max()) - (1 - share) * UNKNOWN
        return evidence

    @property
    def boxes(self) -> Floats:
        """Of all marks in reading order, ``(n, 4)`` in pixels of the picture."""
        marks = [mark.box for line in self.lines for mark in line]
        return (np.array(marks, float).reshape(-1, 4) - self.found.margin) / self.found.zoom

    def all_unknown_if_many_are(self, marks: Sequence[Mark]) -> "MarkReading":
        """Make all characters unknown, in place, if so many of ``marks`` are unknown that they are no characters."""
        if sum(self.answered[mark].unknown for mark in marks) > FEW + MANY * len(marks):
            self.answered.update({mark: self.answered[mark]._replace(unknown=True) for mark in self.characters})
        return self

    def off_rules_of(self, other: FoundMarks) -> "MarkReading":
        """The same without the marks on rules that were seen in another way."""
        found = self.found.with_rules_of(other)
        kept = set(found.off_rules([mark for line in self.lines for mark in line]))
        lines = [[mark for mark in line if mark in kept] for line in self.lines]
        return self._replace(found=found, lines=[line for line in lines if line])

    def in_table(self) -> "MarkReading":
        """The same in the table, or the rows of boxes, that the lines make."""
        separators = [mark for line in self.lines for mark in line if mark not in self.answered]
        found = self.found
        return self._replace(table=find_table(self.characters, separators, found.rules, found.rule_zoom, found.margin))


def read_found(found: FoundMarks, model: Model, digits: bool) -> MarkReading:
    """Classify the marks; where the classes are ``digits``, cut touching ones apart and tell separators."""
    answered = AnsweredMarks(model)
    marks = found.off_rules(found.marks) if len(found.marks) <= MOST_MARKS else []
    separators = [mark for mark in marks if mark.separator]
    if digits:
        marks = [mark for mark in marks if not mark.separator]
        size = writing_height(marks)
        tries = cuts_to_try(marks, size)
        marks = [digit for mark in marks for digit in cut_apart(mark, size, answered.confidence, tries)]
    if not separators:
        marks = join_fragments(marks, found, answered)
    lines = in_lines(marks, separators)
    answered.add(marks)
    return MarkReading(found, answered, lines, writing_height(marks))

"""The figures of a run are drawn in a process of their own, and here where that fails."""

import os
import warnings

import numpy as np
import pytest

from lenet.training.figures import DrawingProcess, draw

FIGURES = {
    "curves": ([(0.5, 1.0, 0.6), (1.0, 0.4, 0.9)], [(1.0, 0.5, 0.9, None, None, 3.0)]),
    "filters": (np.linspace(-1, 1, 50, dtype=np.float32).reshape(5, 5, 1, 2),),
}


@pytest.fixture(scope="module")
def drawn():
    return draw(FIGURES)


def begin_each(drawing):
    """Ask for the figures one by one, as they become known in a training."""
    for name, arguments in FIGURES.items():
        drawing.begin({name: arguments})


def test_the_process_draws_the_same_bytes(drawn):
    with DrawingProcess() as drawing:
        assert os.getsid(drawing._process.pid) != os.getsid(0)  # Ctrl-C in a terminal does not reach it
        begin_each(drawing)
        assert drawing.finish() == drawn


def test_a_process_that_was_killed_costs_no_figure(drawn):
    with DrawingProcess() as drawing:
        drawing._process.kill()
        drawing._process.wait()
        begin_each(drawing)
        assert drawing.finish() == drawn


def test_an_error_in_the_process_is_one_here():
    with DrawingProcess() as drawing, pytest.raises(ValueError, match="number sections"):
        drawing.begin({"curves": ([], [])})
        drawing.finish()


def test_its_warnings_are_given_here():
    image = np.zeros((1, 8, 8, 1), np.uint8)
    answers = {"mistakes": (image, np.array([0]), np.array([[0.1, 0.9]], np.float32), ("a", "\U00012000"))}
    with DrawingProcess() as drawing, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        drawing.begin(answers)
        drawing.finish()
    assert "no font here can draw \U00012000" in str(caught[0].message)


def test_it_ends_when_nothing_is_to_be_drawn():
    with DrawingProcess() as drawing:
        drawing._process.stdin.close()  # as when the process that trains ends
        assert drawing._process.wait(60) == 0
        assert drawing._process.stdout.read() == b""

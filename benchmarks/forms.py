"""Forms in which digits are written in other countries and schools than MNIST's, as strokes.

Points are given as ``x,y`` in hundredths of the digit's height, from its upper left corner. A smooth curve (a cubic
spline, centripetal) goes through the points up to the next ``|``, where the pen turns sharply, or ``;``, where it is
lifted.
"""

from itertools import pairwise

import numpy as np
from hands import Floats
from scipy.interpolate import CubicSpline

TRAINING = {
    0: [
        "45,2 15,15 2,50 15,90 40,98 65,80 72,45 58,10 40,3",
        "38,0 | 10,40 8,75 35,100 62,80 60,40 | 38,0",  # pointed, above or below
        "35,100 | 5,50 15,10 40,0 68,12 70,45 | 35,100",
        "60,-8 25,25 5,65 25,98 52,92 66,60 45,20 18,-4",  # pointed, its ends cross
        "62,8 38,0 8,12 10,50 42,100 | 66,50 70,-4",  # narrow below, its ends cross
        "45,20 55,8 35,0 8,30 8,75 35,99 62,85 70,45 55,10 40,4",  # begun inside
        "45,2 15,15 2,50 15,90 40,98 65,80 72,45 58,10 40,3 ; 72,2 5,98",  # slashed
    ],
    1: [
        "10,0 8,100",
        "0,22 22,0 | 22,100",
        "0,50 35,0 | 32,100",
        "0,75 40,20 48,0 | 40,100",
        "0,25 25,0 | 25,100 ; 0,100 50,98",
        "20,0 20,100 ; 0,100 42,100",
        "0,20 18,0 | 16,92 30,100",
    ],
    2: [
        "5,22 30,0 58,20 45,55 5,98 | 65,98",
        "5,22 30,0 58,20 40,65 10,98 5,82 25,80 70,98",
        "5,5 60,5 | 5,98 | 65,98",
        "8,30 12,5 40,0 55,25 30,70 2,95 | 30,92 65,100",
        "15,28 5,15 28,0 58,15 50,50 2,98 | 62,98 66,85",
    ],
    3: [
        "5,10 35,0 58,20 28,45 | 62,65 40,98 2,88",
        "5,10 35,0 58,20 35,48 25,45 35,42 65,70 40,98 2,88",  # a loop in the middle
        "5,2 58,2 | 25,42 | 62,65 40,98 2,90",  # flat
        "5,4 55,0 | 22,40 60,60 45,97 0,92",
        "3,12 30,0 55,18 38,42 62,68 38,99 2,85",
    ],
    4: [
        "20,0 5,55 | 65,55 ; 48,25 45,100",  # open
        "10,0 8,45 30,58 55,45 ; 58,0 52,100",
        "5,5 | 5,50 60,48 ; 55,0 50,100",
        "30,0 | 3,60 | 70,58 ; 50,35 42,100",
        "15,50 | 50,0 | 50,100 ; 5,50 68,48",
    ],
    5: [
        "12,0 | 10,42 40,38 62,65 40,98 2,90 ; 12,0 60,0",
        "60,0 | 12,2 | 8,42 40,38 62,68 35,99 0,90",
        "60,2 30,3 10,25 30,45 58,65 40,96 2,92",
        "10,15 | 8,50 38,45 58,70 35,99 0,92 ; 10,15 75,-8",  # the bar rises
        "58,0 | 10,0 | 10,45 | 55,50 | 52,95 | 0,95",
    ],
    6: [
        "50,0 15,35 5,75 30,99 58,80 45,55 8,72",
        "45,0 8,62 15,96 50,92 52,65 15,68",
        "40,0 8,45 8,85 35,100 62,75 40,45 10,65",
        "58,10 40,0 10,35 5,80 30,99 56,82 42,58 8,70",
        "8,0 6,90 30,99 55,85 45,60 8,65",
    ],
    7: [
        "0,3 60,2 | 20,100",
        "2,18 | 2,3 62,2 | 22,100",  # with a serif
        "0,12 12,0 30,8 60,2 | 25,100",
        "0,5 58,3 | 32,45 24,100",
        "2,18 | 2,3 62,2 | 22,100 ; 15,52 58,48",
        "0,5 58,3 | 32,45 24,100 ; 2,64 50,60",  # its bar low
        "0,4 60,2 | 25,100 ; 25,34 66,31",  # or high
        "0,4 60,2 | 20,100 ; 5,54 42,50",  # or on one side
        "0,5 58,3 | 34,45 24,100 ; 33,56 68,50",
    ],
    8: [
        "55,12 30,0 8,20 30,45 60,72 35,99 5,75 30,48 55,25 52,8",
        "32,0 8,22 32,46 56,22 32,0 ; 32,46 2,72 32,100 62,72 32,46",
        "60,5 30,2 10,22 35,48 58,75 30,99 5,78 30,50 62,0",  # open, its ends cross
        "5,0 50,80 30,100 15,82 60,0",  # open above
        "50,5 15,8 12,30 58,65 50,95 15,95 8,70 55,30 52,6",
    ],
    9: [
        "55,15 30,0 5,25 25,48 52,30 55,12 | 52,100",
        "55,15 28,0 4,25 25,50 54,28 | 54,70 40,98 8,92",  # its tail curled
        "52,12 25,0 4,22 24,42 52,22 | 54,75 35,100 8,85 12,70",
        "52,20 28,0 4,25 28,48 54,25 45,70 35,100",
        "58,18 30,0 5,25 28,45 58,18 | 15,100",
    ],
}
# One form of each digit, for testing only.
HELD_OUT = {
    0: ["55,8 25,4 5,40 12,85 40,99 66,75 68,35 60,14"],  # open
    1: ["0,30 18,24 30,0 | 27,100"],
    2: ["5,20 30,0 55,20 40,60 5,95 | 25,88 50,100 70,90"],
    3: ["5,5 55,20 | 15,45 | 60,72 | 5,98"],
    4: ["45,0 | 2,65 | 68,65 ; 45,0 45,100"],
    5: ["14,12 | 8,45 42,42 60,70 35,99 0,90 ; 20,0 66,-4"],  # the bar stands alone
    6: ["40,0 12,50 6,85 22,99 40,86 28,72 8,82"],
    7: ["0,4 60,2 | 20,100 ; 15,50 55,46"],  # crossed
    8: ["5,5 60,5 | 5,95 | 60,95 | 5,5"],
    9: ["50,2 20,5 5,28 25,50 50,38 | 50,2 48,100"],
}
SPREAD = 4.5  # of a form's points, hundredths of the height


def write(rng: np.random.Generator, form: str) -> Floats:
    """Segments ``(n, 4)`` of a form whose points are moved a little; a digit is 20 high."""
    segments = []
    for stroke in form.split(";"):
        pieces = [np.array([point.split(",") for point in piece.split()], float) for piece in stroke.split("|")]
        pieces = [piece + rng.normal(0, SPREAD, piece.shape) for piece in pieces]
        pieces[1:] = [np.concatenate([before[-1:], piece]) for before, piece in pairwise(pieces)]
        for piece in pieces:
            way = np.concatenate([[0], np.cumsum(np.sqrt(np.hypot(*np.diff(piece, axis=0).T)) + 1e-3)])
            curve = CubicSpline(way, piece)(np.linspace(0, way[-1], 4 * len(piece))) if len(piece) > 2 else piece
            segments.append(np.concatenate([curve[:-1], curve[1:]], 1) / 5)
    return np.concatenate(segments).astype(np.float32)

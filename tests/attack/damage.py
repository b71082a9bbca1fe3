"""Damaged copies of sound files: bytes, words and values."""

import bz2
import gzip
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tests.pictures.test_hostile import mutated

# Values that stand in texts instead of sound ones.
EXTREMES = (
    *(
        "",
        "0",
        "-1",
        "1e400",
        "NaN",
        "9" * 400,
        "-0.0",
        "true",
        "null",
        '"\\ud800"',
        "[" * 3000,
        '"' + "x" * 5000 + '"',
    ),
    *("{}", "[]", '"\\u0000"', "\x00", "\ufeff", "💣", "'", "a." * 4000 + "a", "99999999999999999999", "1_000", "0x7f"),
)


# Values of the same kinds as JSON has them; most are readable, and none is sound everywhere.
VALUES = (
    0,
    -1,
    1e308,
    2**63,
    1e-300,
    True,
    None,
    "",
    "x" * 5000,
    "\u202e",
    "\ud800",
    [],
    {},
    ["a"] * 3000,
    [[]],
    "28x28",
)


Contents = Callable[[np.random.Generator], Iterator[bytes]]


def damaged(content: bytes) -> Contents:
    """Copies with bytes changed, moved, doubled or cut out; each eighth is cut off.

    Of texts, half are reworded; of packed files, half have their content damaged and are packed again.
    """
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = ""

    def make(rng: np.random.Generator) -> Iterator[bytes]:
        while True:
            if rng.random() < 0.125:
                yield content[: int(rng.integers(len(content)))]
            elif text and rng.random() < 0.5:
                yield reworded(text, rng).encode(errors="surrogatepass")
            elif rng.random() < 0.5:
                yield packed_again(content, rng)
            else:
                yield mutated(content, rng)

    return make


def packed_again(content: bytes, rng: np.random.Generator) -> bytes:
    """A packed file with damage to what is in it, which checksums do not tell; others are damaged as they are."""
    for start, module in ((b"\x1f\x8b", gzip), (b"BZh", bz2)):
        if content.startswith(start):
            return module.compress(mutated(module.decompress(content), rng))
    if not content.startswith(b"PK"):
        return mutated(content, rng)
    again = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(again, "w", zipfile.ZIP_DEFLATED) as copy:
        names = archive.namelist()
        chosen = names[int(rng.integers(len(names)))]
        for name in names:
            copy.writestr(name, mutated(archive.read(name), rng) if name == chosen else archive.read(name))
    return again.getvalue()


def reworded(text: str, rng: np.random.Generator) -> str:
    """A text with some of its words replaced by extreme ones, repeated or left out."""
    words = re.split("([ ,;\t:]+)", text)
    for _ in range(int(rng.integers(1, 4))):
        place = int(rng.integers(len(words)))
        match rng.integers(3):
            case 0:
                words[place] = EXTREMES[int(rng.integers(len(EXTREMES)))]
            case 1:
                words[place:place] = words[place : place + 6] * int(rng.integers(1, 300))
            case 2:
                del words[place : place + 4]
                words = words or [""]
    return "".join(words)


def revalued(text: str, rng: np.random.Generator) -> str:
    """JSON with one of its values replaced by another that JSON can hold."""
    root = [json.loads(text)]
    inside: Any = root
    while True:
        places = list(inside) if isinstance(inside, dict) else range(len(inside))
        place = places[int(rng.integers(len(places)))]
        if not (isinstance(inside[place], dict | list) and inside[place]) or rng.random() < 0.2:
            inside[place] = VALUES[int(rng.integers(len(VALUES)))]
            return json.dumps(root[0])
        inside = inside[place]

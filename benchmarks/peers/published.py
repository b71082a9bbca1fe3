"""A published package that ships weights for digits, through its own interface.

    python benchmarks/peers/published.py ccexam|digitsclassifier|digit-recognizer-py FOLDER
    python benchmarks/peers/published.py ccexam|digitsclassifier|digit-recognizer-py --pictures DIR

By a Python that has the package, which prepares the pictures itself. On MNIST's official test images, whose gzipped
files are in FOLDER; or on the pictures of single digits in DIR, which has a ``pictures.tsv`` as for
benchmarks/reading.py. A picture that the package refuses is wrong. Prints one JSON line.
"""

import argparse
import csv
import gzip
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

Pictures = Sequence[Image.Image | Path]
BATCH = 500


def ccexam() -> tuple[Callable[[Pictures], Sequence[int]], int]:
    from ccexam.inference import InferenceFactory

    reader = InferenceFactory.create("mnist")
    return reader.predict_batch, _count(reader.model)


def digit_recognizer() -> tuple[Callable[[Pictures], Sequence[int]], int]:
    from digit_recognizer import DigitRecognizer

    reader = DigitRecognizer()
    return lambda pictures: [reader.predict(picture) for picture in pictures], _count(reader.model)


def digitsclassifier() -> tuple[Callable[[Pictures], Sequence[int]], int]:
    from digitsclassifier import inference

    def array(picture: Image.Image | Path) -> np.ndarray:
        if isinstance(picture, Path):
            return np.asarray(Image.open(picture).convert("RGB"))
        return 255 - np.asarray(picture)  # it takes dark ink on white

    def read(pictures: Pictures) -> list[int]:
        return inference.predict_digits([array(picture) for picture in pictures])[0][:, 0].tolist()

    return read, inference.model.count_params()


def _count(network: Any) -> int:
    return sum(weight.numel() for weight in network.parameters())


def _read(path: Path, header: int) -> np.ndarray:
    return np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=header)


def _right_pictures(read: Callable[[Pictures], Sequence[int]], folder: Path) -> list[bool]:
    with (folder / "pictures.tsv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if row["kind"] == "single"]
    right = []
    for row in rows:
        try:
            right.append(str(read([folder / row["file"]])[0]) == row["digits"])
        except Exception as error:  # whatever it raises
            print(f"{row['file']}: {error!r}", file=sys.stderr)
            right.append(False)
    return right


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    packages = {"ccexam": ccexam, "digitsclassifier": digitsclassifier, "digit-recognizer-py": digit_recognizer}
    parser.add_argument("package", choices=packages)
    parser.add_argument("folder", type=Path, metavar="FOLDER", nargs="?")
    parser.add_argument("--pictures", type=Path, metavar="DIR")
    asked = parser.parse_args()

    read, parameters = packages[asked.package]()
    if asked.pictures:
        right = np.array(_right_pictures(read, asked.pictures))
    else:
        images = _read(asked.folder / "t10k-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28)
        labels = _read(asked.folder / "t10k-labels-idx1-ubyte.gz", 8)
        pictures = [Image.fromarray(image) for image in images]
        answers = [read(pictures[start : start + BATCH]) for start in range(0, len(pictures), BATCH)]
        right = np.concatenate(answers) == labels
    found = {"accuracy": float(right.mean()), "n": len(right), "parameters": parameters, "seconds": None}
    print(json.dumps(found))


if __name__ == "__main__":
    main()

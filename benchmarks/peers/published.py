"""A published package that ships weights for digits, on MNIST's official test images, through its own interface.

    python benchmarks/peers/published.py ccexam|digitsclassifier|digit-recognizer-py FOLDER

By a Python that has the package, which prepares the images itself; FOLDER has MNIST's gzipped test files. Prints one
JSON line.
"""

import gzip
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Images = np.ndarray  # uint8 (n, 28, 28), bright ink on black
BATCH = 500


def ccexam() -> tuple[Callable[[Images], Sequence[int]], int]:
    from ccexam.inference import InferenceFactory
    from PIL import Image

    reader = InferenceFactory.create("mnist")
    return lambda images: reader.predict_batch([Image.fromarray(image) for image in images]), _count(reader.model)


def digit_recognizer() -> tuple[Callable[[Images], Sequence[int]], int]:
    from digit_recognizer import DigitRecognizer

    reader = DigitRecognizer()
    return lambda images: [reader.predict(image) for image in images], _count(reader.model)


def digitsclassifier() -> tuple[Callable[[Images], Sequence[int]], int]:
    from digitsclassifier import inference

    def read(images: Images) -> list[int]:
        labels, _ = inference.predict_digits(255 - images)  # it takes dark ink on white
        return labels[:, 0].tolist()

    return read, inference.model.count_params()


def _count(network: Any) -> int:
    return sum(weight.numel() for weight in network.parameters())


def _read(path: Path, header: int) -> np.ndarray:
    return np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=header)


def main() -> None:
    package, folder = sys.argv[1], Path(sys.argv[2])
    images = _read(folder / "t10k-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28)
    labels = _read(folder / "t10k-labels-idx1-ubyte.gz", 8)
    packages = {"ccexam": ccexam, "digitsclassifier": digitsclassifier, "digit-recognizer-py": digit_recognizer}
    read, parameters = packages[package]()
    answers = np.concatenate([read(images[start : start + BATCH]) for start in range(0, len(images), BATCH)])
    accuracy = float((answers == labels).mean())
    print(json.dumps({"accuracy": accuracy, "n": len(labels), "parameters": parameters, "seconds": None}))


if __name__ == "__main__":
    main()

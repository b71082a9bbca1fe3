"""The interface of all export targets: write a model in another format, and run the written file."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from lenet.datasets.dataset import Images
from lenet.model.file import ModelFile

Probabilities = npt.NDArray[np.float32]


class Target(ABC):
    """One format."""

    # Names of the files of the folder that it writes; empty when it writes one file.
    files: ClassVar[tuple[str, ...]] = ()
    proof_images: ClassVar[int] = 10_000  # most images that the exported file is checked on
    # Whether its rounding depends on the integer kernels of its runtime.
    rounds_alone: ClassVar[bool] = False
    name = "model"  # of what is written, where a format has a place for it
    advice = ""  # follows where the exported file's answers differ from the model's

    def __init__(self, model: ModelFile, training_images: Callable[[], Images]) -> None:
        """Take a model.

        Args:
            model: Verified file of temperature 1, see ``lenet.export.export.fold_temperature``.
            training_images: Returns images to calibrate on, uint8 ``(n, height, width, depth)``, none of the test part.

        Raises:
            LenetError: when the format cannot express the model.
        """
        self.model, self.training_images = model, training_images

    @abstractmethod
    def write(self, path: Path) -> None:
        """Write the file, or the folder's ``files``; LenetError when the format cannot express the model."""

    @abstractmethod
    def run(self, path: Path, images: Images) -> Probabilities:
        """Run the written file: probabilities ``(n, classes)`` of uint8 ``images``; LenetError when it does not run."""

    def reference(self, images: Images, answers: Probabilities) -> Probabilities | None:
        """Expected result of ``run`` up to float32 rounding; None when only the format's own runtime can compute it.

        Args:
            images: uint8 ``(n, height, width, depth)``.
            answers: The model's probabilities for them, ``(n, classes)``.
        """
        return None if self.rounds_alone else answers

"""What a target is: it writes the model another way, and can run what it wrote."""

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
    """One way to ship a model.

    Attributes:
        files: what it writes, when that is a folder; nothing when it is one file.
        proof_images: how many images the proof reads, where there are so many.
    """

    files: ClassVar[tuple[str, ...]] = ()
    proof_images: ClassVar[int] = 10_000

    def __init__(self, model: ModelFile, training_images: Callable[[], Images]) -> None:
        """Take what is to be shipped.

        Args:
            model: a verified file of temperature 1, see ``fold_temperature``.
            training_images: gives images to calibrate on, uint8 ``(n, height, width, depth)``, none of the test part.
        """
        self.model = model
        self.training_images = training_images

    @abstractmethod
    def write(self, path: Path) -> None:
        """Write the file, or the folder's ``files``.

        Raises:
            LenetError: when the model cannot be shipped this way.
        """

    @abstractmethod
    def run(self, path: Path, images: Images) -> Probabilities:
        """What the written thing itself says of ``images``: probabilities ``(n, classes)``.

        Raises:
            LenetError: when it does not run, or what runs it is not installed.
        """

    def reference(self, images: Images, answers: Probabilities) -> Probabilities | None:
        """What ``run`` must give but for rounding; None when nothing but the target's own runtime can know.

        Args:
            images: those to read.
            answers: what the model says of them.
        """
        return answers

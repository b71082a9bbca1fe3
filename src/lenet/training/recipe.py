"""Recipe: everything that decides a training, in one frozen value."""

import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic.dataclasses import dataclass

from lenet.errors import LenetError, did_you_mean, first_fault
from lenet.network.architecture import Architecture
from lenet.network.named import find_network
from lenet.text_files import read_toml

# What a resumed run may change; everything else stays as the run began.
CONTINUABLE = ("epochs", "learning_rate", "least_steps", "whole_epochs")
ClassWeights = Literal["none", "balanced"]
Precision = Literal["auto", "float32", "bfloat16"]
# Larger numbers are typing errors.
Epochs = Annotated[float, Field(ge=0, le=100_000)]
Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
ShareBelow1 = Annotated[float, Field(ge=0, lt=1)]
Amount = Annotated[float, Field(ge=0, le=360)]
Names = Annotated[tuple[str, ...], Field(strict=False)]  # TOML has lists


@dataclass(frozen=True, config=ConfigDict(strict=True, allow_inf_nan=False))
class Recipe:
    """Which network is trained, on what, and how.

    A saved recipe trains the same model again, bit for bit, on the same machine and library versions.

    Raises:
        LenetError: for a value that cannot be trained with; names the field.
    """

    # Its name, or that of the recipe that it was changed from.
    name: str = "custom"
    # What `load_dataset` takes: one source or several.
    data: str | Names = "mnist"
    # How pictures become images: mark, whole, or auto, which chooses by the pictures (see `lenet.pictures.framing`).
    framing: Literal["auto", "mark", "whole"] = "auto"
    # Width x height and depth of the images ("" and 0: as in the data), and whether dark ink on white is inverted.
    size: str = ""
    depth: Annotated[int, Field(ge=0, le=3)] = 0
    invert: Literal["auto", "yes", "no"] = "auto"
    # Training : test, as `Dataset.split` takes it; own: the parts that the source itself names, else 6:1; by-writer:
    # 6:1 with no writer in both, nor in training and validation.
    split: str = "own"
    # Number of training images held out for validation, at most a tenth of them, of little data a fifth; the test part
    # is never used for that. A source's own validation part is used instead where there is one.
    validation: Count = 0
    # Decides split, initial weights, order, augmentation and dropout.
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0  # 32-bit in TensorFlow
    # The text of an `Architecture`; a name of `lenet.network.named` becomes its text.
    network: str = "lenet"
    # Keras initializer of the kernels: Glorot and Bengio, 2010, or He et al., 2015.
    initializer: Literal["glorot_uniform", "he_uniform"] = "glorot_uniform"
    # bundled, or a run or model file whose weights the training starts from; the SHA-256 of that model, and its
    # classes, which the network keeps beside those of the data.
    start: str = ""
    start_sha256: str = ""
    start_classes: Names = ()
    # Number of times that every training image is seen; 0.5 is half of them once.
    epochs: Annotated[Epochs, Field(gt=0)] = 20.0
    # The same where the images are not centred marks (see `view`), which are harder to learn. 0: as `epochs`.
    whole_epochs: Epochs = 0.0
    # Fewest steps; small data is seen more often.
    least_steps: Count = 0
    # With several sources, the fewest images of each in an epoch: small ones are repeated, and images of the first are
    # drawn (see mix.py). 0: every image once.
    each_source: Count = 0
    # Rows of the history without a lower validation loss after which the training stops; the weights of the lowest are
    # kept. 0: never, and the last weights are kept.
    patience: Count = 0
    # Number of images per step.
    batch_size: Annotated[int, Field(ge=1, le=100_000)] = 128
    # Equal parts that every batch is cut into, a power of two. Their gradients are summed in pairs, so that the weights
    # are the same for any number of hosts that divides it; batch normalisation is computed in each part.
    shards: Annotated[int, Field(ge=1, le=1024)] = 1
    # sgd (no momentum) or adamw (Adam with decoupled weight decay).
    optimizer: Literal["sgd", "adamw"] = "sgd"
    # The highest learning rate of the schedule.
    learning_rate: Annotated[float, Field(gt=0, le=100)] = 0.01
    # constant; linear or cosine: from near 0 up during the share `warmup` of all steps, then down to 0.
    schedule: Literal["constant", "linear", "cosine"] = "constant"
    warmup: ShareBelow1 = 0.0
    # Adam's decay rates of the moving averages of the gradient and of its square.
    beta_1: ShareBelow1 = 0.9
    beta_2: ShareBelow1 = 0.999
    # AdamW: share of a kernel that is subtracted in each step, times the learning rate.
    weight_decay: Amount = 0.0
    # Share of the inputs of every dense layer that is dropped in each step.
    dropout: ShareBelow1 = 0.0
    # Share of the target probability that is spread over all classes.
    label_smoothing: ShareBelow1 = 0.0
    # Factor of the pixels in training; it is folded into the saved first kernel.
    input_gain: Annotated[float, Field(gt=0)] = 1.0
    # none, or batch: the outputs of all layers but the last are normalised over the batch (Ioffe and Szegedy, 2015);
    # it is folded into the saved weights.
    normalisation: Literal["none", "batch"] = "none"
    # none, or balanced: rare classes count more in the loss, by number of images / (classes * images of the class).
    class_weights: ClassWeights = "none"
    # whole, or centre: only the places of the last feature maps that no padding reaches; for ink that is centred.
    # auto: centre when the training images have next to no ink outside it, else whole.
    view: Literal["whole", "centre", "auto"] = "whole"
    # Augmentation, each the largest change: degrees, share of the size, shear, share of the half side,
    rotation: Amount = 0.0
    zoom: ShareBelow1 = 0.0
    shear: Amount = 0.0
    shift: Amount = 0.0
    # standard deviation of the elastic distortion in pixels, thicker or thinner strokes 0…1, share of images with a
    # gap in a stroke.
    elastic: Amount = 0.0
    thickness: Share = 0.0
    gaps: Share = 0.0
    # Share of images with faint ink, fog, noise, blur, stains and so on (see damage.py).
    damage: Share = 0.0
    # During this last share of the steps, augmentation weakens to the strength `taper_to`.
    taper: Share = 0.0
    taper_to: Share = 1.0
    # Bits of a weight: kernels are rounded in training to what `lenet export --bits` stores. 0: they are not rounded.
    weight_bits: Literal[0, 2, 4, 8] = 0
    # A teacher's answers are a part of the target: those of bundled, a run or a model file (with its SHA-256), or of a
    # network that is trained first, for so many epochs (see `teacher_recipe`).
    teacher: str = ""
    teacher_sha256: str = ""
    teacher_epochs: Epochs = 0.0
    # Share of the teacher's answer in the target, beside the label.
    distillation: Share = 0.0
    # auto: bfloat16 where the processor has instructions for it, else float32; weights are always float32.
    precision: Precision = "auto"

    @model_validator(mode="wrap")
    @classmethod
    def _refuse_in_one_line(cls, values: Any, handler: "ModelWrapValidatorHandler[Recipe]") -> "Recipe":
        try:
            return handler(values)
        except ValidationError as error:
            raise LenetError(first_fault(error)) from None

    def __post_init__(self) -> None:
        """Write the network out, and check what the types above cannot say."""
        object.__setattr__(self, "network", str(find_network(self.network)))
        if self.normalisation == "batch" and self.batch_size == 1:
            raise LenetError("batch_size is 1: batch normalisation needs 2 images or more")
        if self.shards & (self.shards - 1) or self.batch_size % self.shards:
            raise LenetError(f"shards is {self.shards}: use a power of two that divides batch_size {self.batch_size}")
        if bool(self.teacher_epochs or self.teacher) != (self.distillation > 0):
            raise LenetError(
                "distillation, how much a teacher counts, needs teacher or teacher_epochs, and they need it; for "
                "example: --recipe small --teacher bundled"
            )

    @property
    def architecture(self) -> Architecture:
        """The network as data."""
        return Architecture.parse(self.network)

    @classmethod
    def named(cls, name: str) -> "Recipe":
        """One of the recipes that come with lenet, see ``NAMED``; LenetError for an unknown name."""
        named = {recipe.name: recipe for recipe in NAMED}
        if name not in named:
            similar = did_you_mean(str(name), named)
            raise LenetError(f"no recipe is named {name!r}; there are {', '.join(named)}{similar}")
        return named[name]

    @classmethod
    def read(cls, path: Path) -> "Recipe":
        """Read a ``recipe.toml``; LenetError when it is missing, not TOML, or has an unknown field or a wrong value."""
        values = read_toml(path)
        try:
            return cls().change(**values)
        except LenetError as error:
            raise LenetError(f"{path}: {error}") from error

    def change(self, **changes: Any) -> Self:
        """The same recipe with some fields changed.

        Epochs that are named are taken literally: `whole_epochs` and `least_steps` then do not change them.

        Raises:
            LenetError: for an unknown field or a value of another type.
        """
        if unknown := changes.keys() - self.to_dict().keys():
            raise LenetError(f"a recipe has no field {min(unknown)!r}{did_you_mean(min(unknown), self.to_dict())}")
        as_named = {"whole_epochs": 0.0, "least_steps": 0} if "epochs" in changes else {}
        return replace(self, **{**as_named, **changes})

    def steps(self, images: int) -> int:
        """How many steps ``epochs`` of so many images take."""
        return max(1, round(self.epochs * images / self.batch_size))

    @property
    def sha256(self) -> str:
        """Over the fields that differ from their defaults, so that a field of a later version changes no older hash."""
        plain = Recipe().to_dict()
        changed = {name: value for name, value in self.to_dict().items() if value != plain[name]}
        return hashlib.sha256(json.dumps(changed, sort_keys=True).encode()).hexdigest()

    @property
    def lasting_sha256(self) -> str:
        """Over the fields that a resumed run cannot change."""
        plain = Recipe().to_dict()
        return replace(self, **{name: plain[name] for name in CONTINUABLE}).sha256

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for TOML and JSON."""
        return {name: list(it) if isinstance(it, tuple) else it for name, it in asdict(self).items()}


# 99 % on the official test images in seconds. MNIST's digits are centred, so the centre view loses nothing that a short
# training could use, and takes a third of the time; a gain, a high learning rate that falls to 0 and smoothed labels
# learn most from few images. Images that fill their frame, and small data, get more epochs.
FAST = Recipe(
    name="fast",
    validation=2_000,
    epochs=0.85,
    whole_epochs=4.0,
    least_steps=350,
    optimizer="adamw",
    learning_rate=8e-3,
    beta_1=0.8,
    beta_2=0.95,
    schedule="linear",
    warmup=0.15,
    label_smoothing=0.05,
    view="auto",
    input_gain=3.2,
)
# The highest accuracy within half an hour of training, chosen on training images held out
# (benchmarks/holdout.py). Augmentation imitates other hands, pens and papers; it weakens in the second half, so
# that the last steps use nearly unchanged digits. A tenth of the images is damaged besides. Trained on the
# labels alone, damage costs accuracy, and an ensemble of LeNets as teachers does not compensate; a deeper
# teacher, which gets the images undamaged, does. With a teacher, dropout only costs accuracy, long training still
# helps, and batch normalisation helps.
# The images held out calibrate the model: a threshold that keeps 99 % of 5,000 has a standard error of 0.14 points.
BEST = Recipe(
    name="best",
    validation=5_000,
    epochs=60.0,
    optimizer="adamw",
    learning_rate=3e-3,
    schedule="cosine",
    warmup=0.15,
    weight_decay=3e-2,
    label_smoothing=0.05,
    input_gain=3.2,
    normalisation="batch",
    rotation=15.0,
    zoom=0.15,
    shear=0.25,
    shift=0.16,
    elastic=0.4,
    thickness=0.3,
    gaps=0.05,
    damage=0.1,
    taper=0.5,
    taper_to=0.1,
    teacher_epochs=24.0,
    distillation=0.9,
)
# For fewer than 1,000 pictures: augmented, and stopped when the images held out show no gain.
FEW = Recipe(
    name="few",
    validation=1_000,  # all that may be held out
    epochs=60.0,
    least_steps=800,
    patience=6,
    batch_size=32,
    optimizer="adamw",
    learning_rate=2e-3,
    schedule="cosine",
    warmup=0.1,
    weight_decay=3e-2,
    dropout=0.3,
    label_smoothing=0.05,
    input_gain=3.2,
    rotation=12.0,
    zoom=0.15,
    shear=0.2,
    shift=0.1,
    elastic=0.4,
    thickness=0.3,
)
# For a trained model: low rates, and the old data again beside the new; also for "Learn these" on the page. Chosen with
# benchmarks/corrections.py.
TUNE = Recipe(
    name="tune",
    validation=2_000,
    epochs=2.0,
    least_steps=240,
    each_source=500,
    optimizer="adamw",
    learning_rate=1e-4,
    schedule="linear",
    warmup=0.1,
    label_smoothing=0.05,
    rotation=8.0,
    zoom=0.08,
    shear=0.1,
    shift=0.06,
    elastic=0.2,
    thickness=0.2,
    taper=0.5,
    taper_to=0.1,
)
# For networks that are exported to a microcontroller, such as `tiny`: weights of 4 bits. Mild augmentation suits their
# size, without damaged digits.
SMALL = BEST.change(
    name="small",
    epochs=30.0,
    least_steps=4_000,
    initializer="he_uniform",
    learning_rate=6e-3,
    weight_decay=1e-2,
    label_smoothing=0.0,
    rotation=10.0,
    zoom=0.12,
    shear=0.15,
    shift=0.08,
    elastic=0.5,
    thickness=0.2,
    gaps=0.0,
    damage=0.0,
    weight_bits=4,
    teacher="bundled",
    teacher_epochs=0.0,
)
NAMED = (
    FAST,  # the default
    # The tutorial's 98.49 % on the tutorial's own split, as soon as possible: the same with half the images.
    FAST.change(name="sprint", split="46900:23100", epochs=0.55, view="centre"),
    BEST,
    # `best` without its teacher, for networks of one's own: minutes instead of half an hour.
    BEST.change(name="augmented", epochs=16.0, teacher_epochs=0.0, distillation=0.0),
    # The tutorial's own: plain SGD, twenty epochs, two thirds to train and one third to test. The tutorial leaves the
    # initial weights to its version of Keras; He's are three points ahead after two epochs on digits held out.
    Recipe(name="tutorial", split="2:1", initializer="he_uniform", epochs=20.0, optimizer="sgd", learning_rate=0.01),
    FEW,
    TUNE,
    SMALL,
)

"""What goes over the wire: requests as they are checked, answers as they are documented."""

from typing import Annotated, Any, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from lenet.errors import LenetError
from lenet.reading.drawing import Pixels

# A drawing has at most this many pixels a side; the network sees 28.
MOST_SIDE = 512
JSON_BYTES = 2 << 20

Sent = TypeVar("Sent", bound="Drawing")

Grey = Annotated[int, Field(ge=0, le=255, strict=True)]
Row = Annotated[list[Grey], Field(min_length=1, max_length=MOST_SIDE)]


Candidate = Annotated[list[str | float], Field(min_length=2, max_length=2)]


class Drawing(BaseModel):
    """A drawing: how much ink each pixel has."""

    model_config = ConfigDict(extra="forbid")

    pixels: Annotated[list[Row], Field(min_length=1, max_length=MOST_SIDE)] = Field(
        description="Rows of whole numbers, 0 for no ink to 255 for full ink; all rows are equally long."
    )
    centre: bool = Field(True, description="Whether to bring size, place and thickness into MNIST's form.")

    @model_validator(mode="after")
    def _is_rectangle(self) -> "Drawing":
        if len({len(row) for row in self.pixels}) != 1:
            raise ValueError("rows of pixels differ in length")
        return self

    def array(self) -> Pixels:
        """As uint8 ``(height, width)``."""
        return np.array(self.pixels, np.uint8)


class Wrong(Drawing):
    """A drawing that was read wrong, and what it is."""

    label: str = Field(min_length=1, max_length=100, description="The true class, one of the model's.")


class Answer(BaseModel):
    """What a model says of one mark."""

    empty: bool = Field(description="Nothing is drawn: all else is null, empty or zero.")
    label: str | None = Field(description="The likeliest class.")
    probability: float = Field(description="Of that class, calibrated.")
    unknown: bool = Field(description="Rather no digit, or not sure enough.")
    box: list[int] | None = Field(description="Left, top, right, bottom of the ink, in pixels of what was sent.")
    top: list[Candidate] = Field(description="The three likeliest classes, each with its probability.")
    probabilities: dict[str, float] = Field(description="Of every class, in the model's order.")
    image: list[list[int]] = Field(description="What the network saw.")
    found: int = Field(description="Marks on the picture; the largest was read. Ask /api/read for all.")


class Answers(BaseModel):
    """What a model says of many ready images, in their order."""

    labels: list[str]
    probabilities: list[float]
    unknown: list[bool]


class Digit(BaseModel):
    """A mark of a picture."""

    label: str
    probability: float
    unknown: bool
    box: list[int] = Field(description="Left, top, right, bottom in pixels of the upright picture.")
    top: list[Candidate]
    image: list[list[int]] | None = Field(None, description="What the network saw; with ?images=true only.")


class Reading(BaseModel):
    """All marks of a picture, as `lenet predict --json` has them."""

    text: str
    rows: list[str]
    digits: list[Digit]


class Layer(BaseModel):
    """What one layer says. A ReLU is not listed: it turns what is negative into 0."""

    name: str
    maps: list[list[list[float]]] = Field(description="Feature maps (filters, height, width); none in a dense layer.")
    units: list[float] = Field(description="Of a dense layer.")


class Explained(BaseModel):
    """What a model made of one mark, layer by layer."""

    answer: Answer
    label: str | None = Field(description="The class that is explained: the answer, unless another was asked for.")
    layers: list[Layer]
    occlusion: list[list[float]] = Field(description="How much of the lead is lost where the picture is covered.")
    evidence: list[list[float]] = Field(description="What each place of the second convolution adds (HiResCAM).")
    contributions: list[float] = Field(description="What each hidden unit adds.")


class Kernels(BaseModel):
    """Kernels of a convolution (filters, depth, k, k), and one bias a filter."""

    kernels: list[list[list[list[float]]]]
    biases: list[float]


class Filters(BaseModel):
    """Both convolutions."""

    conv1: Kernels
    conv2: Kernels


class Card(BaseModel):
    """What is known of a model."""

    name: str
    class_names: list[str]
    height: int
    width: int
    parameters: int
    filters: list[int]
    kernel_size: int
    dense_units: int
    test_accuracy: float | None
    test_n: int
    accuracy_interval: list[float] | None = Field(description="95 %, by Wilson.")
    temperature: float
    unknown_threshold: float | None
    recipe: dict[str, Any]
    seed: int
    versions: dict[str, str]
    training_data_sha256: str


class Runs(BaseModel):
    """Names for ?model=, the served one first; and whether wrong answers are collected."""

    names: list[str]
    collects: bool


class Sample(BaseModel):
    """A test image and its class."""

    label: str
    image: list[list[int]]


class Gallery(BaseModel):
    """Test images that the model has not learnt from."""

    source: str
    samples: list[Sample]


class Kept(BaseModel):
    """Where a wrong answer was put."""

    kept: str


class Health(BaseModel):
    """Whether the server lives or is ready."""

    status: str


class Refusal(BaseModel):
    """Why a request was refused, in one line."""

    error: str


def parse(kind: type[Sent], body: bytes) -> Sent:
    """Check a JSON body.

    Raises:
        LenetError: one line that says what is wrong with it.
    """
    if len(body) > JSON_BYTES:
        raise LenetError(f"a drawing of more than {JSON_BYTES >> 20} MiB; send fewer pixels, or a picture's file")
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise LenetError(f"the drawing's {where or 'JSON'}: {first['msg'][:200]}") from None

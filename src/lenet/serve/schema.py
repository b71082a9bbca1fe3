"""Requests as they are validated, and answers as they are documented."""

from typing import Annotated, Any, ClassVar, Literal, TypeVar

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from starlette.responses import JSONResponse

from lenet.datasets.classes import LONGEST_NAME
from lenet.errors import LenetError
from lenet.network.architecture import LONGEST_TEXT
from lenet.pictures.picture import Pixels

# Longest side of a drawing in pixels.
MOST_SIDE = 512
JSON_BYTES = 2 << 20
# Drawings that one training learns.
MOST_DRAWN = 500

Probabilities = npt.NDArray[np.float32]
Sent = TypeVar("Sent", bound="Body")

Byte = Annotated[int, Field(ge=0, le=255, strict=True)]
Colour = Annotated[list[Byte], Field(min_length=3, max_length=3)]
_FRAMED = Field(min_length=28, max_length=28, fail_fast=True)
_SIDE = Field(min_length=1, max_length=MOST_SIDE, fail_fast=True)
InkRows = Annotated[list[Annotated[list[Byte], _SIDE]], _SIDE]
FramedRows = Annotated[list[Annotated[list[Byte], _FRAMED]], _FRAMED]
ColourRows = Annotated[list[Annotated[list[Colour], _SIDE]], _SIDE]

# Rows of numbers for a grey image, of [red, green, blue] for a colour one.
Image = list[list[int]] | list[list[list[int]]]
Candidate = Annotated[list[str | float], Field(min_length=2, max_length=2)]


class RefusedError(LenetError):
    """A request that is refused for a reason that the page says in its own words."""

    def __init__(self, status: int, code: str, why: str) -> None:
        super().__init__(why)
        self.status, self.code = status, code


class Body(BaseModel):
    """JSON that is sent."""

    model_config = ConfigDict(extra="forbid")
    # What to call it in an error.
    called: ClassVar[str] = "drawing"


class Drawing(Body):
    """A drawing: the ink, or the colour, of each pixel."""

    pixels: InkRows | ColourRows = Field(
        union_mode="left_to_right",
        description="Rows of equal length: whole numbers from 0 for no ink to 255 for full ink; or, for a colour model,"
        " [red, green, blue].",
    )
    centre: bool = Field(True, description="Whether to bring size, place and thickness into MNIST's form.")

    @model_validator(mode="after")
    def _is_rectangle(self) -> "Drawing":
        if len({len(row) for row in self.pixels}) != 1:
            raise ValueError("rows of pixels differ in length")
        return self

    def array(self) -> Pixels:
        """As uint8 ``(height, width)`` for ink, ``(height, width, 3)`` for colours."""
        return np.array(self.pixels, np.uint8)


class Wrong(Drawing):
    """A drawing with a wrong answer, and its true class."""

    label: str = Field(min_length=1, max_length=100, description="The true class, one of the model's.")


class LiveDrawing(Body):
    """The drawing that a training reads from now on."""

    image: FramedRows | None = Field(description="As the network takes it; null for an empty pad.")


class DrawnSample(Body):
    """A drawing to learn."""

    image: FramedRows = Field(description="As the network takes it: 28 rows of 28.")
    label: str | None = Field(min_length=1, max_length=LONGEST_NAME, description="Its class; null: not a digit.")


class Training(Body):
    """A training: the network, the data, and how it is trained."""

    called: ClassVar[str] = "training"

    name: str | None = Field(None, pattern=r"^\w[\w .-]{0,59}$", description="A number is added when it is taken.")
    network: str = Field("lenet", max_length=LONGEST_TEXT, description="A name, or the text of an architecture.")
    data: Literal["mnist", "drawn"] = Field("mnist", description="drawn: the drawings alone.")
    images: int | None = Field(None, ge=10, le=60_000, description="Of MNIST; 10,000 by default, all with from.")
    recipe: Literal["fast", "few", "tutorial", "tune"] | None = Field(
        None, description="By default tune with from, few for drawings alone, else fast."
    )
    epochs: float | None = Field(None, gt=0, le=20)
    learning_rate: float | None = Field(None, gt=0, le=100)
    framing: Literal["mark", "whole", "none"] = Field(
        "mark", description="whole, none: drawings are read where and as large as they are."
    )
    start: str | None = Field(None, alias="from", max_length=255, description="The model whose weights to start from.")
    drawn: list[DrawnSample] = Field([], max_length=MOST_DRAWN, description="With mnist, they are learned beside it.")


class Begun(BaseModel):
    """A training that was accepted."""

    id: str
    name: str = Field(description="Of the model that it will give.")
    place: int = Field(description="Number of trainings before it.")


class Answer(BaseModel):
    """The answer to one drawing or picture."""

    empty: bool = Field(description="Nothing is drawn: all other fields are null, empty or zero.")
    label: str | None = Field(description="The most probable class.")
    probability: float = Field(description="Of that class, calibrated.")
    unknown: bool = Field(description="Looks like none of the classes.")
    box: list[int] | None = Field(description="Left, top, right, bottom of the ink, in pixels of what was sent.")
    top: list[Candidate] = Field(description="The three most probable classes, each with its probability.")
    probabilities: dict[str, float] = Field(description="Of every class, in the model's order.")
    image: Image = Field(description="Input of the network; rows of [red, green, blue] for a colour model.")
    found: int = Field(
        description="Number of marks on the picture; the answer is for the largest. /api/read reads all."
    )


class Answers(BaseModel):
    """Answers to many images, in their order."""

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
    image: Image | None = Field(None, description="Input of the network; only with ?images=true.")


class Reading(BaseModel):
    """All marks of a picture, or the class of the whole picture, as `lenet predict --json` prints them."""

    text: str
    rows: list[str]
    digits: list[Digit] = Field(description="Empty for a model with framing whole.")
    label: str | None = Field(None, description="Class of the picture; this and the rest only with framing whole.")
    probability: float | None = None
    unknown: bool | None = None
    top: list[Candidate] | None = None
    image: Image | None = Field(None, description="Input of the network; only with ?images=true.")


class Layer(BaseModel):
    """One layer and its output."""

    name: str
    kind: str = Field(description="conv, activation, pool, flatten, dense or softmax.")
    settings: dict[str, Any] = Field(
        description="conv: filters, kernel_size, stride, padding; activation: kind; pool: kind, size; dense: units."
    )
    input_shape: list[int] = Field(description="[height, width, channels], or [units].")
    output_shape: list[int]
    maps: list[list[list[float]]] = Field(
        description="Feature maps (filters, height, width) of a convolution or pooling; empty for other kinds."
    )
    units: list[float] = Field(
        description="Output of a dense layer or the softmax; empty for other kinds. An activation follows from the "
        "layer before: relu is max(0, x), tanh is tanh(x), sigmoid is 1 / (1 + exp(-x))."
    )


class Explained(BaseModel):
    """The answer to one drawing or picture, and its explanation."""

    answer: Answer
    label: str | None = Field(description="The class that is explained: the answer, unless another was asked for.")
    layers: list[Layer]
    occlusion: list[list[float]] = Field(description="Loss of the lead where the image is covered, in logits.")
    evidence: list[list[float]] = Field(
        description="What each place of the last convolution adds to the logit (HiResCAM); in a network without "
        "convolution, what each pixel adds (gradient × input)."
    )
    contributions: list[float] = Field(description="What each input of the last dense layer adds to the logit.")


class Kernels(BaseModel):
    """Kernels of a convolution (filters, depth, k, k), and one bias for each filter."""

    kernels: list[list[list[list[float]]]]
    biases: list[float]


class Details(BaseModel):
    """Details of a model."""

    name: str
    class_names: list[str]
    height: int
    width: int
    depth: int = Field(description="1 for grey, 3 for colour.")
    framing: str = Field(description="mark: reads the marks of a picture; whole: classifies the whole picture.")
    network: str = Field(description="Its layers, as `lenet train --network` takes them.")
    parameters: int
    test_accuracy: float | None
    test_n: int
    accuracy_interval: list[float] | None = Field(description="95 %, by Wilson.")
    temperature: float
    unknown_threshold: float | None
    recipe: dict[str, Any]
    seed: int
    versions: dict[str, str]
    training_data_sha256: str


class Network(BaseModel):
    """A network in plain values, as the page's own script computes it."""

    name: str
    text: str = Field(description="Its layers, as `lenet train --network` takes them.")
    recipe: str = Field(description="Name of the recipe that it was trained with.")
    layers: list[dict[str, Any]] = Field(
        description="name, kind, input, output, and the settings of the kind; layers with weights have their bias, and "
        "in kernel the index in /api/weights at which their kernel begins: (k, k, depth, filters) or (inputs, units)."
    )
    classNames: list[str]  # noqa: N815  the names are those of the page's script
    height: int
    width: int
    depth: int
    framing: str
    inverted: bool
    temperature: float = Field(description="Divides the logits before the softmax.")
    pixelScale: float  # noqa: N815
    unknownThreshold: float | None = Field(description="An image with a highest logit below is unknown.")  # noqa: N815
    testAccuracy: float | None  # noqa: N815
    testCount: int  # noqa: N815


class Runs(BaseModel):
    """Names for ?model=, the served one first; and whether corrections are collected and networks trained."""

    names: list[str]
    collects: bool
    trains: bool


class Sample(BaseModel):
    """A test image and its class."""

    label: str
    image: Image


class Gallery(BaseModel):
    """Test images that the model was not trained on."""

    source: str
    samples: list[Sample]


class Kept(BaseModel):
    """Where a corrected drawing was put."""

    kept: str


class Health(BaseModel):
    """Whether the server runs or is ready."""

    status: str


class Refusal(BaseModel):
    """Why a request was refused, in one line."""

    error: str
    code: str | None = Field(None, description="The reason in one word, of a refused training.")


def parse(kind: type[Sent], body: bytes) -> Sent:
    """Validate a JSON body; a LenetError names the first fault."""
    if len(body) > JSON_BYTES:
        raise LenetError(f"a {kind.called} of more than {JSON_BYTES >> 20} MiB; send less, or a picture's file")
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        # Of ink and colours, what was meant is the one that is valid for longer.
        first = max(faults, key=lambda fault: [part for part in fault["loc"] if isinstance(part, int)])
        where = ".".join(str(part) for part in first["loc"] if "[" not in str(part))
        message = f"the {kind.called}'s {where or 'JSON'}: {first['msg'][:200]}"
        if kind is Training:
            code = where if where in ("name", "network") else "data"
            raise RefusedError(422, code, message) from None
        raise LenetError(message) from None


def image_rows(image: Pixels) -> Any:
    """An image ``(height, width, depth)`` as ``Image``."""
    return (image[..., 0] if image.shape[-1] == 1 else image).tolist()


def refusal(status: int, why: str, close: bool = False, code: str | None = None) -> JSONResponse:
    """``Refusal``, with ``Retry-After`` of a second when waiting helps; also an ASGI app that answers so.

    ``why`` is one line: what is wrong and what to do next. ``close`` closes the connection, since more of the request
    may be on its way.
    """
    headers = {"retry-after": "1"} if status in (503, 504) else {}
    if close:
        headers["connection"] = "close"
    return JSONResponse({"error": why} | ({"code": code} if code else {}), status, headers)

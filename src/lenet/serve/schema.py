"""Requests as they are validated, and refusals."""

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
    most_bytes: ClassVar[int] = 2 << 20


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

    most_bytes: ClassVar[int] = 16 << 10

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
    images: int | None = Field(None, ge=10, le=60_000, description="Of MNIST; 10,000 by default, 20,000 with from.")
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


def parse(kind: type[Sent], body: bytes) -> Sent:
    """Validate a JSON body; a LenetError names the first fault."""
    if len(body) > kind.most_bytes:
        raise LenetError(f"a {kind.called} of more than {kind.most_bytes >> 10} KiB; send less, or a picture's file")
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

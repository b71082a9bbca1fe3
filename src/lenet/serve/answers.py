"""Answers as they are documented."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

# Rows of numbers for a grey image, of [red, green, blue] for a colour one.
Image = list[list[int]] | list[list[list[int]]]
# Why a request is refused, by status.
WHY = {
    400: "The request is not valid.", 403: "Another site's page asks, or this server does not do that.",
    404: "There is no such training.", 408: "The body came too slowly.", 413: "The body is too large.",
    422: "A parameter is wrong; of a training, `code` says why in a word.",
    503: "Too many requests are waiting, or the server is shutting down.", 504: "It took too long.",
}  # fmt: skip
Candidate = Annotated[list[str | float], Field(min_length=2, max_length=2)]


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
    """Test images that the model was not trained on; none when there are none of its classes and size."""

    source: str
    samples: list[Sample]


class Card(BaseModel):
    """How often a model is wrong on its test images, and what it mistakes for what."""

    n: int
    correct: int
    class_names: list[str]
    confusion: list[list[int]] | None = Field(
        description="Row: truth, column: answer; null when the test images are not there."
    )


class ReadSample(Sample):
    """A test image, its class, and what was read."""

    read: str


class Mistakes(BaseModel):
    """Images that were read incorrectly, at most 100 of n."""

    n: int
    images: list[ReadSample]


class ReadTwice(Sample):
    """A test image, its class, and what each of two models reads."""

    read: list[str]


class Comparison(BaseModel):
    """Two models on the same test images."""

    n: int
    right: list[int] | None = Field(description="Number of images that each reads correctly.")
    only: list[int] | None = Field(description="Number of images that only one of them reads correctly.")
    p: float | None = Field(description="Probability of such a difference between two equal models (McNemar).")
    code: Literal["chance", "better", "worse", "not comparable"] = Field(
        description="Of the first: better or worse when p is below 0.05; not comparable with other test images."
    )
    disagree: list[ReadTwice] = Field(description="Images that they read differently, at most 40.")


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


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Refusals of these statuses, as FastAPI describes answers."""
    return {status: {"model": Refusal, "description": WHY[status]} for status in statuses}

"""Models of any architecture, framing and depth are served, and each image goes through the network once."""

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from lenet import Model, create_app
from lenet.explain.explanation import explain
from lenet.pictures.contrast import find_marks
from lenet.pictures.detect import detect_at, writing_sizes
from lenet.pictures.framing import Framing
from lenet.pictures.picture import open_picture
from lenet.reading.mark_reading import read_found
from lenet.reading.ways import NEAR
from lenet.serve.drawing import frame_drawing
from tests.networks import counted, random_model
from tests.serve.serving import as_file, seven

SHAPE = (20, 32, 3)
COLOURED = "conv 4 3 stride 2, tanh, avgpool 2, conv 6 2 valid, sigmoid, dense 9, tanh"


def served(model: Model) -> TestClient:
    return TestClient(create_app(model))


def ink(pixels: np.ndarray) -> dict[str, object]:
    return {"pixels": pixels.tolist()}


@pytest.fixture
def coloured() -> Model:
    return random_model(COLOURED, SHAPE, classes=5, framing="whole")


@pytest.mark.parametrize("network", ["lenet5", "mlp", "deep", "tiny", "maxpool 2, sigmoid, dense 4"])
def test_any_network_is_explained(network: str) -> None:
    model = random_model(network)
    with served(model) as client:
        told = client.post("/api/explain", json=ink(seven())).json()
        assert client.get("/api/model").json()["network"] == model.metadata.network
    image = np.array(told["answer"]["image"], np.uint8)[..., np.newaxis]
    explanation = explain(model, image)
    assert np.allclose(told["evidence"], explanation.evidence, atol=1e-3)
    assert np.allclose(told["contributions"], explanation.contributions, atol=1e-3)
    assert [layer["name"] for layer in told["layers"]] == [placed.name for placed in model.metadata.layers]


def test_a_drawing_for_a_whole_grey_model_is_letterboxed_bright_on_black() -> None:
    for inverted in (False, True):  # the ground of the training pictures makes no difference
        framed = frame_drawing(seven(), Framing("whole", 40, 20, 1, inverted))
        assert framed.image.shape == (40, 20, 1) and framed.image.max() > 200
        assert framed.image[:10].max() == framed.image[30:].max() == 0  # the bars above and below
        rows, columns = np.nonzero(seven() > 127)
        assert framed.box == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)


def test_a_drawing_for_a_colour_model_is_black_on_white_as_its_training_pictures() -> None:
    paper = open_picture(np.repeat(255 - seven()[..., np.newaxis], 3, axis=2))
    for inverted in (False, True):
        framing = Framing("whole", *SHAPE, inverted)
        image = frame_drawing(seven(), framing).image
        assert image[0, 0].tolist() == [0 if inverted else 255] * 3 and np.ptp(image) > 200
        assert np.array_equal(image, framing.frame(paper))


def test_nothing_drawn_is_empty_for_a_whole_model(coloured: Model) -> None:
    with served(coloured) as client:
        for path in ("predict", "explain"):
            told = client.post(f"/api/{path}", json=ink(np.zeros((30, 30), int))).json()
            assert told.get("answer", told)["empty"]


def test_a_colour_model_takes_pixels_in_colour_and_gives_them_back(coloured: Model) -> None:
    image = np.random.default_rng(0).integers(0, 256, SHAPE).astype(np.uint8)
    expected = coloured.predict(image[np.newaxis])[0]
    with served(coloured) as client:
        answer = client.post("/api/predict", json=ink(image)).json()
        explained = client.post("/api/explain", json=ink(image)).json()
        many = client.post("/api/predict-many", content=image.tobytes() * 2).json()
    for told in (answer, explained["answer"]):
        assert told["image"] == image.tolist() and told["box"] == [0, 0, 32, 20]
        assert np.allclose(list(told["probabilities"].values()), expected, atol=1e-5)
    assert np.shape(explained["occlusion"]) == SHAPE[:2]
    assert many["labels"] == [answer["label"]] * 2
    with served(random_model("mlp", framing="mark")) as client:
        refused = client.post("/api/predict", json=ink(image))
        assert refused.status_code == 400 and "rows of numbers" in refused.json()["error"]


def test_a_photo_is_one_picture_for_a_whole_model(coloured: Model) -> None:
    photo = np.random.default_rng(1).integers(0, 256, (60, 90, 3)).astype(np.uint8)
    content = as_file(photo)
    with served(coloured) as client:
        reading = client.post("/api/read?images=true", content=content).json()
        answer = client.post("/api/predict", content=content).json()
        explained = client.post("/api/explain", content=content).json()
    assert reading["digits"] == [] and reading["rows"] == [reading["label"]]
    assert np.shape(reading["image"]) == SHAPE and reading["image"] == answer["image"] == explained["answer"]["image"]
    assert answer["label"] == reading["label"] == explained["label"]
    assert answer["box"] == [0, 0, 90, 60] and answer["found"] == 1


def test_corrections_in_colour_are_kept(coloured: Model, tmp_path) -> None:
    with TestClient(create_app(coloured, collect=tmp_path)) as client:
        assert client.post("/api/collect", json=ink(seven()) | {"label": "b"}).status_code == 200
    (path,) = tmp_path.glob("b/*.png")
    framed = frame_drawing(seven(), Framing("whole", *SHAPE))
    assert np.array_equal(np.asarray(Image.open(path)), framed.image)


def test_each_image_goes_through_the_network_once(bundled: Model, test_part) -> None:
    page = np.full((300, 400), 255, np.uint8)
    page[40:240, 40:240] -= seven(200)
    page[60:180, 260:380] -= seven(120)
    covered = 32 * 32
    # By contrast there are two marks, and the image of both together; two to four are detected in each of the sizes.
    picture = open_picture(as_file(page))
    sizes, _ = writing_sizes(picture)
    sizes += [round(sizes[0] * factor) for factor in NEAR]
    ways = [find_marks(picture), *(detect_at(picture, size) for size in sizes)]
    found = sum(len(set(read_found(way, bundled, True).answered)) for way in ways)
    assert 4 <= found <= 4 * len(ways)
    with served(bundled) as client, counted(bundled) as passes:
        for path, body, expected in (
            ("predict", {"json": ink(seven())}, 1),
            ("predict", {"content": as_file(page)}, found),  # the larger mark is the answer
            ("read", {"content": as_file(page)}, found),
            ("read?images=true", {"content": as_file(test_part.images[0, ..., 0])}, 1),
            ("explain", {"json": ink(seven())}, 1 + covered),
            ("explain", {"content": as_file(page)}, found + 1 + covered),
        ):
            passes.clear()
            assert client.post(f"/api/{path}", **body).status_code == 200  # type: ignore[arg-type]
            assert sum(passes) == expected, (path, passes)

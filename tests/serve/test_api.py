"""The answers of the API are those of the library."""

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image, ImageDraw

from benchmarks.paper import compose
from lenet import LenetError, Model, create_app, load_dataset
from lenet.collection import Collection
from lenet.explain.explanation import explain
from lenet.model.file import ModelFile
from lenet.model.runtime import BUNDLED
from lenet.network.named import find_network
from tests.serve.serving import as_file, seven

PNG = {"content-type": "image/png"}


def drawn(pixels: np.ndarray, **more: object) -> dict[str, object]:
    return {"pixels": pixels.tolist(), **more}


@pytest.fixture(scope="module")
def photo(mnist) -> bytes:
    """Digits in two rows on paper."""
    sheet = compose(np.random.default_rng(3), mnist.images[..., 0], mnist.labels, [4, 3], ruled="none", shadow=False)
    content = io.BytesIO()
    sheet.image.save(content, "PNG")
    return content.getvalue()


def test_reads_a_drawing(client: TestClient) -> None:
    answer = client.post("/api/predict", json=drawn(seven())).json()
    assert (answer["label"], answer["empty"], answer["unknown"], answer["found"]) == ("7", False, False, 1)
    assert answer["probability"] == answer["top"][0][1] == answer["probabilities"]["7"] > 0.9
    assert answer["top"][0][0] == "7" and len(answer["top"]) == 3
    assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert np.shape(answer["image"]) == (28, 28)
    rows, columns = np.nonzero(seven() > 127)
    assert answer["box"] == [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


def test_a_drawing_is_centred_unless_told_otherwise(client: TestClient) -> None:
    corner = np.zeros((112, 112), np.uint8)
    corner[:40, :40] = seven(40)
    centred, left = (client.post("/api/predict", json=drawn(corner, centre=centre)).json() for centre in (True, False))
    assert centred["label"] == "7" and not centred["unknown"]
    image = np.array(centred["image"])
    mass = [(image.sum(axis=1 - axis) * np.arange(28)).sum() / image.sum() for axis in (0, 1)]
    assert np.allclose(mass, 14, atol=0.6)
    assert np.argwhere(np.array(left["image"]) > 127).max() < 10


def test_nothing_drawn_is_an_answer_of_its_own(client: TestClient) -> None:
    for answer in (
        client.post("/api/predict", json=drawn(np.zeros((50, 50), np.uint8))).json(),
        client.post("/api/predict", content=as_file(np.full((50, 50), 255, np.uint8)), headers=PNG).json(),
    ):
        assert answer["empty"] and answer["label"] is None and answer["probabilities"] == {} and answer["found"] == 0


def test_dot_and_scribble_are_unknown(client: TestClient) -> None:
    dot, scribble = np.zeros((2, 112, 112), np.uint8)
    dot[50:58, 50:58] = 255
    for step in range(0, 100, 12):
        scribble[step : step + 5, 8:104] = scribble[8:104, step : step + 5] = 255
    image = Image.new("L", (112, 112))  # such as a tired hand draws
    zigzag = [(11, 22), (101, 34), (11, 45), (101, 56), (11, 67), (101, 78), (11, 90)]
    ImageDraw.Draw(image).line(zigzag, fill=255, width=8, joint="curve")
    ImageDraw.Draw(image).line([(56, 11), (56, 101)], fill=255, width=8)
    for pixels in (dot, scribble, np.asarray(image)):
        assert client.post("/api/predict", json=drawn(pixels)).json()["unknown"]


def test_reads_the_largest_mark_of_a_picture(client: TestClient) -> None:
    page = np.full((300, 400), 255, np.uint8)
    page[40:240, 40:240] -= seven(200)
    page[60:180, 260:380] -= seven(120)
    for headers in (PNG, {"content-type": "application/x-www-form-urlencoded"}, {}):  # as curl sends it, too
        answer = client.post("/api/predict", content=as_file(page), headers=headers).json()
        assert answer["label"] == "7" and answer["found"] == 2
        assert answer["box"][2] < 250


def test_an_image_of_mnist_is_taken_as_it_is(client: TestClient, mnist) -> None:
    image = mnist.images[0, ..., 0]
    assert client.post("/api/predict", json=drawn(image)).json()["image"] == image.tolist()


def test_many_ready_images_at_once(client: TestClient, bundled: Model, test_part) -> None:
    images = test_part.images[:300]
    answers = client.post("/api/predict-many", content=images.tobytes()).json()
    _, probabilities, unknown = bundled.classify(images)
    assert answers["labels"] == [str(label) for label in probabilities.argmax(axis=1)]
    assert np.allclose(answers["probabilities"], probabilities.max(axis=1), atol=1e-5)
    assert answers["unknown"] == unknown.tolist()
    for content in (b"", b"x", bytes(783), bytes(784 * 1025)):
        assert client.post("/api/predict-many", content=content).status_code == 400


def test_a_photo_is_read_as_lenet_predict_reads_it(client: TestClient, photo: bytes, lenet, tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(photo)
    (printed,) = json.loads(lenet("predict", "photo.png", "--json").stdout)
    answer = client.post("/api/read", content=photo).json()
    for token in printed["tokens"]:
        assert token.pop("page") == 1
    assert {"picture": "photo.png", "page": 1, **answer} == printed
    assert len(answer["digits"]) == 7
    with_images = client.post("/api/read?images=true", content=photo).json()
    assert [np.shape(digit["image"]) for digit in with_images["digits"]] == [(28, 28)] * 7


def test_explains_as_the_library_does(client: TestClient, bundled: Model) -> None:
    told = client.post("/api/explain", json=drawn(seven())).json()
    image = np.array(told["answer"]["image"], np.uint8)[..., np.newaxis]
    explanation = explain(bundled, image)
    assert told["label"] == "7"
    assert np.allclose(told["occlusion"], explanation.occlusion, atol=2e-3)
    assert np.allclose(told["evidence"], explanation.evidence, atol=2e-3)
    layers = {layer["name"]: layer for layer in told["layers"]}
    placed = bundled.metadata.layers
    assert list(layers) == [layer.name for layer in placed]
    for layer in placed:
        shown, expected = layers[layer.name], explanation.activations[layer.name]
        assert shown["output_shape"] == list(layer.output_shape)
        if shown["kind"] in ("conv", "pool"):
            assert np.allclose(shown["maps"], expected.transpose(2, 0, 1), atol=2e-3)
        if shown["kind"] in ("dense", "softmax"):
            assert np.allclose(shown["units"], expected, atol=2e-3)
    assert layers["conv1"]["settings"] == {"filters": 20, "kernel_size": 5, "stride": 1, "padding": "same"}
    assert layers["relu1"]["settings"] == {"kind": "relu"} and layers["relu1"]["maps"] == []
    other = client.post("/api/explain?label=3", json=drawn(seven())).json()
    assert other["label"] == "3" and other["evidence"] != told["evidence"]
    assert client.post("/api/explain?label=x", json=drawn(seven())).status_code == 400
    empty = client.post("/api/explain", json=drawn(np.zeros((9, 9), int))).json()
    assert empty["answer"]["empty"] and empty["layers"] == []


def test_gives_details_of_the_model(client: TestClient, bundled: Model) -> None:
    details = client.get("/api/model").json()
    assert details["parameters"] == 1_256_080 and details["network"] == str(find_network("lenet"))
    assert (details["framing"], details["depth"]) == ("mark", 1)
    assert details["test_accuracy"] == bundled.metadata.test_accuracy
    low, high = details["accuracy_interval"]
    assert low < details["test_accuracy"] < high


def test_gallery_shows_images_that_it_was_not_trained_on(client: TestClient, test_part) -> None:
    gallery = client.get("/api/gallery?count=20&seed=4").json()
    assert sorted(sample["label"] for sample in gallery["samples"]) == sorted("0123456789" * 2)
    held_out = {image.tobytes(): label for image, label in zip(test_part.images, test_part.labels, strict=True)}
    for sample in gallery["samples"]:
        assert str(held_out[np.array(sample["image"], np.uint8).tobytes()]) == sample["label"]
    assert gallery != client.get("/api/gallery?count=20&seed=5").json()


def test_switches_between_runs(bundled: Model, other_file: ModelFile, tmp_path: Path) -> None:
    for name in ("first", "second", ".hidden"):
        (tmp_path / name).mkdir()
    (tmp_path / "first" / "model.onnx").write_bytes(other_file.content)
    (tmp_path / "second" / "model.onnx").write_bytes(b"no model")
    with TestClient(create_app(bundled, runs=tmp_path)) as client:
        assert sorted(client.get("/api/runs").json()["names"]) == ["bundled", "first", "second"]
        details = client.get("/api/model?model=first").json()
        assert (details["name"], details["test_accuracy"], details["test_n"]) == ("first", 0.5, 100)
        answers = [
            client.post(f"/api/predict?model={name}", json=drawn(seven())).json()["probability"]
            for name in ("bundled", "first")
        ]
        assert answers[0] > answers[1] + 0.001
        assert "not a usable model" in client.get("/api/model?model=second").json()["error"]
        for name in ("third", "../first", ".hidden", "/etc", str(tmp_path / "first")):
            refused = client.get("/api/model", params={"model": name})
            assert refused.status_code == 400 and "not known here" in refused.json()["error"]


def test_collects_what_training_takes(bundled: Model, tmp_path: Path) -> None:
    folder = tmp_path / "wrong"
    with TestClient(create_app(bundled, collect=folder)) as client:
        assert client.get("/api/runs").json()["collects"]
        for label in ("1", "7", "7"):
            assert client.post("/api/collect", json=drawn(seven(), label=label)).status_code == 200
        seen = client.post("/api/predict", json=drawn(seven())).json()["image"]
        for label in ("x", "../7", ""):
            assert client.post("/api/collect", json=drawn(seven(), label=label)).status_code == 400
        assert client.post("/api/collect", json=drawn(np.zeros((9, 9), int), label="7")).status_code == 400
    dataset = load_dataset(str(folder))
    assert len(dataset) == 2 and sorted(dataset.class_names) == ["1", "7"]  # the same 7 is kept once
    assert dataset.images[0, ..., 0].tolist() == seen


@pytest.mark.parametrize("label", ["__MACOSX", "desktop.ini", ".hidden"])
def test_collects_no_class_whose_folder_training_would_ignore(tmp_path: Path, label: str) -> None:
    with pytest.raises(LenetError, match="cannot be a folder's name"):
        Collection(tmp_path).keep(seven()[..., np.newaxis], label)
    assert list(tmp_path.iterdir()) == []


def test_writes_nothing_unless_asked_to(
    client: TestClient, photo: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert client.post("/api/read", content=photo).status_code == 200
    assert client.post("/api/predict", content=photo).status_code == 200
    assert client.post("/api/collect", json=drawn(seven(), label="7")).status_code == 403
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"{}", b'{"pixels": []}',
     b'{"pixels": [[]]}', b'{"pixels": [[1], [1, 2]]}', b'{"pixels": [[256]]}',
     b'{"pixels": [[[1, 2]]]}', b'{"pixels": [[[1, 2, 3]], [1]]}', b'{"pixels": [[1], [[1, 2, 3]]]}',
     b'{"pixels": [[-1]]}', b'{"pixels": [[0.5]]}', b'{"pixels": [["1"]]}', b'{"pixels": [[1]], "more": 1}',
     b"[" * 100_000, b'{"pixels": [[1' + b", 1" * 600 + b"]]}", b"\xff\xfe", b'{"pixels": [[NaN]]}'],
)  # fmt: skip
def test_says_in_one_line_what_is_wrong_with_a_drawing(client: TestClient, body: bytes) -> None:
    for path in ("predict", "explain"):
        refused = client.post(f"/api/{path}", content=body, headers={"content-type": "application/json"})
        assert refused.status_code == 400 and "\n" not in refused.json()["error"]


def test_says_in_one_line_what_is_wrong_with_a_request(client: TestClient) -> None:
    for method, path, status in (
        ("GET", "/api/predict", 405), ("GET", "/nothing", 404), ("GET", "/page/none.js", 404), ("DELETE", "/", 405),
        ("GET", "/api/gallery?count=0", 422), ("GET", "/page/%2e%2e/app.py", 404), ("GET", "/page/../app.py", 404),
    ):  # fmt: skip
        refused = client.request(method, path)
        assert (path, refused.status_code) == (path, status) and list(refused.json()) == ["error"]


def test_page_and_description_come_from_here_alone(client: TestClient) -> None:
    for path in ("/", "/docs", "/page/lab/main.js", "/page/core/core.css", "/openapi.json"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in answer.headers
    page = Path(__file__).parents[2] / "src" / "lenet" / "page"
    for file in filter(Path.is_file, page.rglob("*")):
        text = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "://" not in text and "@import" not in text, file


def test_counts_for_prometheus(bundled: Model) -> None:
    with TestClient(create_app(bundled)) as client:
        for _ in range(3):
            client.post("/api/predict", json=drawn(seven()))
        client.get("/made/up/path")
        text = client.get("/metrics").text
    assert 'lenet_requests_total{method="POST",route="/api/predict",status="200"} 3.0' in text
    assert 'route="other",status="404"} 1.0' in text and "made" not in text
    assert 'lenet_digits_total{known="true"} 3.0' in text
    assert 'lenet_queue_waiting{queue="inference"} 0.0' in text


def test_can_be_mounted_elsewhere(bundled: Model) -> None:
    outer = FastAPI()
    outer.mount("/digits", create_app(bundled, token="secret"))
    with TestClient(outer) as client:
        assert client.get("/digits/livez").status_code == 200
        assert client.get("/digits/api/model").status_code == 401
        assert client.get("/digits/?token=secret").status_code == 200  # by a cookie, after a turn
        assert client.post("/digits/api/predict", json=drawn(seven())).json()["label"] == "7"


def test_takes_a_model_however_it_is_named(tmp_path: Path) -> None:
    assert create_app().state.service.shelf.served.model.name == "bundled"
    assert create_app(BUNDLED).state.service.shelf.names() == ["digits.onnx", "bundled"]
    with pytest.raises(LenetError, match="no such model"):
        create_app(tmp_path / "none")


def test_picture_of_every_kind(client: TestClient) -> None:
    page = 255 - seven(100)
    for form in ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"):
        answer = client.post("/api/predict", content=as_file(page, form), headers=PNG).json()
        assert answer["label"] == "7", form


def test_serving_needs_no_training_library() -> None:
    code = "import sys\nfrom lenet import create_app\ncreate_app()\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert not {"keras", "tensorflow", "h5py"} & set(done.stdout.split())

"""What may be trained, and who may train."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from lenet import Model, create_app
from lenet.serve import training_queue
from lenet.serve.schema import RefusedError, Training
from lenet.serve.training_plan import plan
from tests.networks import random_model
from tests.serve.learning import children

IMAGE = [[0] * 28 for _ in range(28)]
ROUTES = (("POST", ""), ("POST", "/ready"), ("PUT", "/x/drawing"), ("GET", "/x/events"), ("DELETE", "/x"))
ONE = {"image": IMAGE, "label": "a"}


@pytest.fixture(scope="module")
def client(bundled: Model, tmp_path_factory: pytest.TempPathFactory):
    runs = tmp_path_factory.mktemp("runs")
    (runs / "wide").mkdir()
    other = random_model("mlp", (20, 32, 3))
    (runs / "wide" / "model.onnx").write_bytes(other._content)
    with TestClient(create_app(bundled, runs=runs, training=True)) as client:
        yield client
    assert not children()


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"network": "conv 5"}, "network"),
        ({"network": "conv 5 40 valid"}, "network"),
        ({"network": "maxpool 2, maxpool 2, maxpool 2, maxpool 2, maxpool 2"}, "network"),
        ({"network": "unknown"}, "network"),
        ({"network": "relu, " * 60 + "relu"}, "ok"),
        ({"network": "relu, " * 70 + "relu"}, "network"),
        ({"network": "relu," * 1000}, "network"),
        ({"network": "dense 9000"}, "large"),
        ({"network": "conv 600 1"}, "large"),
        ({"network": "conv 300 27"}, "large"),
        ({"recipe": "tutorial", "images": 60_000}, "large"),
        ({"recipe": "tutorial", "images": 60_000, "epochs": 5}, "ok"),
        ({"name": "../up"}, "name"),
        ({"name": "/etc/passwd"}, "name"),
        ({"name": ".hidden"}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"name": ""}, "name"),
        ({"images": 9}, "data"),
        ({"images": 60_001}, "data"),
        ({"images": "many"}, "data"),
        ({"epochs": 0}, "data"),
        ({"epochs": 1e9}, "data"),
        ({"learning_rate": float("inf")}, "data"),
        ({"recipe": "best"}, "data"),
        ({"data": "/etc"}, "data"),
        ({"framing": "auto"}, "data"),
        ({"more": 1}, "data"),
        ({"data": "drawn"}, "data"),
        ({"data": "drawn", "drawn": [ONE] * 20}, "data"),
        ({"data": "drawn", "drawn": [ONE] * 5 + [{**ONE, "label": "b"}] * 4}, "data"),
        ({"data": "drawn", "drawn": [ONE] * 5 + [{**ONE, "label": "b"}] * 5}, "ok"),
        ({"drawn": [ONE] * 501}, "data"),
        ({"drawn": [{**ONE, "label": "x" * 101}]}, "data"),
        ({"drawn": [{**ONE, "label": "\x07"}]}, "data"),
        ({"drawn": [{**ONE, "label": ""}]}, "data"),
        ({"drawn": [{**ONE, "image": IMAGE[:-1]}]}, "data"),
        ({"drawn": [{**ONE, "image": [[256] * 28] * 28}]}, "data"),
        ({"from": "none"}, "model"),
        ({"from": "../bundled"}, "model"),
        ({"from": "wide"}, "model"),
    ],
)  # fmt: skip
def test_what_is_too_much_or_wrong_is_refused_in_words(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any], code: str
) -> None:
    monkeypatch.setattr(training_queue, "COMMAND", ("true",))
    answer = client.post("/api/runs", content=json.dumps(asked))
    if code == "ok":
        assert answer.status_code == 202, answer.text
        client.delete(f"/api/runs/{answer.json()['id']}")
        return
    assert (answer.status_code, answer.json().get("code")) == (422, code), answer.text
    assert "\n" not in answer.json()["error"] and len(answer.json()["error"]) < 400


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"[" * 100_000, b"\xff", b'{"drawn": [' + b"1," * 2_000_000]
)
def test_what_is_no_training_is_refused(client: TestClient, body: bytes) -> None:
    answer = client.post("/api/runs", content=body)
    assert answer.status_code in (400, 422) and "\n" not in answer.json()["error"]


def test_defaults_depend_on_what_is_learned() -> None:
    drawn = [ONE] * 5 + [{**ONE, "label": None}] * 5
    bundled = Model.load()
    for asked, start, recipe, images in (
        ({}, None, "fast", 10_000), ({"data": "drawn", "drawn": drawn}, None, "few", 10_000),
        ({"from": "bundled", "drawn": drawn}, bundled, "tune", 20_000),
        ({"from": "bundled", "drawn": drawn, "recipe": "fast", "images": 500}, bundled, "fast", 500),
    ):  # fmt: skip
        job = plan(Training.model_validate(asked), start)
        assert (job["recipe"], job["images"]) == (recipe, images)
        assert job["network"] == bundled.metadata.network
    assert plan(Training(framing="none"), None)["framing"] == "whole"
    with pytest.raises(RefusedError, match="times as long"):
        plan(Training(network="conv 60 5, conv 60 5, maxpool 2", images=60_000), None)


def test_nothing_is_trained_unless_allowed(bundled: Model) -> None:
    with TestClient(create_app(bundled)) as client:
        assert client.get("/api/runs").json()["trains"] is False
        for method, path in ROUTES:
            refused = client.request(method, f"/api/runs{path}", content=b"{}")
            assert (refused.status_code, refused.json()["code"]) == (403, "off"), path
            assert "--allow-training" in refused.json()["error"]
    assert not children()


def test_without_the_training_libraries_it_says_what_to_install(
    bundled: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_queue, "find_spec", lambda name: None if name == "keras" else name)
    with TestClient(create_app(bundled, training=True)) as client:
        assert "lenet[train]" in client.post("/api/runs").json()["error"]


def test_an_unknown_training_is_404(client: TestClient) -> None:
    for method, path in (("PUT", "/drawing"), ("GET", "/events"), ("DELETE", "")):
        assert client.request(method, f"/api/runs/0123456789abcdef{path}").status_code == 404, path


def test_guards_cover_all_methods(bundled: Model) -> None:
    app = create_app(bundled, hosts=["localhost"], token="s3cret", training=True)
    with TestClient(app) as client:
        token = {"authorization": "Bearer s3cret"}
        for method, path in ROUTES:
            for headers, status in (
                ({"host": "localhost"}, 401),
                ({"host": "evil.example", **token}, 421),
                ({"host": "localhost", "origin": "http://evil.example", **token}, 403),
            ):
                answer = client.request(method, f"/api/runs{path}", headers=headers, content=b"{}")
                assert answer.status_code == status, (method, path, status)
    assert not children()

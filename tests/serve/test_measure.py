"""Models measured and compared on test images, and given as files."""

from collections.abc import Iterator
from dataclasses import replace
from math import comb
from urllib.parse import unquote

import numpy as np
import pytest
from fastapi.testclient import TestClient

from lenet import Model, create_app, evaluate, load_dataset
from lenet.model.file import decode_model, encode_model
from tests.networks import random_model


@pytest.fixture(scope="module")
def worse(bundled: Model) -> Model:
    """The bundled model with a kernel that was changed: a few more mistakes."""
    weights = {name: array.copy() for name, array in bundled.weights.items()}
    weights["conv1/kernel"][..., 3] *= 3
    return Model(decode_model(encode_model(weights, bundled.metadata)), "worse")


@pytest.fixture(scope="module")
def measured(bundled: Model, worse: Model, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    runs = tmp_path_factory.mktemp("runs")
    others = {
        "worse": worse,
        "same": bundled,
        "letters": random_model("mlp", classes=26),
        "eleven": _with_class(bundled),
        "elsewhere": _with_split(bundled, "69000:1000"),
    }
    for name, model in others.items():
        (runs / name).mkdir()
        (runs / name / "model.onnx").write_bytes(encode_model(model.weights, model.metadata))
    with TestClient(create_app(bundled, runs=runs)) as client:
        yield client


def _with_class(model: Model) -> Model:
    """The same network with an eleventh class that it never answers."""
    weights = {**model.weights}
    weights["dense2/kernel"] = np.pad(weights["dense2/kernel"], ((0, 0), (0, 1)))
    weights["dense2/bias"] = np.append(weights["dense2/bias"], np.float32(-100))
    metadata = replace(model.metadata, class_names=(*model.class_names, "not a digit"))
    return Model(decode_model(encode_model(weights, metadata)))


def _with_split(model: Model, split: str) -> Model:
    """The same network, as if it had been trained on another part of MNIST."""
    recipe = {**model.metadata.recipe, "data": "mnist", "split": split}
    metadata = replace(model.metadata, recipe=recipe, training_data_sha256=load_dataset("mnist").sha256)
    return Model(decode_model(encode_model(model.weights, metadata)))


def test_card_and_mistakes_are_those_of_the_evaluation(measured: TestClient, bundled: Model, test_part) -> None:
    evaluation = evaluate(bundled, test_part)
    card = measured.get("/api/card").json()
    assert (card["n"], card["correct"]) == (10_000, evaluation.correct)
    assert card["confusion"] == evaluation.confusion.tolist() and card["class_names"] == list("0123456789")
    wrong = measured.get("/api/mistakes").json()
    assert wrong["n"] == len(wrong["images"]) == 10_000 - evaluation.correct
    first = evaluation.mistakes()[0]
    assert wrong["images"][0]["image"] == test_part.images[first, ..., 0].tolist()
    pair = evaluation.most_confused(1)[0]
    chosen = measured.get("/api/mistakes", params={"true": pair.truth, "read": pair.answer}).json()
    assert chosen["n"] == pair.n
    assert {(it["label"], it["read"]) for it in chosen["images"]} == {(pair.truth, pair.answer)}
    right = measured.get("/api/mistakes?true=7&read=7").json()
    assert right["n"] == card["confusion"][7][7] and len(right["images"]) == 100
    assert measured.get("/api/mistakes?true=x&read=7").json() == {"n": 0, "images": []}


def test_a_model_whose_data_is_not_there_has_no_confusion(measured: TestClient) -> None:
    assert measured.get("/api/card?model=letters").json()["confusion"] is None
    assert measured.get("/api/mistakes?model=letters").status_code == 400
    assert measured.get("/api/gallery?model=letters").json()["samples"] == []


def test_two_models_are_compared_on_the_same_images(
    measured: TestClient, bundled: Model, worse: Model, test_part
) -> None:
    truth = test_part.labels
    read = [model.predict(test_part.images).argmax(axis=1) for model in (bundled, worse)]
    right = [answers == truth for answers in read]
    only = [int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())]
    p = 2 * sum(comb(sum(only), fewer) for fewer in range(min(only) + 1)) / 2 ** sum(only)
    told = measured.get("/api/compare?model=bundled&other=worse").json()
    assert (told["n"], told["right"], told["only"]) == (10_000, [int(it.sum()) for it in right], only)
    assert told["code"] == "better" and told["p"] == pytest.approx(p)
    assert len(told["disagree"]) == min(40, int((read[0] != read[1]).sum())) > 0
    index = np.flatnonzero(read[0] != read[1])[0]
    assert told["disagree"][0] == {
        "image": test_part.images[index, ..., 0].tolist(), "label": str(truth[index]),
        "read": [str(read[0][index]), str(read[1][index])],
    }  # fmt: skip
    other_way = measured.get("/api/compare?model=worse&other=bundled").json()
    assert (other_way["code"], other_way["right"]) == ("worse", told["right"][::-1])


def test_what_is_chance_and_what_cannot_be_compared(measured: TestClient) -> None:
    for name in ("same", "eleven"):
        told = measured.get(f"/api/compare?model=bundled&other={name}").json()
        assert (told["only"], told["p"], told["code"], told["disagree"]) == ([0, 0], 1.0, "chance", []), name
    for name in ("letters", "elsewhere"):
        told = measured.get(f"/api/compare?model=bundled&other={name}").json()
        assert (told["right"], told["code"]) == (None, "not comparable"), name
    assert measured.get("/api/card?model=elsewhere").json()["n"] == 1000
    assert measured.get("/api/compare?model=bundled&other=none").status_code == 400
    assert measured.get("/api/compare?model=bundled").status_code == 422


def test_downloads_are_files_that_work(measured: TestClient, worse: Model) -> None:
    answer = measured.get("/api/download?model=worse&format=onnx")
    name = unquote(answer.headers["content-disposition"].partition("''")[2])
    assert name == "worse.onnx"
    assert decode_model(answer.content).content == encode_model(worse.weights, worse.metadata)
    page = measured.get("/api/download?model=worse&format=html")
    assert page.headers["content-type"].startswith("text/html") and "worse.html" in page.headers["content-disposition"]
    assert page.text.startswith("<!doctype html>") and "<script" in page.text
    assert measured.get("/api/download?format=exe").status_code == 422
    assert measured.get("/api/download?model=../worse").status_code == 400

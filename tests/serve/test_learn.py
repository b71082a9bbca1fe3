"""Learning what was drawn: corrections beside MNIST, and own signs."""

from collections.abc import Iterator

import httpx2 as httpx
import numpy as np
import pytest

from benchmarks.signs import flagged_ones
from lenet import Model, create_app
from lenet.model.file import decode_model
from lenet.training.page_job import NOT_A_DIGIT
from tests.serve.learning import LONG, trained
from tests.serve.serving import running


@pytest.fixture(scope="module")
def address(bundled: Model) -> Iterator[str]:
    with running(create_app(bundled, training=True)) as address:
        yield address


@pytest.fixture(scope="module")
def crosses() -> np.ndarray:
    """Crosses of several sizes ``(n, 28, 28)``."""
    images = np.zeros((10, 28, 28), np.uint8)
    for number, image in enumerate(images):
        reach = 5 + number // 2
        for step in range(-reach, reach + 1):
            image[14 + step, 13 + step : 15 + step] = image[14 - step, 13 + step : 15 + step] = 255
    return images


def labelled(images: np.ndarray, label: str | None) -> list[dict]:
    return [{"image": image.tolist(), "label": label} for image in images]


def download(address: str, name: str) -> Model:
    content = httpx.get(f"{address}api/download", params={"model": name}, timeout=LONG).content
    return Model(decode_model(content), name)


def read(model: Model, images: np.ndarray) -> list[str]:
    return [model.class_names[label] for label in model.predict(images[..., np.newaxis]).argmax(axis=1)]


def test_corrections_are_told_before_and_after(address: str, bundled: Model, crosses) -> None:
    """A fifth of what the page asks for, at a higher rate."""
    ones = flagged_ones(bundled, 12, seed=1)
    drawn = [*labelled(ones, "1"), *labelled(crosses, None)]
    event, done = trained(
        address, network="lenet", epochs=0.4, drawn=drawn, learning_rate=5e-4, name="learnt", **{"from": "bundled"}
    )[-1]
    assert event == "done", done
    learnt = download(address, "learnt")
    assert learnt.class_names == (*"0123456789", NOT_A_DIGIT)
    unknown = int(bundled.classify(crosses[..., np.newaxis]).unknown.sum())
    known = round(bundled.metadata.test_accuracy * 10_000)
    assert done["before"] == {"drawn": [unknown, 22], "test": [known, 10_000]}
    right = read(learnt, ones).count("1")
    answers = learnt.classify(crosses[..., np.newaxis])
    seen = (answers.probabilities.argmax(axis=1) == 10) | answers.unknown
    assert done["after"]["drawn"] == [right + int(seen.sum()), 22] and right > 0
    assert done["after"]["test"] == [done["correct"], 10_000]
    told = httpx.get(f"{address}api/compare?model=learnt&other=bundled", timeout=LONG).json()  # which reads them again
    assert told["right"] == [done["correct"], known]


def test_own_signs_become_a_network_of_their_own(address: str, bundled: Model, crosses) -> None:
    drawn = [*labelled(crosses, "cross"), *labelled(flagged_ones(bundled, 10, seed=2), "flag")]
    *_, (event, done) = trained(address, data="drawn", drawn=drawn, epochs=20, name="signs")
    assert event == "done", done
    assert done["n"] == 3 and "before" not in done and done["verdict"]["code"] in ("few", "chance", "overfits")
    signs = download(address, "signs")
    assert signs.class_names == ("cross", "flag") and signs.metadata.recipe["name"] == "few"
    assert httpx.get(f"{address}api/card?model=signs", timeout=LONG).json() == {
        "n": 3, "correct": done["correct"], "class_names": ["cross", "flag"], "confusion": None,
    }  # fmt: skip
    told = httpx.get(f"{address}api/compare?model=signs&other=bundled", timeout=LONG).json()
    assert told["code"] == "not comparable"


@pytest.mark.long
def test_without_centring_the_network_gets_drawings_as_they_are(address: str) -> None:
    event, plain = trained(address, framing="none", name="plain")[-1]
    assert event == "done"
    assert httpx.get(f"{address}api/model?model=plain").json()["framing"] == "whole"
    corner = np.zeros((56, 56), np.uint8)
    corner[2:20, 4:7] = 255
    answer = httpx.post(f"{address}api/predict?model=plain", json={"pixels": corner.tolist()}, timeout=LONG).json()
    assert np.argwhere(np.array(answer["image"]) > 127).max() < 11
    event, again = trained(address, images=500, name="again", **{"from": "plain"})[-1]
    assert event == "done" and again["before"] == {"drawn": [0, 0], "test": [plain["correct"], 10_000]}
    assert httpx.get(f"{address}api/model?model=again").json()["framing"] == "whole"

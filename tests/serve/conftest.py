from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from lenet import Model, create_app
from lenet.model.file import ModelFile, decode_model, encode_model


@pytest.fixture(scope="session")
def bundled() -> Model:
    return Model.load()


@pytest.fixture(scope="session")
def other_file(bundled: Model) -> ModelFile:
    """A model that is less sure of everything, and says of itself that it was measured worse."""
    about = replace(bundled.metadata, temperature=3.0, test_accuracy=0.5, test_n=100)
    return decode_model(encode_model(bundled.weights, about))


@pytest.fixture(scope="module")
def client(bundled: Model) -> Iterator[TestClient]:
    with TestClient(create_app(bundled)) as client:
        yield client

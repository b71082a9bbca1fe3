"""What many tests share: real MNIST, and one real training that all may look at."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lenet import Dataset, Model, Recipe, Run, load_dataset
from lenet.cli.main import main


@pytest.fixture(scope="session")
def mnist() -> Dataset:
    return load_dataset("mnist")


@pytest.fixture(scope="session")
def run(mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished run of the default recipe on the whole MNIST."""
    from lenet import train

    return train(mnist, Recipe.named("fast"), tmp_path_factory.mktemp("runs") / "fast")


@pytest.fixture(scope="session")
def model(run: Run) -> Model:
    return Model.load(run.path)


@pytest.fixture(scope="session")
def test_part(mnist: Dataset) -> Dataset:
    """The official 10,000."""
    return mnist.split("60000:10000").test


@pytest.fixture
def lenet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Call the command line in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> Result:
        return CliRunner().invoke(main, [str(argument) for argument in arguments])

    return call

"""What many tests share: real MNIST, one real training that all may look at, and a real browser."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from playwright.sync_api import Browser, sync_playwright

from lenet import Dataset, Model, Recipe, Run, load_dataset
from lenet.cli.main import main
from lenet.export.html import BROWSERS

SLOW = 120_000  # milliseconds that a busy machine may take for a step


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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium; one at a time, since Playwright refuses a second one beside it."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        why = "Chromium is missing: install it (apt-get install chromium) to test the pages"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=program, args=flags, timeout=SLOW)
        yield browser
        browser.close()


@pytest.fixture
def lenet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Call the command line in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> Result:
        return CliRunner().invoke(main, [str(argument) for argument in arguments])

    return call

"""The page as `lenet serve` serves it, in the system's Chromium."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from lenet import create_app
from lenet.model.file import decode_model, encode_model, write_model
from lenet.model.runtime import Model
from tests.conftest import SLOW
from tests.serve.serving import running


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="session")
def address(folder: Path) -> Iterator[str]:
    """A server that collects and has a run beside the bundled model."""
    bundled = Model.load()
    metadata = replace(bundled.metadata, test_accuracy=0.5, test_n=100)
    write_model(folder / "runs" / "mine" / "model.onnx", bundled.weights, metadata)
    with running(create_app(bundled, runs=folder / "runs", collect=folder / "wrong")) as address:
        yield address


@pytest.fixture(scope="session")
def odd_model() -> Model:
    """The bundled network with class names that could be taken for HTML."""
    bundled = Model.load()
    names = ("<b>zero</b>", "&amp;", '"', "'", "</script>", "五", "a" * 100, "${x}", "//", "%00")
    return Model(decode_model(encode_model(bundled.weights, replace(bundled.metadata, class_names=names))))


class Opened:
    """Pages that can only reach the server; their errors are recorded."""

    def __init__(self, browser: Browser, address: str, gallery: bool = True) -> None:
        self.browser, self.address, self.gallery = browser, address, gallery
        self.contexts: list[BrowserContext] = []
        self.errors: list[str] = []

    def __call__(
        self, width: int = 1280, height: int = 800, path: str = "", visited: bool = True, **options: object
    ) -> Page:
        """Open the page; without ``visited``, as on the first visit, when a digit writes itself."""
        context = self.browser.new_context(
            **{"viewport": {"width": width, "height": height}, "locale": "en-GB", **options}  # type: ignore[arg-type]
        )
        self.contexts.append(context)
        context.set_default_timeout(SLOW)
        context.route("**/*", self._let_through)
        if visited:
            context.add_init_script("localStorage.setItem('lenet.visited', 'yes')")
        page = context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda it: self.errors.append(it.text) if it.type == "error" else None)
        page.goto(self.address + path)
        if self.gallery:
            page.wait_for_selector("#samples canvas")
        page.wait_for_selector("body:not([data-verdict=loading])")
        return page

    def _let_through(self, route: object) -> None:
        url = route.request.url  # type: ignore[attr-defined]
        if url.startswith((self.address, "blob:")):
            route.continue_()  # type: ignore[attr-defined]
        else:
            self.errors.append(f"asked for {url}")
            route.abort()  # type: ignore[attr-defined]


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Opened]:
    opened = Opened(browser, address)
    yield opened
    for context in opened.contexts:
        context.close()
    assert opened.errors == []

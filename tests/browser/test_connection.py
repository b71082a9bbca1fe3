"""When the server is busy or gone."""

import json
import threading

from playwright.sync_api import Browser, Route

from lenet import create_app
from lenet.serve.server import Server, listen
from tests.browser.conftest import Opened
from tests.browser.drawing import STROKES, answer, draw, until


def test_a_busy_server_is_asked_again(open_page: Opened) -> None:
    page = open_page()
    tries = []

    def busy_once(route: Route) -> None:
        tries.append(1)
        if len(tries) == 1:
            route.fulfill(status=503, headers={"retry-after": "1"}, json={"error": "too many"})
        else:
            route.continue_()

    page.route("**/api/gallery*", busy_once)
    first = "document.querySelector('#samples canvas').toDataURL()"
    shown = page.evaluate(first)
    page.click("#more")
    until(page, f"{first} !== {json.dumps(shown)}")
    assert len(tries) == 2 and page.is_hidden("#notice")
    open_page.errors.clear()


def test_a_dead_server_is_said_and_its_return_noticed(browser: Browser) -> None:
    listener = listen("127.0.0.1", 0)
    port = listener.getsockname()[1]

    def serve(on: object) -> tuple[Server, threading.Thread]:
        ready = threading.Event()
        server = Server(create_app(), ready.set)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [on]})
        thread.start()
        assert ready.wait(30)
        return server, thread

    server, thread = serve(listener)
    pages = Opened(browser, f"http://127.0.0.1:{port}/")
    page = pages()
    server.should_exit = True
    thread.join(30)
    page.click("#more")
    page.wait_for_selector("#notice:not([hidden])")
    assert "Reconnecting" in page.inner_text("#notice")
    draw(page, STROKES["6"])  # drawing needs no server
    assert answer(page) == "6"
    server, thread = serve(listen("127.0.0.1", port))
    page.wait_for_selector("#notice", state="hidden")
    page.wait_for_selector("#samples canvas")  # the test digits are there again
    assert page.get_attribute("body", "data-connection") is None
    page.context.close()
    server.should_exit = True
    thread.join(30)

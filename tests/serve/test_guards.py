"""Who is let in."""

from urllib.parse import quote, urlsplit

import pytest
from fastapi.testclient import TestClient

from lenet import Model, create_app
from tests.serve.serving import seven

DRAWING = {"pixels": seven(28).tolist()}


@pytest.fixture(scope="module")
def guarded(bundled: Model) -> TestClient:
    return TestClient(create_app(bundled, hosts=["localhost", "digits.example"], token="s3cret"))


def test_goes_by_its_names_alone(bundled: Model) -> None:
    client = TestClient(create_app(bundled, hosts=["localhost", "127.0.0.1", "digits.example"]))
    for host in (
        "localhost",
        "localhost:8000",
        "LOCALHOST:1",
        "127.0.0.1:8000",
        "[::1]:8000",
        "192.168.1.7",
        "digits.example:80",
    ):
        assert client.get("/livez", headers={"host": host}).status_code == 200, host
    for host in (
        "evil.example",
        "localhost.evil.example",
        "evil.example:8000",
        "",
        "local host",
        "[::1",
        "a" * 5000,
        "127.0.0.1.evil.example",
    ):
        refused = client.get("/api/model", headers={"host": host})
        assert refused.status_code == 421 and "--allow-host" in refused.json()["error"], host


def test_another_sites_page_may_not_ask(bundled: Model) -> None:
    client = TestClient(create_app(bundled, hosts=["localhost"]))
    for origin, status in (
        ("http://localhost:8000", 200), ("http://evil.example", 403), ("null", 403), ("http://localhost:9000", 403),
        ("http://[", 403),
    ):  # fmt: skip
        headers = {"host": "localhost:8000", "origin": origin}
        assert client.post("/api/predict", json=DRAWING, headers=headers).status_code == status, origin
    preflight = client.options("/api/predict", headers={"host": "localhost", "origin": "http://evil.example"})
    assert preflight.status_code == 403 and "access-control-allow-origin" not in preflight.headers


def test_asks_for_the_token(guarded: TestClient) -> None:
    host = {"host": "localhost"}
    for path in ("/", "/api/model", "/metrics", "/docs", "/openapi.json", "/page/lab/main.js", "/nothing"):
        refused = guarded.get(path, headers=host)
        assert refused.status_code == 401 and "token" in refused.json()["error"], path
    for path in ("/livez", "/readyz"):
        assert guarded.get(path, headers=host).status_code == 200
    for given, status in (("s3cret", 200), ("wrong", 401), ("", 401), ("s3cret2", 401), ("é", 401)):
        authorization = f"Bearer {given}".encode()
        assert guarded.get("/api/model", headers={**host, "authorization": authorization}).status_code == status
    assert guarded.get("/api/model", headers={**host, "cookie": "lenet_token=wrong"}).status_code == 401
    assert guarded.get("/api/model", headers={**host, "cookie": "\x01;;=;lenet_token"}).status_code == 401


def test_the_printed_address_lets_in_by_a_cookie_that_scripts_cannot_read(guarded: TestClient) -> None:
    for wrong in ("wrong", "", "%ff"):
        assert guarded.get(f"/?token={wrong}", headers={"host": "localhost"}).status_code == 401
    entered = guarded.get("/?token=s3cret", headers={"host": "localhost"}, follow_redirects=False)
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    cookie = entered.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie
    pair = cookie.partition(";")[0]
    assert guarded.get("/api/model", headers={"host": "localhost", "cookie": pair}).status_code == 200


@pytest.mark.parametrize("token", ["a+b&c#d%e", "geheim-é-密"])
def test_every_token_lets_in_and_the_redirect_stays_on_this_site(bundled: Model, token: str) -> None:
    client = TestClient(create_app(bundled, token=token), follow_redirects=False)
    for path in ("/", "//evil.example/", "/%2f%2fevil.example/"):
        entered = client.get(f"http://testserver{path}?token={quote(token, safe='')}")
        assert entered.status_code == 303
        assert urlsplit(entered.headers["location"]).netloc == ""
        assert entered.headers["location"].startswith("/")
    pair = entered.headers["set-cookie"].partition(";")[0]
    assert client.get("/api/model", headers={"cookie": pair}).status_code == 200
    assert client.get("/api/model", headers={"authorization": f"Bearer {token}".encode()}).status_code == 200


def test_the_token_is_not_asked_before_the_host(guarded: TestClient) -> None:
    refused = guarded.get("/api/model", headers={"host": "evil.example", "authorization": "Bearer s3cret"})
    assert refused.status_code == 421

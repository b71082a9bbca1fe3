"""The documentation builds without a warning, and its links lead somewhere. The lessons' cells run in tests/lessons."""

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

pytestmark = pytest.mark.long

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both languages side by side, as `make docs` builds them, but for running the lessons."""
    built = tmp_path_factory.mktemp("built")
    for source, language, name in ((DOCS, "en", "en"), (DOCS / "zh", "zh_CN", "zh")):
        options = ["-c", DOCS, "-D", f"language={language}", "-D", "nb_execution_mode=off", "-d", built / f".{name}"]
        command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet", *options]
        done = subprocess.run([*map(str, command), source, built / name], check=False, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
    return built


class Page(HTMLParser):
    """What a page links to and loads, and the anchors that it has."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = {"", "top"}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.anchors |= {found[name] for name in ("id", "name") if name in found}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        elif {"src", "href"} & found.keys() and tag != "a":
            self.loads += [found[name] for name in ("src", "href") if name in found]


def test_every_internal_link_leads_to_a_page_and_to_its_anchor(site):
    pages = {path.resolve(): Page(path) for path in site.rglob("*.html")}
    assert len(pages) > 40
    checked = 0
    for path, page in pages.items():
        for link in page.links + page.loads:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.is_file(), f"{path}: {link}"
            if target in pages and link in page.links:
                assert unquote(parts.fragment) in pages[target].anchors, f"{path}: {link}"
            checked += 1
    assert checked > 1000


def test_nothing_is_loaded_from_the_network(site):
    for path in site.rglob("*.html"):
        assert not [load for load in Page(path).loads if urlsplit(load).netloc], path


def test_both_languages_have_the_same_pages_and_say_which_they_are(site):
    names = [{str(path.relative_to(site / it)) for path in (site / it).rglob("*.html")} for it in ("en", "zh")]
    assert names[0] == names[1]
    assert '<html class="no-js" lang="en"' in (site / "en/index.html").read_text()
    assert '<html class="no-js" lang="zh-CN"' in (site / "zh/index.html").read_text()
    chinese = (site / "zh/lessons/03-kernel.html").read_text()
    assert all(f">{word}<" in chinese for word in ("上一页", "下一页")) and "On this page" not in chinese
    assert "../../zh/lessons/03-kernel.html" in (site / "en/lessons/03-kernel.html").read_text()


def test_the_reference_has_every_public_name_and_every_verb(site):
    import lenet
    from lenet.cli.main import VERBS

    python = Page(site / "en/reference/python.html").anchors
    assert {f"lenet.{name}" for name in lenet.__all__} <= python
    assert set(VERBS) | {"data-convert"} <= Page(site / "en/reference/command-line.html").anchors

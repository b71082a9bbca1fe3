"""The Train tab: a network is changed, trained, compared and used; own signs; corrections that are learnt."""

import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, Route

from benchmarks.signs import SIGNS, flagged_ones, vary
from lenet import Architecture, Model, create_app
from lenet.errors import LenetError
from lenet.network.named import NETWORKS
from tests.browser.conftest import Opened
from tests.browser.cutting import cutting
from tests.browser.drawing import STROKES, draw, settle, until
from tests.browser.test_whole import RULES
from tests.serve.learning import children
from tests.serve.serving import running

PHONE = {"width": 390, "height": 664, "is_mobile": True, "has_touch": True}


@pytest.fixture(scope="module")
def training_address() -> Iterator[str]:
    with running(create_app(Model.load(), training=True)) as address:
        yield address


@pytest.fixture
def open_train(browser: Browser, training_address: str) -> Iterator[Opened]:
    """Opens the Train tab."""
    opened = Opened(browser, training_address)
    yield opened
    for context in opened.contexts:
        context.close()
    assert opened.errors == []


def train_tab(opened: Opened, **options: object) -> Page:
    page = opened(**options)
    page.click("#tab-train")
    return page


def text(page: Page) -> str:
    return page.input_value("#network-text")


def status(page: Page) -> str:
    return page.inner_text("#train .status")


def quick(page: Page, images: str = "1000") -> None:
    """Settings of a training of some steps."""
    page.select_option("#train .options select >> nth=0", images)
    page.select_option("#train .options select >> nth=2", "1")


def train(page: Page) -> None:
    """Train, and wait for the result."""
    before = page.locator("#train .result").count()
    page.click("#start")
    until(page, f"document.querySelectorAll('#train .result').length > {before}")


def random_text(rng: random.Random) -> str:
    parts = [
        f"conv {rng.randint(1, 9)} {rng.randint(1, 9)}", f"conv 4 {rng.randint(1, 6)} stride {rng.randint(1, 4)}",
        f"conv 3 {rng.randint(1, 12)} valid", f"maxpool {rng.randint(1, 6)}", f"avgpool {rng.randint(1, 4)}",
        f"dense {rng.randint(1, 99)}", "relu", "tanh", "sigmoid", "conv 3", "pool 2", "dense 0", "",
    ]  # fmt: skip
    return ", ".join(rng.choice(parts[:10] if rng.random() < 0.8 else parts) for _ in range(rng.randint(1, 6)))


def test_shapes_and_parameters_are_those_of_python(open_train: Opened) -> None:
    page = open_train()
    rng = random.Random(0)
    texts = [str(network) for network in NETWORKS.values()] + [random_text(rng) for _ in range(300)]
    shown = page.evaluate(
        """async (texts) => {
      const { check } = await import("./page/lab/train/architecture.js");
      return texts.map((text) => check(text, [28, 28, 1], 10));
    }""",
        texts,
    )
    refused = 0
    for it, found in zip(texts, shown, strict=True):
        try:
            network = Architecture.parse(it)
            placed = [layer for layer in network.place(28, 28, 1, 10) if layer.name not in ("flatten", "probabilities")]
        except LenetError as error:
            refused += 1
            assert f"layer {found['fault']['number']}," in str(error), it
            continue
        assert [layer["output"] for layer in found["placed"]] == [list(layer.output_shape) for layer in placed], it
        assert found["parameters"] == network.count_parameters(28, 28, 1, 10), it
    assert 50 < refused < 250


def test_a_wrong_network_is_refused_in_one_line_that_names_the_layer(open_train: Opened) -> None:
    page = train_tab(open_train)
    assert page.inner_text("#train .total") == "1,256,080 parameters in all"
    page.fill("#network-text", "conv 8 3, maxpool 30, dense 9")
    assert page.inner_text("#train .total") == "Layer 2, “maxpool 30”: its input is 28×28×8, too small"
    assert page.is_disabled("#start")
    page.click("#language")
    assert "第 2 层" in page.inner_text("#train .total") and text(page).startswith("conv 8 3, maxpool 30")
    page.click("#language")
    page.fill("#network-text", "conv 8 3, maxpool 3, dense 9")
    assert page.is_enabled("#start") and page.locator("#train .block").count() == 5
    page.fill("[aria-label='Filters of layer 1']", "")
    assert "Layer 1" in page.inner_text("#train .total") and page.is_disabled("#start")


def test_every_end_of_a_training_has_words_in_both_languages(open_train: Opened) -> None:
    page = open_train()
    paths = page.evaluate("""async () => {
      const { words } = await import("./page/lab/train/words.js");
      const list = (value, path) => (typeof value === "object"
        ? Object.entries(value).flatMap(([name, inner]) => list(inner, `${path}.${name}`)) : [path]);
      return [list(words.en, ""), list(words.zh, "")];
    }""")  # fmt: skip
    assert sorted(paths[0]) == sorted(paths[1])
    for kind, codes in {
        "failed": ("killed", "disk", "diverged", "memory", "data", "long", "other"),
        "refused": ("off", "full", "network", "large", "data", "name", "model"),
        "chance": ("chance", "better", "worse"),
        "verdicts": ("chance", "overfits", "few", "learned"),
    }.items():
        assert {f".{kind}.{code}" for code in codes} <= set(paths[0])


def test_the_edited_network_is_in_the_address_and_only_a_network_is_taken_from_it(open_train: Opened) -> None:
    page = train_tab(open_train)
    page.fill("#network-text", "conv 3 5, tanh, dense 9")
    until(page, "location.hash.includes('layers=')")
    other = open_train(path=page.url.removeprefix(open_train.address))
    assert text(other) == "conv 3 5, tanh, dense 9"
    assert other.is_visible("#train") and other.input_value("#train .blocks input >> nth=0") == "3"
    page.fill("#network-text", "conv 3 5, tahn")
    until(page, "!location.hash.includes('layers=')")
    default = text(train_tab(open_train))
    for wrong in ("conv+3+5,+tahn", "%3Cb%3E", "conv+9999999+9"):
        assert text(open_train(path=f"#tab=train&layers={wrong}")) == default


def test_questions_change_one_thing(open_train: Opened) -> None:
    page = train_tab(open_train)
    for question, network in (("The 1998 original?", "lenet5"), ("No convolution?", "mlp"), ("LeNet", "lenet")):
        page.click(f"#train .questions button:text-is('{question}')")
        assert text(page) == str(NETWORKS[network])
        assert page.inner_text("#train .questions [aria-pressed=true]") == question
    page.click("#train .questions button:text-is('Only 100 pictures?')")
    assert page.input_value("#train .options select >> nth=0") == "100"
    page.click("#train .questions button:text-is('No centring?')")
    assert not page.is_checked("#train .tick input") and page.input_value("#train .options select >> nth=0") == "10000"


def change_by_pointer(page: Page) -> None:
    page.fill("#train .block.conv input >> nth=0", "6")
    page.select_option("#train .block.conv select >> nth=0", "3")
    page.select_option("#train .block.activation select >> nth=0", "tanh")
    page.select_option("#train .block.pool select >> nth=0", "avgpool")
    page.locator("#train .block:nth-child(6) .delete").click()  # the second activation
    page.locator("#train .block:nth-child(6) .delete").click()  # the second pooling
    page.locator("#train .block:nth-child(5) .delete").click()  # the second convolution
    page.fill("#train .block.dense input", "40")
    page.locator("#train .adding button >> nth=1").click()  # one more activation, moved before the last
    page.locator("#train .block:nth-child(7) .up").click()


def change_by_keys(page: Page) -> None:
    def go(label: str, *keys: str) -> None:
        """Tab forward to the element of this label, then press keys."""
        for _ in range(80):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.getAttribute('aria-label')") == label:
                break
        else:
            raise AssertionError(f"{label} is not reached")
        for key in keys:
            page.keyboard.press(key)

    page.focus("#start")
    go("Filters of layer 1", "Control+a", "6")
    go("Kernel size of layer 1", "3")
    go("Activation of layer 2", "t")
    go("Kind of pooling of layer 3", "a")
    go("Remove layer 5, Activation", "Enter", "Enter")  # the focus stays at the same place: then the pooling
    page.focus("#start")
    go("Remove layer 4, Convolution", "Enter")
    go("Units of layer 4", "Control+a", "4", "0")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "+ Activation":
            break
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Activation of layer 6"
    go("Move layer 6, Activation, up", "Enter")


def read_on_the_pad(page: Page, digit: Locator) -> str:
    """What the two models say of a test digit that is put on the pad."""
    digit.click()
    settle(page)
    first, second = page.locator("#train .verdicts strong").all_inner_texts()
    return f"{second} | {first}"


@pytest.mark.parametrize("way", ["English", "Chinese, phone", "keyboard"])
def test_a_network_is_changed_trained_and_compared(open_train: Opened, way: str) -> None:
    phone, keyboard = "phone" in way, way == "keyboard"
    options = {**(PHONE if phone else {}), "locale": "zh-CN" if "Chinese" in way else "en-GB"}
    page = train_tab(open_train, **options)
    draw(page, STROKES["3"])
    (change_by_keys if keyboard else change_by_pointer)(page)
    assert text(page) == "conv 6 3, tanh, avgpool 2, dense 40, relu, relu"
    quick(page)
    if keyboard:
        page.focus("#start")
        page.keyboard.press("Enter")
        until(page, "document.querySelectorAll('#train .result').length === 1")
    else:
        train(page)
    until(page, "document.querySelector('#train .chance') !== null")
    page.wait_for_selector("#second", state="visible")  # when its weights have come
    assert page.locator("#train .two-bars li").count() == 10
    name = page.inner_text("#train .result summary strong")
    assert name.startswith("mine") and name in page.inner_text("#second")
    assert page.locator(f"#model option[value='{name}']").count() == 1
    said = page.inner_text("#train .result")
    assert ("差异超出了偶然的范围" if "Chinese" in way else "more than chance") in said
    page.click("#train .result [aria-expanded]")
    digits = page.locator("#train .disagreements button")
    assert digits.count() > 5
    assert any(
        read_on_the_pad(page, digit) == digit.inner_text() for digit in digits.all()[:5]
    )  # some are unknown there
    if phone:  # both answers stay in view while one draws, wherever the page is scrolled to
        page.evaluate("document.getElementById('network-text').scrollIntoView()")
        page.evaluate("document.getElementById('pad').scrollIntoView({ block: 'nearest' })")
        height = page.evaluate("innerHeight")
        for id in ("line", "second", "pad"):
            box = page.locator(f"#{id}").bounding_box()
            assert box and box["y"] >= 0 and box["y"] + box["height"] <= height, id


def test_what_was_changed_is_told_and_the_comparison_can_be_chosen(open_train: Opened) -> None:
    page = train_tab(open_train)
    page.fill("#network-text", "conv 4 5, relu, maxpool 4, dense 20, relu")
    quick(page)
    train(page)
    page.fill("#network-text", "conv 2 5, relu, maxpool 4, dense 20, relu")
    page.uncheck("#train .tick input")
    train(page)
    changed = page.inner_text("#train .result:first-child .changed")
    assert changed == "Changed: layer 1: conv 4 5 → conv 2 5; drawings are not centred."
    tries = []

    def busy_once(route: Route) -> None:
        tries.append(1)
        route.fulfill(status=504, json={"error": "late"}) if len(tries) == 1 else route.continue_()

    page.route("**/api/compare*", busy_once)
    page.select_option("#train .result >> nth=0 >> select", "bundled")
    until(page, "document.querySelector('#train .changed').textContent.includes('bundled')")
    open_train.errors.clear()  # the browser notes that it was busy once
    page.click("#train .result >> nth=0 >> button:text-is('Use this network')")
    until(page, "document.getElementById('model').value.startsWith('mine')")
    assert page.is_disabled("#train .result >> nth=0 >> button:text-is('Compare on the drawing')")


def test_the_growing_network_reads_the_drawing_and_stops(open_train: Opened) -> None:
    page = train_tab(open_train)
    draw(page, STROKES["3"])
    page.evaluate("""() => {
      window.times = [];
      const second = document.getElementById("second");
      new MutationObserver(() => { if (/%/.test(second.textContent)) times.push(performance.now()); })
        .observe(second, { childList: true, subtree: true });
    }""")  # fmt: skip
    page.click("#train .questions button:text-is('LeNet')")
    page.select_option("#train .options select >> nth=2", "5")
    page.click("#start")
    until(page, "times.length >= 8")
    times = page.evaluate("times")
    assert np.median(np.diff(times)) <= 1500  # milliseconds, of which a free machine needs a third
    assert page.locator("#train .digits li").count() == 20 and page.locator("#train .kernels canvas").count() == 20
    assert int(page.inner_text("#train .figures").split()[1].replace(",", "")) > 0
    page.evaluate("performance.clearResourceTimings()")
    draw(page, STROKES["8"])
    draw(page, STROKES["2"])
    sent = page.evaluate("performance.getEntriesByType('resource').filter((it) => it.name.endsWith('/drawing'))")
    times = [it["startTime"] for it in sent]
    assert len(times) >= 1 and min(np.diff(times), default=100) >= 95  # ten a second, however many points are drawn
    page.click("#stop")
    until(page, "document.querySelector('#train .status').textContent.startsWith('Stopped')")
    assert page.is_hidden("#second") and page.is_hidden("#train .live")
    assert page.evaluate("document.activeElement.id") == "start"


def test_a_lost_stream_is_taken_up_where_it_broke(browser: Browser, training_address: str) -> None:
    with cutting(training_address) as (address, cut):
        opened = Opened(browser, address)
        page = train_tab(opened)
        page.evaluate("""() => {
          window.said = [];
          window.steps = [];
          const watch = (name, take) => {
            const element = document.querySelector(`#train .${name}`);
            new MutationObserver(() => take(element.textContent)).observe(element, { childList: true });
          };
          watch("status", (text) => said.push(text));
          watch("figures", (text) => steps.push(Number(text.split(" ")[1].replaceAll(",", ""))));
        }""")  # fmt: skip
        page.select_option("#train .options select >> nth=2", "5")
        page.click("#start")
        until(page, "steps.length >= 2")
        cut()
        until(page, "said.some((text) => text.includes('connection'))")
        before = page.evaluate("steps.at(-1)")
        until(page, f"steps.at(-1) > {before}")
        steps = page.evaluate("steps")
        assert steps == sorted(steps)  # nothing is told twice
        assert "is training" in status(page)
        page.click("#stop")
        until(page, "document.querySelector('#train .status').textContent.startsWith('Stopped')")
        for context in opened.contexts:
            context.close()


def test_a_killed_training_is_one_line_in_the_language(open_train: Opened) -> None:
    page = train_tab(open_train, locale="zh-CN")
    page.click("#start")
    until(page, "document.querySelector('#train .figures').textContent !== ''")
    for child in children():
        os.kill(child, signal.SIGKILL)
    until(page, "document.querySelector('#train .status').textContent === '训练进程被外部终止，请重新训练。'")
    page.click("#language")
    assert status(page) == "The training was ended from outside. Train again."
    assert page.is_enabled("#start")


@pytest.mark.long
def test_own_signs_are_drawn_trained_tried_and_downloaded(open_train: Opened, tmp_path: Path) -> None:
    page = open_train()
    clicks = 0

    def click(selector: str) -> None:
        nonlocal clicks
        clicks += 1
        page.click(selector)

    rng = np.random.default_rng(0)
    click("#tab-train")
    click("#train .kinds label >> nth=1")
    assert page.is_hidden("#hint")  # which asks for a digit
    assert page.is_disabled("#start")
    for sign, strokes in SIGNS.items():
        click("#sign-name")
        page.keyboard.type(sign)
        page.keyboard.press("Enter")
        for _ in range(5):
            draw(page, vary(strokes, rng))
            page.keyboard.press("Enter")
            settle(page)
    assert page.locator("#train .thumbnails button").count() == 15
    page.locator("#train .thumbnails button").first.click()
    assert page.locator("#train .thumbnails button").count() == 14 and page.is_disabled("#start")
    page.click("#train .sign-name >> nth=0")  # once more, added by itself when the pen rests
    draw(page, vary(SIGNS["star"], rng))
    until(page, "document.querySelectorAll('#train .thumbnails button').length === 15")
    settle(page)
    assert page.is_disabled("#clear")  # the pad is free for the next
    click("#start")
    until(page, "document.querySelector('#train .result') !== null")
    until(page, "document.getElementById('model').value === 'signs'")
    right = 0
    for sign, strokes in SIGNS.items():
        draw(page, vary(strokes, rng))
        right += page.text_content("#line-digit") == sign
        page.keyboard.press("Delete")
    assert right >= 2
    draw(page, SIGNS["star"])
    page.wait_for_timeout(1500)
    assert page.locator("#train .thumbnails button").count() == 15  # they were tried, not added
    with page.expect_download() as download:
        click("#train .result a >> nth=0")
    download.value.save_as(tmp_path / "signs.html")
    assert "star" in (tmp_path / "signs.html").read_text()
    assert clicks <= 12


@pytest.mark.long
def test_corrections_are_learnt_before_and_after_are_shown(open_train: Opened) -> None:
    page = train_tab(open_train)
    page.click("#train .kinds label >> nth=2")
    assert "Nothing is corrected yet" in status(page) and page.is_disabled("#start")
    images = flagged_ones(Model.load(), 20, seed=0)
    page.evaluate("""async (images) => {
      const { putInTray } = await import("./page/core/lab.js");
      for (const image of images) putInTray(Uint8Array.from(image), "1", { width: 28, depth: 1 });
    }""", [image.ravel().tolist() for image in images[:12]])  # fmt: skip
    page.locator("#train .tray button").first.click()
    assert page.locator("#train .tray li").count() == 11
    train(page)
    rows = page.locator("#train .before-after tr")
    assert rows.nth(1).locator("td").nth(0).inner_text() == "0.00 % (0 of 11)"
    right = int(rows.nth(1).locator("td").nth(1).inner_text().split("(")[1].split()[0])
    assert right >= 8
    assert "of 10,000" in rows.nth(2).inner_text()
    until(page, "document.getElementById('model').value === 'learnt'")


@pytest.mark.long
def test_corrections_that_teach_nothing_are_said(open_train: Opened) -> None:
    page = train_tab(open_train)
    page.evaluate("""async () => {
      const { addResult } = await import("./page/lab/train/results.js");
      const done = (drawn) => ({
        name: "bundled", n: 10000, correct: 9975, accuracy: 0.9975, interval: [0.996, 0.998],
        verdict: { code: "learned", low: 0.9, high: 1 },
        before: { drawn: [1, 3], test: [9975, 10000] }, after: { drawn, test: [9975, 10000] },
      });
      addResult(done([1, 3]), { kind: "corrections" });
      addResult(done([2, 3]), { kind: "corrections" });
    }""")  # fmt: skip
    assert page.locator("#train .result").count() == 2
    (said,) = page.locator("#train .nothing").all_text_contents()
    assert said.startswith("It reads no more of these drawings than before.")


def test_nothing_for_axe_and_no_sideways_scrolling(open_train: Opened) -> None:
    page = train_tab(open_train, locale="zh-CN", color_scheme="dark", **PHONE)
    quick(page)
    draw(page, STROKES["8"])
    train(page)
    until(page, "document.querySelector('#train .chance') !== null")
    page.click("#train .result [aria-expanded]")
    for look in ("dark, Chinese, phone", "light, English, desktop"):
        if "desktop" in look:
            page.emulate_media(color_scheme="light")
            page.click("#language")
            page.set_viewport_size({"width": 1280, "height": 800})
        for kind in range(3):
            page.click(f"#train .kinds label >> nth={kind}")
            found = Axe().run(page, context="#train", options=RULES).response["violations"]
            assert [(it["id"], it["nodes"][0]["html"][:200]) for it in found] == [], look
    page.set_viewport_size({"width": 320, "height": 664})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320

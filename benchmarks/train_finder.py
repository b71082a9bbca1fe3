"""Trains the network that finds the marks on a page, on simulated pages; writes it as ONNX.

    python benchmarks/train_finder.py [--steps 16000] [--start FINDER.onnx --rate 6e-4] [--out FINDER.onnx]
    python benchmarks/train_finder.py --average FINDER.onnx FINDER.onnx ...

Needs typefaces of Debian's packages, which it names when they are missing.
"""

import argparse
import multiprocessing
import signal
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import typefaces
from finder_network import average, build, load_onnx, to_onnx
from hands import Hands
from paper_simulator import Page, simulate
from photograph import surroundings

from lenet import load_dataset
from lenet.pictures.finder import FILE, KINDS, OFFSET_UNIT

SIDE, BATCH = 256, 16
BORDER = 16  # pixels around a crop
SIZES = 9.0, 52.0  # heights of writing that it shall see, pixels
REMEMBERED = 40  # batches
SMALL_LAYOUTS = "single", "rows", "numbers", "numbers", "boxes"
SEEN_WORST = "numbers", "numbers", "notes", "table", "boxes", "rings"
# Separators have few pixels and are rare: their ink counts so many times.
INK_OF_SEPARATOR = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=16000)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--start", type=_file)
    parser.add_argument("--average", type=_file, nargs="+", help="write the mean of these finders, without training")
    parser.add_argument("--out", type=Path, default=FILE)
    asked = parser.parse_args()
    if asked.average:
        asked.out.write_bytes(average(asked.average).SerializeToString())
        return
    fonts = typefaces.installed(typefaces.TRAINING)
    context = multiprocessing.get_context("spawn")
    queue = context.Queue(12)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # which ends the processes that draw
    for number in range(2):
        context.Process(target=_work, args=(queue, number, fonts), daemon=True).start()
    import keras
    import tensorflow as tf

    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    keras.utils.set_random_seed(0)
    model = build()
    if asked.start:
        load_onnx(model, asked.start)
    print(f"{model.count_params():,} parameters")
    schedule = keras.optimizers.schedules.CosineDecay(
        asked.rate / 10, asked.steps, warmup_target=asked.rate, warmup_steps=200, alpha=0.01
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=1e-4, clipnorm=1.0)

    # XLA joins the many small operations of the losses; it is slower with convolutions.
    @tf.function(jit_compile=True)
    def losses_of(*arguments: Any) -> Any:
        return _losses(tf, *arguments)

    @tf.function
    def step(pixels: Any, ink: Any, heat: Any, offset: Any, known: Any, kind: Any, counts: Any, lines: Any) -> Any:
        pixels, ink, known, lines = (
            tf.cast(pixels, tf.float32) / 255,
            *(tf.cast(each, tf.float32) for each in (ink, known, lines)),
        )
        with tf.GradientTape() as tape:
            # In a finder that was written as ONNX, the means and deviations are part of the weights.
            answer, seen_as = model(pixels, training=asked.start is None)
            losses = losses_of(answer, ink, heat, offset, known, lines)
            wrong = tf.nn.sparse_softmax_cross_entropy_with_logits(kind, seen_as) * counts
            losses.append(tf.reduce_sum(wrong) / (tf.reduce_sum(counts) + 1))
            loss = tf.add_n(losses)
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        return tf.stack(losses)

    started, mean, seen, rng = time.time(), np.zeros(5), [], np.random.default_rng(0)
    for number in range(1, asked.steps + 1):
        # Drawing pages takes as long as a step: each batch is seen twice, the second time in other light.
        if number % 2 and len(seen) >= REMEMBERED:
            pixels, *targets = seen.pop(int(rng.integers(REMEMBERED)))
            pixels = _other_light(rng, pixels)
        else:
            pixels, *targets = queue.get()
            seen.append((pixels, *targets))
        mean += step(pixels, *targets).numpy()
        if number % 100 == 0:
            parts = zip(("ink", "middles", "offsets", "lines", "kinds"), mean / 100, strict=True)
            losses = "  ".join(f"{name} {loss:.4f}" for name, loss in parts)
            print(f"step {number}, {time.time() - started:.0f} s: {losses}", flush=True)
            mean[:] = 0
        if number % 500 == 0 or number == asked.steps:
            asked.out.write_bytes(to_onnx(model).SerializeToString())


def _file(name: str) -> Path:
    path = Path(name)
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"{name}: no such file")
    return path


def _other_light(rng: np.random.Generator, pixels: Any) -> Any:
    """Pixels ``(n, height, width, 3)`` in other light, some in other colours or inverted."""
    tables = np.empty((len(pixels), 3, 256), np.uint8)
    grey = np.linspace(0, 1, 256)
    for table in tables:
        level = 1 - grey if rng.random() < 0.15 else grey
        shift, gamma = rng.uniform(-0.05, 0.05), rng.uniform(0.7, 1.4)
        table[:] = np.clip(level**gamma * rng.uniform(0.7, 1.1, (3, 1)) + shift, 0, 1) * 255
    pictures, channels = np.arange(len(pixels))[:, np.newaxis, np.newaxis, np.newaxis], np.arange(3)
    return tables[pictures, channels, pixels[..., rng.permutation(3)]]


def _losses(tf: Any, answer: Any, ink: Any, heat: Any, offset: Any, known: Any, lines: Any) -> list[Any]:
    """Of ink per pixel (cross-entropy and Dice), centres (squared error), offsets (absolute error on ink), lines."""
    logits = tf.nn.depth_to_space(answer[..., :4], 2)[..., 0]
    every = tf.nn.sigmoid_cross_entropy_with_logits(ink, logits) * known
    share = tf.sigmoid(logits) * known
    dice = 1 - (2 * tf.reduce_sum(share * ink, (1, 2)) + 20) / (tf.reduce_sum(share + ink * known, (1, 2)) + 20)
    loss_ink = 4 * tf.reduce_mean(every) + 0.3 * tf.reduce_mean(dice)
    known_half = known[:, ::2, ::2]
    squared = tf.square(tf.sigmoid(answer[..., 4]) - heat) * (0.1 + heat) * known_half
    on = tf.cast(tf.nn.max_pool2d(ink[..., tf.newaxis], 2, 2, "VALID")[..., 0] > 0, tf.float32) * known_half
    wrong = tf.reduce_sum(tf.abs(answer[..., 5:7] - offset), -1) * on
    line = tf.nn.sigmoid_cross_entropy_with_logits(lines, answer[..., 7]) * known_half
    # Each mark's offsets count relative to the picture's ink, far ones less: they are long.
    far = 1 + tf.reduce_sum(tf.abs(offset), -1)
    return [
        loss_ink,
        40 * tf.reduce_mean(squared),
        0.5 * tf.reduce_sum(wrong / far) / (tf.reduce_sum(on) + 1),
        2 * tf.reduce_mean(line),
    ]


def _work(queue: Any, worker: int, fonts: list[Path]) -> None:
    cv2.setNumThreads(1)
    train = load_dataset("mnist").split("60000:10000").train
    hands = Hands(train.images[..., 0], train.labels, fonts)
    rng = np.random.default_rng((1, worker))
    while True:
        queue.put(_targets([_page(rng, hands) for _ in range(BATCH)]))


def _page(rng: np.random.Generator, hands: Hands) -> Page:
    """A page of the size of a batch's, drawn in that size or larger and shrunk, as the reader shrinks photos."""
    zoom = rng.choice([1, 1, 1, 1.5, 2])
    sizes = SIZES if rng.random() < 0.92 else (SIZES[1], 200)
    # Some are crops, which fill a part of the square, as the reader shows them to the network.
    height, width = (SIDE, SIDE) if rng.random() < 0.6 else rng.integers(36, SIDE - 2 * BORDER, 2).tolist()
    small = rng.random() < 0.5 and min(height, width) < 120
    if small:
        sizes = (0.35 * min(height, width), min(SIZES[1], 0.95 * min(height, width)))
    # Separators, tables, boxes and rings are what is seen worst.
    layouts = SMALL_LAYOUTS if small else SEEN_WORST
    layout = str(rng.choice(layouts)) if small or rng.random() < 0.4 else None
    drawn = (int(height * zoom), int(width * zoom))
    sizes, clear = (zoom * sizes[0], zoom * sizes[1]), rng.random() < 0.5
    page = simulate(rng, hands, *drawn, layout, others=0.2, sizes=sizes, clear=clear)
    if rng.random() < 0.03:
        page.pixels = surroundings(rng, drawn).clip(0, 255).astype(np.uint8)
        page.marks[:], page.lines[:], page.labels = 0, False, []
    _thicken_separators(page)
    if zoom > 1:
        page.pixels = cv2.resize(page.pixels, (width, height), interpolation=cv2.INTER_AREA)
        page.lines = cv2.resize(page.lines.astype(np.uint8) * 255, (width, height), interpolation=cv2.INTER_AREA) > 50
        page.marks = cv2.resize(page.marks, (width, height), interpolation=cv2.INTER_NEAREST)
    # Larger writing is for another size of the picture; what is a little too large, or too small, is neither right nor
    # wrong.
    size = page.size / zoom
    if not 0.85 * SIZES[0] <= size <= SIZES[1]:
        page.marks[page.marks > 0] = 0 if size > 1.4 * SIZES[1] else -1
    if rng.random() < 0.25:
        _crop(rng, page, size)
    before = [min(BORDER, (SIDE - side) // 2) for side in page.marks.shape]
    room = [(some, SIDE - side - some) for some, side in zip(before, page.marks.shape, strict=True)]
    page.pixels = np.pad(page.pixels, (*room, (0, 0)), mode="edge")
    page.lines = np.pad(page.lines, room)
    page.marks = np.pad(page.marks, room, constant_values=-1)
    return page


def _thicken_separators(page: Page) -> None:
    """Let a separator have a pixel of ink more all around, where no other mark is near: dots are hardly larger."""
    separators = 1 + np.flatnonzero([label in KINDS[10:-1] for label in page.labels])
    other = np.where(np.isin(page.marks, separators), 0, page.marks)
    thick = cv2.dilate(page.marks - other, np.ones((3, 3)))
    free = cv2.dilate((other != 0).astype(np.uint8), np.ones((3, 3))) == 0
    page.marks = np.where(free, thick, page.marks)


def _crop(rng: np.random.Generator, page: Page, size: float) -> None:
    """Cut a page to its writing, as people cut numbers out of photos."""
    rows, columns = np.flatnonzero((page.marks > 0).any(axis=1)), np.flatnonzero((page.marks > 0).any(axis=0))
    if not len(rows):
        return
    margin = size * rng.uniform(0, 0.6, 4)
    top, left = max(0, int(rows[0] - margin[0])), max(0, int(columns[0] - margin[1]))
    bottom, right = int(rows[-1] + margin[2]) + 2, int(columns[-1] + margin[3]) + 2
    bottom, right = (min(side, end) for side, end in zip(page.marks.shape, (bottom, right), strict=True))
    window = np.s_[top : bottom - (bottom - top) % 2, left : right - (right - left) % 2]
    page.pixels, page.marks, page.lines = page.pixels[window], page.marks[window], page.lines[window]


def _targets(pages: list[Page]) -> list[Any]:
    """Pixels and ink ``(n, side, side)``; of half the size, middles, offsets and lines; how much each pixel counts.

    Of a quarter of the size, kinds, and how much each pixel counts: all marks count alike.
    """
    pixels, marks, lines = (np.stack([getattr(page, name) for page in pages]) for name in ("pixels", "marks", "lines"))
    labels = [page.labels for page in pages]
    half, quarter = SIDE // 2, SIDE // 4
    kind, counts = (np.zeros((len(marks), quarter, quarter), dtype) for dtype in (np.int32, np.float32))
    heat, offset = np.zeros((len(marks), half, half), np.float32), np.zeros((len(marks), half, half, 2), np.float32)
    counts_as_ink = (marks >= 0).astype(np.float32)
    y, x = np.mgrid[0:half, 0:half].astype(np.float32)
    for index, page in enumerate(marks):
        small = page.reshape(half, 2, half, 2).max((1, 3))
        rows, columns = np.nonzero(small > 0)
        numbers = small[rows, columns]
        tiny = page.reshape(quarter, 4, quarter, 4).max((1, 3)).clip(0)
        kinds = np.array([0, *(KINDS.find(label) % len(KINDS) for label in labels[index])])  # the last is any other
        separator = np.isin(kinds, range(10, len(KINDS) - 1))
        kind[index] = kinds[tiny]
        counts_as_ink[index][separator[page.clip(0)]] = INK_OF_SEPARATOR
        counts[index] = (tiny > 0) / np.maximum(1, np.bincount(tiny.ravel()))[tiny]
        for number in np.unique(numbers):
            own = numbers == number
            top, bottom, left, right = rows[own].min(), rows[own].max(), columns[own].min(), columns[own].max()
            middle = (top + bottom) / 2, (left + right) / 2
            spread = max(1.0, 0.12 * max(bottom - top, right - left))
            reach = int(3 * spread) + 1
            a, b = (
                slice(max(0, int(middle[0]) - reach), int(middle[0]) + reach + 2),
                slice(max(0, int(middle[1]) - reach), int(middle[1]) + reach + 2),
            )
            blob = np.exp(-((y[a, b] - middle[0]) ** 2 + (x[a, b] - middle[1]) ** 2) / (2 * spread**2))
            np.maximum(heat[index, a, b], blob, out=heat[index, a, b])
            offset[index, rows[own], columns[own]] = (
                np.stack([middle[0] - rows[own], middle[1] - columns[own]], 1) / OFFSET_UNIT
            )
    lines = lines.reshape(-1, half, 2, half, 2).max((2, 4))
    return [pixels, marks > 0, heat, offset, counts_as_ink, kind, counts, lines]


if __name__ == "__main__":
    main()

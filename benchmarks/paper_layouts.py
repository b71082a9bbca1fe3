"""How digits stand on a page: in rows, tables, boxes, rings …; each function writes on a canvas."""

from collections.abc import Callable

import numpy as np
from hands import seven_segments
from paper_canvas import Canvas

# What people write: 9 for any digit, n for one to four.
FORMS = (
    *(
        "99/99/9999",
        "9/9/99",
        "99.99.9999",
        "9.9.99",
        "99-99-99",
        "9999-99-99",
        "99:99",
        "9:99:99",
        "n/n",
        "n.9",
        "n,9",
    ),
    *(
        "n.99",
        "n,99",
        "9,999.99",
        "9.999,99",
        "99,999",
        "-n",
        "-n.9",
        "n-n",
        "n - n",
        "(999) 999-9999",
        "(n)",
        "n n",
        "n",
    ),
    *("n:n", "999-9999", "99 99 99", "-n,9", "n/9", "n . n", "(-n)", "n-", "-n-n", "n, n, n", "9.9999"),
    *("9000", "n00", "-9000", "999-9000", "999-n00", "n000000", "n.00", "n,000", "n0000"),
    *("n+n", "n+n=n", "n-n=n", "n x n", "$n.99", "€n,99", "£n", "n%", "#n", "= n"),
)


def nothing(canvas: Canvas) -> None:
    canvas.size = canvas.rng.uniform(20, 100)
    if canvas.rng.random() < 0.5:
        _cells(canvas, *canvas.rng.uniform(0, 60, 2), 6, 4, 40, 60, empty=True)


def single(canvas: Canvas) -> None:
    rng = canvas.rng
    size = rng.uniform(0.25, 0.95) * min(canvas.shape)
    if size > 2 * canvas.sizes[1]:
        size = _size(canvas)
    patch, label = canvas.digit(size)
    free = np.array(canvas.shape[::-1]) - patch.shape[::-1]
    x, y = np.clip(rng.normal(0.5, 0.15, 2), 0.02, 0.98) * np.maximum(free, 0)
    canvas.size = size
    canvas.row([mark for mark in [canvas.put(patch, x, y, label)] if mark])


def display(canvas: Canvas) -> None:
    """Digits of a seven-segment display."""
    rng = canvas.rng
    size = _size(canvas, 0.4)
    height, width = canvas.shape
    segment, gap, slant = size * rng.uniform(0.08, 0.16), rng.uniform(0.02, 0.06), rng.uniform(0, 0.15)
    y = size * rng.uniform(0.2, 1)
    while y + size < height:
        x, marks, count = size * rng.uniform(0.2, 0.8), [], int(rng.integers(1, 9))
        canvas.word += 1
        while x + 0.7 * size < width and count:
            label = str(rng.integers(10))
            patch = seven_segments(rng, label, size, gap, slant, segment)
            marks.append(canvas.put(patch, x + (0.5 * size - patch.shape[1]) * (label == "1"), y, label))
            x, count = x + size * rng.uniform(0.72, 0.9), count - 1
        canvas.row([mark for mark in marks if mark])
        y += size * rng.uniform(1.3, 2)


def _size(canvas: Canvas, most: float = 0.4) -> float:
    """A writing height: from the smallest that can be read, evenly on a logarithmic scale."""
    low, high = canvas.sizes
    high = max(1.1 * low, min(high, most * min(canvas.shape)))
    canvas.size = float(np.exp(canvas.rng.uniform(np.log(low), np.log(high))))
    return canvas.size


def _gap(rng: np.random.Generator) -> tuple[float, float]:
    if rng.random() < 0.25:
        return -0.12, 0.1  # touching
    low = rng.uniform(0.05, 0.4)
    return (low, low + 0.3) if rng.random() < 0.75 else (low + 0.5, low + 1.2)


def rows(canvas: Canvas) -> None:
    rng = canvas.rng
    size, gap = _size(canvas, 0.45), _gap(rng)
    height, width = canvas.shape
    pitch = size * rng.uniform(1.35, 2.4)
    y, slope = size * rng.uniform(0.7, 1.5), rng.normal(0, 0.03)
    left, most = size * rng.uniform(0.2, 1.5), int(rng.integers(1, 14))
    for _ in range(int(rng.integers(1, 13))):
        room = int((width - left) / (size * (0.7 + max(0, gap[0]))))
        if y > height - 0.5 * size or room < 1:
            break
        count = int(rng.integers(1, min(most, room) + 1)) if rng.random() < 0.5 else min(most, room)
        digits: list[int | None] = [None] * count
        if rng.random() < 0.2:  # hundreds, thousands
            digits = [None if place == 0 or rng.random() < 0.2 else 0 for place in range(count)]
        marks, _ = canvas.text(digits, left + size * rng.normal(0, 0.1), y, size, gap, slope)
        canvas.row(marks)
        y += pitch


def numbers(canvas: Canvas) -> None:
    """Dates, decimals, amounts, account lists."""
    rng = canvas.rng
    size, gap = _size(canvas, 0.35), _gap(rng)
    height, width = canvas.shape
    pitch, y = size * rng.uniform(1.4, 3), size * rng.uniform(0.8, 1.6)
    while y < height - 0.6 * size:
        form = str(rng.choice(FORMS))
        form = form.replace("n", "9" * int(rng.integers(1, 5)))
        marks, _ = canvas.text(_items(form), rng.uniform(0.1, 0.4) * width, y, size, gap, rng.normal(0, 0.02))
        canvas.row(marks)
        y += pitch * rng.uniform(1, 1.6)


def _items(form: str) -> list[int | str | None]:
    """What ``text`` takes, of a form with 9 for any digit."""
    return [None if item == "9" else int(item) if item.isdigit() else item for item in form]


def notes(canvas: Canvas) -> None:
    """A few short numbers, one below the other anywhere on a page that is mostly empty."""
    rng = canvas.rng
    height, width = canvas.shape
    size, gap = _size(canvas, 0.12), _gap(rng)
    y = rng.uniform(0.03, 0.5) * height + size / 2
    while y < height - size and len(canvas.rows) < 9:
        form = str(rng.choice(FORMS)) if rng.random() < 0.6 else "n"
        form = form.replace("n", "9" * int(rng.integers(1, 4)))
        x = rng.uniform(0.03, 0.97) * max(1.0, width - 0.9 * size * len(form))
        marks, _ = canvas.text(_items(form), x, y, size * rng.uniform(0.85, 1.15), gap, rng.normal(0, 0.05))
        canvas.row(marks)
        y += size * rng.uniform(1.3, 5)


def columns(canvas: Canvas) -> None:
    rng = canvas.rng
    size, gap = _size(canvas, 0.2), _gap(rng)
    height, width = canvas.shape
    pitch, y, apart = size * rng.uniform(1.4, 2.5), size, size * rng.uniform(2, 5)
    starts = np.arange(size * 0.5, width - size, apart + 2 * size)
    while y < height - 0.6 * size:
        line = []
        for x in starts:
            marks, _ = canvas.text(
                [None] * int(rng.integers(1, 4)),
                x + size * rng.uniform(0, 0.5),
                y,
                size,
                (gap[0] % 0.4, gap[0] % 0.4 + 0.15),
            )
            line += marks
        canvas.row(line)
        y += pitch


def scatter(canvas: Canvas) -> None:
    rng = canvas.rng
    size = _size(canvas, 0.3)
    taken = np.zeros(canvas.shape, bool)
    for _ in range(int(rng.integers(1, 40))):
        canvas.turn = rng.normal(0, 6)
        patch, label = canvas.digit(size * rng.uniform(0.7, 1.4))
        y, x = (int(rng.uniform(0, max(1, side - cut))) for side, cut in zip(canvas.shape, patch.shape, strict=True))
        around = taken[max(0, y - 3) : y + patch.shape[0] + 3, max(0, x - 3) : x + patch.shape[1] + 3]
        if not around.any():
            around[:] = True
            canvas.row([mark for mark in [canvas.put(patch, x, y, label)] if mark])


def table(canvas: Canvas) -> None:
    """Printed or drawn lines around cells, of one or several digits each; some cells empty."""
    rng = canvas.rng
    height, width = canvas.shape
    cell = _size(canvas, 0.35) * rng.uniform(1.1, 2.6)
    cell_height, cell_width = cell, cell * rng.uniform(0.8, 2.8)
    left, top = rng.uniform(-0.3, 0.3) * width, rng.uniform(-0.3, 0.3) * height
    rows = min(int(rng.integers(1, 14)), max(1, int((height - top) / cell_height)))
    columns = min(int(rng.integers(1, 12)), max(1, int((width - left) / cell_width)))
    _cells(canvas, left, top, rows, columns, cell_height, cell_width)


def grid(canvas: Canvas) -> None:
    """A Sudoku: nine by nine, with thicker lines around threes, printed digits and some written ones."""
    rng = canvas.rng
    cell = min(canvas.shape) * rng.uniform(0.8, 1.3) / 9
    left, top = (rng.uniform(-0.1, 1) * (side - 9 * cell) for side in canvas.shape[::-1])
    _cells(canvas, left, top, 9, 9, cell, cell, sudoku=True)


def _cells(
    canvas: Canvas,
    left: float,
    top: float,
    rows: int,
    columns: int,
    cell_height: float,
    cell_width: float,
    sudoku: bool = False,
    empty: bool = False,
) -> None:
    rng = canvas.rng
    width = max(0.4, cell_height * np.exp(rng.uniform(np.log(0.006), np.log(0.07))))
    wobble = cell_height * 0.03 * (rng.random() < 0.25)
    right, bottom = left + columns * cell_width, top + rows * cell_height
    missing = 0.0 if rng.random() < 0.8 else 0.5
    for number in range(rows + 1):
        thick = width * (
            rng.uniform(1.8, 4) if (sudoku and number % 3 == 0) or (number in (0, rows) and rng.random() < 0.3) else 1
        )
        if number in (0, rows) or rng.random() >= missing:
            canvas.line((left, top + number * cell_height), (right, top + number * cell_height), thick, wobble=wobble)
    for number in range(columns + 1):
        thick = width * (2.5 if sudoku and number % 3 == 0 else 1)
        if number in (0, columns) or rng.random() >= missing / 2:
            canvas.line((left + number * cell_width, top), (left + number * cell_width, bottom), thick, wobble=wobble)
    canvas.size = canvas.size if canvas.size and not sudoku else cell_height * rng.uniform(0.4, 0.95)
    size = canvas.size
    per_cell = 1 if sudoku or rng.random() < 0.6 else max(1, int(cell_width / size / 0.8))
    filled = 0.0 if empty else rng.uniform(0.3, 1)
    handwritten = canvas.style if canvas.style != "print" else "pen"
    for row in range(rows):
        marks: list[int] = []
        for column in range(columns):
            if rng.random() > filled:
                continue
            if sudoku:
                canvas.style = "print" if rng.random() < 0.6 else handwritten
            count = int(rng.integers(1, per_cell + 1))
            x = left + column * cell_width + (cell_width - count * 0.7 * size) * rng.uniform(0.3, 0.7)
            written, _ = canvas.text(
                [None] * count,
                x,
                top + (row + 0.5) * cell_height + rng.normal(0, 0.04) * cell_height,
                size,
                (0.02, 0.15),
            )
            marks += written
            if not missing and rows * columns >= 4:  # fewer, and those without some lines, are no clear table
                canvas.cells += [(row, column)] * len(written)
        canvas.row(marks)


def boxes(canvas: Canvas) -> None:
    """A box drawn or printed around each digit, or a comb below."""
    rng = canvas.rng
    size = _size(canvas, 0.4)
    height, width = canvas.shape
    box = size * rng.uniform(1.15, 1.9)
    apart = box * (1 if rng.random() < 0.5 else rng.uniform(1.1, 1.5))
    line = max(0.5, size * np.exp(rng.uniform(np.log(0.01), np.log(0.08))))
    wobble, comb = size * 0.03 * (rng.random() < 0.4), rng.random() < 0.2
    filled, by_pen = 0.92 if rng.random() < 0.7 else rng.uniform(0.1, 0.9), rng.random() < 0.4
    y, left = rng.uniform(0.1, 0.6) * box, rng.uniform(0.1, 0.8) * size
    while y + box < height:
        x, marks = left, []
        for _ in range(int(rng.integers(1, max(2, int((width - left) / apart) + 1)))):
            corners = [(x, y), (x + box, y), (x + box, y + box), (x, y + box)]
            sides = list(zip(corners, [*corners[1:], corners[0]], strict=True))
            for a, b in sides[1:] if comb else sides:
                canvas.loop(np.array([a, b]) + rng.normal(0, 1, (2, 2)) * wobble, line, by_pen)
            if rng.random() < filled:
                written, _ = canvas.text(
                    [None], x + box / 2 - 0.35 * size + rng.normal(0, 0.06) * size, y + box / 2, size, (0, 0)
                )
                marks += written
            x += apart
        canvas.row(marks)
        for mark in marks:  # what stands in boxes is one number
            canvas.words[mark - 1] = canvas.word
        y += box * rng.uniform(1.15, 2)


def rings(canvas: Canvas) -> None:
    """Numbers, some with a ring around, underlined or struck through."""
    rng = canvas.rng
    size, (height, width) = _size(canvas, 0.3), canvas.shape
    y = size * rng.uniform(1, 1.8)
    while y < height - size:
        x, marks = size * rng.uniform(0.8, 1.6), []
        while x < width - 2 * size and rng.random() < 0.8:
            written, end = canvas.text([None] * int(rng.integers(1, 4)), x, y, size, (0.05, 0.2))
            middle, reach = (x + end - 0.1 * size) / 2, (end - x) / 2
            line = max(0.8, canvas.pen * size * rng.uniform(0.5, 1.2))
            by_pen = rng.random() < 0.8
            if rng.random() < 0.6:
                turns, drift = rng.uniform(0.75, 1.2), rng.uniform(-0.12, 0.12)  # the end need not meet the start
                angles = np.linspace(0, 2 * np.pi * turns, 40)
                radius = np.linspace(1, 1 + drift, 40) + 0.04 * np.sin(2 * angles + rng.uniform(0, 6))
                angles += rng.uniform(0, 6)
                room = size * rng.uniform(0.25, 0.6)
                across, down = (reach + room) * radius * np.cos(angles), (0.55 * size + room) * radius * np.sin(angles)
                canvas.loop(np.stack([middle + across, y + down], 1), line, by_pen)
            elif rng.random() < 0.5:
                under = [(x - 0.2 * size, y + 0.72 * size), (end, y + rng.uniform(0.65, 0.9) * size)]
                canvas.loop(np.array(under), line, by_pen)
            marks += written
            x = end + size * rng.uniform(1.3, 2.5)
        canvas.row(marks)
        y += size * rng.uniform(2.3, 3.2)


LAYOUTS: dict[str, Callable[[Canvas], None]] = {
    "nothing": nothing,
    "single": single,
    "rows": rows,
    "numbers": numbers,
    "notes": notes,
    "table": table,
    "boxes": boxes,
    "grid": grid,
    "rings": rings,
    "scatter": scatter,
    "columns": columns,
    "display": display,
}

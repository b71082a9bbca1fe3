"""The figures of an evaluation: confusion matrix, reliability diagram, scores of known and unknown images."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from lenet.figures.style import BLUE, GREY, VERMILION, drawing, short

# With more classes, rates do not fit into the cells; with more than the second, counts do not either.
MOST_WITH_RATES, MOST_NUMBERED = 12, 36
# Fewer images do not determine a bin's accuracy; such bins are drawn pale.
ENOUGH = 20


def confusion(counts: npt.NDArray[np.int64], class_names: Sequence[str]) -> Figure:
    """Counts ``(classes, classes)``, row = truth, column = answer, with each count's share of its row.

    Only mistakes are coloured, by their rate.
    """
    classes = len(class_names)
    wrong = counts - np.diag(np.diag(counts))
    shares = 100 * counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    mistaken = 100 * wrong / np.maximum(1, counts.sum(axis=1, keepdims=True))
    side = max(6.5, min(12, 0.42 * classes))
    with drawing(side + 0.8, side) as figure:
        axes = figure.subplots()
        axes.set_title(f"{_finding(wrong, class_names)}\n{wrong.sum():,} of {counts.sum():,} wrong", fontsize=12)
        most = max(1.0, mistaken.max())
        image = axes.imshow(mistaken, cmap="Oranges", vmin=0, vmax=most)
        figure.colorbar(image, ax=axes, shrink=0.8, label="mistakes (% of the row's class)")
        names = [short(name, 16) for name in class_names]
        axes.set_xticks(range(classes), names, rotation=90 if max(map(len, names)) > 4 else 0)
        axes.set_yticks(range(classes), names)
        axes.set(xlabel="answer", ylabel="truth")
        axes.grid(visible=False)
        for row, column in np.argwhere(counts > 0) if classes <= MOST_NUMBERED else ():
            share = f"\n{shares[row, column]:.1f} %" if classes <= MOST_WITH_RATES else ""
            axes.text(
                column, row, f"{counts[row, column]}{share}", ha="center", va="center",
                fontsize=7.5 if share else 6, color="white" if mistaken[row, column] > 0.6 * most else "#222222",
                fontweight="bold" if row == column else "normal",
            )  # fmt: skip
    return figure


def _finding(wrong: npt.NDArray[np.int64], class_names: Sequence[str]) -> str:
    if not wrong.any():
        return "No mistakes"
    truth, answer = divmod(int(wrong.argmax()), len(class_names))
    names = short(class_names[truth], 16), short(class_names[answer], 16)
    return "Most often {} is read as {}: {} times".format(*names, wrong[truth, answer])


def calibration(
    counts: npt.NDArray[np.int64], confidence: npt.NDArray[np.float64], accuracy: npt.NDArray[np.float64], error: float
) -> Figure:
    """Accuracy over confidence.

    Args:
        counts: Number of images in each bin of the highest probability, ``(bins,)``.
        confidence: Mean highest probability of each bin, 0 to 1.
        accuracy: Share of right answers in each bin, 0 to 1.
        error: Expected calibration error, 0 to 1.
    """
    filled = counts > 0
    sizes = 20 + 180 * np.sqrt(counts / counts.max())
    with drawing(6, 4.8) as figure:
        axes = figure.subplots()
        axes.set_title(f"Confidence and accuracy differ by {error:.2%}")
        axes.plot([0, 100], [0, 100], color=GREY, linestyle="--", label="calibrated")
        for enough, alpha, label in ((True, 1.0, f"{ENOUGH} images or more"), (False, 0.35, "fewer")):
            chosen = filled & ((counts >= ENOUGH) == enough)
            axes.scatter(
                100 * confidence[chosen], 100 * accuracy[chosen], sizes[chosen], color=BLUE, alpha=alpha, label=label
            )
        axes.set(xlabel="confidence (%)", ylabel="accuracy (%)", xlim=(0, 103), ylim=(0, 103))
        axes.legend(loc="lower right", markerscale=0.6)
    return figure


def unknown(
    known: npt.NDArray[np.floating], unknown_scores: Mapping[str, npt.NDArray[np.floating]], threshold: float | None
) -> Figure:
    """Distributions of the score of known images and of every kind of unknown ones.

    Args:
        known: Scores of images of the known classes, ``(n,)``.
        unknown_scores: Scores by kind of unknown images, ``(m,)`` each.
        threshold: Images with a lower score are unknown; None when there is no threshold.
    """
    rows = {"known classes": known, **unknown_scores}
    with drawing(8, 0.55 * len(rows) + 1.4) as figure:
        axes = figure.subplots()
        if threshold is None:
            axes.set_title("This model has no threshold for unknown images")
        else:
            stopped = np.mean([(scores < threshold).mean() for scores in unknown_scores.values()])
            kept = (known >= threshold).mean()
            title = f"{kept:.1%} of known images are accepted, {stopped:.0%} of unknown ones rejected"
            axes.set_title(title, fontsize=11)
            axes.axvline(threshold, color=GREY, linestyle="--")
            axes.annotate(
                f"threshold {threshold:.2f}", (threshold, -0.55), color=GREY, ha="right", fontsize=9,
                xytext=(-4, 0), textcoords="offset points", va="center",
            )  # fmt: skip
        parts = axes.violinplot(
            list(rows.values()), range(len(rows)), orientation="horizontal", widths=0.85, showextrema=False
        )
        for number, body in enumerate(parts["bodies"]):  # type: ignore[arg-type, var-annotated]
            body.set_facecolor(VERMILION if number else BLUE)
            body.set_alpha(0.8)
        axes.set_yticks(range(len(rows)), list(rows))
        axes.set_ylim(len(rows) - 0.4, -0.9)
        axes.set_xlabel("highest logit (higher: more like a known class)")
    return figure

"""``lenet show``."""

from pathlib import Path

import click

from lenet.cli.verb import FILE, check_out, verb
from lenet.errors import LenetError


@verb(
    "show", "lenet show runs/train-1 --out digits.png", "lenet show runs/train-1 --count 20 --seed 7 --out digits.gif"
)
@click.argument("model", required=False)
@click.option("--count", type=click.IntRange(1, 200), default=10, show_default=True, help="Number of images.")
@click.option("--seed", type=click.IntRange(0), help="Seed of the draw; a new draw each time when not given.")
@click.option("--out", type=FILE, help="A .png sheet or an animated .gif.  [default: digits.png]")
@click.option("--window", is_flag=True, help="Also show them in a window.")
def command(model: str | None, count: int, seed: int | None, out: Path | None, window: bool) -> None:
    """Draw random test images with the network's answers; wrong answers have another colour.

    MODEL is a run folder or a model file; without one, the bundled model is used.
    """
    out = out or (None if window else Path("digits.png"))
    if out is not None:
        check_out(out, ".png", ".gif")

    import numpy as np

    from lenet import figures
    from lenet.atomic import write_bytes
    from lenet.evaluation import data_for, evaluate, part_for
    from lenet.figures.render import as_gif, as_png
    from lenet.model.runtime import Model, is_run

    loaded = Model.load(model)
    part = part_for(loaded.metadata, data_for(loaded.metadata, own_paths=is_run(model)))
    if count > len(part):
        raise LenetError(f"--count {count}: {part.name} has only {len(part)} images")
    chosen = part.take(np.random.default_rng(seed).choice(len(part), count, replace=False))
    evaluation = evaluate(loaded, chosen)
    arrays = (chosen.images, evaluation.truth, evaluation.probabilities)
    if out is not None:
        if out.suffix.lower() == ".gif":
            rows = zip(*arrays, strict=True)
            content = as_gif([figures.answer(*row, loaded.class_names) for row in rows], seconds=1.2)
        else:
            content = as_png(figures.digits(*arrays, loaded.class_names))
        write_bytes(out, content)
    click.echo(f"{evaluation.correct} of {count} read correctly" + (f"; see {out}" if out else ""))
    if window:
        from lenet.cli.window import show_pictures

        show_pictures([as_png(figures.digits(*arrays, loaded.class_names))], "lenet show")

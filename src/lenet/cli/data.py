"""``lenet data``: look at data before training, and change its format."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lenet.cli.progress import training_progress
from lenet.cli.verb import FILE, check_out, paths_of, verb
from lenet.errors import LenetError, one_line

if TYPE_CHECKING:
    from lenet.datasets import Dataset
    from lenet.datasets.source import Source
    from lenet.training.recipe import Recipe

# Most classes on a contact sheet.
MOST_ROWS = 70
# Broken pictures that are named.
MOST_NAMED = 10


@click.group("data")
def command() -> None:
    """Look at data before training, check it, and convert it.

    SOURCE is mnist, digits (scikit-learn's), a folder with a folder of pictures for each class, files of arrays (IDX,
    .npy, .npz, .mat), a table (.csv, .arff, .libsvm, .parquet), or a .zip of these: see docs/data.md.
    """


def _check_size(_: click.Context, __: click.Parameter, size: str | None) -> str | None:
    """Refuse what is no size before the work begins."""
    from lenet.datasets.preparation import parse_size

    try:
        if size is not None:
            parse_size(size)
    except LenetError as error:
        raise click.BadParameter(str(error)) from error
    return size


def preparation_options(function: Callable[..., None]) -> Callable[..., None]:
    """Options that say how pictures become images."""
    for option in (
        click.option(
            "--framing",
            type=click.Choice(["auto", "mark", "whole"]),
            help="mark: the ink of one character, scaled and centred like MNIST's. whole: the picture. auto chooses.",
        ),
        click.option(
            "--invert",
            type=click.Choice(["auto", "yes", "no"]),
            help="Invert whole pictures to bright ink on black; auto: grey ones with a white border.",
        ),
        click.option("--depth", type=click.IntRange(1, 3), help="1 makes pictures grey, 3 colour."),
        click.option(
            "--size",
            metavar="WIDTHxHEIGHT",
            callback=_check_size,
            help="Size of the images, such as 28x28; proportions are kept.",
        ),
    ):
        function = option(function)
    return function


@verb("info", "lenet data info mnist", "lenet data info photos --size 28x28 --depth 1")
@click.argument("source")
@preparation_options
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of the table.")
def info(source: str, as_json: bool, **preparation: Any) -> None:
    """Print what is in a source: parts, classes and their counts, size, framing, what is done to the pictures."""
    about = _about(load_usable(source, preparation))
    click.echo(json.dumps(about, ensure_ascii=False) if as_json else _table(about))


@verb("preview", "lenet data preview mnist", "lenet data preview photos --size 28x28 --out photos.png")
@click.argument("source")
@preparation_options
@click.option("--count", type=click.IntRange(1, 50), default=10, show_default=True, help="Pictures of each class.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Which pictures.")
@click.option("--out", type=FILE, default="preview.png", show_default=True, help="The .png to write.")
def preview(source: str, count: int, seed: int, out: Path, **preparation: Any) -> None:
    """Draw a contact sheet: a row of random pictures for each class, as the network will see them."""
    check_out(out, ".png", inputs=paths_of(source))
    import numpy as np

    from lenet import figures
    from lenet.atomic import write_bytes
    from lenet.figures.render import as_png

    dataset = load_usable(source, preparation)
    say_notes(dataset)
    rng = np.random.default_rng(seed)
    names = dataset.class_names[:MOST_ROWS]
    shuffled = (rng.permutation(np.flatnonzero(dataset.labels == label)) for label in range(len(names)))
    rows = [dataset.images[np.sort(indices[:count])] for indices in shuffled]
    title = f"{Path(dataset.name).name}: {len(dataset):,} images of {len(dataset.class_names)} classes"
    write_bytes(out, as_png(figures.contact(title, rows, names)))
    left_out = f" (the first {MOST_ROWS} classes)" if len(names) < len(dataset.class_names) else ""
    click.echo(f"{title}{left_out}; see {out}")


@verb(
    "check",
    "lenet data check photos --size 28x28",
    "lenet data check mnist --json",
    "lenet data check photos --size 28x28 --suspects 10 --gallery suspects.png",
)
@click.argument("source")
@preparation_options
@click.option(
    "--suspects",
    type=click.IntRange(1),
    metavar="N",
    help="Train three networks, each on two thirds, let them classify the other third, and list the N labels in doubt.",
)
@click.option("--gallery", type=FILE, metavar="PNG", help="Draw the suspects there.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of lines.")
def check(source: str, suspects: int | None, gallery: Path | None, as_json: bool, **preparation: Any) -> None:
    """Look for broken files, duplicates, conflicting labels, absent classes, blank and transposed pictures.

    With --suspects, also for labels that are probably wrong.

    The exit status is 1 when there is a fault that spoils training or evaluation.
    """
    from lenet.datasets.check import check as look

    if gallery is not None and suspects is None:
        raise click.UsageError("--gallery draws the suspects: say how many with --suspects N")
    if gallery is not None:
        check_out(gallery, ".png", inputs=paths_of(source))
    broken: list[str] = []
    dataset = _load(source, preparation, lambda error: broken.append(str(error)))
    findings = look(dataset, broken)
    faults = sum(finding.fault for finding in findings)
    doubted = _doubted(dataset, suspects, gallery) if suspects else []
    if as_json:
        report = {"data": source, "n": len(dataset), "faults": faults, "findings": [vars(found) for found in findings]}
        report |= {"notes": list(dataset.notes)}
        report |= {"suspects": doubted} if suspects else {}
        click.echo(json.dumps(report, ensure_ascii=False))
    else:
        for finding in findings:
            click.echo(f"{'fault' if finding.fault else 'note '}  {finding.says}")
            more = finding.count - len(finding.examples)
            for example in (*finding.examples, *([f"and {more:,} more"] if more and finding.examples else [])):
                click.echo(f"         {one_line(example)}")
        for note in dataset.notes:
            click.echo(f"note   {note}")
        for row in doubted:
            click.echo(
                f"doubt  {row['image']} is labelled {row['label']} ({row['label_probability']:.1%}), "
                f"looks like {row['answer']} ({row['answer_probability']:.1%})"
            )
        click.echo(f"{len(dataset):,} images checked")
    if faults:
        raise LenetError(f"{source}: the faults above spoil training or evaluation; fix them first")


@verb(
    "convert",
    "lenet data convert mnist mnist.parquet",
    "lenet data convert letters.csv letters --to folder",
    "lenet data convert page.jpg mine --sheet",
)
@click.argument("source")
@click.argument("target", type=click.Path(path_type=Path), required=False)
@preparation_options
@click.option(
    "--to",
    "kind",
    type=click.Choice(["folder", "npz", "parquet"]),
    help="The format.  [default: by TARGET's ending; a folder of pictures when it has none]",
)
@click.option("--transpose", is_flag=True, help="Swap rows and columns, which turns EMNIST's pictures upright.")
@click.option(
    "--sheet", is_flag=True, help="SOURCE is the photograph of a filled page of `lenet sheet`, or a folder of such."
)
@click.option(
    "--classes", metavar="LIST", help="With --sheet, what is printed on it.  [default: read from its pattern]"
)
def convert(
    source: str,
    target: Path | None,
    kind: str | None,
    transpose: bool,
    sheet: bool,
    classes: str | None,
    **preparation: Any,
) -> None:
    """Write a source as a folder of pictures, .npz or .parquet: equal pixels, labels, class names and parts.

    IDX and CSV can only be read. Pictures stay whole unless --framing says otherwise. TARGET is never overwritten.

    With --sheet, the boxes of a photographed page become labelled pictures; empty ones are left out. TARGET is SOURCE's
    name without its ending by default. Look at the contact sheet TARGET-contact.png before you train.
    """
    from lenet.atomic import refuse_inputs
    from lenet.datasets import convert as formats
    from lenet.datasets.orientation import transpose as transposed

    target = target or (Path(Path(source).stem) if sheet else None)
    if target is None:
        raise click.UsageError("name a TARGET to write")
    if sheet and (transpose or any(preparation.values())):
        raise click.UsageError("--sheet cuts pictures as they are; choose --framing, --size … when you train with them")
    if classes is not None and not sheet:
        raise click.UsageError("--classes says what is printed on a sheet; it needs --sheet")
    refuse_inputs(target, paths_of(source))
    chosen = formats.format_for(target, kind)
    if sheet:
        _convert_sheet(Path(source), target, chosen, classes)
        return
    dataset = _load(source, {**preparation, "framing": preparation["framing"] or "whole"})
    say_notes(dataset)
    formats.convert(transposed(dataset) if transpose else dataset, target, chosen)
    click.echo(f"{target}: {len(dataset):,} images of {len(dataset.class_names)} classes")


for _part in (info, preview, check, convert):
    command.add_command(_part)


def _load(source: "Source", preparation: dict[str, Any], on_error: Any = None) -> "Dataset":
    from lenet.datasets import load_dataset

    chosen = {name: value for name, value in {**preparation, "on_error": on_error}.items() if value is not None}
    return load_dataset(source, **chosen)


def load_usable(source: "Source", preparation: dict[str, Any]) -> "Dataset":
    """The data without broken pictures, which are named and counted."""
    with _named() as on_error:
        return _load(source, preparation, on_error)


@contextmanager
def _named() -> Iterator[Callable[[LenetError], None]]:
    """What is to be called for broken pictures, which are named and counted at the end."""
    broken: list[LenetError] = []
    try:
        yield broken.append
    finally:  # also when what is left cannot be used
        for error in broken[:MOST_NAMED]:
            click.echo(one_line(f"left out: {error}"), err=True)
        if len(broken) > MOST_NAMED:
            click.echo(f"left out: {len(broken) - MOST_NAMED:,} more; see `lenet data check`", err=True)


def load_for(recipe: "Recipe") -> "Dataset":
    """The recipe's data without broken pictures, which are named; says what was done to it."""
    form = ("size", "depth", "invert", "framing")
    dataset = load_usable(recipe.data, {name: getattr(recipe, name) or None for name in form})
    say_notes(dataset)
    return dataset


def say_notes(dataset: "Dataset") -> None:
    """What was done to the data, on standard error."""
    for note in dataset.notes:
        click.echo(one_line(note if dataset.sources else f"{dataset.name}: {note}"), err=True)


def _convert_sheet(source: Path, target: Path, kind: str, classes: str | None) -> None:
    """Write the boxes of photographed sheets, and a contact sheet of them."""
    import numpy as np

    from lenet import figures
    from lenet.atomic import write_bytes
    from lenet.datasets import convert as formats
    from lenet.datasets.decode import refuse
    from lenet.figures.render import as_png
    from lenet.sheet.cut import read_sheets
    from lenet.sheet.layout import parse_classes

    contact = target.with_name(f"{target.stem}-contact.png")
    if contact.exists():
        raise LenetError(f"{contact}: exists already and is not overwritten; move it, or choose another target")
    with _named() as on_error:
        known = parse_classes(classes) if classes else None
        dataset, empty = read_sheets(source, known, on_error if source.is_dir() else refuse)
    say_notes(dataset)
    formats.convert(dataset, target, kind)
    title = f"{target.name}: {len(dataset):,} images of {len(dataset.class_names)} classes"
    rows = [255 - dataset.images[dataset.labels == label] for label in np.unique(dataset.labels)]
    write_bytes(contact, as_png(figures.contact(title, rows, dataset.class_names)))
    click.echo(f"{title}; {empty:,} empty boxes left out; see {contact}")


def _doubted(dataset: "Dataset", most: int, gallery: Path | None) -> list[dict[str, Any]]:
    """The labels most in doubt, and their pictures in ``gallery``."""
    click.echo("loading TensorFlow …", err=True)
    from lenet.atomic import write_bytes
    from lenet.figures.render import as_png
    from lenet.training.suspects import find_suspects

    with training_progress() as on_progress:
        found = find_suspects(dataset, on_progress=on_progress)
    if gallery is not None:
        write_bytes(gallery, as_png(found.draw(most)))
    return [{"image": dataset.origin(row["index"]), **row} for row in found.rows(most)]


def _about(dataset: "Dataset") -> dict[str, Any]:
    import numpy as np

    from lenet.datasets.assemble import sections

    names, parts = dataset.class_names, sections(dataset)
    counts = {part: np.bincount(dataset.labels[rows], minlength=len(names)) for part, rows in parts.items()}
    return {
        "data": dataset.name,
        "n": len(dataset),
        "parts": {part: rows.stop - rows.start for part, rows in parts.items()},
        "classes": {name: {part: int(count[i]) for part, count in counts.items()} for i, name in enumerate(names)},
        "notes": list(dataset.notes),
        **{name: getattr(dataset, name) for name in ("width", "height", "depth", "framing", "inverted", "sha256")},
    }


def _table(about: dict[str, Any]) -> str:
    widest = max(5, *map(len, about["classes"]))
    parts = [f", {n:,} {part}" for part, n in about["parts"].items() if part != "all"]
    lines = [
        about["data"],
        "",
        f"images    {about['n']:,}" + "".join(parts),
        f"size      {about['width']}×{about['height']}, {'grey' if about['depth'] == 1 else 'colour'}",
        f"framing   {about['framing']}{', inverted' if about['inverted'] else ''}",
        *(f"note      {note}" for note in about["notes"]),
        f"SHA-256   {about['sha256']}",
        "",
        f"{'class':>{widest}}" + "".join(f"  {'images' if part == 'all' else part:>10}" for part in about["parts"]),
    ]
    for name, row in about["classes"].items():
        lines.append(f"{name:>{widest}}" + "".join(f"  {n:>10,}" for n in row.values()))
    return "\n".join(lines)

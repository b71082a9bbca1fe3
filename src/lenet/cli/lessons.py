"""``lenet lessons``."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import click

from lenet.cli.verb import verb
from lenet.errors import LenetError


@verb("lessons", "lenet lessons", "lenet lessons 3", "lenet lessons 3 --chinese")
@click.argument("number", type=click.IntRange(1, 10), required=False)
@click.option("--chinese", is_flag=True, help="In Chinese.")
def command(number: int | None, chinese: bool) -> None:
    """List the ten lessons, six minutes each, or open lesson NUMBER as a notebook.

    The notebook is written into the folder lessons, with --chinese lessons-zh, and opened with JupyterLab. One that is
    there already is kept, with all that you wrote in it. Without JupyterLab, the lesson's text is named instead.
    """
    from lenet.lessons.check import LANGUAGE
    from lenet.lessons.texts import lesson_files, title

    lessons = lesson_files(chinese)
    if number is None:
        for lesson in lessons:
            click.echo(title(lesson))
        click.echo(f"open the first one with: lenet lessons 1{' --chinese' * chinese}", err=True)
        return
    lesson = lessons[number - 1]
    if any(find_spec(module) is None for module in ("jupyterlab", "jupytext")):
        click.echo(lesson)
        click.echo("that is its text; to open it as a notebook: pip install 'lenet[lessons]'", err=True)
        return
    notebook = Path("lessons-zh" if chinese else "lessons") / f"{lesson.stem}.ipynb"
    _write_notebook(lesson, notebook)
    click.echo(f"{notebook}: opening it with JupyterLab, which runs until you stop it with Ctrl-C", err=True)
    environment = os.environ | {LANGUAGE: "zh" if chinese else "en"}
    if subprocess.run([sys.executable, "-m", "jupyterlab", str(notebook)], env=environment, check=False).returncode:
        raise LenetError(f"{notebook}: JupyterLab ended with an error; its message is above")


def _write_notebook(lesson: Path, notebook: Path) -> None:
    """Make a notebook of a lesson's text, unless it is there."""
    import jupytext

    from lenet.atomic import write_text

    if not notebook.exists():
        write_text(notebook, jupytext.writes(jupytext.read(lesson), fmt="ipynb"))

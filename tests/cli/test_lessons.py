"""`lenet lessons`: the list, the text, and the notebook that JupyterLab gets."""

import json
import sys

import pytest

from lenet.lessons.check import LANGUAGE
from lenet.lessons.texts import lesson_files

# Stands for JupyterLab, which is too large to install for a test: it notes what it is asked to open.
JUPYTERLAB = f"""
import os, pathlib, sys
pathlib.Path("opened").write_text(sys.argv[1] + " " + os.environ["{LANGUAGE}"])
sys.exit(int(os.environ.get("JUPYTERLAB_FAILS", 0)))
"""


@pytest.fixture
def jupyterlab(tmp_path, monkeypatch):
    (tmp_path / "program" / "jupyterlab").mkdir(parents=True)
    (tmp_path / "program" / "jupyterlab" / "__init__.py").touch()
    (tmp_path / "program" / "jupyterlab" / "__main__.py").write_text(JUPYTERLAB)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "program"), prepend=":")
    monkeypatch.syspath_prepend(tmp_path / "program")


@pytest.fixture
def no_jupyterlab(monkeypatch):
    monkeypatch.setitem(sys.modules, "jupyterlab", None)


def test_without_a_number_the_ten_are_listed(lenet):
    english, chinese = lenet("lessons"), lenet("lessons", "--chinese")
    assert len(english.stdout.splitlines()) == len(chinese.stdout.splitlines()) == 10
    assert english.stdout.startswith("1 · Draw a digit")
    assert chinese.stdout.startswith("1 · 写一个数字")
    assert "lenet lessons 1" in english.stderr


@pytest.mark.usefixtures("no_jupyterlab")
def test_without_jupyterlab_the_text_is_named_and_how_to_install_it(lenet):
    result = lenet("lessons", 3, "--chinese")
    assert result.exit_code == 0
    assert result.stdout.strip() == str(lesson_files(chinese=True)[2])
    assert "pip install 'lenet[lessons]'" in result.stderr


@pytest.mark.usefixtures("jupyterlab")
@pytest.mark.parametrize(
    ("options", "folder", "language"), [([], "lessons", "en"), (["--chinese"], "lessons-zh", "zh")]
)
def test_a_lesson_is_opened_as_a_notebook_and_what_was_written_in_it_is_kept(
    lenet, tmp_path, options, folder, language
):
    result = lenet("lessons", 3, *options)
    assert result.exit_code == 0, result.output
    notebook = tmp_path / folder / "03-kernel.ipynb"
    assert (tmp_path / "opened").read_text() == f"{folder}/03-kernel.ipynb {language}"
    cells = json.loads(notebook.read_text())["cells"]
    assert {"markdown", "code"} == {cell["cell_type"] for cell in cells}
    notebook.write_text("mine")
    assert lenet("lessons", 3, *options).exit_code == 0
    assert notebook.read_text() == "mine"


@pytest.mark.usefixtures("jupyterlab")
def test_a_failure_of_jupyterlab_is_a_failure(lenet, monkeypatch):
    monkeypatch.setenv("JUPYTERLAB_FAILS", "3")
    result = lenet("lessons", 1)
    assert result.exit_code == 1
    assert "JupyterLab ended with an error" in result.stderr


def test_there_is_no_eleventh(lenet):
    assert lenet("lessons", 11).exit_code == 2

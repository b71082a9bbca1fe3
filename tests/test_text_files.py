"""Small text files of strangers take neither time nor memory."""

import tracemalloc

import pytest
import tomli_w

from lenet import LenetError, Recipe
from lenet.text_files import read_json, read_text, read_toml


def test_a_recipe_comes_back_whatever_its_names_hold(tmp_path):
    names = ("1.1.1.1.1", "a.b.c.d.e", 'quote " a.b.c.d', "# x.y.z.w", "'")
    recipe = Recipe(data="../a.b/c.d.e.f/g.h.i + ./x", start_classes=names)
    (tmp_path / "recipe.toml").write_text(f"# see e.g. a.b.c.d.e\n{tomli_w.dumps(recipe.to_dict())}", encoding="utf-8")
    assert Recipe.read(tmp_path / "recipe.toml") == recipe


@pytest.mark.parametrize(
    "text", ["a." * 20_000 + "a=1", "x={" + "a ." * 20_000 + "a=1}", "[" + '"a".' * 20_000 + "a]", "x=" + "[" * 50_000]
)
def test_nested_keys_are_refused_before_they_take_memory(tmp_path, text):
    (tmp_path / "recipe.toml").write_text(text)
    tracemalloc.start()
    with pytest.raises(LenetError, match=r"recipe\.toml: is not readable TOML"):
        read_toml(tmp_path / "recipe.toml")
    assert tracemalloc.get_traced_memory()[1] < 20 << 20
    tracemalloc.stop()


def test_other_text_is_one_line(tmp_path):
    for content, says in ((b"[" * 50_000, "is not readable JSON"), (b"\xff", "is not text in UTF-8")):
        (tmp_path / "metrics.json").write_bytes(content)
        with pytest.raises(LenetError, match=says):
            read_json(tmp_path / "metrics.json")
    with (tmp_path / "history.csv").open("wb") as file:
        file.truncate(10**9)
    with pytest.raises(LenetError, match="has 1,000,000,000 bytes"):
        read_text(tmp_path / "history.csv")

import subprocess
import sys
from importlib import import_module
from unittest.mock import patch

import pytest
from click.testing import CliRunner

import lenet
from lenet import LenetError


def test_every_public_name_is_there_and_nothing_else_is_promised():
    for name in lenet.__all__:
        assert getattr(lenet, name) is not None
    assert set(lenet.__all__) == set(lenet._HOME)
    assert list(lenet.__all__) == sorted(lenet.__all__)


def loaded_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(' '.join(sys.modules))"
    return set(
        subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout.split()
    )


def test_importing_lenet_and_loading_a_model_need_no_training_library(run):
    heavy = {"keras", "tensorflow", "h5py"}
    assert not heavy & loaded_after("import lenet")
    use = "from lenet import Model, evaluate, load_dataset"
    use += f"\nevaluate(Model.load({str(run.path)!r}), load_dataset('mnist').take([0, 1]))"
    assert not heavy & loaded_after(use)


def test_help_loads_nothing_heavy():
    heavy = {"numpy", "onnx", "onnxruntime", "matplotlib", "keras", "tensorflow", "PIL", "rich"}
    code = "from click.testing import CliRunner\nfrom lenet.cli.main import main\nCliRunner().invoke(main, ['--help'])"
    assert not heavy & loaded_after(code)


def test_a_ready_digit_is_read_without_scipy_which_takes_a_third_of_a_second():
    code = "from lenet import Reader\nfrom lenet.datasets import load_dataset\n"
    code += (
        "images = load_dataset('mnist').split('own').test.images\nassert Reader().read(images[0, ..., 0]).rows == ['7']"
    )
    assert not {"scipy", "matplotlib", "keras"} & loaded_after(code)


def test_training_without_its_extra_names_the_command_that_installs_it():
    code = (
        "import sys\nsys.modules['keras'] = None\n"
        "from lenet.cli.main import main\nmain(['train'])"
    )  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].endswith("pip install 'lenet[train]'")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("module", ["tomli_w", "h5py", "safetensors", "filelock"])
def test_every_module_of_an_extra_that_is_missing_is_named_with_the_extra(module, tmp_path, monkeypatch):
    """All modules of lenet are imported anew without it; TensorFlow, which takes seconds, is not."""
    import lenet.training.train  # noqa: F401  so that no other package is imported for the first time below

    monkeypatch.chdir(tmp_path)
    hidden, own = ([name for name in sys.modules if name.partition(".")[0] == it] for it in (module, "lenet"))
    with patch.dict(sys.modules, dict.fromkeys([module, *hidden])):
        for name in own:
            del sys.modules[name]
        done = CliRunner().invoke(import_module("lenet.cli.main").main, ["train", "--epochs", "0.01"])
        with pytest.raises(Exception, match="is missing") as caught:
            import_module("lenet").train  # noqa: B018
    assert done.exit_code == 1
    for says in (done.stderr.splitlines()[-1], str(caught.value)):
        assert f"{module} is missing; install it with pip install '.[train]' in a clone" in says


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: lenet.train("letters", lenet.Recipe.named("fast")),
        lambda: lenet.train(lenet.load_dataset("mnist"), "fast"),
        lambda: lenet.resume("runs/x", "mnist"),
        lambda: lenet.evaluate("runs/x", "mnist"),
        lambda: lenet.Reader("runs/x"),
        lambda: lenet.Model.load().predict([[1, 2]]),
        lambda: lenet.Model.load().predict(lenet.load_dataset("mnist").images[0]),
        lambda: lenet.compare_runs("runs/x"),
        lambda: lenet.compare_runs(["runs/x", "runs/y"]),
        lambda: lenet.load_dataset("mnist").split(3),
        lambda: lenet.Recipe.named(3),
        lambda: lenet.Architecture.parse(3),
        lambda: lenet.LeNet.build(28, 28, 1, "ten"),
        lambda: lenet.model_from_keras(3),
    ],
)
def test_wrong_types_are_one_clear_error(wrong):
    with pytest.raises(LenetError) as caught:
        wrong()
    assert "\n" not in str(caught.value)

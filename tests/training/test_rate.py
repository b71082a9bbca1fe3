"""The search for a learning rate."""

import re

import numpy as np
import pytest

from lenet import Dataset, LenetError, Recipe
from lenet.training.rate import find_rate

SMALL = Recipe(network="conv 4 5, relu, maxpool 2, dense 20, relu", precision="float32", batch_size=32)


@pytest.fixture(scope="module")
def few(mnist):
    return mnist.take(np.arange(2000))


@pytest.mark.parametrize(("optimizer", "lowest", "highest"), [("sgd", 5e-3, 1.0), ("adamw", 3e-4, 3e-2)])
def test_the_rate_is_below_where_the_loss_rises_again(few, optimizer, lowest, highest):
    found = find_rate(few, SMALL.change(optimizer=optimizer))
    assert lowest < found.rate < highest
    best = int(found.losses.argmin())
    assert found.rate == pytest.approx(found.rates[best] / 10, rel=0.05)
    assert found.losses[0] == pytest.approx(np.log(10), abs=0.4)
    assert found.losses[-1] > found.losses[best] < 0.8 * found.losses[0]


def test_the_command_draws_the_curve_and_trains_nothing(lenet, tmp_path):
    result = lenet("train", "--learning-rate", "find", "--network", SMALL.network)
    assert result.exit_code == 0, result.output
    assert re.fullmatch(r"--learning-rate [\d.e-]+; the recipe has 0.008; see learning-rate.png\n", result.stdout)
    assert [path.name for path in tmp_path.iterdir()] == ["learning-rate.png"]
    assert lenet("train", "--learning-rate", "fast").exit_code == 2
    assert lenet("train", "--learning-rate", "find", "--resume", "runs/one").exit_code == 2


def test_data_that_nothing_can_be_learned_from_is_one_line():
    images = np.full((64, 28, 28), 9, np.uint8)
    blank = Dataset("blank", images, np.arange(64) % 2, ("a", "b"))
    with pytest.raises(LenetError, match="blank: no learning rate lowers the loss"):
        find_rate(blank, SMALL)

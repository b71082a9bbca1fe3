"""What decides the precision is the processor's own time, in turn, whatever else the machine is at."""

import time

import pytest

from lenet.backend import tf
from lenet.training import precision


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(precision, "vector_features", lambda: ("avx512_bf16",))
    precision.bfloat16_is_faster.cache_clear()
    yield
    precision.bfloat16_is_faster.cache_clear()


def spending(milliseconds):
    """Work that takes so much of the processor, each time it is done."""

    def work():
        end = time.process_time() + milliseconds.pop(0) / 1e3
        while time.process_time() < end:
            pass

    return work


@pytest.mark.parametrize(
    ("coarse", "chosen"), [([3] * 10, "bfloat16"), ([9] * 10, "float32"), ([9] * 9 + [3], "bfloat16")]
)
def test_the_quicker_one_is_chosen_by_its_quickest_round(monkeypatch, coarse, chosen):
    spent = {tf.bfloat16: list(coarse), tf.float32: [6] * 10}
    monkeypatch.setattr(precision, "_work", lambda dtype: spending(spent[dtype]))
    assert precision.choose_precision("auto") == chosen


def test_waiting_for_others_does_not_count(monkeypatch):
    def waits():
        time.sleep(0.02)

    monkeypatch.setattr(precision, "_work", lambda dtype: waits if dtype == tf.bfloat16 else spending([6] * 10))
    assert precision.choose_precision("auto") == "bfloat16"


def test_without_the_units_nothing_is_probed(monkeypatch):
    monkeypatch.setattr(precision, "vector_features", lambda: ("avx2",))
    monkeypatch.setattr(precision, "_work", lambda dtype: pytest.fail("it was probed"))
    assert precision.choose_precision("auto") == "float32"


def test_what_is_asked_for_is_taken():
    assert [precision.choose_precision(name) for name in ("float32", "bfloat16")] == ["float32", "bfloat16"]

"""The precision depends on the processor's instructions alone, so that a machine always gives the same bits."""

import pytest

from lenet.training import environment


@pytest.mark.parametrize(
    ("features", "chosen"),
    [(("avx2",), "float32"), (("avx512f", "avx512_vnni"), "float32"), (("avx2", "avx512_bf16"), "bfloat16"),
     (("amx_bf16",), "bfloat16"), ((), "float32")],
)  # fmt: skip
def test_bfloat16_is_chosen_where_the_processor_has_it(monkeypatch, features, chosen):
    monkeypatch.setattr(environment, "vector_features", lambda: features)
    assert environment.choose_precision("auto") == chosen


def test_what_is_asked_for_is_taken():
    assert [environment.choose_precision(name) for name in ("float32", "bfloat16")] == ["float32", "bfloat16"]

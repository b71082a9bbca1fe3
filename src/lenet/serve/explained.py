"""An explanation as JSON."""

from dataclasses import asdict
from typing import Any

import numpy as np
from starlette.responses import JSONResponse

from lenet.explain.explanation import Explanation
from lenet.model.graph import Array
from lenet.network.architecture import Activation, Flatten, PlacedLayer


def encode_explanation(answer: dict[str, Any], explanation: Explanation | None) -> bytes:
    """``schema.Explained`` as the bytes of its JSON.

    Args:
        answer: ``schema.Answer`` in plain values.
        explanation: Of the image; None when nothing is drawn.
    """
    content: dict[str, Any]
    if explanation is None:
        content = {"label": None, "layers": [], "occlusion": [], "evidence": [], "contributions": []}
    else:
        content = {
            "label": explanation.class_names[explanation.label],
            "layers": [_layer(placed, explanation.activations[placed.name]) for placed in explanation.layers],
            "occlusion": _rounded(explanation.occlusion),
            "evidence": _rounded(explanation.evidence),
            "contributions": _rounded(explanation.contributions),
        }
    return bytes(JSONResponse({"answer": answer, **content}).body)


def _layer(placed: PlacedLayer, values: Array) -> dict[str, Any]:
    # What follows from the layer before by one formula is left to the client: it would double the answer.
    told = not isinstance(placed.layer, Activation | Flatten)
    return {
        "name": placed.name,
        "kind": type(placed.layer).__name__.lower(),
        "settings": asdict(placed.layer),
        "input_shape": list(placed.input_shape),
        "output_shape": list(placed.output_shape),
        "maps": _rounded(values.transpose(2, 0, 1)) if told and values.ndim == 3 else [],
        "units": _rounded(values) if told and values.ndim == 1 else [],
    }


def _rounded(values: Array) -> Any:
    return values.astype(np.float64).round(4).tolist()

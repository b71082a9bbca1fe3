"""An explanation as one sheet."""

from matplotlib.figure import Figure

from lenet import figures
from lenet.explain.explanation import Explanation


def draw(explanation: Explanation) -> Figure:
    """The whole way from picture to answer, on one sheet to hang on a wall."""
    seen = explanation.activations
    return figures.explanation(
        image=explanation.image,
        probabilities=explanation.probabilities,
        class_names=explanation.class_names,
        label=explanation.label,
        unknown=explanation.unknown,
        occlusion=explanation.occlusion,
        evidence=explanation.evidence,
        kernels=explanation.kernels,
        maps=(
            ("first convolution", seen["relu1"]),
            ("first pooling", seen["pool1"]),
            ("second convolution", seen["relu2"]),
            ("second pooling", seen["pool2"]),
        ),
        units=seen["relu3"],
        contributions=explanation.contributions,
    )

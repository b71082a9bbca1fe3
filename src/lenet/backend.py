"""TensorFlow and Keras, imported once and with the settings that they must have before they are imported."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from lenet.errors import LenetError

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"
# TensorFlow switches oneDNN on by itself only for AVX-512; without it, too, its convolutions take half the time.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


@contextmanager
def _silence() -> Iterator[None]:
    """Keep TensorFlow's greetings off the terminal; its C++ part writes them past ``sys.stderr``."""
    try:
        kept = os.dup(2)
    except OSError:  # there is no standard error to keep clean
        yield
        return
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(silent)


with _silence():
    try:
        import keras
        import tensorflow as tf
    except ModuleNotFoundError as error:
        hint = "training needs TensorFlow and Keras; install them with: pip install 'lenet[train]'"
        raise LenetError(hint) from error
    tf.constant(0)  # the first tensor makes it look at the processor, and talk of that

__all__ = ["keras", "tf"]

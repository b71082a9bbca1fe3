"""TensorFlow and Keras, imported once and with the settings that they must have before they are imported."""

import os

from lenet.errors import LenetError
from lenet.silence import silence

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"
# TensorFlow switches oneDNN on by itself only for AVX-512; without it, too, its convolutions take half the time.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


with silence():
    try:
        import keras
        import tensorflow as tf
    except ModuleNotFoundError as error:
        hint = "training needs TensorFlow and Keras; install them with: pip install 'lenet[train]'"
        raise LenetError(hint) from error
    tf.constant(0)  # the first tensor makes it look at the processor, and talk of that

__all__ = ["keras", "tf"]

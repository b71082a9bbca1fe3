"""TensorFlow and Keras, imported with the settings that they need before their import."""

import os

from lenet.errors import missing
from lenet.silence import silence

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"
# TensorFlow enables oneDNN by itself only with AVX-512; convolutions take half the time with oneDNN on others, too.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


with silence():
    try:
        import keras
        import tensorflow as tf
    except ModuleNotFoundError as error:
        raise missing(error) from error
    if os.environ.get("LENET_RANK"):  # of several processes, see `lenet.scale.pairs`: they meet before the first tensor
        meeting = tf.distribute.MultiWorkerMirroredStrategy()
    tf.constant(0)  # the first tensor makes it print the processor's features

__all__ = ["keras", "tf"]

"""ONNX Runtime on this machine's processor."""

import os
import re

import onnxruntime

from lenet.processor import usable_cores


def open_session(content: bytes) -> onnxruntime.InferenceSession:
    """A session that runs an ONNX file's content on all cores that this process may use.

    Where ``OMP_NUM_THREADS`` is set, it uses so many: Ray gives each process its share.
    """
    options = onnxruntime.SessionOptions()
    threads = os.environ.get("OMP_NUM_THREADS", "")
    options.intra_op_num_threads = int(threads) if re.fullmatch("[1-9][0-9]{0,3}", threads) else usable_cores()
    # Spinning idle threads would slow down the preparation of the next batch.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

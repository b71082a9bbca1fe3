"""The questions of the ten lessons; what is said to an answer is in ``words.toml``."""

from lenet.lessons import layers, learning, pictures
from lenet.lessons.check import Question

QUESTIONS: dict[int, Question] = {
    1: pictures.FOOLED,
    2: pictures.PREPARED,
    3: layers.KERNEL,
    4: layers.MAP,
    5: layers.POOLED,
    6: layers.SMALLER,
    7: learning.SOFTMAX,
    8: learning.STEP,
    9: learning.FAIR,
    10: learning.CHANGED,
}

"""The teacher: a deeper network that is trained first; its probabilities are a part of the targets beside the labels.

It is more accurate than LeNet trained on the labels alone, and its probabilities show how recognisable an augmented
image still is, which the label does not. Only the run's own network is saved. Source: Hinton, Vinyals and Dean,
"Distilling the Knowledge in a Neural Network", 2015.
"""

from lenet.training.recipe import Recipe

# Name of its stage of a training, and of the folder with its checkpoints.
TEACHER = "teacher"
NETWORK = "deep"
# The teacher's own; LeNet, which is smaller and has its answers to learn from, is better without dropout.
DROPOUT = 0.4


def teacher_recipe(recipe: Recipe) -> Recipe:
    """Recipe of the teacher: that of the run, for ``teacher_epochs``, from new weights, on undamaged images."""
    return recipe.change(
        network=NETWORK,
        initializer="he_uniform",
        normalisation="batch",
        input_gain=1.0,
        dropout=DROPOUT,
        epochs=recipe.teacher_epochs,
        teacher_epochs=0.0,
        distillation=0.0,
        damage=0.0,
        view="whole",
        start="",
        start_sha256="",
    )


def frozen_recipe(recipe: Recipe) -> Recipe:
    """Recipe of the trained teacher, with normalisation and gain folded into its weights."""
    return recipe.change(normalisation="none", input_gain=1.0, dropout=0.0)

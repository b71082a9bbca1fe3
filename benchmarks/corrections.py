"""How gently a network should learn corrections: what it learns, and what it forgets of MNIST.

    python benchmarks/corrections.py [--seeds 2]

The bundled model learns 20 ones with a long flag, which it misreads, beside MNIST. It is measured on 5,000 training
images that it was not trained on, and on 100 further ones of that kind; the test images are not used.
"""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from signs import flagged_ones

from lenet import Model, load_dataset, train
from lenet.evaluation import part_for
from lenet.training.job import Drawn, Job, prepare

# Learning rates and epochs; None is the recipe's own.
SETTINGS = ((None, None), (1e-4, 2.0), (2e-4, 1.0), (1e-4, 1.0), (5e-5, 1.0))
LEARNED, FURTHER = 20, 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2)
    asked = parser.parse_args()
    model, mnist = Model.load(), load_dataset("mnist")
    parts = [part_for(model.metadata, mnist, part) for part in ("train", "validation")]
    images, labels = (np.concatenate([getattr(part, name) for part in parts]) for name in ("images", "labels"))
    mnist = replace(mnist, images=images, labels=labels, test_from=len(parts[0]))
    further = flagged_ones(model, FURTHER, seed=1_000)
    for rate, epochs in SETTINGS:
        for seed in range(asked.seeds):
            drawn = flagged_ones(model, LEARNED, seed)
            with tempfile.TemporaryDirectory() as folder:
                job = Job(
                    run=Path(folder) / "run", data="mnist", images=60_000, recipe="tune", network="", framing="mark",
                    start="bundled", epochs=epochs, learning_rate=rate, drawing=None,
                    drawn=[Drawn(image=image.tolist(), label="1") for image in drawn],
                )  # fmt: skip
                dataset, recipe = prepare(job, mnist)
                run = train(dataset, recipe.change(seed=seed), job.run, draw=False)
                learned = Model.load(run.path)
                row = run.metrics["held_out"][0]
            right = [int((learned.predict(it[..., np.newaxis]).argmax(axis=1) == 1).sum()) for it in (drawn, further)]
            print(
                f"learning rate {recipe.learning_rate:g}, {recipe.epochs:g} epochs, seed {seed}: drawn {right[0]} of "
                f"{LEARNED}, further {right[1]} of {FURTHER}, MNIST {row['before']} → {row['correct']} of {row['n']}",
                flush=True,
            )


if __name__ == "__main__":
    main()

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
from lenet.training import page_job as jobs
from lenet.training.page_job import Drawn, Job, prepare

# Learning rate, epochs, and times that each correction is repeated; None is the recipe's own.
SETTINGS = ((None, None, 250), (1e-4, 1.0, 250), (1e-4, 1.0, 25), (1e-4, 1.0, 10))
MNIST, LEARNED, FURTHER = 15_000, 20, 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2)
    asked = parser.parse_args()
    model, mnist = Model.load(), load_dataset("mnist")
    parts = [part_for(model.metadata, mnist, part) for part in ("train", "validation")]
    images, labels = (np.concatenate([getattr(part, name) for part in parts]) for name in ("images", "labels"))
    mnist = replace(mnist, images=images, labels=labels, test_from=len(parts[0]))
    further = flagged_ones(model, FURTHER, seed=1_000)
    for rate, epochs, jobs.REPEATED in SETTINGS:
        for seed in range(asked.seeds):
            drawn = flagged_ones(model, LEARNED, seed)
            with tempfile.TemporaryDirectory() as folder:
                job = Job(
                    run=Path(folder) / "run", data="mnist", images=MNIST, recipe="tune", network="", framing="mark",
                    start="bundled", epochs=epochs, learning_rate=rate, drawing=None,
                    drawn=[Drawn(image=image.tolist(), label="1") for image in drawn],
                )  # fmt: skip
                dataset, recipe = prepare(job, mnist)
                run = train(dataset, recipe.change(seed=seed), job.run, draw=False)
                learned = Model.load(run.path)
                drawn_right, further_right = (
                    int((learned.predict(images[..., np.newaxis]).argmax(axis=1) == 1).sum())
                    for images in (drawn, further)
                )
                read = learned.predict(parts[1].images).argmax(axis=1)
                right = int((read == parts[1].labels).sum())
                confused = int(((read == 1) & (parts[1].labels == 7)).sum())
            print(
                f"learning rate {recipe.learning_rate:g}, {recipe.epochs:g} epochs, repeated {jobs.REPEATED} times, "
                f"seed {seed}: drawn {drawn_right} of {LEARNED}, further {further_right} of {FURTHER}; "
                f"of {len(read)} held out images {right}, {confused} sevens read as ones",
                flush=True,
            )


if __name__ == "__main__":
    main()

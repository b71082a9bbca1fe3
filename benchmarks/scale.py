"""What several processes cost and give: reading, training and searching on Ray; writes sections of RESULTS.md.

    python benchmarks/scale.py [reading] [shards] [training] [large] [searching] [cost] [--rows 20000] [--rounds 3]
        [--seeds 5]

All of these, or those that are named:

- reading: `lenet predict --data` against a plain loop over the same shards in one process, on so many rows and on ten
  times as many. CPU seconds of all processes; a row costs the difference of both, so that starting does not count.
  Memory is the highest sum over all processes, pages that they share counted once.
- shards: memory of the process that hands out a list of a million shards, whose work is left out.
- training: steps a second of two processes and of one, each with one thread on a core of its own, at a batch of 1,024
  in 8 shards.
- large: memory of `lenet train --hosts 2` on Parquet files of pictures, and on ten times as many, whose pixels take
  more than 4 GiB. Counted are pages that the system cannot free, in all processes together.
- searching: 30 trials on 6,000 images, then recipe `fast` and the recipe found, trained with other seeds and measured
  on the official test images, which the search has not seen.
- cost: CPU seconds a digit and a photo of 640×480 pixels with 18 digits, and what 10⁸ and 10⁹ take.
"""

import argparse

from scale_reading import cost, reading, shards
from scale_training import large, searching, training

PARTS = ("reading", "shards", "training", "large", "searching", "cost")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar=" | ".join(PARTS))
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=5)
    asked = parser.parse_args()
    parts = asked.parts or PARTS
    if other := set(parts) - set(PARTS):
        parser.error(f"{', '.join(sorted(other))}: name any of {', '.join(PARTS)}")
    if "reading" in parts:
        reading(asked.rows, asked.rounds)
    if "shards" in parts:
        shards()
    if "training" in parts:
        training(asked.rounds)
    if "large" in parts:
        large()
    if "searching" in parts:
        searching(asked.seeds)
    if "cost" in parts:
        cost()


if __name__ == "__main__":
    main()

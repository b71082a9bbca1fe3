"""The tutorial's driver: train a LeNet on MNIST or load one, evaluate it, and look at ten of its answers.

python lenet_mnist.py --save-model 1 --weights output/lenet_weights.hdf5
python lenet_mnist.py --load-model 1 --weights output/lenet_weights.hdf5
"""

import argparse
import io
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from lenet import LenetError, Recipe, load_dataset
from lenet.cli.signals import stop_signals
from lenet.cli.window import show_pictures
from lenet.figures.render import join_gif

try:
    from lenet import LeNet, fit, save_weights
    from lenet.backend import keras
except LenetError as error:  # which names what to install
    sys.exit(f"[ERROR] {error}")

OUTPUT = Path("output")
SIDE = 96  # pixels of a shown digit
GREEN = (0, 255, 0)


def main() -> None:
    """Go through the tutorial's steps, in its order."""
    warnings.showwarning = lambda message, *_: print(f"[INFO] {message}")
    arguments = parse_arguments()
    recipe = Recipe.named("tutorial").change(epochs=arguments.epochs)
    weights = Path(arguments.weights) if arguments.weights else None
    loading = arguments.load_model > 0
    if (loading or arguments.save_model > 0) and weights is None:
        raise LenetError("--save-model and --load-model need --weights FILE")
    if arguments.save_model > 0 and weights is not None:
        refuse_unwritable(weights)

    print("[INFO] loading MNIST...")
    dataset = load_dataset("mnist")
    train_part, test_part = dataset.split(recipe.split, recipe.seed)
    test_pixels = test_part.images / np.float32(255)
    test_targets = keras.utils.to_categorical(test_part.labels, num_classes=10)

    print("[INFO] building and compiling the network...")
    keras.utils.set_random_seed(recipe.seed)
    network = LeNet.build(
        width=28,
        height=28,
        depth=1,
        classes=10,
        weights_path=weights if loading else None,
        initializer=recipe.initializer,
    )
    network.compile(
        loss="categorical_crossentropy", optimizer=keras.optimizers.SGD(recipe.learning_rate), metrics=["accuracy"]
    )

    stopped: list[int] = []
    if not loading:
        with stop_signals() as stopped:
            print("[INFO] training...", flush=True)
            fit(network, train_part, recipe, on_progress=print_epoch, stop=lambda: bool(stopped))

    print("[INFO] evaluating...")
    _, accuracy = network.evaluate(test_pixels, test_targets, batch_size=recipe.batch_size, verbose=0)
    print(f"[INFO] accuracy: {accuracy:.2%}")

    if arguments.save_model > 0 and weights is not None:
        print(f"[INFO] saving the weights to {weights}...")
        save_weights(network, weights)
    if stopped:
        sys.exit(128 + stopped[0])

    chosen = np.random.default_rng().choice(len(test_part), size=10, replace=False)
    answers = network.predict(test_pixels[chosen], verbose=0).argmax(axis=1)
    pictures = []
    for image, answer, actual in zip(test_part.images[chosen], answers, test_part.labels[chosen], strict=True):
        print(f"[INFO] Predicted: {answer}, Actual: {actual}")
        pictures.append(draw_answer(image[..., 0], str(answer)))
    show_or_write(pictures)


def refuse_unwritable(weights: Path) -> None:
    """Refuse a place for the weights before the training, not after it."""
    try:
        weights.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=weights.parent).close()
        if weights.is_dir():
            raise IsADirectoryError(0, "Is a directory")
    except OSError as error:
        raise LenetError(f"{weights}: cannot be written ({error.strerror}); choose another place") from error


def parse_arguments() -> argparse.Namespace:
    """The tutorial's own flags, and ``--epochs`` for those in a hurry."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-s", "--save-model", type=int, default=-1, help="1 to save the weights after training")
    parser.add_argument("-l", "--load-model", type=int, default=-1, help="1 to load the weights instead of training")
    parser.add_argument("-w", "--weights", help="the weights file, .hdf5 or .h5")
    parser.add_argument("-e", "--epochs", type=float, default=Recipe.named("tutorial").epochs, help="how long to train")
    return parser.parse_args()


def print_epoch(progress) -> None:
    """A line an epoch."""
    if progress.epoch:
        row = progress.epoch
        print(f"epoch {row.epoch:g}: loss {row.loss:.4f}, accuracy {row.accuracy:.2%}, {row.seconds:.1f} s", flush=True)


def draw_answer(image: np.ndarray, answer: str) -> Image.Image:
    """The digit at 96×96 with the answer in green in its upper left corner."""
    picture = Image.fromarray(image).convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    ImageDraw.Draw(picture).text((5, 2), answer, fill=GREEN, font=ImageFont.load_default(size=20))
    return picture


def show_or_write(pictures: list[Image.Image]) -> None:
    """Ten pictures in a window, a key for the next; where there is no screen, as files."""
    try:
        show_pictures([as_png(picture) for picture in pictures], "lenet")
    except LenetError:
        OUTPUT.mkdir(exist_ok=True)
        for number, picture in enumerate(pictures):
            picture.save(OUTPUT / f"digit_{number}.png")
        (OUTPUT / "digits.gif").write_bytes(join_gif(pictures, seconds=1.0))
        print(f"[INFO] there is no screen: see {OUTPUT}/digit_0.png to digit_9.png and {OUTPUT}/digits.gif")


def as_png(picture: Image.Image) -> bytes:
    """The bytes of a PNG."""
    buffer = io.BytesIO()
    picture.save(buffer, format="png")
    return buffer.getvalue()


if __name__ == "__main__":
    try:
        main()
    except LenetError as error:
        sys.exit(f"[ERROR] {error}")
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        sys.exit(f"[ERROR] {error}")

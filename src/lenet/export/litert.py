"""``litert`` and ``litert-int8``: one ``.tflite`` file for phones and microcontrollers, converted by Keras.

Writing needs TensorFlow and Keras, running the file the LiteRT interpreter.
"""

import io
import json
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from lenet.datasets.dataset import Images
from lenet.errors import LenetError
from lenet.export.target import Probabilities, Target
from lenet.model.graph import INPUT, OUTPUT, logits_name
from lenet.network.architecture import Architecture
from lenet.processor import usable_cores
from lenet.silence import silence


class LiteRT(Target):
    """Takes uint8 pixels ``(1, height, width, depth)``; scaling and softmax are inside.

    Gives ``probabilities`` and, under the name of the last dense layer, the logits: an image whose highest logit lies
    below the metadata's ``unknown_threshold`` is unknown. The labels and the metadata are the files ``labels.txt`` and
    ``metadata.json`` of a ZIP at its end, where the format keeps associated files; ``unzip`` shows them.
    """

    def write(self, path: Path) -> None:
        """Convert the network, and append the labels and the metadata."""
        content = io.BytesIO()
        content.write(self._convert())
        with zipfile.ZipFile(content, "a") as archive:
            for name, text in (
                ("labels.txt", "".join(f"{label}\n" for label in self.model.metadata.class_names)),
                ("metadata.json", json.dumps(asdict(self.model.metadata), ensure_ascii=False) + "\n"),
            ):
                # A fixed date: the same model gives the same file.
                archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text)
        path.write_bytes(content.getvalue())

    def run(self, path: Path, images: Images) -> Probabilities:
        """Run it in the LiteRT interpreter, image by image as a phone would."""
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ModuleNotFoundError as error:
            hint = "install it with: pip install 'lenet[export]', or use --unproven"
            raise LenetError(f"litert: is proven in LiteRT, which is missing; {hint}") from error
        with silence():  # it logs its settings
            interpreter = Interpreter(model_path=str(path), num_threads=usable_cores())
            interpreter.allocate_tensors()
            classify = interpreter.get_signature_runner()
        return np.concatenate([classify(**{INPUT: image[np.newaxis]})[OUTPUT] for image in images])

    def _convert(self, dtype: str = "uint8", **options: Any) -> bytes:
        """The network as a LiteRT file; ``options`` are attributes of ``tf.lite.TFLiteConverter``."""
        from lenet.backend import keras, tf
        from lenet.network.build import build

        metadata = self.model.metadata
        height, width, depth = shape = metadata.height, metadata.width, metadata.depth
        network = build(Architecture.parse(metadata.network), width, height, depth, len(metadata.class_names))
        pixels = keras.Input(shape, batch_size=1, dtype=dtype, name=INPUT)
        values = keras.layers.Rescaling(metadata.pixel_scale, name="scaled")(pixels)
        outputs = {}
        for placed in metadata.layers:
            layer = network.get_layer(placed.name)
            layer.set_weights([self.model.weights[name] for name in placed.weight_shapes])
            values = outputs[placed.name] = layer(values)
        wanted = {name: outputs[name] for name in (OUTPUT, logits_name(metadata.layers))}
        signature = [tf.TensorSpec((1, *shape), dtype, name=INPUT)]
        with tempfile.TemporaryDirectory() as folder, silence():
            path = Path(folder) / "model.tflite"
            keras.Model(pixels, wanted, name="network").export(
                path, format="litert", verbose=False, input_signature=signature, **options
            )
            return path.read_bytes()


class LiteRTInt8(LiteRT):
    """The same in 8-bit integers: uint8 pixels in, int8 inside, float32 probabilities and logits out."""

    rounds_alone = True

    def _convert(self, dtype: str = "float32", **options: Any) -> bytes:
        from lenet.backend import tf

        return super()._convert(
            dtype,
            optimizations=[tf.lite.Optimize.DEFAULT],
            representative_dataset=self._calibration,
            target_spec={"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]},
            inference_input_type=tf.uint8,
            **options,
        )

    def _calibration(self) -> Iterator[list[np.ndarray[Any, Any]]]:
        images = self.training_images().astype(np.float32)
        # With the whole range in the images, an input integer is a pixel value.
        images[0].flat[:2] = 0, 255
        for image in images:
            yield [image[np.newaxis]]

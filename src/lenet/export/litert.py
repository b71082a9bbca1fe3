"""``litert``: one ``.tflite`` file for phones, written operator by operator, so that no TensorFlow is needed."""

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lenet.datasets.dataset import Images
from lenet.errors import LenetError
from lenet.export.layout import channels_last
from lenet.export.target import Probabilities, Target
from lenet.model.file import ModelFile
from lenet.model.graph import INPUT, LOGITS, OUTPUT
from lenet.processor import usable_cores
from lenet.silence import silence

FORMAT_VERSION, IDENTIFIER = 3, b"TFL3"
# The format wants every array to start at such an address.
ALIGNMENT = 16
SIGNATURE = "serving_default"


class LiteRT(Target):
    """Takes uint8 pixels ``(1, height, width, depth)`` as they are; scaling and softmax are inside.

    Gives ``probabilities``, and the logits ``dense2``: an image whose highest logit lies below the metadata's
    ``unknown_threshold`` is unknown. The labels and the metadata are the two files ``labels.txt`` and
    ``metadata.json`` of a ZIP at its end, where the format keeps associated files; ``unzip`` shows them.
    """

    def write(self, path: Path) -> None:
        """Write the file."""
        content = io.BytesIO(_flatbuffer(self.model))
        metadata = {name: json.loads(text) for name, text in self.model.metadata.to_properties().items()}
        with zipfile.ZipFile(content, "a") as archive:
            for name, text in (
                ("labels.txt", "".join(f"{label}\n" for label in self.model.metadata.class_names)),
                ("metadata.json", json.dumps(metadata, indent=2, ensure_ascii=False) + "\n"),
            ):
                # A fixed date: the same model gives the same file.
                archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text)
        path.write_bytes(content.getvalue())

    def run(self, path: Path, images: Images) -> Probabilities:
        """Run it in the LiteRT interpreter, image by image as a phone would."""
        with silence():  # it tells on the terminal how it is made
            interpreter = _import("interpreter").Interpreter(model_path=str(path), num_threads=usable_cores())
            interpreter.allocate_tensors()
            answer = interpreter.get_signature_runner(SIGNATURE)
        return np.concatenate([answer(**{INPUT: image[np.newaxis]})[OUTPUT] for image in images])


def _import(name: str) -> Any:
    from importlib import import_module

    try:
        return import_module(f"ai_edge_litert.{name}")
    except ModuleNotFoundError as error:
        raise LenetError("litert: needs LiteRT; install it with: pip install 'lenet[export]'") from error


class _Graph:
    """Tensors and operators as they come, each known by its index."""

    def __init__(self) -> None:
        self.schema = _import("schema_py_generated")
        self.buffers = [self.schema.BufferT()]  # the first is the empty one, for all that is computed
        self.tensors: list[Any] = []
        self.kinds: list[str] = []
        self.operators: list[Any] = []

    def tensor(self, name: str, shape: Sequence[int], kind: str = "FLOAT32", buffer: int = 0) -> int:
        schema = self.schema
        self.tensors.append(
            schema.TensorT(name=name, shape=list(shape), type=getattr(schema.TensorType, kind), buffer=buffer)
        )
        return len(self.tensors) - 1

    def constant(self, name: str, array: np.ndarray[Any, Any]) -> int:
        self.buffers.append(_aligned_buffer(self.schema, array))
        kind = {"float32": "FLOAT32", "int32": "INT32"}[array.dtype.name]
        return self.tensor(name, array.shape, kind, len(self.buffers) - 1)

    def operator(self, kind: str, inputs: list[int], name: str, shape: Sequence[int], **options: Any) -> int:
        """Add an operator; gives the tensor that it computes."""
        schema = self.schema
        if kind not in self.kinds:
            self.kinds.append(kind)
        title = {"CONV_2D": "Conv2D", "MAX_POOL_2D": "Pool2D", "FULLY_CONNECTED": "FullyConnected"}.get(
            kind, kind.capitalize()
        )
        output = self.tensor(name, shape)
        self.operators.append(
            schema.OperatorT(
                opcodeIndex=self.kinds.index(kind),
                inputs=inputs,
                outputs=[output],
                builtinOptionsType=getattr(schema.BuiltinOptions, f"{title}Options"),
                builtinOptions=getattr(schema, f"{title}OptionsT")(**options),
            )
        )
        return output

    def finish(self, source: int, results: dict[str, int], description: str) -> bytes:
        """The file's bytes."""
        import flatbuffers

        schema = self.schema
        codes = [getattr(schema.BuiltinOperator, kind) for kind in self.kinds]
        model = schema.ModelT(
            version=FORMAT_VERSION,
            description=description,
            operatorCodes=[schema.OperatorCodeT(deprecatedBuiltinCode=code, builtinCode=code) for code in codes],
            subgraphs=[schema.SubGraphT(self.tensors, [source], list(results.values()), self.operators, "lenet")],
            buffers=self.buffers,
            signatureDefs=[
                schema.SignatureDefT(
                    [schema.TensorMapT(INPUT, source)],
                    [schema.TensorMapT(name, tensor) for name, tensor in results.items()],
                    SIGNATURE,
                    0,
                )
            ],
        )
        builder = flatbuffers.Builder()
        builder.Finish(model.Pack(builder), file_identifier=IDENTIFIER)
        return bytes(builder.Output())


def _flatbuffer(file: ModelFile) -> bytes:
    """The network as a LiteRT graph, top to bottom."""
    graph = _Graph()
    schema, metadata, weights = graph.schema, file.metadata, channels_last(file)
    same, valid = schema.Padding.SAME, schema.Padding.VALID
    relu = schema.ActivationFunctionType.RELU
    rows, columns = metadata.height, metadata.width

    def parameters(layer: str) -> list[int]:
        return [graph.constant(f"{layer}/{kind}", weights[f"{layer}/{kind}"]) for kind in ("kernel", "bias")]

    pixels = graph.tensor(INPUT, (1, rows, columns, metadata.depth), "UINT8")
    types = {"inDataType": schema.TensorType.UINT8, "outDataType": schema.TensorType.FLOAT32}
    tensor = graph.operator("CAST", [pixels], "floats", (1, rows, columns, metadata.depth), **types)
    scale = graph.constant("pixel_scale", np.array([metadata.pixel_scale], np.float32))
    tensor = graph.operator("MUL", [tensor, scale], "scaled", (1, rows, columns, metadata.depth))
    for number in ("1", "2"):
        filters = len(weights[f"conv{number}/bias"])
        convolution = {"padding": same, "strideW": 1, "strideH": 1, "fusedActivationFunction": relu}
        inputs = [tensor, *parameters(f"conv{number}")]
        tensor = graph.operator("CONV_2D", inputs, f"relu{number}", (1, rows, columns, filters), **convolution)
        rows, columns = rows // 2, columns // 2
        pooling = {"padding": valid, "strideW": 2, "strideH": 2, "filterWidth": 2, "filterHeight": 2}
        tensor = graph.operator("MAX_POOL_2D", [tensor], f"pool{number}", (1, rows, columns, filters), **pooling)
    units, length = weights["dense1/kernel"].shape
    shape = graph.constant("flat", np.array([1, length], np.int32))
    tensor = graph.operator("RESHAPE", [tensor, shape], "flatten", (1, length), newShape=[1, length])
    dense1 = [tensor, *parameters("dense1")]
    tensor = graph.operator("FULLY_CONNECTED", dense1, "relu3", (1, units), fusedActivationFunction=relu)
    classes = len(metadata.class_names)
    logits = graph.operator("FULLY_CONNECTED", [tensor, *parameters("dense2")], LOGITS, (1, classes))
    probabilities = graph.operator("SOFTMAX", [logits], OUTPUT, (1, classes), beta=1.0)
    results = {OUTPUT: probabilities, LOGITS: logits}
    return graph.finish(pixels, results, "LeNet. uint8 pixels, bright ink on black; labels.txt names the probabilities")


def _aligned_buffer(schema: Any, array: np.ndarray[Any, Any]) -> Any:
    """An array as the format stores it; the generated code forgets to align it."""

    class Aligned(schema.BufferT):  # type: ignore[misc]
        def Pack(self, builder: Any) -> Any:  # noqa: N802 — overrides the generated name
            content = array.tobytes()
            builder.StartVector(1, len(content), ALIGNMENT)
            builder.head -= len(content)
            builder.Bytes[builder.head : builder.head + len(content)] = content
            self.start = builder.EndVector()
            schema.BufferStart(builder)
            schema.BufferAddData(builder, self.start)
            return schema.BufferEnd(builder)

    return Aligned()

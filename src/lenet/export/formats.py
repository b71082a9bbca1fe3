"""The formats that a model can be exported to. Imports nothing heavy, since the help of the command line uses it."""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from lenet.export.target import Target


@dataclass(frozen=True)
class Format:
    """A format."""

    suffix: str  # usual ending of the file; empty for a folder
    purpose: str  # what it is for, in one phrase
    target: str  # module and class that write and run it
    limited: str = ""  # the same where bits, flash or RAM are given; empty where they cannot be

    def load_target(self, limited: bool = False) -> "type[Target]":
        """Import the class that writes and runs it, in general or within limits."""
        module, name = (self.limited if limited else self.target).split(":")
        return cast("type[Target]", getattr(import_module(f"lenet.export.{module}"), name))


FORMATS = {
    "onnx": Format(".onnx", "any ONNX tool", "onnx:Onnx"),
    "onnx-int8": Format(".onnx", "the same in 8-bit integers, a quarter of the size", "onnx:OnnxInt8"),
    "litert": Format(".tflite", "phones", "litert:LiteRT"),
    "litert-int8": Format(".tflite", "the same in 8-bit integers, for TFLite Micro, too", "litert:LiteRTInt8"),
    "c": Format(
        "", "C99 in 8-bit integers for microcontrollers, relu only; with --bits the smallest", "c:CInt8", "chip:ChipC"
    ),
    "c-float": Format("", "C99 in floating point", "c:CFloat"),
    "arduino": Format(
        ".zip", "c with --bits as a library for the Arduino IDE and PlatformIO", "chip:Arduino", "chip:Arduino"
    ),
    "html": Format(".html", "a page that classifies what is drawn on it", "html:Html"),
}

"""A check of the outer fields of a protobuf before it is parsed.

A parser creates an object for every field, so a small file with a million empty fields can fill the memory. This check
counts the fields without creating objects.
"""

from collections.abc import Iterator

from lenet.errors import LenetError

# A network has at most `MOST_LAYERS` nodes, two arrays for each, and some 30 small fields.
MOST_FIELDS = 400
# Only arrays and metadata are longer; a field of this length cannot hold too many empty ones.
LONGEST_FIELD = 4096
# Field numbers of the ONNX format: of ModelProto, GraphProto and TensorProto.
GRAPH, METADATA_PROPS, INITIALIZER, RAW_DATA = 7, 14, 5, 9
# Fields with fields inside, by the numbers on the way to them.
NESTED = {(GRAPH,), (GRAPH, INITIALIZER), (METADATA_PROPS,)}


def refuse_crowded(content: memoryview, path: tuple[int, ...] = ()) -> None:
    """Refuse a file with more or longer fields than a model file has, or that is not a protobuf."""
    for number, value in _fields(content):
        inside = (*path, number)
        if inside in NESTED:
            refuse_crowded(value, inside)
        elif len(value) > LONGEST_FIELD and METADATA_PROPS not in path and inside != (GRAPH, INITIALIZER, RAW_DATA):
            raise LenetError("holds a field that is longer than a model file has")


def _fields(content: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Number and bytes of every field; no bytes for a number."""
    position = count = 0
    while position < len(content):
        count += 1
        if count > MOST_FIELDS:
            raise LenetError("holds more fields than a model file has")
        key, position = _varint(content, position)
        length = 0
        match key & 7:
            case 0:
                _, position = _varint(content, position)
            case 1:
                position += 8
            case 2:
                length, position = _varint(content, position)
            case 5:
                position += 4
            case _:
                raise LenetError("is not an ONNX file")
        if position + length > len(content):
            raise LenetError("is not an ONNX file, or is truncated")
        yield key >> 3, content[position : position + length]
        position += length


def _varint(content: memoryview, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(content):
            break
        byte = content[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise LenetError("is not an ONNX file, or is truncated")

"""A look at a protobuf's outer fields before anything parses it.

A parser makes an object of every field, so a small file of a million empty ones can fill the memory. This walk counts
without making any, and only knows what a LeNet's file has.
"""

from collections.abc import Iterator

from lenet.errors import LenetError

# A LeNet's file has 11 nodes, 8 arrays and some 30 small fields; nothing but an array's bytes is long.
MOST_FIELDS = 100
LONGEST_FIELD = 1 << 20
# Field numbers of the ONNX format: ModelProto.graph, GraphProto.initializer, TensorProto.raw_data.
GRAPH, INITIALIZER, RAW_DATA = 7, 5, 9


def refuse_crowded(content: memoryview) -> None:
    """Refuse a file with more or longer fields than a LeNet's.

    Raises:
        LenetError: also when the bytes are no protobuf at all.
    """
    for number, value in _fields(content):
        if number == GRAPH:
            for inner, part in _fields(value):
                if inner == INITIALIZER:
                    for innermost, array in _fields(part):
                        _limit(array, innermost != RAW_DATA)
                else:
                    _limit(part)
        else:
            _limit(value)


def _limit(value: memoryview, limited: bool = True) -> None:
    if limited and len(value) > LONGEST_FIELD:
        raise LenetError("holds a field longer than any of a LeNet's")


def _fields(content: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Every field's number and its bytes (none for a plain number)."""
    position = count = 0
    while position < len(content):
        count += 1
        if count > MOST_FIELDS:
            raise LenetError("holds more fields than a LeNet's file has")
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

"""The small text files of a run folder, read with limits: they may come from untrusted sources."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from lenet.atomic import read_bytes
from lenet.errors import LenetError, reason

MOST_BYTES = 8 << 20  # the history of 100,000 epochs
# Strings and comments of TOML, which may hold anything.
_TEXTS = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#[^\n]*')
# No file of lenet has such keys; each part of one takes as much memory in `tomllib` as all parts before it.
_DOTTED_KEY = re.compile(r"(?:\.[\w\s'-]*){3}")


def read_text(path: Path) -> str:
    """Content of a UTF-8 file; LenetError when it cannot be read, or is no text or too large."""
    try:
        return read_bytes(path, MOST_BYTES, "text file of a run").decode()
    except UnicodeDecodeError:
        raise LenetError(f"{path}: is not text in UTF-8") from None


def read_toml(path: Path) -> dict[str, Any]:
    """Content of a TOML file; LenetError when it cannot be read or parsed."""
    text = read_text(path)
    try:
        if _DOTTED_KEY.search(_TEXTS.sub("''", text)):
            raise ValueError("it has a dotted key")
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise LenetError(f"{path}: is not readable TOML ({reason(error)})") from error


def read_json(path: Path) -> Any:
    """Content of a JSON file; LenetError when it cannot be read or parsed."""
    try:
        return json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise LenetError(f"{path}: is not readable JSON ({reason(error)})") from error

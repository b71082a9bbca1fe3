"""The exception for errors that a user can fix, and one-line messages of other errors."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any

# The extra of each package that not everything needs, by the name under which it is imported.
EXTRAS = {
    **dict.fromkeys(("filelock", "h5py", "keras", "safetensors", "tensorflow", "tomli_w"), "train"),
    **dict.fromkeys(("pyarrow", "sklearn"), "data"),
    **dict.fromkeys(("pi_heif", "pypdfium2"), "formats"),
    **dict.fromkeys(("optuna", "ray"), "scale"),
    "ai_edge_litert": "export",
    "tensorboard": "tensorboard",
}


class LenetError(Exception):
    """Something that the user can fix; its message is one line that says what, why, and what to do next."""


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """The end of an error about an unknown word: the most similar of these names, if one is similar."""
    similar = get_close_matches(word, list(names), 1)
    return f"; did you mean {similar[0]!r}?" if similar else ""


def one_line(text: str) -> str:
    r"""The text with unprintable characters escaped: file names may hold even line feeds, shown as ``\n``."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def missing(error: ModuleNotFoundError) -> Exception:
    """What to install for a module that is not there; the error itself for one that belongs to no extra."""
    name = str(error.name).partition(".")[0]
    if name not in EXTRAS:
        return error
    extra = EXTRAS[name]
    return LenetError(
        f"{name} is missing; install it with pip install '.[{extra}]' in a clone, else with: "
        f"pip install 'lenet[{extra}]'"
    )


def reason(error: BaseException) -> str:
    """First line of a library's error, without its error number."""
    text = str(getattr(error, "strerror", None) or error)
    return text.partition("\n")[0][:200] or type(error).__name__


@contextmanager
def readable(path: Path, kind: str) -> Iterator[None]:
    """Whatever fails in the block is said of the file: libraries fail in many ways on damaged bytes."""
    try:
        yield
    except LenetError:
        raise
    except Exception as error:
        raise LenetError(f"{path}: is not a readable {kind} ({reason(error)})") from error


def last_line(error: Exception) -> str:
    """What an exception says: Ray puts a traceback before it, TensorFlow the node after it, which is indented."""
    lines = [line for line in str(error).splitlines() if line.strip() and not line[0].isspace()]
    return one_line(lines[-1] if lines else type(error).__name__)


def first_fault(error: Any) -> str:
    """The first fault of a pydantic ``ValidationError`` in one line."""
    fault = error.errors(include_url=False, include_context=False)[0]
    where = ".".join(map(str, fault["loc"])) or "value"
    value = repr(fault["input"])
    shown = f" is {value}" if len(value) <= 40 else ""
    return f"{where}{shown}: {fault['msg'][0].lower()}{fault['msg'][1:200]}"

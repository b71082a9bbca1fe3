"""What all verbs share: examples in the help, one line for an error, the exit status."""

import os
import re
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from lenet.errors import LenetError, missing, one_line

if TYPE_CHECKING:
    from lenet.datasets.source import Source

INTERRUPTED, TERMINATED = 130, 143
# Where a verb writes.
FILE, FOLDER = click.Path(path_type=Path, dir_okay=False), click.Path(path_type=Path, file_okay=False)
# A number, which is no formula.
SIGNED = re.compile(r"[+-][0-9]+([.,][0-9]+)*")
# Characters of an error that are shown, and of the sentence for a verb in the list of all.
MOST_SHOWN, LONGEST_SENTENCE = 1000, 200


def csv_cell(value: object) -> object:
    """A value for a CSV table; text that a spreadsheet would take for a formula gets a ``'`` before it."""
    if not isinstance(value, str):
        return value
    plain = len(value) == 1 or SIGNED.fullmatch(value)
    return f"'{one_line(value)}" if value and value[0] in "=+-@\t\r" and not plain else one_line(value)


class UsageError(LenetError):
    """A value that the user typed is wrong: exit status 2."""


class TerminatedError(SystemExit):
    """SIGTERM was received."""


class Verb(click.Command):
    """A command whose errors and warnings are one line each, unless ``--debug`` is given."""

    def get_short_help_str(self, limit: int = 45) -> str:
        """The whole first sentence, for the list of verbs, which wraps it."""
        return super().get_short_help_str(max(limit, LONGEST_SENTENCE))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, and suggest the option that initials such as ``--lr`` mean."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            options = (option for parameter in self.params for option in parameter.opts)
            meant = next((it for it in options if _initials(it) == error.option_name.lstrip("-").lower()), None)
            if meant is None:
                raise
            return ctx.fail(f"No such option {error.option_name!r}. Did you mean {meant!r}?")

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb."""
        try:
            with _sigterm_raises(), warnings.catch_warnings():
                warnings.showwarning = _say_warning  # type: ignore[assignment]
                return super().invoke(ctx)
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except BrokenPipeError:
            # The reader of the output has closed it; the flush at exit must not fail either.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(1)
        except KeyboardInterrupt:
            message, status = "interrupted", INTERRUPTED
        except TerminatedError:
            message, status = "terminated", TERMINATED
        except Exception as error:
            if ctx.meta.get("debug"):
                raise
            error = missing(error) if isinstance(error, ModuleNotFoundError) else error
            message, status = str(error), 2 if isinstance(error, UsageError) else 1
            if isinstance(error, OSError) and error.strerror:
                message = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
            elif not isinstance(error, LenetError):
                first = message.partition("\n")[0]
                message = f"unexpected {type(error).__name__}: {first} (run again with --debug)"
        shown = one_line(message)
        click.echo(f"lenet: {shown[:MOST_SHOWN]}{'…' * (len(shown) > MOST_SHOWN)}", err=True)
        return ctx.exit(status)


def check_out(path: Path, *endings: str, inputs: Set[Path] = frozenset()) -> None:
    """Before the work begins, refuse a file to write that has another ending, or that must not be written over."""
    from lenet.atomic import refuse_loss

    if path.suffix.lower() not in endings:
        raise LenetError(f"{path}: the ending must be {' or '.join(endings)}")
    refuse_loss(path, inputs)


def as_source(data: tuple[str, ...]) -> "Source | None":
    """What a repeated ``--data`` names; None without it."""
    return data[0] if len(data) == 1 else data or None


def paths_of(source: "Source | None") -> Set[Path]:
    """Resolved paths of the data that is read."""
    from lenet.datasets.source import BUNDLED, names_of

    return {Path(name).resolve() for name in names_of(source or ()) if name not in BUNDLED}


@contextmanager
def typed() -> Iterator[None]:
    """What fails in the block is a value that the user typed."""
    try:
        yield
    except LenetError as error:
        raise UsageError(str(error)) from error


def _initials(option: str) -> str:
    return "".join(word[0] for word in option.strip("-").split("-"))


def _say_warning(message: Warning | str, *_: object) -> None:
    click.echo(f"lenet: {one_line(str(message))}", err=True)


def verb(name: str, *examples: str) -> Callable[[Callable[..., None]], click.Command]:
    """Make a function a verb.

    Args:
        name: Its name.
        examples: Command lines for the end of its help; tests run them.
    """
    epilog = "\b\nExamples:\n" + "\n".join(f"  {example}" for example in examples)

    def remember(ctx: click.Context, _: click.Parameter, value: bool) -> None:
        ctx.meta["debug"] = value

    debug = click.option(
        "--debug", is_flag=True, expose_value=False, callback=remember, help="Show a failure's traceback."
    )

    def decorate(function: Callable[..., None]) -> click.Command:
        command: click.Command = click.command(name, cls=Verb, epilog=epilog)(debug(function))
        return command

    return decorate


@contextmanager
def _sigterm_raises() -> Iterator[None]:
    """Let SIGTERM raise an exception as Ctrl-C does, so that temporary files are removed.

    A handler that the caller has installed is kept.
    """
    number = signal.SIGTERM
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(number) is not signal.SIG_DFL:
        yield
        return

    def end(_: int, __: FrameType | None) -> None:
        raise TerminatedError(TERMINATED)

    signal.signal(number, end)
    try:
        yield
    finally:
        signal.signal(number, signal.SIG_DFL)

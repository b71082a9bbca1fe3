"""What all verbs share: examples in the help, one clear line for a user's mistake, the exit status."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import click

from lenet.errors import LenetError

INTERRUPTED, TERMINATED = 130, 143


def one_line(text: str) -> str:
    r"""The text with what does not print escaped: file names may hold even line feeds, shown as ``\n``."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


class Failure(click.ClickException):
    """The work failed: one line on stderr, exit status 1."""

    def show(self, file: Any = None) -> None:
        """Print the line."""
        click.echo(f"lenet: {one_line(self.message)}", err=True)


class TerminatedError(SystemExit):
    """SIGTERM came."""


class Verb(click.Command):
    """A command whose failures are one line each, unless ``--debug`` asks for more."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb."""
        try:
            with _tidy_end():
                return super().invoke(ctx)
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except BrokenPipeError:
            # Whoever read the output has gone; so does the flush at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(1)
        except KeyboardInterrupt:
            click.echo("lenet: interrupted", err=True)
            ctx.exit(INTERRUPTED)
        except TerminatedError:
            click.echo("lenet: terminated", err=True)
            ctx.exit(TERMINATED)
        except Exception as error:
            if ctx.meta.get("debug"):
                raise
            if isinstance(error, LenetError):
                raise Failure(str(error)) from error
            what = str(error).splitlines()[0] if str(error) else ""
            raise Failure(f"unexpected {type(error).__name__}: {what} (run again with --debug)") from error


def verb(name: str, *examples: str) -> Callable[[Callable[..., None]], click.Command]:
    """Make a function a verb.

    Args:
        name: how it is called.
        examples: runnable command lines for the end of its help.
    """
    epilog = "\b\nExamples:\n" + "\n".join(f"  {example}" for example in examples)

    def decorate(function: Callable[..., None]) -> click.Command:
        command: click.Command = click.command(name, cls=Verb, epilog=epilog)(_debug(function))
        return command

    return decorate


@contextmanager
def _tidy_end() -> Iterator[None]:
    """Let SIGTERM unwind the work as Ctrl-C does, so that nothing half written is left behind.

    Verbs with handlers of their own set them within. Who called us with another handler keeps it.
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


def _debug(function: Callable[..., None]) -> Callable[..., None]:
    def keep(ctx: click.Context, _: click.Parameter, value: bool) -> None:
        ctx.meta["debug"] = value

    option = click.option(
        "--debug", is_flag=True, expose_value=False, callback=keep, help="Show a failure's traceback."
    )
    return option(function)

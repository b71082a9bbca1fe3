"""What all verbs share: examples in the help, one clear line for a user's mistake, the exit status."""

import os
import sys
from collections.abc import Callable
from typing import Any

import click

from lenet.errors import LenetError

INTERRUPTED, TERMINATED = 130, 143


class Failure(click.ClickException):
    """The work failed: one line on stderr, exit status 1."""

    def show(self, file: Any = None) -> None:
        """Print the line."""
        click.echo(f"lenet: {self.message}", err=True)


class Verb(click.Command):
    """A command whose failures are one line each, unless ``--debug`` asks for more."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb."""
        try:
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


def _debug(function: Callable[..., None]) -> Callable[..., None]:
    def keep(ctx: click.Context, _: click.Parameter, value: bool) -> None:
        ctx.meta["debug"] = value

    option = click.option(
        "--debug", is_flag=True, expose_value=False, callback=keep, help="Show a failure's traceback."
    )
    return option(function)

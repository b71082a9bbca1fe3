"""``lenet``: the group of all verbs; a verb's module is imported only when it is used."""

import time
from difflib import get_close_matches
from importlib import import_module

import click

from lenet import __version__

BEGAN = time.monotonic()  # of this process, but for the interpreter's own start

VERBS = (
    *("train", "evaluate", "predict", "show", "explain", "serve", "export", "convert", "data", "sheet", "compare"),
    "search",
    "lessons",
    "doctor",
)


class LazyGroup(click.Group):
    """Verbs that are imported on first use, in the order in which a new user needs them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every verb."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb of that name."""
        if cmd_name not in VERBS:
            return None
        command: click.Command = import_module(f"lenet.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The verb that is meant; of an unknown one, the error names the most similar."""
        if args[0] not in VERBS and (similar := get_close_matches(args[0], VERBS, 1)):
            ctx.fail(f"No such command {args[0]!r}. Did you mean {similar[0]!r}?")
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="lenet %(version)s")
@click.pass_context
def main(context: click.Context) -> None:
    """Train a small convolutional network to read handwriting, explain its answers, and use it.

    Start with `lenet train`: it trains on MNIST in seconds and prints where the result is.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())

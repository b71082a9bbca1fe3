"""``lenet``: finds the verb and hands over; a verb's file is imported only when it is needed."""

from importlib import import_module

import click

from lenet import __version__

VERBS = ("train", "evaluate", "predict", "show", "explain", "serve", "export", "data", "compare", "doctor")


class LazyGroup(click.Group):
    """Knows its verbs by name; keeps their order, which is the order in which a newcomer meets them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every verb."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb of that name, imported now."""
        if cmd_name not in VERBS:
            return None
        command: click.Command = import_module(f"lenet.cli.{cmd_name}").command
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="lenet %(version)s")
def main() -> None:
    """Teach a small convolutional network to read handwriting, look inside it, and put it to work.

    Start with `lenet train`: it learns MNIST's digits in seconds and says where the result lies.
    """

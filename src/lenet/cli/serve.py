"""``lenet serve``."""

import secrets
import socket
from pathlib import Path

import click

from lenet.cli.verb import verb

LOCAL = ("127.0.0.1", "localhost", "::1")
EVERYWHERE = ("0.0.0.0", "::", "")


@verb(
    "serve",
    "lenet serve",
    "lenet serve --model runs/train-1 --collect wrong",
    "lenet serve --host 0.0.0.0 --port 8080 --no-open",
    "curl --data-binary @photo.jpg http://127.0.0.1:8000/api/read",
)
@click.option("--model", help="A run folder or a model file.  [default: the bundled model]")
@click.option("--host", default=LOCAL[0], show_default=True, help="The address to listen at; 0.0.0.0 is every one.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="The port; 0 takes a free one."
)
@click.option("--no-open", is_flag=True, help="Do not open the page in a browser.")
@click.option(
    "--runs",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="DIR",
    help="Offer the runs of a folder, too.  [default: where the model's run lies]",
)
@click.option(
    "--collect",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Keep what people say was read wrong, as pictures that `lenet train --data DIR` takes.",
)
@click.option("--public", is_flag=True, help="Ask nobody for a token, whatever the address.")
@click.option(
    "--token",
    envvar="LENET_TOKEN",
    show_envvar=True,
    metavar="TOKEN",
    help="The token to ask for.  [default: a new one]",
)
@click.option("--allow-host", "names", multiple=True, metavar="NAME", help="A name to go by; repeatable.")
def command(
    model: str | None,
    host: str,
    port: int,
    no_open: bool,
    runs: Path | None,
    collect: Path | None,
    public: bool,
    token: str | None,
    names: tuple[str, ...],
) -> None:
    """Serve a page to draw on and an API at http://HOST:PORT.

    Everything stays on this machine: only it can reach 127.0.0.1, and no picture is ever written to the disk unless
    --collect asks for it. Another --host asks everyone for a token, which the printed address carries, unless --public
    is given. The API is described at /docs. Ctrl-C ends it, SIGTERM too; requests in flight are answered first.
    """
    from lenet.serve.app import create_app
    from lenet.serve.server import listen, serve

    guarded = token is not None or not (public or host in LOCAL)
    token = (token or secrets.token_urlsafe(24)) if guarded else None
    app = create_app(
        model,
        runs=runs or _runs_beside(model),
        collect=collect,
        hosts=[name.lower() for name in (*LOCAL, host, socket.gethostname(), *names)],
        token=token,
    )
    listener = listen(host, port)
    address = f"http://{_printed(host)}:{listener.getsockname()[1]}/" + (f"?token={token}" if token else "")

    def tell() -> None:
        click.echo(f"Draw at {address} (Ctrl-C ends it)")
        if not no_open:
            _open(address)

    serve(app, listener, tell)


def _runs_beside(model: str | None) -> Path | None:
    """The folder of runs that the model's run lies in; `runs` where one trains by default."""
    if model is None:
        return Path("runs") if Path("runs").is_dir() else None
    return Path(model).absolute().parent if Path(model).is_dir() else None


def _printed(host: str) -> str:
    if host in EVERYWHERE:
        return LOCAL[0]
    return f"[{host}]" if ":" in host else host


def _open(address: str) -> None:
    """In a browser where there is one; a thread, since some browsers keep who opens them waiting."""
    import threading
    import webbrowser

    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

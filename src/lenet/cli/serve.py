"""``lenet serve``."""

import secrets
import socket
from pathlib import Path
from urllib.parse import quote

import click

from lenet.cli.verb import FOLDER, verb

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
@click.option("--host", default=LOCAL[0], show_default=True, help="The address to listen on; 0.0.0.0 is all of them.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="The port; 0 chooses a free one."
)
@click.option("--no-open", is_flag=True, help="Do not open the page in a browser.")
@click.option(
    "--runs",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="DIR",
    help="Offer the models of all runs in a folder, too.  [default: the folder of the model's run]",
)
@click.option(
    "--collect",
    type=FOLDER,
    metavar="DIR",
    help="Keep corrected drawings, as pictures that `lenet train --data DIR` takes.",
)
@click.option("--public", is_flag=True, help="Require no token, whatever the address; no networks are trained then.")
@click.option("--allow-training", is_flag=True, help="With --public, train networks for everybody who asks.")
@click.option(
    "--token",
    envvar="LENET_TOKEN",
    show_envvar=True,
    metavar="TOKEN",
    help="The token that requests need; others see it in the list of processes, but not in the variable.  [default: a "
    "random one]",
)
@click.option(
    "--allow-host", "names", multiple=True, metavar="NAME", help="Another host name of this server; repeatable."
)
def command(
    model: str | None,
    host: str,
    port: int,
    no_open: bool,
    runs: Path | None,
    collect: Path | None,
    public: bool,
    allow_training: bool,
    token: str | None,
    names: tuple[str, ...],
) -> None:
    """Serve the lab, a page to draw on and to train networks, and an API at http://HOST:PORT.

    Everything stays on this machine: only it can reach 127.0.0.1, and no picture is written to the disk without
    --collect. Networks that are trained on the page are removed when the server ends. With another --host every request
    needs a token, which is part of the printed address, unless --public is given. The API is described at /docs. Ctrl-C
    or SIGTERM ends the server after all requests are answered.
    """
    from lenet.serve.app import create_app
    from lenet.serve.server import listen, serve

    protected = token is not None or not (public or host in LOCAL)
    token = (token or secrets.token_urlsafe(24)) if protected else None
    app = create_app(
        model,
        runs=runs or _runs_beside(model),
        collect=collect,
        hosts=[name.lower() for name in (*LOCAL, host, socket.gethostname(), *names)],
        token=token,
        training=allow_training or not public,
    )
    listener = listen(host, port)
    page = f":{listener.getsockname()[1]}/" + (f"?token={quote(token, safe='')}" if token else "")
    address = f"http://{_printed(host)}{page}"

    def on_ready() -> None:
        click.echo(f"Draw at {address} (Ctrl-C ends it)")
        if host in EVERYWHERE and (own := _own_address()):
            click.echo(f"On a phone in the same network: http://{own}{page}")
        if not no_open:
            _open(address)

    serve(app, listener, on_ready)


def _runs_beside(model: str | None) -> Path | None:
    """The folder of the model's run; by default `runs`, the default folder of `lenet train`."""
    if model is None:
        return Path("runs") if Path("runs").is_dir() else None
    return Path(model).absolute().parent if Path(model).is_dir() else None


def _own_address() -> str | None:
    """This machine's address in its network; None when it is in none. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # reserved for examples; it decides which of the addresses is used
        except OSError:
            return None
        return str(probe.getsockname()[0])


def _printed(host: str) -> str:
    if host in EVERYWHERE:
        return LOCAL[0]
    return f"[{host}]" if ":" in host else host


def _open(address: str) -> None:
    """Open the page in a browser if there is one; in a thread, since some browsers block the caller."""
    import threading
    import webbrowser

    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

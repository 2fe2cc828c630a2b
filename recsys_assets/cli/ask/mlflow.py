"""`recsys mlflow`: what was trained, how well, and which release is live, on MLflow's own pages."""

from __future__ import annotations

import contextlib

from recsys_assets.cli.ask.explore import Port
from recsys_assets.cli.terminal.interruption import interruption
from recsys_assets.cli.terminal.output import console, sentences
from resources.home import Home


def mlflow(port: Port = None) -> None:
    """Serve MLflow's pages over the runs and versions of this home, on this machine alone."""
    home, out = Home.from_environment(), console()
    with sentences(False):
        from recsys_assets.explore.server import listen
        from resources.configured import configured
        from resources.mlflow_pages import LOOPBACK, mlflow_pages

        elsewhere = configured(home).mlflow.tracking_uri
        if elsewhere is not None:
            out.print(f"Runs and versions are kept by {elsewhere}, as resources.yaml says: look there.")
            return
        with listen(port) as listening:  # told at once where it is taken
            number = listening.getsockname()[1]
        with out.status("starting MLflow ..."):
            pages = contextlib.ExitStack()
            process = pages.enter_context(mlflow_pages(home, number))
        with pages, interruption() as interrupted:
            out.print(f"[bold]http://{LOOPBACK}:{number}[/]; end with Ctrl-C")
            while process.poll() is None and not interrupted.wait():
                pass

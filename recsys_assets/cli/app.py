"""The commands of `recsys`, one module each."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import typer

from recsys_assets.cli.ask.bench import bench
from recsys_assets.cli.ask.event import event
from recsys_assets.cli.ask.explore import explore
from recsys_assets.cli.ask.mlflow import mlflow
from recsys_assets.cli.ask.recommend import recommend
from recsys_assets.cli.ask.replay import replay
from recsys_assets.cli.ask.served import served
from recsys_assets.cli.ask.trace import trace
from recsys_assets.cli.build.evaluate import evaluate
from recsys_assets.cli.build.gc import gc
from recsys_assets.cli.build.materialize import materialize
from recsys_assets.cli.live.deploy import deploy
from recsys_assets.cli.live.rollback import rollback
from recsys_assets.cli.live.rollout import rollout
from recsys_assets.cli.live.status import status
from recsys_assets.cli.live.stop import stop
from recsys_assets.cli.terminal.output import sentences
from recsys_assets.lookup.names import check_name
from resources.home import Home
from resources.privacy import keep_private

P = ParamSpec("P")


def _at_home(command: Callable[P, None]) -> Callable[P, None]:
    """Says in one sentence where there can be no home, for every command, before it looks for anything there.

    What the command writes there is its owner's alone.
    """

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with sentences(bool(kwargs.get("as_json"))):
            keep_private(Home.from_environment())
        command(*args, **kwargs)

    return run


def _of_known_name(command: Callable[P, None]) -> Callable[P, None]:
    """Says in one sentence where there is no recommender of the name, for commands that need one that is built."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with sentences(bool(kwargs.get("as_json"))):
            home = Home.from_environment()
            check_name(str(kwargs["name"]), home)
            keep_private(home)
        command(*args, **kwargs)

    return run


app = typer.Typer(
    help="Recommenders from raw logs to live answers. Everything lies under RECSYS_HOME (default .recsys).",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for command in (materialize, evaluate, served, mlflow, status, stop, gc):
    app.command()(_at_home(command))
for of_known_name in (recommend, event, explore, trace, replay, bench, deploy, rollout, rollback):
    app.command()(_of_known_name(of_known_name))

"""The commands of `recsys`, one module each."""

from __future__ import annotations

import typer

from recsys_assets.cli.bench import bench
from recsys_assets.cli.evaluate import evaluate
from recsys_assets.cli.event import event
from recsys_assets.cli.explore import explore
from recsys_assets.cli.materialize import materialize
from recsys_assets.cli.recommend import recommend
from recsys_assets.cli.replay import replay
from recsys_assets.cli.rollback import rollback
from recsys_assets.cli.rollout import rollout
from recsys_assets.cli.served import served
from recsys_assets.cli.status import status
from recsys_assets.cli.stop import stop
from recsys_assets.cli.trace import trace

app = typer.Typer(
    help="Recommenders from raw logs to live answers. Everything lies under RECSYS_HOME (default .recsys).",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for command in (
    *(materialize, recommend, event, explore, trace, replay, served),
    *(status, bench, evaluate, rollout, rollback, stop),
):
    app.command()(command)

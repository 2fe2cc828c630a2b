"""`recsys evaluate`: builds everything as of a cut, beside what is live, and measures the final lists."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recsys_assets.cli.terminal.output import Json, console, emit, sentences, table
from resources.home import Home

if TYPE_CHECKING:
    from recsys_assets.blueprint.blueprint import Blueprint

METRICS = ("recall@20", "ndcg@20", "recall@10", "ndcg@10")
Cut = Annotated[
    str | None,
    typer.Option("--as-of", help="First day to predict (YYYY-MM-DD); by default the last evaluation.days."),
]


def evaluate(name: str, as_of: Cut = None, as_json: Json = False) -> None:
    """Fit NAME on what lies before a cut and compare its lists with what users chose afterwards.

    Nothing under the home is touched: vocabularies, statistics, models and item state are made anew from the
    events before the cut. Lists are in the exact order of score, without serving.filters and serving.ordering.
    """
    home = Home.from_environment()
    out = console(as_json)
    with sentences(as_json):
        from recsys_assets.lookup.find import find_recommender
        from resources.environment import quiet_libraries

        quiet_libraries()
        blueprint = find_recommender(name, home)
        with out.status("reading ...") as spinner:
            values = _measure(blueprint, as_of, lambda line: spinner.update(f"{line} ..."))
        if as_json:
            emit({"name": name, **values})
            return
    rows = [
        (method, f"{found.get('users', 0):.0f}", *(_cell(found, metric) for metric in METRICS))
        for method, found in _methods(values).items()
    ]
    out.print(table(f"{name}, {values['first_day']} to {values['last_day']}", ["", "users", *METRICS], rows, " rrrrr"))


def _measure(blueprint: Blueprint, as_of: str | None, progress: Any) -> dict[str, Any]:
    from ops_gpu.evaluation.backtest import evaluate_as_of
    from ops_gpu.interactions.utc_days import as_day, day_start
    from recsys_assets.blueprint.feature_graph import feature_graph
    from recsys_assets.challenger.fitted.models import fit_config
    from recsys_assets.challenger.oracle import oracle_metrics
    from recsys_assets.component.locations import load
    from recsys_assets.tables.raw_tables import raw_tables

    load(blueprint.place.base)  # whatever is wrong with it is told before anything is read
    first, last = blueprint.span()
    cut = date.fromisoformat(as_of) if as_of else last - timedelta(days=blueprint.settings.evaluation.days - 1)
    if not first < cut <= last:
        raise ValueError(f"--as-of is {cut}, expected a day after {first} and up to {last}, the days of the log.")
    tables = raw_tables(blueprint, first, last, before=cut)
    end = day_start(last + timedelta(days=1))
    found = evaluate_as_of(*tables, feature_graph(blueprint), fit_config(blueprint), day_start(cut), end, progress)
    values = found.evaluation.to_dict()
    values["baselines"] |= oracle_metrics(blueprint, found, cut)
    return {**values, "first_day": str(as_day(day_start(cut))), "last_day": str(last)}


def _methods(values: Mapping[str, Any]) -> dict[str, Mapping[str, float]]:
    from recsys_assets.metadata.evaluation import by_method

    return by_method(values)


def _cell(found: Mapping[str, float], metric: str) -> str:
    from recsys_assets.metadata.evaluation import with_error

    return with_error(found, metric)

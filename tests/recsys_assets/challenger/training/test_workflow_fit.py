"""What the challenger's workflow knows: nothing of the days that its lists are judged by."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from ops_gpu.evaluation.evaluate import evaluate
from ops_gpu.evaluation.evaluation_protocol import EvaluationProtocol
from ops_gpu.evaluation.point_in_time import changed_features
from ops_gpu.features.training_data import TrainingData
from ops_gpu.interactions.utc_days import day_start
from ops_gpu.models.ranking.dlrm import Dlrm
from ops_gpu.recommender.candidate_sources import sources_at
from ops_gpu.recommender.two_stage import fit_retrieval_until, make_ranking_rows
from ops_gpu.workflow.workflow import Workflow
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.challenger.fitted.day_ranges import DayRanges
from recsys_assets.challenger.fitted.models import fit_config, fitted_anew, fitted_workflow
from recsys_assets.challenger.training.workflow_fit import day_statistics, fit_before, unfitted_workflow
from recsys_assets.checks.point_in_time import _learned_ahead
from recsys_assets.component.locations import blueprints
from recsys_assets.tables.days.training_days import TrainingDays
from recsys_assets.tables.tables import event_files, items_frame, read_events, users_frame
from resources.home import Home
from tests.recsys_assets.hits_world import COUNT, FIRST, LAST, NAME, write_world
from tests.recsys_assets.runs import failure, materialize

UP_TO_WORKFLOW = ["interactions", "users", "items", "statistics", "item_state", "workflow"]


@pytest.fixture
def blueprint(tmp_path: Path, home: Home) -> Blueprint:
    """The world of hits, up to its workflows; the last day is judged by."""
    folder = write_world(tmp_path)
    result = materialize(folder, UP_TO_WORKFLOW, FIRST, LAST)
    assert result.success, failure(result)
    return blueprints(folder, home)[0]


def challenger(blueprint: Blueprint) -> Workflow:
    return Workflow.load(blueprint.home.challenger_workflow(NAME))


def counts(workflow: Workflow, blueprint: Blueprint) -> dict[int, float]:
    """The normalised logarithm of the count of each item."""
    items = items_frame(blueprint)
    part = workflow.for_inputs(items.columns)
    return dict(zip(items["item_id"], part.transform(items)[COUNT], strict=True))


def test_the_challenger_counts_the_past_and_the_release_everything(blueprint: Blueprint) -> None:
    day = date.fromisoformat(LAST)
    assert DayRanges.planned(blueprint).ranges.fit_end == day_start(day)
    last = read_events(event_files(blueprint)).filter(pl.col("timestamp").dt.date() == day)
    hits, tried = set(last["item_id"]), set(range(361, 401))
    before, after = counts(challenger(blueprint), blueprint), counts(fitted_workflow(blueprint), blueprint)
    assert len({before[item] for item in tried}) == 1  # each was tried four times, and nothing else is known
    assert min(after[item] for item in hits) > max(after[item] for item in tried - hits)
    assert challenger(blueprint).vocabulary("item_id").equals(fitted_workflow(blueprint).vocabulary("item_id"))


def ndcg(blueprint: Blueprint, workflow: Workflow) -> float:
    """What the pipeline's models reach on the judged day, with the features of a workflow."""
    config, ranges = fit_config(blueprint), DayRanges.planned(blueprint).ranges
    tables = read_events(event_files(blueprint)), users_frame(blueprint), items_frame(blueprint)
    data = TrainingData.assemble(*tables, workflow, config.history_length)
    fitted = fit_retrieval_until(data, config, ranges.fit_end)
    rows = make_ranking_rows(data, fitted.early, config, ranges.fit_end)
    ranker = Dlrm.fit(data, rows, config.ranking)
    sources = sources_at(data, fitted.models, ranges.fit_end, config.candidates)
    protocol = EvaluationProtocol(ranges.fit_end, ranges.judged_end, repeats=False)
    return float(evaluate(data, sources, ranker, protocol).final[20].ndcg.mean())


def test_knowing_the_future_would_double_what_is_measured(blueprint: Blueprint) -> None:
    assert ndcg(blueprint, fitted_workflow(blueprint)) > 0.55
    assert ndcg(blueprint, challenger(blueprint)) < 0.4


def learned_ahead(blueprint: Blueprint, workflow: Workflow) -> list[str]:
    """As the check `point_in_time` asks."""
    statistics, ranges = day_statistics(blueprint), DayRanges.planned(blueprint).ranges
    fresh = unfitted_workflow(blueprint, statistics.users, statistics.items)
    again = fit_before(TrainingDays.of(statistics).poisoned(ranges.fit_end), fresh, ranges.fit_end)
    return changed_features(workflow, again, statistics.users, statistics.items)


def test_poison_shows_who_has_looked(blueprint: Blueprint) -> None:
    assert learned_ahead(blueprint, challenger(blueprint)) == []
    assert COUNT in learned_ahead(blueprint, fitted_workflow(blueprint))


@pytest.mark.parametrize("graph", ["hits_features.build", None], ids=["two levels", "one level"])
def test_the_check_finds_nothing_after_days_that_were_appended(tmp_path: Path, home: Home, graph: str | None) -> None:
    """Codes of before stay, in an order that no fit of today would give."""
    folder = write_world(tmp_path)
    if graph is None:
        yaml = (folder / "defs.yaml").read_text()
        (folder / "defs.yaml").write_text(yaml.replace("  workflow: hits_features.build\n", ""))
    names = UP_TO_WORKFLOW
    for first, last, fitted in ((FIRST, "2026-01-11", True), ("2026-01-12", "2026-01-15", False), (LAST, LAST, False)):
        assert materialize(folder, names, first, last).success
        (blueprint,) = blueprints(folder, home)
        assert fitted_anew(blueprint) is fitted
        shutil.copytree(home.challenger_workflow(NAME), home.retrieval_model(NAME) / "workflow", dirs_exist_ok=True)
        assert _learned_ahead(blueprint, DayRanges.planned(blueprint).ranges) == []

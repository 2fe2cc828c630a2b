from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from ops_gpu.evaluation import backtest
from ops_gpu.evaluation.backtest import AsOf, evaluate_as_of
from ops_gpu.features.days.moment_features import MomentFeatures
from ops_gpu.features.entity_workflow import fit_workflow
from ops_gpu.features.training_data import TrainingData
from ops_gpu.models.training.ranking_rows import RankingRows
from ops_gpu.recommender.two_stage import RetrievalFit
from ops_gpu.schema.raw_schema import raw_schema
from ops_gpu.workflow.default_workflow import default_workflow
from ops_gpu.workflow.workflow import Workflow
from tests.ops_gpu.heart import CONFIG, CUT, END, START, TOWERS, Heart
from tests.ops_gpu.taught import taught

MEAN = "TE_item_id_label"
QUICK = replace(
    CONFIG,
    retrieval={"two_tower": replace(TOWERS, epochs=1)},
    ranking=replace(CONFIG.ranking, epochs=1, moments=1),
)


@pytest.fixture(scope="module")
def lines() -> list[str]:
    return []


@pytest.fixture(scope="module")
def found(heart: Heart, lines: list[str]) -> AsOf:
    demo = heart.demo
    return evaluate_as_of(heart.interactions, demo.users, demo.items, default_workflow, QUICK, CUT, END, lines.append)


def test_lists_are_made_at_the_cut(heart: Heart, found: AsOf) -> None:
    past = heart.interactions.filter(pl.col("timestamp").dt.epoch("s") < CUT)
    later = heart.interactions.filter(pl.col("timestamp").dt.epoch("s") >= CUT, pl.col("label"))
    assert set(found.user_ids.tolist()) <= set(past["user_id"]) & set(later["user_id"])
    assert len(found.user_ids) == len(found.evaluation.users) > 100
    gone = heart.demo.items.filter(~pl.col("available"))["item_id"]
    assert set(found.offered.tolist()) == set(past["item_id"]) - set(gone)
    assert found.evaluation.final[20].recall.mean() > 0.1


def test_counts_come_from_before_the_cut(heart: Heart, found: AsOf) -> None:
    """Codes are given out by frequency: those of the past come first, whatever becomes popular later."""
    past = heart.interactions.filter(pl.col("timestamp").dt.epoch("s") < CUT)
    counts = past["item_id"].value_counts(sort=True)
    assert found.workflow.vocabulary("item_id")[0] == counts["item_id"][0]
    known = found.workflow.vocabulary("item_id").head(past["item_id"].n_unique())
    assert set(known) == set(past["item_id"])


def test_every_new_user_counts(heart: Heart, found: AsOf) -> None:
    past = heart.interactions.filter(pl.col("timestamp").dt.epoch("s") < CUT)
    later = heart.interactions.filter(pl.col("timestamp").dt.epoch("s") >= CUT, pl.col("label"))
    new = set(later["user_id"]) - set(past["user_id"])
    assert found.evaluation.new_users is not None
    assert len(found.evaluation.new_users[20].recall) == len(new) > 5


def test_progress_is_told(found: AsOf, lines: list[str]) -> None:
    assert lines[0].startswith("features from ") and "lists and baselines" in lines
    assert any(line.startswith("retrieval, epoch 1/1") for line in lines)


def test_rows_and_lists_hold_what_labels_had_taught_by_their_day(heart: Heart, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the pipeline learns: the mean of an item is that of the days before each row, and not of its own."""
    means = list[dict[int, set[float]]]()

    def look(data: TrainingData, *_: object, **__: object) -> RetrievalFit:
        batches, found = data.rows.batches(500, 0), dict[int, set[float]]()
        for batch in batches:
            for item, mean in zip(*(np.asarray(batch[name]) for name in ("item_id", MEAN)), strict=True):
                found.setdefault(int(item), set()).add(round(float(mean), 5))
        means.append(found)
        return heart.fit

    def lists(*_: object, taught: MomentFeatures) -> RankingRows:
        assert taught.names == [MEAN, "language_count"]
        raise InterruptedError

    monkeypatch.setattr(backtest, "fit_retrieval_until", look)
    monkeypatch.setattr(backtest, "make_ranking_rows", lists)
    demo = heart.demo
    with pytest.raises(InterruptedError):
        evaluate_as_of(heart.interactions, demo.users, demo.items, taught, QUICK, CUT, END)
    [found] = means
    assert sum(len(values) > 3 for values in found.values()) > 50


def test_nothing_before_the_cut(heart: Heart) -> None:
    with pytest.raises(ValueError, match=r"no event lies before 2026-01-01; choose a later cut"):
        evaluate_as_of(heart.interactions, heart.demo.users, heart.demo.items, default_workflow, QUICK, START, END)


def test_users_and_items_without_events_get_codes_at_the_end(heart: Heart) -> None:
    users, items = heart.demo.users, heart.demo.items
    few = heart.interactions.head(500)
    schema = raw_schema(users, items)
    workflow = fit_workflow(few, users, items, Workflow(default_workflow(schema), schema))
    for key, frame in (("user_id", users), ("item_id", items)):
        vocabulary = workflow.vocabulary(key)
        assert set(vocabulary) == set(frame[key]) and set(vocabulary.head(few[key].n_unique())) == set(few[key])
        assert (workflow.encode(key, frame[key].to_numpy()) >= 3).all()

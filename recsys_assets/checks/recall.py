"""Checks of the indexes, the challenger's and the released one: it finds what exact search finds."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.challenger.comparison import contender
from recsys_assets.challenger.fitted.day_ranges import DayRanges
from recsys_assets.challenger.fitted.models import challenger_workflow, retrievers
from recsys_assets.challenger.newest_release import newest_release
from recsys_assets.challenger.training.training_data import TRAINING_DATA, training_data
from recsys_assets.metadata.tables import rounded

if TYPE_CHECKING:
    from ops_gpu.features.training_data import TrainingData
    from ops_gpu.models.contract import Retrievers

DESCRIPTION = """Asked with the vectors of users who have a history, {which} finds at least {least:.0%} of the items
that exact search finds (`quality.min_index_recall`)."""


def index_recall_of_challenger(blueprint: Blueprint) -> dg.AssetChecksDefinition:
    """Defines the check of the indexes that lists are judged with."""
    least = blueprint.settings.quality.min_index_recall
    description = DESCRIPTION.format(which="the index", least=least)

    @dg.asset_check(
        asset=blueprint.key("faiss_index"),
        name="recall",
        description=description,
        blocking=True,
        additional_deps=[blueprint.key(asset) for asset in TRAINING_DATA],
    )
    def check() -> dg.AssetCheckResult:
        data, as_of = (
            training_data(blueprint, challenger_workflow(blueprint)),
            DayRanges.load(blueprint).ranges.fit_end,
        )
        folder = blueprint.home.faiss_index(blueprint.name)
        return _judged(folder, data, retrievers(blueprint, "model"), as_of, as_of, least)

    return check


def index_recall_of_release(blueprint: Blueprint) -> dg.AssetChecksDefinition:
    """Defines the check of the indexes that go live."""
    least = blueprint.settings.quality.min_index_recall
    description = DESCRIPTION.format(which="the released index", least=least)

    @dg.asset_check(asset=blueprint.key("release"), name="recall", description=description, blocking=True)
    def check() -> dg.AssetCheckResult:
        release = newest_release(blueprint)
        side, as_of = contender(blueprint, release), DayRanges.load(blueprint).ranges.end
        return _judged(release.part("faiss_index"), side.data, side.retrievers, as_of, None, least)

    return check


def _judged(
    root: Path, data: "TrainingData", models: "Retrievers", as_of: int, known_by: int | None, least: float
) -> dg.AssetCheckResult:
    """Asks the indexes for users as of a moment, over the items that were known by one; None is all of the catalogue.

    The worst of them decides.
    """
    from ops_gpu.candidates.index import ItemIndex
    from ops_gpu.evaluation.index_recall import index_recall, user_vectors
    from ops_gpu.models.contract import DenseRetriever
    from serving.ensemble.release_parts import retriever_folder

    recalls: dict[str, tuple[float, str, int]] = {}
    for name, model in models.items():
        if isinstance(model, DenseRetriever):
            index, queries = ItemIndex.load(retriever_folder(root, name)), user_vectors(data, model, as_of)
            recall = index_recall(index, model.embed_items(data), data.offered(known_by), queries)
            recalls[name] = (recall, index.kind, len(queries))
    name, (recall, kind, users) = min(recalls.items(), key=lambda one: one[1][0])
    return dg.AssetCheckResult(
        passed=bool(recall >= least),
        description=f"The {kind} index of {name} finds {recall:.1%} of what exact search finds for {users:,} users, "
        f"expected at least {least:.0%}.",
        metadata={"recall": rounded(recall), "kind": kind, "users": users},
    )

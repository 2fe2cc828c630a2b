"""Checks of the index, the challenger's and the released one: it finds what exact search finds."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.challenger.comparison import contender
from recsys_assets.challenger.day_ranges import ChainRanges
from recsys_assets.challenger.models import challenger_workflow, towers, training_data
from recsys_assets.challenger.newest_release import newest_release
from recsys_assets.metadata.tables import rounded

if TYPE_CHECKING:
    from ops_gpu.features.training_data import TrainingData
    from ops_gpu.models.retrieval.model import RetrievalModel

DESCRIPTION = """Asked with the vectors of users who have a history, {which} finds at least {least:.0%} of the items
that exact search finds (`quality.min_index_recall`)."""


def index_recall_of_challenger(blueprint: Blueprint) -> dg.AssetChecksDefinition:
    """Defines the check of the index that lists are judged with."""
    least = blueprint.settings.quality.min_index_recall
    description = DESCRIPTION.format(which="the index", least=least)

    @dg.asset_check(asset=blueprint.key("faiss_index"), name="recall", description=description, blocking=True)
    def check() -> dg.AssetCheckResult:
        data, as_of = (
            training_data(blueprint, challenger_workflow(blueprint)),
            ChainRanges.load(blueprint).ranges.fit_end,
        )
        return _judged(
            blueprint.home.faiss_index(blueprint.name), data, towers(blueprint, "model"), as_of, as_of, least
        )

    return check


def index_recall_of_release(blueprint: Blueprint) -> dg.AssetChecksDefinition:
    """Defines the check of the index that goes live."""
    least = blueprint.settings.quality.min_index_recall
    description = DESCRIPTION.format(which="the released index", least=least)

    @dg.asset_check(asset=blueprint.key("release"), name="recall", description=description, blocking=True)
    def check() -> dg.AssetCheckResult:
        release = newest_release(blueprint)
        side, as_of = contender(blueprint, release), ChainRanges.load(blueprint).ranges.end
        return _judged(release.part("faiss_index"), side.data, side.retrieval, as_of, None, least)

    return check


def _judged(
    folder: Path, data: "TrainingData", model: "RetrievalModel", as_of: int, known_by: int | None, least: float
) -> dg.AssetCheckResult:
    """Asks an index for users as of a moment, over the items that were known by one; None is all of the catalogue."""
    from ops_gpu.candidates.index import ItemIndex
    from ops_gpu.evaluation.index_recall import index_recall, user_vectors

    index, queries = ItemIndex.load(folder), user_vectors(data, model, as_of)
    found = index_recall(index, model.embed_items(data), data.offered(known_by), queries)
    return dg.AssetCheckResult(
        passed=bool(found >= least),
        description=f"The {index.kind} index finds {found:.1%} of what exact search finds for {len(queries):,} users, "
        f"expected at least {least:.0%}.",
        metadata={"recall": rounded(found), "kind": index.kind, "users": len(queries)},
    )

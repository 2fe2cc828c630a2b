"""The lists of a release as the library makes them, from its models and the raw tables."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.challenger.comparison import contender
from recsys_assets.challenger.fitted.day_ranges import DayRanges
from recsys_assets.tables.tables import users_frame
from serving.request.recommendation import Id

if TYPE_CHECKING:
    from ops_gpu.evaluation.comparison import Contender
    from ops_gpu.primitives.ragged import Ragged
    from ops_gpu.recommender.fit_config import FitConfig
    from ops_gpu.recommender.learned_source import Indexed
    from ops_gpu.recommender.two_stage import Lists
    from serving.release.release import Release
    from serving.request.columns import Columns


def offline_lists(blueprint: Blueprint, release: Release, users: Sequence[Id]) -> dict[Id, dict[Id, float]]:
    """Scores by item of all candidates that the filters leave, best first, for every user with a history.

    Retrieved and scored by the release's models as of its last day, then put through its filters and boosts with what
    the users table says; what a filter would ask the request for is left out. An index that guesses is the release's
    own, as another one of the same vectors finds other items; how much it finds is for the check `recall` to say.

    Args:
        blueprint: the recommender.
        release: opened.
        users: ids.
    """
    import numpy as np
    import polars as pl

    from ops_gpu.features.feature_table import FIRST_CODE
    from ops_gpu.features.training_data import ids
    from ops_gpu.recommender.candidate_sources import sources_at
    from ops_gpu.recommender.two_stage import recommend

    side, end = contender(blueprint, release), DayRanges.load(blueprint).ranges.end
    codes = side.workflow.encode("user_id", ids(pl.Series(list(users)))).astype(np.int64)
    active = np.isin(codes, side.data.events.user) & (codes >= FIRST_CODE)
    indexed = _guessing(release, side)
    sources = sources_at(side.data, side.retrievers, end, side.config.candidates, live=True, indexed=indexed)
    lists = recommend(side.data, sources, side.ranking, codes[active], _most(side.config))
    known = [user for user, there in zip(users, active, strict=True) if there]
    items, scores = _ruled(release, lists, _of_users(blueprint, known))
    return {
        user: dict(zip(plain(side.workflow.decode("item_id", items[row])), scores[row].tolist(), strict=True))
        for row, user in enumerate(known)
    }


def _guessing(release: Release, side: Contender) -> dict[str, Indexed]:
    """Vectors and released indexes of those dense models whose index is none of exact search."""
    from ops_gpu.candidates.index import ItemIndex
    from ops_gpu.models.contract import DenseRetriever
    from serving.ensemble.release_parts import retriever_folder

    found = dict[str, "Indexed"]()
    for name, model in side.retrievers.items():
        if isinstance(model, DenseRetriever):
            index = ItemIndex.load(retriever_folder(release.part("faiss_index"), name))
            if index.kind != "flat":
                found[name] = model.embed_items(side.data), index
    return found


def _most(config: FitConfig) -> int:
    return sum(config.candidates.size(name) for name in config.names)


def _of_users(blueprint: Blueprint, users: Sequence[Id]) -> Columns:
    """The raw columns of these users, from the users table."""
    import polars as pl

    from serving.request.raw_columns import raw_column

    frame = users_frame(blueprint, for_filters=True)
    wanted = pl.DataFrame({"user_id": list(users)}, schema={"user_id": frame.schema["user_id"]})
    rows = wanted.join(frame, on="user_id", how="left", maintain_order="left").drop("user_id")
    return {column.name: raw_column(column) for column in rows.get_columns()}


def _ruled(release: Release, lists: Lists, of_users: Columns) -> tuple[Ragged, Ragged]:
    """The library's lists after the filters and boosts of a release; items and scores, best first.

    What was seen the library has left out already.
    """
    import numpy as np

    from ops_gpu.graph.node import topological
    from ops_gpu.primitives.ragged import Ragged
    from serving.ensemble.ensemble import FILE, Ensemble
    from serving.operators.filtering.filter_candidates import FilterCandidates
    from serving.operators.ordering.boost_candidates import BoostCandidates
    from serving.request.columns import ragged
    from serving.request.request import complete

    ensemble = Ensemble.load(release.part(FILE))

    there = lists.final > 0
    items = Ragged.from_lengths(lists.final[there], there.sum(axis=1))
    columns: Columns = {"candidate_item": items, "candidate_score": items.with_values(lists.scores[there])}
    columns["candidate_source"] = items.with_values(np.zeros(len(items.values), np.uint8))
    columns["candidate_sources"] = items.with_values(np.zeros(len(items.values), np.uint32))
    rows = len(items)
    if rows == 0:
        return items, items
    request = complete({"user_id": np.zeros(rows, ensemble.inputs["user_id"].numpy_dtype)}, ensemble.inputs)
    nothing = Ragged.from_lengths(np.empty(0, np.int32), np.zeros(rows, np.int64))
    columns |= request | of_users | {"seen_item": nothing}
    for node in topological(ensemble.node):
        if isinstance(node.operator, (FilterCandidates, BoostCandidates)):
            operator = copy.copy(node.operator)
            operator.bind(release)
            columns |= operator.transform(columns)
    remaining, scores = ragged(columns, "candidate_item"), ragged(columns, "candidate_score").values
    order = np.lexsort((remaining.values, -scores, remaining.row_ids))
    return remaining.with_values(remaining.values[order]), remaining.with_values(scores[order])


def plain(values: Any) -> list[Any]:
    """Raw ids as Python has them."""
    return [value.decode() if isinstance(value, bytes) else value for value in values.tolist()]

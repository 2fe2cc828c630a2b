"""The steps of the four stages that a recommender's own rules decide: what is left out, and how lists are made."""

from __future__ import annotations

from ops_gpu.graph.node import Node
from ops_gpu.schema.column import ColumnSchema
from serving.ensemble.four_stages_config import FourStagesConfig
from serving.operators.filtering.condition_types import context_column
from serving.operators.filtering.filter_candidates import FilterCandidates
from serving.operators.ordering.boost_candidates import BoostCandidates
from serving.operators.ordering.calibrated_ordering import CalibratedOrdering
from serving.operators.ordering.category_quotas import CategoryQuotas
from serving.operators.ordering.maximal_marginal_relevance import MaximalMarginalRelevance
from serving.operators.ordering.ordering import Ordering
from serving.operators.ordering.popular_fallback import PopularFallback
from serving.operators.ordering.softmax_sampling import SoftmaxSampling
from serving.operators.retrieval.union_candidates import SOURCES
from serving.request.request import optional
from serving.rules.ordering_config import Calibrated, Diversity, Quota

FALLBACK_POOL = 500
"""Popular items that filters and orderings choose an unknown user's list from."""


def filtered(
    candidates: Node, user: Node, config: FourStagesConfig, seen: Node | None, beside: tuple[str, ...] = ()
) -> Node:
    """The candidates that may be recommended.

    Args:
        candidates: `candidate_item`, other `candidate_*` columns, and those of `beside`.
        user: the user's raw columns.
        config: has the conditions.
        seen: the encoded history; None where what was seen is welcome.
        beside: further columns with an entry a candidate.
    """
    known = config.raw_users.names
    for condition in config.filters:
        if condition.user is not None and condition.user not in known:
            raise ValueError(
                f"the filter {condition.name!r} reads the user column {condition.user!r}, and the users table has "
                f"{', '.join(known) or 'none'}; name it under users in the YAML, or correct the filter."
            )
    own = dict.fromkeys(condition.user for condition in config.filters if condition.user is not None)
    request = [column.name for column in request_columns(config)]
    inputs = candidates if seen is None else candidates + seen["seen_item"]
    inputs = inputs + user[list(own)] if own else inputs
    rules = FilterCandidates(
        seen is None,
        conditions=tuple(condition.to_dict() for condition in config.filters),
        attributes=config.attributes.to_dict() if config.filters else None,
        beside=beside,
        of_fallback=seen is None,
    )
    return (inputs + request if request else inputs) >> rules


def final_list(scored: Node, user: Node, seen: Node, config: FourStagesConfig) -> Node:
    """The lists: `item`, `score` and `source`.

    Boosts are added to the ranker's scores alone. Users without a history get what is popular, from which the same
    conditions remove and the same ordering chooses.

    Args:
        scored: `candidate_item`, `candidate_source`, `candidate_sources` and `candidate_score`.
        user: the user's raw columns.
        seen: the encoded history.
        config: has filters and ordering.
    """
    known = config.items.names
    for place, column in config.ordering.columns.items():
        if column not in known:
            raise ValueError(
                f"serving.ordering.{place} is {column!r}, which is no item feature; there are {', '.join(known)}."
            )
    for boost in config.ordering.boosts:
        raised = scored[["candidate_item", "candidate_score"]] >> BoostCandidates(boost.column, dict(boost.values))
        scored = scored[["candidate_item", "candidate_source", SOURCES]] + raised
    pool = FALLBACK_POOL if config.filters or config.ordering.way else 0
    offered = (scored + seen["seen_item"] + Node.of("k")) >> PopularFallback(pool=pool, names=config.sources)
    if config.filters:
        offered = filtered(offered, user, config, seen=None)[list(offered.names)]
    given = offered + Node.of("k")
    if isinstance(config.ordering.way, Calibrated):
        given = given + seen["seen_item"]
    return (given + Node.of("seed") if config.ordering.temperature else given) >> ordering(config)


def ordering(config: FourStagesConfig) -> Ordering:
    """The operator that makes the lists."""
    way = config.ordering.way
    if isinstance(way, Diversity):
        dense = next((stage.name for stage in config.retrieval if stage.network is not None), None)
        if dense is None:
            raise ValueError(
                "serving.ordering.maximal_marginal_relevance compares the vectors of items, and no retrieval model has "
                "any; name one that has under retrieval, or choose another ordering."
            )
        return MaximalMarginalRelevance(way.relevance_weight, pool=way.pool, model=dense)
    if isinstance(way, Quota):
        return CategoryQuotas(way.column, way.most, way.buckets, pool=way.pool)
    if isinstance(way, Calibrated):
        return CalibratedOrdering(way.column, way.weight, way.buckets, pool=way.pool)
    return SoftmaxSampling(config.ordering.temperature)


def request_columns(config: FourStagesConfig) -> list[ColumnSchema]:
    """The request columns that conditions read, each optional: left out, it is unknown."""
    columns: dict[str, tuple[ColumnSchema, str]] = {}
    for condition in config.filters:
        if condition.context is None:
            continue
        column = context_column(condition, config.attributes[condition.item])
        known, first = columns.setdefault(column.name, (column, condition.name))
        if known != column:
            raise ValueError(
                f"the filters {first!r} and {condition.name!r} both read {condition.request!r} of the request, the one "
                f"as {known.dtype}, the other as {column.dtype}; give them two names."
            )
    return [optional(column, None) for column, _ in columns.values()]

"""The four stages of a recommendation, wired: retrieve, filter, score, order."""

from __future__ import annotations

from ops_gpu.features.training_rows import HISTORY
from ops_gpu.graph.node import Node
from ops_gpu.models.contract import PAIR_COLUMN as PAIR_FEATURES
from ops_gpu.schema.column import ColumnSchema, Domain
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags
from serving.ensemble.ensemble import Ensemble
from serving.ensemble.four_stages_config import FourStagesConfig, RetrievalStage
from serving.ensemble.rule_steps import filtered, final_list, request_columns
from serving.operators.features.encode_history import EncodeHistory
from serving.operators.features.join_events import JoinEvents
from serving.operators.features.lookup_items import LookupItems
from serving.operators.features.mark_degraded import MarkDegraded
from serving.operators.features.recent_items import RecentItems
from serving.operators.features.transform_workflow import TransformWorkflow
from serving.operators.features.unroll_features import UnrollFeatures
from serving.operators.ordering.decode_items import DecodeItems
from serving.operators.retrieval.query_co_occurrence import QueryCoOccurrence
from serving.operators.retrieval.query_faiss import QueryFaiss
from serving.operators.retrieval.query_history import QueryHistory
from serving.operators.retrieval.query_item_weights import QueryItemWeights
from serving.operators.retrieval.query_popular import QueryPopular
from serving.operators.retrieval.score_co_occurrence import ScoreCoOccurrence
from serving.operators.retrieval.score_item_weights import ScoreItemWeights
from serving.operators.retrieval.union_candidates import SOURCES, UnionCandidates
from serving.operators.scoring.predict_tensorflow import PredictTensorflow
from serving.operators.scoring.ranking_features import RankingFeatures
from serving.request.event_columns import event_columns
from serving.request.list_length import DEFAULT_K, MOST_ITEMS
from serving.request.request import optional
from serving.request.seed import UNSEEDED

RETRIEVAL, INDEX, VECTORS, RANKER = "retrieval_model", "faiss_index", "item_embeddings", "ranking_model"
"""Parts of a release; all but the last have a folder a model."""


def four_stages(user: Node, config: FourStagesConfig) -> Ensemble:
    """The ensemble of a recommender, over any source of raw user features.

    Sources side by side, each candidate knowing which of them brought it; what was seen, is not available or
    breaks a condition removed; candidates scored by the ranker with the features of user, item and pair; the best
    ones, by the ordering that is configured, given back as the ids of the logs. A user without a history gets
    what is popular.

    Args:
        user: gives the columns of `config.raw_users` and the four `history_*` lists for `user_id`.
        config: types, sizes and schemas.

    Returns:
        Gives `item_id`, `score` and `source`, lists a user.
    """
    codes, seen = _user(user, config)
    queries = {stage.name: _query(stage, codes, seen) for stage in config.retrieval}
    related = seen >> ScoreCoOccurrence()
    found = _candidates(queries, seen, related, config)
    # Of all that was found, as in training: some features say how a candidate stands beside the user's others.
    models = tuple((stage.name, "dense" if stage.network else "sparse") for stage in config.retrieval)
    pairs = Node(None, [found, seen, related, *queries.values()]) >> RankingFeatures(models=models)
    kept = filtered(found + pairs, user, config, None if config.candidates.repeats else seen, (PAIR_FEATURES,))
    score = _score(kept, codes, kept[PAIR_FEATURES], config)
    scored = kept[["candidate_item", "candidate_source", SOURCES]] + score
    best = final_list(scored, user, seen, config)
    item_code = config.items.first(Tags.ITEM_ID).name
    decoded = best["item"] >> DecodeItems(config.item_id_dtype, item_code)
    source = best["source"]
    if "degraded" in user.names:
        source = (source + user["degraded"]) >> MarkDegraded()
    return Ensemble(decoded + best["score"] + source + best["sources"], request_schema(config))


def request_schema(config: FourStagesConfig) -> Schema:
    """What a request holds: `user_id`; and what it may say: `k`, `seed` (of a sample), events, what filters ask for."""
    columns = [
        ColumnSchema("user_id", config.user_id_dtype, frozenset({Tags.USER_ID})),
        optional(ColumnSchema("k", "int32", domain=Domain(1, MOST_ITEMS)), DEFAULT_K),
    ]
    if config.ordering.temperature:
        columns.append(optional(ColumnSchema("seed", "int64"), UNSEEDED))
    return Schema([*columns, *event_columns(config.item_id_dtype), *request_columns(config)])


def _user(user: Node, config: FourStagesConfig) -> tuple[Node, Node]:
    """Model inputs of the user, and the encoded history."""
    raw = Node.of("user_id")
    if len(config.raw_users):
        raw = raw + user[config.raw_users.names]
    codes = raw >> TransformWorkflow(("user_id", *config.raw_users.names), config.users.to_dict())
    item_code = config.items.first(Tags.ITEM_ID).name
    events = event_columns(config.item_id_dtype)
    stored = user[["history_item", "history_count", "history_last", "history_positive"]]
    past = (stored + Node.of(events.names)) >> JoinEvents(config.item_id_dtype)
    return codes, past >> EncodeHistory(config.item_id_dtype, item_code)


def _query(stage: RetrievalStage, codes: Node, seen: Node) -> Node:
    """What users are looked for with: a vector, or the items that theirs lead to."""
    if stage.network is None:
        return seen >> ScoreItemWeights(stage.name, f"{RETRIEVAL}/{stage.name}")
    taken = codes
    if HISTORY in stage.network.inputs:
        taken = codes + (seen >> RecentItems(stage.sequence_length, HISTORY))
    return taken >> PredictTensorflow(
        f"{RETRIEVAL}/{stage.name}/{stage.network.file}",
        stage.network.inputs,
        f"{stage.name}_vector",
        stage.network.width,
        timed_as="retrieval",
        runtime=stage.runtime,
    )


def _candidates(queries: dict[str, Node], seen: Node, related: Node, config: FourStagesConfig) -> Node:
    sizes, repeats = config.candidates, config.candidates.repeats
    lists: dict[str, Node] = {}
    for stage in config.retrieval:
        name, size, taken = stage.name, sizes.size(stage.name), queries[stage.name] + seen
        if not size:
            continue
        if stage.network is None:
            lists[name] = taken >> QueryItemWeights(size, repeats, source=name)
        else:
            lists[name] = taken >> QueryFaiss(
                size, repeats, index=f"{INDEX}/{name}", vector=f"{name}_vector", source=name
            )
    if size := sizes.size("popular"):
        lists["popular"] = seen >> QueryPopular(size, repeats)
    if repeats and (size := sizes.size("history")):
        lists["history"] = seen >> QueryHistory(size)
    if size := sizes.size("co_occurrence"):
        lists["co_occurrence"] = (seen + related) >> QueryCoOccurrence(size, repeats)
    if not lists:
        raise ValueError("All candidate sources are switched off; give at least one of them a size above 0.")
    return Node(None, list(lists.values())) >> UnionCandidates(tuple(lists), config.sources)


def _score(kept: Node, codes: Node, pairs: Node, config: FourStagesConfig) -> Node:
    stage, inputs = config.ranker, pairs
    if len(stage.users):
        inputs = inputs + ((kept["candidate_item"] + codes[stage.users.names]) >> UnrollFeatures())
    if len(stage.items):
        inputs = inputs + (kept["candidate_item"] >> LookupItems(stage.items.to_dict()))
    path = f"{RANKER}/{stage.network.file}"
    return inputs >> PredictTensorflow(path, stage.network.inputs, "candidate_score", lists=True, runtime=stage.runtime)

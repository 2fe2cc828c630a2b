"""The four stages of a recommendation, wired: retrieve, filter, score, order."""

from __future__ import annotations

from ops_gpu.graph.node import Node
from ops_gpu.schema.column import ColumnSchema, Domain
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags
from serving.ensemble.ensemble import Ensemble
from serving.ensemble.four_stages_config import DEFAULT_K, MOST_ITEMS, FourStagesConfig
from serving.ensemble.rule_steps import filtered, final_list, request_columns
from serving.operators.features.encode_history import EncodeHistory
from serving.operators.features.join_events import JoinEvents
from serving.operators.features.lookup_items import LookupItems
from serving.operators.features.mark_degraded import MarkDegraded
from serving.operators.features.query_feast import QueryFeast
from serving.operators.features.recent_items import RecentItems
from serving.operators.features.transform_workflow import TransformWorkflow
from serving.operators.features.unroll_features import UnrollFeatures
from serving.operators.ordering.decode_items import DecodeItems
from serving.operators.ordering.softmax_sampling import UNSEEDED
from serving.operators.retrieval.query_co_occurrence import QueryCoOccurrence
from serving.operators.retrieval.query_faiss import QueryFaiss
from serving.operators.retrieval.query_history import QueryHistory
from serving.operators.retrieval.query_popular import QueryPopular
from serving.operators.retrieval.score_co_occurrence import ScoreCoOccurrence
from serving.operators.retrieval.union_candidates import UnionCandidates
from serving.operators.scoring.predict_tensorflow import PredictTensorflow
from serving.operators.scoring.ranking_features import OUTPUT as PAIR_FEATURES
from serving.operators.scoring.ranking_features import RankingFeatures
from serving.request.event_columns import event_columns
from serving.request.request import optional

HISTORY = "history"
QUERY_TOWER = "retrieval_model/query_tower.keras"
RANKER = "ranking_model/ranker.keras"


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
    vector = _query_vector(codes, seen, config)
    related = seen >> ScoreCoOccurrence()
    found = _candidates(vector, seen, related, config)
    # Of all that was found, as in training: some features say how a candidate stands beside the user's others.
    pairs = (found + seen + related + vector) >> RankingFeatures()
    kept = filtered(found + pairs, user, config, None if config.candidates.repeats else seen, (PAIR_FEATURES,))
    score = _score(kept, codes, kept[PAIR_FEATURES], config)
    scored = kept[["candidate_item", "candidate_source"]] + score
    best = final_list(scored, user, seen, config)
    item_code = config.items.first(Tags.ITEM_ID).name
    decoded = best["item"] >> DecodeItems(config.item_id_dtype, item_code)
    source = best["source"]
    if "degraded" in user.names:
        source = (source + user["degraded"]) >> MarkDegraded()
    return Ensemble(decoded + best["score"] + source, request_schema(config))


def build_ensemble(name: str, config: FourStagesConfig) -> Ensemble:
    """The ensemble of a recommender over its own feature store.

    Args:
        name: the recommender; releases and feature store lie in one home (`releases/NAME/HASH`,
            `feast/NAME`).
        config: types, sizes and schemas.
    """
    feast = QueryFeast(f"../../../feast/{name}", config.raw_users.to_dict(), config.user_id_dtype, config.item_id_dtype)
    return four_stages(["user_id"] >> feast, config)


def request_schema(config: FourStagesConfig) -> Schema:
    """What a request holds: `user_id`; and what it may say: `k`, `seed` (of a sample), events, what filters ask for."""
    columns = [
        ColumnSchema("user_id", config.user_id_dtype, frozenset({Tags.USER_ID})),
        optional(ColumnSchema("k", "int32", domain=Domain(1, MOST_ITEMS)), DEFAULT_K),
    ]
    if config.sampled_at:
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


def _query_vector(codes: Node, seen: Node, config: FourStagesConfig) -> Node:
    history = seen >> RecentItems(config.history_length, HISTORY)
    inputs = (*config.users.names, HISTORY)
    tower = PredictTensorflow(
        QUERY_TOWER,
        inputs,
        "query_vector",
        config.dimension,
        timed_as="retrieval",
        runtime=config.tower_runtime,
    )
    return (codes + history) >> tower


def _candidates(vector: Node, seen: Node, related: Node, config: FourStagesConfig) -> Node:
    sizes, repeats = config.candidates, config.candidates.repeats
    lists: dict[str, Node] = {}
    if sizes.two_tower:
        lists["two_tower"] = (vector + seen) >> QueryFaiss(sizes.two_tower, repeats)
    if sizes.popular:
        lists["popular"] = seen >> QueryPopular(sizes.popular, repeats)
    if sizes.history and repeats:
        lists["history"] = seen >> QueryHistory(sizes.history)
    if sizes.co_occurrence:
        lists["co_occurrence"] = (seen + related) >> QueryCoOccurrence(sizes.co_occurrence, repeats)
    if not lists:
        raise ValueError("All candidate sources are switched off; give at least one of them a size above 0.")
    return Node(None, list(lists.values())) >> UnionCandidates(tuple(lists))


def _score(kept: Node, codes: Node, pairs: Node, config: FourStagesConfig) -> Node:
    users, items = (
        schema if config.id_embeddings else schema.excluding_by_tag([Tags.USER_ID, Tags.ITEM_ID])
        for schema in (config.users, config.items)
    )
    inputs = pairs
    if len(users):
        inputs = inputs + ((kept["candidate_item"] + codes[users.names]) >> UnrollFeatures())
    if len(items):
        inputs = inputs + (kept["candidate_item"] >> LookupItems(items.to_dict()))
    names = (*users.names, *items.names, PAIR_FEATURES)
    return inputs >> PredictTensorflow(RANKER, names, "candidate_score", lists=True, runtime=config.ranker_runtime)

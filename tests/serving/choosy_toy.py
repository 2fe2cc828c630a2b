"""The toy release with a filter that asks the request for a country, and lists drawn at random."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from ops_gpu.graph.node import Node
from ops_gpu.schema.column import ColumnSchema, Domain
from ops_gpu.schema.schema import Schema
from serving.ensemble.ensemble import Ensemble
from serving.operators.features.encode_history import EncodeHistory
from serving.operators.filtering.filter_candidates import FilterCandidates
from serving.operators.ordering.decode_items import DecodeItems
from serving.operators.ordering.popular_fallback import PopularFallback
from serving.operators.ordering.softmax_sampling import SoftmaxSampling
from serving.operators.retrieval.query_popular import QueryPopular
from serving.operators.retrieval.union_candidates import UnionCandidates
from serving.release.built_with import read_built_with, write_built_with
from serving.release.manifest import ReleaseMetadata
from serving.release.release import Release
from serving.request.request import optional
from serving.request.seed import UNSEEDED
from serving.rules.condition import Condition
from serving.rules.item_attributes import ItemAttributes
from tests.serving.toys import ITEMS, ToyRanker, ToyUsers, toy_parts

CONDITIONS = (
    Condition("country", "countries", "contains", request="country"),
    Condition("age", "age_limit", "at_most", request="age"),
    Condition("price", "price", "at_most", request="price"),
)
ATTRIBUTES = pl.DataFrame(
    {
        "countries": [["DE"] if code % 2 else ["FR", "DE"] if code % 3 else [] for code in range(ITEMS)],
        "age_limit": [0 if code % 4 else 18 for code in range(ITEMS)],
        "price": [code / 4 for code in range(ITEMS)],
    }
)
"""Even codes that 3 does not divide may be shown in France as well; every fourth to adults alone. Prices rise
with the code."""


def choosy_release(root: Path, name: str) -> Release:
    """A whole release under `root/releases`."""
    parts = toy_parts(root / f"parts-{name}")
    ItemAttributes(ATTRIBUTES).save(parts / "item_attributes")
    write_built_with(parts / "item_attributes", **read_built_with(parts / "workflow"))
    choosy_ensemble().save(parts / "ensemble.json")
    return Release.write(parts, root / "releases", name, ReleaseMetadata())


def choosy_ensemble() -> Ensemble:
    """One source, filters before and behind the fallback, sampling."""
    request = Schema(
        [
            ColumnSchema("user_id", "int64"),
            optional(ColumnSchema("k", "int32", domain=Domain(1, 1000)), 10),
            optional(ColumnSchema("seed", "int64"), UNSEEDED),
            optional(ColumnSchema("context_country", "string"), None),
            optional(ColumnSchema("context_age", "int64"), None),
            optional(ColumnSchema("context_price", "float64"), None),
        ]
    )
    user = ["user_id"] >> ToyUsers()
    seen = user >> EncodeHistory()
    asked = Node.of(["context_country", "context_age", "context_price"])
    rules = {
        "conditions": tuple(condition.to_dict() for condition in CONDITIONS),
        "attributes": Schema.from_polars(ATTRIBUTES).to_dict(),
    }
    found = (seen >> QueryPopular(30)) >> UnionCandidates(("popular",))
    kept = (found + seen + asked) >> FilterCandidates(**rules)
    scored = kept[["candidate_item", "candidate_source"]] + ((kept + user["user_code"]) >> ToyRanker())
    offered = (scored + seen["seen_item"] + Node.of("k")) >> PopularFallback(pool=30)
    offered = ((offered + asked) >> FilterCandidates(True, **rules))[list(offered.names)]
    best = (offered + Node.of(["k", "seed"])) >> SoftmaxSampling(0.5)
    return Ensemble((best >> DecodeItems()) + best[["score", "source"]], request)

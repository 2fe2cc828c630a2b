"""A tiny release of real operators, with a toy in the place of the feature store and of the ranker."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import polars as pl

from ops_gpu.graph.node import Node
from ops_gpu.interactions.events import Events
from ops_gpu.interactions.item_state import ItemState
from ops_gpu.interactions.item_state_config import ItemStateConfig
from ops_gpu.operators.categorical.categorify import Categorify
from ops_gpu.primitives.ragged import Ragged
from ops_gpu.schema.column import ColumnSchema, Domain
from ops_gpu.schema.schema import Schema
from ops_gpu.workflow.workflow import Workflow
from serving.ensemble.ensemble import Ensemble
from serving.operators.base import Need, ServingOperator
from serving.operators.features.encode_history import EncodeHistory
from serving.operators.filtering.filter_candidates import FilterCandidates
from serving.operators.ordering.decode_items import DecodeItems
from serving.operators.ordering.popular_fallback import PopularFallback
from serving.operators.ordering.softmax_sampling import SoftmaxSampling
from serving.operators.retrieval.query_co_occurrence import QueryCoOccurrence
from serving.operators.retrieval.query_popular import QueryPopular
from serving.operators.retrieval.score_co_occurrence import ScoreCoOccurrence
from serving.operators.retrieval.union_candidates import UnionCandidates
from serving.release.built_with import write_built_with
from serving.release.manifest import DayRange, ReleaseMetadata
from serving.release.release import Release
from serving.request.columns import Columns, array, ragged
from serving.request.request import optional

ITEMS, USERS, AS_OF = 40, 12, 1_000_000


@dataclass
class ToyUsers(ServingOperator):
    """Reads what users did from the release instead of a feature store."""

    dtype: str = "int64"

    OUTPUTS: ClassVar[dict[str, str]] = {
        "history_item": "",
        "history_count": "float32",
        "history_last": "int64",
        "history_positive": "float32",
    }

    def needs(self) -> tuple[Need, ...]:
        return (Need("user_id", (self.dtype,)),)

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return ("user_code", *self.OUTPUTS)

    def output_schema(self, schema: Schema) -> Schema:
        lists = [ColumnSchema(n, d or self.dtype, is_list=True) for n, d in self.OUTPUTS.items()]
        return Schema([ColumnSchema("user_code", "int32"), *lists])

    def bind(self, release: Release) -> None:
        folder = release.part("toy_users")
        self._users = np.load(folder / "users.npy")
        self._histories = json.loads((folder / "histories.json").read_text())
        workflow = release.shared("workflow", Workflow.load)
        self._items = workflow.decode("item_id", np.arange(ITEMS))

    def transform(self, columns: Columns) -> Columns:
        place = {user: row for row, user in enumerate(self._users.tolist())}
        rows = [place.get(user, -1) for user in array(columns, "user_id").tolist()]
        if any(user in (999, b"poison") for user in array(columns, "user_id").tolist()):
            raise ValueError("user 999 is poison.")
        past = [self._histories[row] if row >= 0 else [] for row in rows]
        items = Ragged.from_lists([[code for code, _ in user] for user in past], np.int64)
        last = np.array([time for user in past for _, time in user], np.int64)
        ones = items.with_values(np.ones(len(items.values), np.float32))
        return {
            "user_code": np.array([row + 3 if row >= 0 else 2 for row in rows], np.int32),
            "history_item": items.with_values(self._items[items.values]),
            "history_count": ones,
            "history_last": items.with_values(last),
            "history_positive": ones,
        }


@dataclass
class ToyRanker(ServingOperator):
    """Scores by user and item code."""

    stage: ClassVar[str] = "scoring"

    def needs(self) -> tuple[Need, ...]:
        return (Need("candidate_item", ("int32",), is_list=True), Need("user_code", ("int32",)))

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return ("candidate_score",)

    def output_schema(self, schema: Schema) -> Schema:
        return Schema([ColumnSchema("candidate_score", "float32", is_list=True)])

    def transform(self, columns: Columns) -> Columns:
        items = ragged(columns, "candidate_item")
        mixed = (array(columns, "user_code")[items.row_ids] * 7919 + items.values * 104729) % 1000
        return {"candidate_score": items.with_values((mixed / 1000).astype(np.float32))}


def toy_ensemble(dtype: str = "int64", repeats: bool = False, names: tuple[str, ...] = ()) -> Ensemble:
    """Two sources, filter, ranker, fallback, order, ids; `names` of sources make it tell them apart by `sources`."""
    request = Schema(
        [
            ColumnSchema("user_id", dtype),
            optional(ColumnSchema("k", "int32", domain=Domain(1, 1000)), 10),
        ]
    )
    user = ["user_id"] >> ToyUsers(dtype)
    seen = user >> EncodeHistory(dtype)
    related = seen >> ScoreCoOccurrence()
    found = (seen >> QueryPopular(8, repeats)) + ((seen + related) >> QueryCoOccurrence(8, repeats))
    kept = (found >> UnionCandidates(("popular", "co_occurrence"), names)) + seen >> FilterCandidates(repeats)
    told = ["candidate_sources"] if names else []
    scored = kept[["candidate_item", "candidate_source", *told]] + ((kept + user["user_code"]) >> ToyRanker())
    final = (scored + seen["seen_item"] + Node.of("k")) >> PopularFallback(names=names)
    best = (final + Node.of("k")) >> SoftmaxSampling()
    node: Node = (best >> DecodeItems(dtype)) + best[["score", "source", *(["sources"] if names else [])]]
    return Ensemble(node, request)


def toy_workflow(dtype: str) -> Workflow:
    """Item code c stands for the id 10 c (or "üc"): the lower the code, the more often it comes."""
    codes = [code for code in range(3, ITEMS) for _ in range(ITEMS - code)]
    items = [code * 10 if dtype == "int64" else f"ü{code}" for code in codes]
    return Workflow(["item_id"] >> Categorify()).fit(pl.DataFrame({"item_id": items}))


def toy_parts(folder: Path, dtype: str = "int64", seed: int = 0, names: tuple[str, ...] = ()) -> Path:
    """Parts of a release from random events of 12 users with 40 items."""
    random = np.random.default_rng(seed)
    user = random.integers(3, USERS, 200).astype(np.int32)
    item = random.integers(3, ITEMS, 200).astype(np.int32)
    time = random.integers(0, AS_OF, 200)
    events = Events.sorted(user, item, time, np.ones(200, np.bool_), USERS, ITEMS)
    available = np.ones(ITEMS, np.bool_)
    available[:3] = available[5] = False
    folder.mkdir(parents=True, exist_ok=True)
    ItemState.build(events, AS_OF, available, ItemStateConfig()).save(folder / "snapshot")
    workflow = toy_workflow(dtype)
    workflow.save(folder / "workflow")
    (folder / "toy_users").mkdir()
    raw = np.arange(USERS - 3) + 100
    np.save(
        folder / "toy_users" / "users.npy",
        raw if dtype == "int64" else np.array([f"u{u}".encode() for u in raw]),
    )
    past = [
        sorted({int(i): int(t) for i, t in zip(item[user == code], time[user == code], strict=True)}.items())
        for code in range(3, USERS)
    ]
    (folder / "toy_users" / "histories.json").write_text(json.dumps(past))
    toy_ensemble(dtype, names=names).save(folder / "ensemble.json")
    for part in ("snapshot", "workflow"):
        write_built_with(folder / part, workflow=workflow.hash())
    return folder


def toy_release(
    root: Path, name: str = "toy", dtype: str = "int64", seed: int = 0, names: tuple[str, ...] = ()
) -> Release:
    """A whole release under `root/releases`."""
    parts = toy_parts(root / f"parts-{name}-{seed}", dtype, seed, names)
    metadata = ReleaseMetadata({"toy/items": f"v{seed}"}, "code", fitted=DayRange("2026-01-01", "2026-01-31"))
    return Release.write(parts, root / "releases", name, metadata)

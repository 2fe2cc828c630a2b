"""A release, and a batch of users with every column that serving operators read: what the contract is tried on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import polars as pl

from feature_repo.offline.columns import CREATED, EVENT_TIME, PRESENT
from ops_gpu.features.feature_table import FIRST_CODE
from ops_gpu.primitives.ragged import Ragged
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from serving.release.manifest import ReleaseMetadata
from serving.release.release import Release
from serving.request.columns import Column, Columns
from serving.request.null_values import NULL_INTEGER
from serving.runtimes.implicit_factors import ImplicitFactors
from serving.stores.user_history_store import UserHistoryStore
from tests.serving.whole_release import FILTERS, NAME, Whole, whole_release

SIZES = {"two_tower": 12, "popular": 9, "co_occurrence": 10, "item_knn": 8}
USERS, ITEMS, DIMENSION = 30, 60, 32
SCORES = np.array([-1.5, 0.25, 2.0, 3.5], np.float32)
"""Few, so that many candidates have equal ones."""


def contract_release(root: Path) -> tuple[Whole, Release]:
    """The whole release with filters, and one of the same parts with factors and models of other libraries."""
    whole = whole_release(root, USERS, ITEMS, filters=FILTERS, **SIZES)
    folder = root / "more"
    shutil.copytree(whole.release.path, folder, ignore=shutil.ignore_patterns("manifest.json"))
    random, data = np.random.default_rng(5), whole.parts.data
    users, items = (random.normal(size=(size, 6)).astype(np.float32) for size in (data.users.size, data.items.size))
    users[FIRST_CODE + 2] = items[FIRST_CODE + 3] = 0.0
    ImplicitFactors(users, items).save(folder / "implicit", whole.parts.workflow)
    _write_forest(folder / "forest")
    write_onnx(folder / "onnx")
    users_of = pl.read_parquet(root / "feast" / NAME / "users/*.parquet").drop(EVENT_TIME, CREATED, PRESENT)
    UserHistoryStore.build(root / "histories" / NAME, users_of)
    return whole, Release.write(folder, root / "releases", "whole", ReleaseMetadata())


def _write_forest(folder: Path) -> None:
    """A tree over three numbers, as converters write it."""
    from onnx import TensorProto, helper, save

    folder.mkdir()
    # node 0 asks the first number, node 2 the third; nodes 1, 3 and 4 are leaves
    tree = helper.make_node(
        "TreeEnsembleRegressor",
        ["features"],
        ["value"],
        domain="ai.onnx.ml",
        n_targets=1,
        nodes_treeids=[0] * 5,
        nodes_nodeids=list(range(5)),
        nodes_featureids=[0, 0, 2, 0, 0],
        nodes_modes=["BRANCH_LEQ", "LEAF", "BRANCH_LEQ", "LEAF", "LEAF"],
        nodes_values=[0.1, 0.0, -0.2, 0.0, 0.0],
        nodes_truenodeids=[1, 0, 3, 0, 0],
        nodes_falsenodeids=[2, 0, 4, 0, 0],
        target_treeids=[0] * 3,
        target_nodeids=[1, 3, 4],
        target_ids=[0] * 3,
        target_weights=[0.3, -1.7, 2.2],
    )
    graph = helper.make_graph(
        [tree],
        "forest",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["rows", 3])],
        [helper.make_tensor_value_info("value", TensorProto.FLOAT, ["rows", 1])],
    )
    versions = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)]
    save(helper.make_model(graph, opset_imports=versions, ir_version=9), folder / "model.onnx")


def write_onnx(folder: Path) -> None:
    """Two towers as PyTorch would write them: a vector of codes and numbers, and its sum."""
    from onnx import TensorProto, helper, numpy_helper, save

    folder.mkdir()
    random = np.random.default_rng(7)
    table, weight = random.normal(size=(80, 4)).astype(np.float32), random.normal(size=(7, 5)).astype(np.float32)
    nodes = [
        helper.make_node("Gather", ["table", "code"], ["row"]),
        helper.make_node("Concat", ["row", "numbers"], ["both"], axis=1),
        helper.make_node("MatMul", ["both", "weight"], ["vector"]),
        helper.make_node("ReduceSum", ["vector", "axis"], ["total"], keepdims=1),
    ]
    graph = helper.make_graph(
        nodes,
        "model",
        [
            helper.make_tensor_value_info("code", TensorProto.INT64, ["rows"]),
            helper.make_tensor_value_info("numbers", TensorProto.FLOAT, ["rows", 3]),
        ],
        [
            helper.make_tensor_value_info("vector", TensorProto.FLOAT, ["rows", 5]),
            helper.make_tensor_value_info("total", TensorProto.FLOAT, ["rows", 1]),
        ],
        [
            numpy_helper.from_array(table, "table"),
            numpy_helper.from_array(weight, "weight"),
            numpy_helper.from_array(np.array([1]), "axis"),
        ],
    )
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), folder / "model.onnx")


def world(whole: Whole, rows: int, seed: int, empty: bool = False) -> Columns:
    """Every column, for users some of whom have empty lists; all of them where `empty`."""
    random, data = np.random.default_rng(seed), whole.parts.data

    def lists(most: int, codes: int, none: int = 3) -> Ragged:
        sizes = np.where(random.integers(0, none, rows) == 0, 0, random.integers(1, most, rows)) * (not empty)
        picked = [np.sort(random.choice(np.arange(FIRST_CODE, codes), size, replace=False)) for size in sizes]
        return Ragged.from_lists(picked, np.int32)

    seen, found, related = (lists(most, data.items.size) for most in (12, 25, 20))
    columns: Columns = {
        "user_id": random.integers(-1, USERS + 2, rows),
        "user_code": random.integers(0, data.users.size, rows).astype(np.int32),
        "age": np.where(random.integers(0, 4, rows) == 0, np.nan, random.normal(40, 9, rows)).astype(np.float32),
        "city": np.array([b"city 1", b"city 5", b"", b"elsewhere"])[random.integers(0, 4, rows)],
        "country": np.array([b"DE", b"FR", b"", b"XX"])[random.integers(0, 4, rows)],
        "context_country": np.array([b"", b"US"])[random.integers(0, 2, rows)],
        "blocked": Ragged.from_lists([[b"a1", b"a4"][: n % 3] for n in range(rows)], "S2"),
        "query_vector": _unit(random.normal(size=(rows, DIMENSION))),
        "two_tower_vector": _unit(random.normal(size=(rows, DIMENSION))),
        "numbers": random.normal(size=(rows, 3)).astype(np.float32),
        "k": random.integers(1, 12, rows).astype(np.int32),
        "seed": random.integers(0, 2**40, rows),
        "seen_item": seen,
        "seen_count": _beside(seen, np.float32, random),
        "seen_last": _beside(seen, np.int64, random),
        "seen_positive": _beside(seen, np.float32, random),
        "item_knn_related_item": related,
        "item_knn_related_score": _beside(related, np.float32, random),
        "related_item": related,
        "related_score": _beside(related, np.float32, random),
        "candidate_item": found,
        "candidate_score": found.with_values(
            random.choice([-1.5, 0.25, 2.0, 3.5], len(found.values)).astype(np.float32)
        ),
        "candidate_source": found.with_values(random.integers(1, 16, len(found.values)).astype(np.uint8)),
        "candidate_sources": found.with_values(random.integers(1, 32, len(found.values)).astype(np.uint32)),
        "candidate_rank": found.with_values(random.random((len(found.values), 4)).astype(np.float32)),
        "listed_numbers": found.with_values(random.normal(size=(len(found.values), 3)).astype(np.float32)),
        "item": found,
        **_history(whole, seen, random),
        **_events(rows, random, empty),
        "degraded": np.arange(rows) % 3 == 1,
    }
    for source, most in (("popular", 9), ("two_tower", 7), ("implicit", 8), ("item_knn", 6)):
        items = lists(most, data.items.size)
        columns |= {f"{source}_item": items, f"{source}_score": _beside(items, np.float32, random)}
    return columns


def _history(whole: Whole, seen: Ragged, random: np.random.Generator) -> Columns:
    raw = whole.parts.workflow.decode("item_id", seen.values)
    raw[::5] = 77  # an item that the release does not know
    return {
        "history_item": seen.with_values(raw),
        "history_count": _beside(seen, np.float32, random),
        "history_last": _beside(seen, np.int64, random),
        "history_positive": _beside(seen, np.float32, random),
    }


def _events(rows: int, random: np.random.Generator, empty: bool) -> Columns:
    """Up to three a user; every other user has none."""
    count = np.zeros(rows, np.int64) if empty else random.integers(0, 4, rows) * (np.arange(rows) % 2)
    there = np.arange(3) < count[:, None]
    return {
        "event_item": np.where(there, 1000 + random.integers(0, 60, (rows, 3)), NULL_INTEGER),
        "event_time": np.where(there, random.integers(1, 1_000, (rows, 3)), 0),
        "event_positive": np.where(there, random.integers(0, 2, (rows, 3)), 0).astype(np.float32),
    }


def _beside(lists: Ragged, dtype: type, random: np.random.Generator) -> Ragged:
    return lists.with_values(random.integers(1, 1_000, len(lists.values)).astype(dtype))


def _unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def described(name: str, column: Column) -> ColumnSchema:
    """The schema of a column as it is."""
    values = column.values if isinstance(column, Ragged) else column
    dtype = "string" if values.dtype.kind == "S" else str(values.dtype)
    properties = {"width": values.shape[1]} if values.ndim == 2 else {}
    return ColumnSchema(name, dtype, properties=properties, is_list=isinstance(column, Ragged))


def schema_of(columns: Columns) -> Schema:
    """The schema of a batch as it is."""
    return Schema(described(name, column) for name, column in columns.items())


def as_json(data: object) -> object:
    """What is left of data that was written as JSON and read again."""
    return json.loads(json.dumps(data))

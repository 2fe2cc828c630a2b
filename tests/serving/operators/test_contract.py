"""What holds for every serving operator; one that has no case here fails the first test."""

from __future__ import annotations

import copy
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import serving.operators
from ops_gpu.graph.operator import Operator
from ops_gpu.primitives.ragged import Ragged
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from serving.operators.base import Need, ServingOperator
from serving.operators.features.encode_history import EncodeHistory
from serving.operators.features.join_events import JoinEvents
from serving.operators.features.lookup_items import LookupItems
from serving.operators.features.mark_degraded import MarkDegraded
from serving.operators.features.query_feast import QueryFeast
from serving.operators.features.query_history_store import QueryHistoryStore
from serving.operators.features.recent_items import RecentItems
from serving.operators.features.transform_workflow import TransformWorkflow
from serving.operators.features.unroll_features import UnrollFeatures
from serving.operators.filtering.filter_candidates import FilterCandidates
from serving.operators.ordering import boost_candidates, calibrated_ordering, category_quotas
from serving.operators.ordering.decode_items import DecodeItems
from serving.operators.ordering.maximal_marginal_relevance import MaximalMarginalRelevance
from serving.operators.ordering.popular_fallback import PopularFallback
from serving.operators.ordering.softmax_sampling import SoftmaxSampling
from serving.operators.retrieval.predict_implicit import PredictImplicit
from serving.operators.retrieval.query_co_occurrence import QueryCoOccurrence
from serving.operators.retrieval.query_faiss import QueryFaiss
from serving.operators.retrieval.query_history import QueryHistory
from serving.operators.retrieval.query_item_weights import QueryItemWeights
from serving.operators.retrieval.query_popular import QueryPopular
from serving.operators.retrieval.score_co_occurrence import ScoreCoOccurrence
from serving.operators.retrieval.score_item_weights import ScoreItemWeights
from serving.operators.retrieval.union_candidates import UnionCandidates
from serving.operators.scoring.predict_forest import PredictForest
from serving.operators.scoring.predict_pytorch import PredictPyTorch
from serving.operators.scoring.predict_tensorflow import PredictTensorflow
from serving.operators.scoring.ranking_features import RankingFeatures
from serving.release.release import Release
from serving.request.columns import Columns
from serving.rules.item_attributes import ItemAttributes
from tests.serving.operators.contract_world import DIMENSION, as_json, contract_release, schema_of, world
from tests.serving.whole_release import FILTERS, NAME, Whole

ROWS, SEEDS = 9, (1, 2)


@dataclass(frozen=True)
class Case:
    """One operator in one configuration.

    Args:
        operator: what is tried.
        more: columns given beside those that it needs.
        renamed: columns of the world under the names that the operator reads.
        products: whether it multiplies matrices, whose sums are rounded as the batch is.
    """

    operator: ServingOperator
    more: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    products: bool = False

    def columns(self, of_world: Columns) -> Columns:
        there = {**of_world, **{name: of_world[source] for name, source in self.renamed}}
        names = [*(need.column for need in self.operator.needs()), *self.more]
        return {name: there[name] for name in dict.fromkeys(names)}


def cases(whole: Whole) -> dict[str, Case]:
    """A case by name; a name begins with its operator's."""
    data, raw = whole.parts.data, Schema.from_polars(whole.users.drop("user_id"))
    attributes = Schema(ItemAttributes.of(whole.items, {c.item for c in FILTERS}, whole.parts.workflow, 1).schema)
    vector = Schema([ColumnSchema("code", "int32"), ColumnSchema("numbers", "float32", properties={"width": 3})])
    outputs = Schema([ColumnSchema("vector", "float32", properties={"width": 5}), ColumnSchema("total", "float32")])
    features = Schema([ColumnSchema("numbers", "float32", properties={"width": 3})])
    users = tuple(data.user_schema.names)
    tower = PredictTensorflow(
        "retrieval_model/two_tower/query_tower.keras",
        (*users, "history"),
        "query_vector",
        DIMENSION,
        runtime="onnx",
        timed_as="retrieval",
    )
    workflow = TransformWorkflow(("user_id", "age", "city"), data.user_schema.to_dict())
    made = [
        boost_candidates.BoostCandidates("genres", {"g1": 0.5, "g2": -1.0}),
        calibrated_ordering.CalibratedOrdering("genres", 0.7),
        category_quotas.CategoryQuotas("price", 2, buckets=3),
        DecodeItems(),
        EncodeHistory(),
        JoinEvents(),
        FilterCandidates(),
        LookupItems(data.item_schema.to_dict()),
        PopularFallback(),
        QueryHistory(5),
        QueryPopular(6),
        RecentItems(4),
        ScoreCoOccurrence(),
        SoftmaxSampling(),
        UnionCandidates(("two_tower", "popular", "implicit")),
        ScoreItemWeights("item_knn", "retrieval_model/item_knn"),
    ]
    found = {operator.name: Case(operator) for operator in made}
    filters = FilterCandidates(True, conditions=tuple(c.to_dict() for c in FILTERS), attributes=attributes.to_dict())
    return found | {
        "FilterCandidates by conditions": Case(filters, ("candidate_score",)),
        "MaximalMarginalRelevance": Case(MaximalMarginalRelevance(0.5), products=True),
        "PopularFallback with a pool": Case(PopularFallback(pool=20)),
        "PredictForest": Case(PredictForest("forest/model.onnx", features.to_dict(), "score")),
        "PredictForest of lists": Case(
            PredictForest("forest/model.onnx", features.to_dict(), "score", lists=True),
            renamed=(("numbers", "listed_numbers"),),
        ),
        "PredictImplicit": Case(PredictImplicit(6), renamed=(("user_id", "user_code"),), products=True),
        "PredictPyTorch": Case(
            PredictPyTorch("onnx/model.onnx", vector.to_dict(), outputs.to_dict()),
            renamed=(("code", "user_code"),),
            products=True,
        ),
        "PredictPyTorch of lists": Case(
            PredictPyTorch("onnx/model.onnx", vector.to_dict(), outputs.to_dict(), lists=True),
            renamed=(("code", "candidate_item"), ("numbers", "listed_numbers")),
            products=True,
        ),
        "PredictTensorflow": Case(tower, renamed=tuple((n, f"engineered_{n}") for n in tower.inputs), products=True),
        "QueryCoOccurrence": Case(QueryCoOccurrence(5, repeats=True)),
        "QueryFaiss": Case(QueryFaiss(7), products=True),
        "QueryFeast": Case(QueryFeast(f"../../../feast/{NAME}", raw.to_dict())),
        "MarkDegraded": Case(MarkDegraded(), renamed=(("source", "candidate_source"),)),
        "QueryHistoryStore": Case(QueryHistoryStore(f"../../../histories/{NAME}", raw.to_dict(), memory_mb=8)),
        "PopularFallback with names": Case(PopularFallback(names=("item_knn", "popular"))),
        "QueryItemWeights": Case(QueryItemWeights(5, source="item_knn")),
        "RankingFeatures": Case(RankingFeatures(), products=True),
        "RankingFeatures of two models": Case(
            RankingFeatures(models=(("two_tower", "dense"), ("item_knn", "sparse"))), products=True
        ),
        "SoftmaxSampling of named sources": Case(SoftmaxSampling(), ("candidate_sources",)),
        "UnionCandidates with names": Case(UnionCandidates(("popular", "item_knn"), ("item_knn", "popular"))),
        "SoftmaxSampling at a temperature": Case(SoftmaxSampling(1.5)),
        "TransformWorkflow": Case(workflow, workflow.inputs),
        "UnrollFeatures": Case(UnrollFeatures(prefix="user_"), ("age", "query_vector")),
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Whole, Release, dict[str, Case]]:
    whole, release = contract_release(tmp_path_factory.mktemp("contract"))
    return whole, release, cases(whole)


def full_world(whole: Whole, seed: int, empty: bool = False) -> Columns:
    """The world, with the engineered columns that the query tower reads."""
    columns, data = world(whole, ROWS, seed, empty), whole.parts.data
    codes = columns["user_code"]
    engineered: Columns = {f"engineered_{n}": v[codes] for n, v in data.users.columns.items()}  # type: ignore[index]
    length = whole.parts.config.history_length
    history = np.zeros((ROWS, length), np.int32)
    return columns | engineered | {"engineered_history": history}


def all_operators() -> set[str]:
    """Names of all operators in `serving.operators` that can be made."""
    for module in pkgutil.walk_packages(serving.operators.__path__, "serving.operators."):
        importlib.import_module(module.name)
    known = Operator._registry.values()
    ours = [c for c in known if issubclass(c, ServingOperator) and c.__module__.startswith("serving.operators.")]
    return {cls.__name__ for cls in ours if not inspect.isabstract(cls)}


NAMES = (
    *("BoostCandidates", "CalibratedOrdering", "CategoryQuotas", "DecodeItems", "EncodeHistory", "FilterCandidates"),
    *("FilterCandidates by conditions", "JoinEvents", "LookupItems", "MarkDegraded", "MaximalMarginalRelevance"),
    "PopularFallback",
    *("PopularFallback with a pool", "PredictForest", "PredictForest of lists", "PredictImplicit", "PredictPyTorch"),
    *("PredictPyTorch of lists", "PredictTensorflow", "QueryCoOccurrence", "QueryFaiss", "QueryFeast", "QueryHistory"),
    "QueryHistoryStore",
    *("QueryPopular", "RankingFeatures", "RecentItems", "ScoreCoOccurrence", "SoftmaxSampling"),
    *("SoftmaxSampling at a temperature", "TransformWorkflow", "UnionCandidates", "UnrollFeatures"),
    *("PopularFallback with names", "QueryItemWeights", "RankingFeatures of two models", "ScoreItemWeights"),
    *("SoftmaxSampling of named sources", "UnionCandidates with names"),
)
every_case = pytest.mark.parametrize("name", NAMES)


def test_every_operator_has_a_case(made: tuple[Whole, Release, dict[str, Case]]) -> None:
    assert set(made[2]) == set(NAMES)
    assert all_operators() == {name.partition(" ")[0] for name in NAMES}, "add a case for the new operator"


def bound(operator: ServingOperator, release: Release) -> ServingOperator:
    operator = copy.copy(operator)
    operator.bind(release)
    return operator


def row_of(columns: Columns, row: int) -> Columns:
    at = np.array([row])
    return {name: c.take(at) if isinstance(c, Ragged) else c[at] for name, c in columns.items()}


def flat(columns: Columns) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    for name, column in columns.items():
        if isinstance(column, Ragged):
            yield f"{name} offsets", column.offsets
        yield name, column.values if isinstance(column, Ragged) else column


def assert_alike(one: Columns, other: Columns, products: bool) -> None:
    """Bit for bit, or within a relative 1e-5 where matrices were multiplied."""
    assert list(one) == list(other)
    for (name, mine), (_, theirs) in zip(flat(one), flat(other), strict=True):
        if products and mine.dtype.kind == "f":
            np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6, err_msg=name)
        else:
            np.testing.assert_array_equal(mine, theirs, err_msg=name)


@every_case
@pytest.mark.parametrize("seed", SEEDS)
def test_a_batch_gives_what_its_users_alone_give(
    made: tuple[Whole, Release, dict[str, Case]], name: str, seed: int
) -> None:
    whole, release, all_cases = made
    case = all_cases[name]
    columns, operator = case.columns(full_world(whole, seed)), bound(case.operator, release)
    together = operator.transform(columns)
    for row in range(ROWS):
        assert_alike(row_of(together, row), operator.transform(row_of(columns, row)), case.products)


@every_case
@pytest.mark.parametrize("empty", [False, True])
def test_what_is_taken_stays_as_it_was_and_what_is_given_is_what_was_said(
    made: tuple[Whole, Release, dict[str, Case]], name: str, empty: bool
) -> None:
    whole, release, all_cases = made
    case = all_cases[name]
    columns = case.columns(full_world(whole, 3, empty))
    before = copy.deepcopy(columns)
    for _, values in flat(columns):
        values.flags.writeable = False
    result = bound(case.operator, release).transform(columns)
    assert_alike(columns, before, products=False)

    taken = schema_of(columns)
    said = case.operator.output_schema(taken)
    assert tuple(said.names) == tuple(case.operator.output_names(taken.names))
    assert set(result) == set(said.names)
    for column in said:
        found = result[column.name]
        values = found.values if isinstance(found, Ragged) else found
        assert isinstance(found, Ragged) == column.is_list and len(found) == ROWS, column.name
        same = values.dtype.kind == "S" if column.dtype == "string" else values.dtype == column.numpy_dtype
        assert same, f"{column.name} is {values.dtype}, said to be {column.dtype}"
        if "width" in column.properties:
            assert values.shape[1:] == (column.properties["width"],), column.name
    for need in case.operator.needs():
        assert taken[need.column].is_list == need.is_list
        assert not need.dtypes or taken[need.column].dtype in need.dtypes, str(need)


@every_case
def test_a_column_that_it_needs_is_missed(made: tuple[Whole, Release, dict[str, Case]], name: str) -> None:
    whole, release, all_cases = made
    case = all_cases[name]
    columns, operator = case.columns(full_world(whole, 4)), bound(case.operator, release)
    for need in case.operator.needs():
        assert isinstance(need, Need)
        with pytest.raises(KeyError, match=need.column):
            operator.transform({key: value for key, value in columns.items() if key != need.column})


@every_case
def test_an_operator_that_was_saved_gives_the_same(made: tuple[Whole, Release, dict[str, Case]], name: str) -> None:
    whole, release, all_cases = made
    case = all_cases[name]
    again = Operator.from_dict(as_json(case.operator.to_dict()))  # type: ignore[arg-type]
    assert isinstance(again, type(case.operator)) and as_json(again.to_dict()) == as_json(case.operator.to_dict())
    assert isinstance(again, ServingOperator) and again.stage == case.operator.stage
    columns = case.columns(full_world(whole, 5))
    mine, theirs = (bound(operator, release).transform(columns) for operator in (case.operator, again))
    assert_alike(mine, theirs, products=False)

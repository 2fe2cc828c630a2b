"""A release with every part of the four stages, of any size, with models as they are before training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from ops_gpu.candidates.candidate_config import CandidateConfig
from ops_gpu.evaluation.backtest import fit_workflow
from ops_gpu.features.feature_table import FeatureTable
from ops_gpu.features.training_data import TrainingData, ids
from ops_gpu.features.training_rows import GatheredRows
from ops_gpu.graph.node import Node
from ops_gpu.interactions.events import DAY, Events
from ops_gpu.models.contract import Retriever
from ops_gpu.models.model_config import RetrieverConfig
from ops_gpu.models.retrieval.item_knn_config import ItemKnnConfig
from ops_gpu.models.retrieval.two_tower_config import TwoTowerConfig
from ops_gpu.operators import Categorify, FillMissing, ListSlice, Normalize, TagAsItemID, TagAsUserID
from ops_gpu.recommender.fit_config import FitConfig
from ops_gpu.schema.raw_schema import raw_schema
from ops_gpu.schema.schema import Schema
from ops_gpu.workflow.default_workflow import default_workflow
from ops_gpu.workflow.statistics import Statistics
from ops_gpu.workflow.workflow import Workflow
from serving.ensemble.release_parts import Parts
from serving.operators.features.query_feast import QueryFeast
from serving.release.manifest import ReleaseMetadata
from serving.release.release import Release
from serving.rules.condition import Condition
from serving.rules.list_rules import ListRules
from serving.rules.ordering_config import OrderingConfig

AS_OF, NAME = 90 * DAY, "whole"


@dataclass(frozen=True)
class Whole:
    """The release, and the parts that it was made from."""

    release: Release
    parts: Parts
    users: pl.DataFrame
    items: pl.DataFrame


FILTERS = (
    Condition("country", "countries", "contains", user="country", request="country"),
    Condition("age", "age_limit", "at_most", user="age", unknown_user="remove"),
    Condition("sold_out", "stock", "above", value=0, unknown_item="remove"),
    Condition("blocked", "author", "not_in", user="blocked"),
)
"""What users and items of `whole_release` have columns for."""


def whole_release(
    root: Path,
    users: int = 30,
    items: int = 60,
    events: int = 600,
    filters: Sequence[Condition] = (),
    ordering: OrderingConfig | None = None,
    dimension: int = 32,
    named: Sequence[str] = (),
    repeats: bool = False,
    item_knn: int = 0,
    **sizes: int,
) -> Whole:
    """Builds the release under `root/releases`; user ids are 0, 1, 2, ..., item ids 1000, 1001, ...

    Users and items have features of each kind with the names of `named`, too; those of items begin with an i.
    """
    random = np.random.default_rng(1)
    raw_events = pl.DataFrame(
        {
            "user_id": random.integers(0, users, events),
            "item_id": 1000 + random.zipf(1.3, events) % items,
            "timestamp": pl.from_epoch(pl.Series(random.integers(0, AS_OF, events)), "s"),
            "label": np.ones(events, np.bool_),
        }
    )
    raw_users = pl.DataFrame(
        {
            "user_id": np.arange(users),
            "age": random.normal(40, 9, users).astype(np.float32),
            "city": [f"city {i}" for i in random.integers(0, 7, users)],
        }
    )
    raw_items = pl.DataFrame(
        {
            "item_id": 1000 + np.arange(items),
            "price": random.lognormal(size=items).astype(np.float32),
            "genres": [[f"g{g}" for g in random.integers(0, 9, n)] for n in random.integers(1, 4, items)],
        }
    )
    if filters:
        raw_users, raw_items = _with_attributes(raw_users, raw_items)
    if named:
        raw_users = raw_users.with_columns(_columns(named, users))
        raw_items = raw_items.with_columns(_columns([f"i{name}" for name in named], items))
    workflow = _workflow(raw_events, raw_users, raw_items, default=bool(named))
    if named:
        data = TrainingData.assemble(raw_events, raw_users, raw_items.with_columns(available=True), workflow, 30)
    else:
        data = _data(workflow, raw_events, raw_users, raw_items)
    retrieval: dict[str, RetrieverConfig] = {"two_tower": TwoTowerConfig(dimension)}
    if item_knn:
        retrieval["item_knn"], sizes["item_knn"] = ItemKnnConfig(), item_knn
    config = FitConfig(retrieval, CandidateConfig(sizes, repeats))
    parts = _parts(workflow, data, config)
    folder = root / "parts"
    types = {"user": "int64", "item": "int64"}
    served = Schema.from_polars(raw_users.drop("user_id"))
    feast = QueryFeast(f"../../../feast/{NAME}", served.to_dict())
    rules = ListRules(filters, ordering or OrderingConfig(), raw_items)
    parts.write(folder, ["user_id"] >> feast, served, types, rules)
    _write_users(root, raw_users, raw_events)
    release = Release.write(folder, root / "releases", NAME, ReleaseMetadata())
    return Whole(release, parts, raw_users, raw_items)


def _with_attributes(users: pl.DataFrame, items: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Both tables with what `FILTERS` read; some of it null."""
    random = np.random.default_rng(2)
    authors, lands = [f"a{n}" for n in range(5)], ["DE", "FR", "US"]
    rows, size = len(users), len(items)
    mine = users.with_columns(
        country=pl.Series([lands[n] if n < 3 else None for n in random.integers(0, 4, rows)], dtype=pl.String),
        blocked=pl.Series([list(random.choice(authors, n, replace=False)) for n in random.integers(0, 3, rows)]),
    )
    limits = [[0, 12, 45, None][n] for n in random.integers(0, 4, size)]
    sold = [[0, 3, 9, None][n] for n in random.integers(0, 4, size)]
    theirs = items.with_columns(
        countries=pl.Series([list(random.choice(lands, n, replace=False)) for n in random.integers(0, 4, size)]),
        age_limit=pl.Series(limits, dtype=pl.Int64),
        stock=pl.Series(sold, dtype=pl.Float64),
        author=pl.Series([authors[n] for n in random.integers(0, 5, size)]),
    )
    return mine, theirs


def _columns(names: Sequence[str], rows: int) -> list[pl.Series]:
    """A category, a number and a list of each name, the latter two with `.n` and `.l` behind it."""
    categories = [f"c{row % 3}" for row in range(rows)]
    return [
        pl.Series(f"{name}{kind}", values)
        for name in names
        for kind, values in (("", categories), (".n", np.arange(rows) * 0.5), (".l", [[c] for c in categories]))
    ]


def _workflow(events: pl.DataFrame, users: pl.DataFrame, items: pl.DataFrame, default: bool = False) -> Workflow:
    if default:
        schema = raw_schema(users, items)
        return fit_workflow(events, users, items, Workflow(default_workflow(schema), schema))
    node: Node = ["user_id"] >> Categorify() >> TagAsUserID()
    node = node + (["item_id"] >> Categorify() >> TagAsItemID())
    node = node + (["city"] >> Categorify()) + (["age", "price"] >> FillMissing() >> Normalize())
    node = node + (["genres"] >> Categorify() >> ListSlice(3))
    workflow = Workflow(node)
    catalogue = [workflow.for_inputs(table.columns).partial(table, weight=0) for table in (users, items)]
    logged = workflow.partial(events.join(users, "user_id").join(items, "item_id"))
    return workflow.finalize(Statistics.merge([logged, *catalogue]))


def _data(workflow: Workflow, events: pl.DataFrame, users: pl.DataFrame, items: pl.DataFrame) -> TrainingData:
    of_users, of_items = workflow.for_inputs(users.columns), workflow.for_inputs(items.columns)
    user_schema, item_schema = of_users.output_schema, of_items.output_schema
    sizes = [s[name].cardinality or 0 for s, name in ((user_schema, "user_id"), (item_schema, "item_id"))]
    user = workflow.encode("user_id", ids(events["user_id"]))
    item = workflow.encode("item_id", events["item_id"].to_numpy())
    time = events["timestamp"].dt.epoch("s").to_numpy()
    log = Events.sorted(user, item, time, np.ones(len(events), np.bool_), *sizes)
    available = np.ones(sizes[1], np.bool_)
    available[:4] = False
    tables = (
        FeatureTable.from_frame(of_users.transform(users), "user_id", user_schema, sizes[0]),
        FeatureTable.from_frame(of_items.transform(items), "item_id", item_schema, sizes[1]),
    )
    return TrainingData(log, *tables, user_schema, item_schema, available, GatheredRows.of(log, *tables, 1))


def _parts(workflow: Workflow, data: TrainingData, config: FitConfig) -> Parts:
    import keras

    from ops_gpu.models.ranking.dlrm import Dlrm, build_dlrm
    from ops_gpu.models.retrieval.item_knn import ItemKnn
    from ops_gpu.models.retrieval.two_tower import TwoTower
    from ops_gpu.models.retrieval.two_tower_network import Towers
    from ops_gpu.recommender.candidate_sources import sources_at

    keras.utils.set_random_seed(3)
    towers_config = config.retrieval["two_tower"]
    assert isinstance(towers_config, TwoTowerConfig)
    towers = Towers.build(data.user_schema, data.item_schema, towers_config)
    models: dict[str, Retriever] = {}
    for name, settings in config.retrieval.items():
        if name == "two_tower":
            models[name] = TwoTower(towers, towers_config, np.ones(data.items.size, np.bool_), ())
        else:
            models[name] = ItemKnn.fit(data, settings, AS_OF)
    ranker = build_dlrm(Dlrm.input_schema(data, config.ranking, config.feature_names), config.ranking)
    ranking = Dlrm(ranker, config.ranking, ())
    sources = sources_at(data, models, AS_OF, config.candidates, live=True)
    return Parts(workflow, data, sources, models, ranking, config)


def _write_users(root: Path, users: pl.DataFrame, events: pl.DataFrame) -> None:
    from feature_repo.repository import FeatureRepository
    from feature_repo.settings import StoreSettings
    from feature_repo.users.user_state import user_state

    repository = FeatureRepository(root / "feast" / NAME, NAME, StoreSettings())
    repository.write("users", user_state(users, events), datetime(1970, 4, 1, tzinfo=UTC))

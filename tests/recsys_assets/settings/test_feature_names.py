"""Names that features must not have, held against what the models and the ensemble are really made of."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from feature_repo.offline.columns import CREATED, EVENT_TIME, PRESENT
from ops_gpu.features.days.event_features import EventFeatures
from ops_gpu.logs import EntityTable, LogSource
from ops_gpu.models.ranking.dlrm import Dlrm
from ops_gpu.models.retrieval.two_tower import TwoTower
from ops_gpu.primitives.setting_error import SettingError
from ops_gpu.schema.reserved_names import Role
from ops_gpu.schema.schema import Schema
from recsys_assets.component.locations import names
from recsys_assets.component.yaml_errors import YamlError
from recsys_assets.settings.feature_names import check_feature_names
from resources.home import Home
from serving.ensemble.ensemble import Ensemble
from tests.conftest import YAML
from tests.ops_gpu.day_files import write_days
from tests.serving.whole_release import FILTERS, Whole, whole_release

USERS = "  users:\n    source: {path: users.csv}\n    id: user\n    categorical: [kind_of_user]\n"


def refused(name: str, role: Role, beside: str | None = None) -> bool:
    """Whether a feature may not be called so; `beside` is one of the other table."""
    other: Role = "items" if role == "users" else "users"
    tables: dict[Role, EntityTable | None] = {role: EntityTable(LogSource("x.csv"), id="id", categorical=["x", name])}
    if beside is not None:
        tables[other] = EntityTable(LogSource("x.csv"), id="id", lists=[beside])
    try:
        check_feature_names(tables, {"country"})
    except SettingError as error:
        assert error.keys == (role, "categorical", "1")
        return True
    return False


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    root = tmp_path_factory.mktemp("names")
    return whole_release(root, filters=FILTERS, named=["odd"], two_tower=12, popular=9, co_occurrence=10)


def test_no_part_of_a_model_can_be_a_feature(whole: Whole) -> None:
    model, ranker, data = whole.parts.retrievers["two_tower"], whole.parts.ranking, whole.parts.data
    assert isinstance(model, TwoTower)
    assert isinstance(ranker, Dlrm)
    towers = model.towers
    own = {"users": set(data.user_schema.names), "items": set(data.item_schema.names)}
    models: dict[Role, list[Any]] = {
        "users": [towers.query, ranker.model],
        "items": [towers.item, ranker.model],
    }
    for role, parts in models.items():
        operations = {operation.name for model in parts for operation in model.operations}
        for name in operations - own["users"] - own["items"]:
            embedded = name.removeprefix("embedding_")
            beside = None if embedded in (name, "user_id", "item_id") else embedded
            assert refused(name, role, beside), (role, name)


def test_no_computed_column_can_be_a_feature(whole: Whole, tmp_path: Path) -> None:
    data, ids = whole.parts.data, {"user_id": whole.users["user_id"].head(3), "item_id": whole.items["item_id"].head(3)}
    events = pl.DataFrame({**ids, "timestamp": [datetime(2024, 1, 1)] * 3, "label": [True] * 3})
    past = write_days(events, tmp_path / "days", whole.parts.config.candidates.snapshot)
    [(_, rows)] = EventFeatures(past, data.users, data.items, whole.parts.workflow, 1).of(list(past.events))
    computed = set(rows.columns)
    computed -= {*data.user_schema.names, *data.item_schema.names, "timestamp", "label"}  # the latter are canonical
    assert {"own_count", "user_items", "history", "item_popularity_0"} <= computed
    for name in computed | {EVENT_TIME, CREATED, PRESENT}:
        assert refused(name, "users"), name
        assert refused(name, "items"), name


def test_no_column_that_stands_beside_a_users_can_be_a_feature(whole: Whole) -> None:
    features = set(Schema.from_polars(whole.users).names)
    met = set()
    for step in Ensemble.of(whole.release).plan.steps:
        taken = {name for name, _ in step.columns}
        met |= taken if taken & (features - {"user_id"}) else set()
    met |= {"history_item", "history_count", "history_last", "history_positive", "degraded"}  # of `QueryFeast` itself
    assert {"candidate_item", "seen_item", "context_country"} <= met
    for name in met - features - set(Schema.from_polars(whole.items).names):
        assert refused(name, "users"), name


@pytest.mark.parametrize("name", ["", "a/b", "a\nb", "a\0", "x" * 201, "*", "^a.*$", "__place__"])
@pytest.mark.parametrize("role", ["users", "items"])
def test_what_is_no_name_is_refused(name: str, role: Role) -> None:
    assert refused(name, role)


@pytest.mark.parametrize("name", ["a b", "größe", "price (EUR)", "item", "score", "code", "k", "country", "embedding"])
def test_other_names_are_not(name: str) -> None:
    assert not refused(name, "users")
    assert not refused(name, "items")


def test_filters_may_read_what_only_models_could_not() -> None:
    table = EntityTable(LogSource("x.csv"), id="id", categorical=["logit", "kind"], only_filters=["logit", "kind"])
    check_feature_names({"users": table, "items": replace(table, only_filters=["logit"])}, set())


@pytest.mark.parametrize(
    ("added", "line", "said"),
    [
        ("[kind_of_user, history]", 20, "users.categorical.1: the feature column 'history' has the name of a part of"),
        (
            "[kind_of_user]\n    lists:\n      - a\n      - present",
            23,
            "'present' has the name of a column of the feature",
        ),
        ("[kind]", 20, "users.categorical.0: the feature column 'kind' is a feature of users and of items"),
    ],
    ids=["of a model", "of the store", "in both tables"],
)
def test_it_is_told_with_its_line(shop: Path, home: Home, added: str, line: int, said: str) -> None:
    (shop / "defs.yaml").write_text(YAML + USERS.replace("[kind_of_user]", added))
    assert yaml.safe_load((shop / "defs.yaml").read_text())
    with pytest.raises(YamlError) as raised:
        names(shop)
    assert said in str(raised.value)
    assert str(raised.value).startswith(f"{shop / 'defs.yaml'}:{line}: "), str(raised.value)

"""What every registered model must do, whatever it is: a new family is tried by being registered."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ops_gpu.candidates.candidates import SourceList
from ops_gpu.features.feature_table import FeatureTable
from ops_gpu.features.training_data import TrainingData
from ops_gpu.features.training_rows import GatheredRows
from ops_gpu.interactions.events import Events
from ops_gpu.interactions.histories import Histories
from ops_gpu.interactions.item_state import ItemState, ItemStateConfig
from ops_gpu.models.contract import PAIR_COLUMN, DenseRetriever, Ranker, Retriever, SparseRetriever
from ops_gpu.models.memory_check import require_memory
from ops_gpu.models.registry import (
    RANKERS,
    RETRIEVERS,
    Family,
    family,
    ranker_class,
    ranker_name,
    retriever_class,
    retriever_name,
)
from ops_gpu.models.training.ranking_rows import RankingRows
from ops_gpu.primitives.setting_error import SettingError
from ops_gpu.recommender.learned_source import learned_source
from ops_gpu.schema.schema import Schema
from tests.ops_gpu.models.families import quick_ranker, quick_retriever
from tests.ops_gpu.models.schemas import categorical, columns, continuous, items, users
from tests.ops_gpu.planted import KINDS, planted

LENGTH = 6
DATA, USER_KIND, ITEM_KIND = planted()
END = int(DATA.events.time[-1]) + 1
ACTIVE = np.unique(DATA.events.user).astype(np.int64)
SNAPSHOT = ItemState.build(DATA.events, END, DATA.offered(None), ItemStateConfig())
NAMES = ("right", "noise")
"""Features of the ranker's world: the first says all."""


def lists_of(model: Retriever, data: TrainingData, chosen: npt.NDArray[np.int64], size: int = 10) -> SourceList:
    """What a model brings to users who have seen nothing of it yet, items of their history among them."""
    histories = Histories.from_events(data.events, chosen)
    item_state = ItemState.build(data.events, END, data.offered(None), ItemStateConfig())
    source = learned_source(model, data, data.offered(None))
    return source.retrieve(source.query(data, chosen, histories, END), item_state, histories, size, repeats=True)


@pytest.fixture(scope="module", params=RETRIEVERS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def model(name: str) -> Retriever:
    return retriever_class(name).fit(DATA, quick_retriever(name), END)


def test_a_small_world_is_learned(model: Retriever) -> None:
    """Users like items of their kind; of ten random items, 1.7 are."""
    found = lists_of(model, DATA, ACTIVE)
    right = ITEM_KIND[found.items.values] == USER_KIND[ACTIVE][found.items.row_ids]
    assert right.mean() > 0.9 and found.items.lengths.min() > 5 and KINDS == 6


def test_it_is_what_its_family_says(name: str, model: Retriever) -> None:
    assert isinstance(model, DenseRetriever if RETRIEVERS[name].dense else SparseRetriever)
    assert retriever_name(model.config) == name and RETRIEVERS[name].module == type(model).__module__
    assert all(isinstance(value, (int, float)) for value in model.summary().values())
    assert all(map(np.isfinite, model.losses))


def test_a_batch_gives_what_single_users_get(model: Retriever) -> None:
    batch = lists_of(model, DATA, ACTIVE[:20])
    scores = batch.items.with_values(batch.score)
    for row in range(0, 20, 6):
        single = lists_of(model, DATA, ACTIVE[row : row + 1])
        np.testing.assert_array_equal(single.items[0], batch.items[row])
        np.testing.assert_allclose(single.score, scores[row], rtol=1e-5, atol=1e-6)


def test_a_saved_retrieval_model_comes_back(model: Retriever, tmp_path: Path) -> None:
    model.save(tmp_path / "new" / "model")
    assert not [path for path in tmp_path.rglob("*") if path.suffix in (".pkl", ".pickle", ".joblib", ".py")]
    loaded = type(model).load(tmp_path / "new" / "model", model.config)
    found, before = lists_of(loaded, DATA, ACTIVE), lists_of(model, DATA, ACTIVE)
    np.testing.assert_array_equal(found.items.values, before.items.values)
    np.testing.assert_array_equal(found.score, before.score)
    assert loaded.losses == model.losses and loaded.config == model.config


def test_what_it_will_take_is_said(name: str, model: Retriever, tmp_path: Path) -> None:
    """Of a catalogue large enough for its tables to be what counts, what is written is what was said."""
    many = grown(DATA, 50_000)
    cost = type(model).cost(many, model.config)
    model.grown(many).save(tmp_path / "model")
    written = sum(path.stat().st_size for path in (tmp_path / "model").rglob("*") if path.is_file())
    assert 0.8 * cost.model_bytes < written < 1.3 * cost.model_bytes and cost.model_bytes <= cost.fit_bytes


def test_costs_grow_with_the_catalogue(name: str) -> None:
    small, large = (retriever_class(name).cost(grown(DATA, more), quick_retriever(name)) for more in (0, 900))
    assert small.model_bytes < large.model_bytes and small.fit_bytes < large.fit_bytes


def test_what_does_not_fit_is_refused_before_it_begins(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cost = retriever_class(name).cost(DATA, quick_retriever(name))
    require_memory(name, cost)
    monkeypatch.setattr("ops_gpu.models.memory_check.physical_memory", lambda: cost.fit_bytes - 1)
    with pytest.raises(ValueError, match=f"fitting the model '{name}' would take about"):
        require_memory(name, cost)


def test_the_future_is_not_read(name: str) -> None:
    """Events from the end on, of other users with other items, change nothing."""
    end = int(DATA.events.time[len(DATA.events) // 2])
    past, random = DATA.events.before(end), np.random.default_rng(5)
    later = DATA.events.time >= end
    user, item = DATA.events.user.copy(), DATA.events.item.copy()
    user[later], item[later] = random.permutation(user[later]), random.permutation(item[later])
    other = Events.sorted(user, item, DATA.events.time, DATA.events.positive, past.users, past.items)
    poisoned = DATA.with_events(other, LENGTH)
    config = quick_retriever(name)
    one, two = (retriever_class(name).fit(data, config, end) for data in (DATA, poisoned))
    np.testing.assert_array_equal(lists_of(one, DATA, ACTIVE).score, lists_of(two, DATA, ACTIVE).score)


def test_it_goes_on_after_the_vocabulary_grew(name: str, model: Retriever) -> None:
    """Codes that were appended change nothing until there are events with them; then they are found.

    Its fans like a new item three times, each time after an item of before, to which they return at last: a model may
    ask with the last item alone.
    """
    more = grown(DATA, 5)
    known = lists_of(model, DATA, ACTIVE)
    before = lists_of(model.grown(more), more, ACTIVE)
    assert np.mean(before.items.values < DATA.items.size) > 0.9
    assert np.isin(known.items.values, before.items.values).mean() > 0.9
    fresh, kind = DATA.items.size, 0
    fans = ACTIVE[USER_KIND[ACTIVE] == kind]
    events, again = DATA.events, slice(0, 600)  # what others did goes on beside it
    known_item = Histories.from_events(events, fans).recent(1)[:, 0]
    steps = [known_item, np.full(len(fans), fresh, np.int32)] * 3 + [known_item]
    user = np.concatenate([events.user, events.user[again], np.tile(fans, len(steps)).astype(np.int32)])
    item = np.concatenate([events.item, events.item[again], *steps])
    time = np.concatenate([events.time, np.full(600, END), END + 1 + np.arange(len(steps)).repeat(len(fans))])
    joined = Events.sorted(user, item, time, np.ones(len(user), np.bool_), events.users, more.items.size)
    newer = more.with_events(joined, LENGTH)
    later = type(model).fit(newer, model.config, END + 1 + len(steps), start=END, previous=model.grown(newer))
    assert len(later.losses) >= len(model.losses)
    found = lists_of(later, newer, ACTIVE, size=40)
    of_fans = np.isin(found.items.values, [fresh])[USER_KIND[ACTIVE][found.items.row_ids] == kind].sum()
    assert of_fans > len(fans) / 2


MIXES = {
    "ids alone": (users().select_by_name(["user_id"]), items().select_by_name(["item_id"])),
    "all kinds": (users(), items()),
    "categories": (users().excluding("age"), items().excluding("price")),
    "numbers": (users().excluding("city"), items().excluding("genres")),
    "lists of users": (users() + Schema([categorical("likes", 7, width=2)]), items()),
    "a shared domain": (users() + Schema([categorical("last", 11, domain="item_id")]), items()),
    "many": (users() + Schema([continuous("a"), continuous("b")]), items() + Schema([categorical("studio", 4)])),
}


@pytest.mark.parametrize("mix", MIXES)
def test_any_mix_of_features_makes_a_retrieval_model(name: str, mix: str) -> None:
    data = random_data(*MIXES[mix])
    fitted = retriever_class(name).fit(data, quick_retriever(name), END)
    found = lists_of(fitted, data, np.arange(3, 9))
    assert len(found.items) == 6 and np.isfinite(found.score).all() and len(found.score) > 0


@pytest.mark.filterwarnings("error")
def test_nothing_to_learn_from(name: str) -> None:
    with pytest.raises(ValueError, match="the days chosen for training hold no positive event"):
        retriever_class(name).fit(DATA, quick_retriever(name), int(DATA.events.time[0]))


@pytest.mark.parametrize("registered", [*RETRIEVERS.values(), *RANKERS.values()], ids=lambda found: found.name)
def test_bad_settings_are_refused_in_one_sentence(registered: Family) -> None:
    config = registered.config_class()
    numbers = [f for f in fields(config) if isinstance(f.default, (int, float)) and not isinstance(f.default, bool)]
    assert numbers
    for field in numbers:
        for value in (-1, float("nan"), 10**12):
            with pytest.raises(SettingError, match=rf"^{field.name} is .*, expected [^.]*(\.\d[^.]*)*\.$") as raised:
                config(**{field.name: value})
            assert raised.value.keys == (field.name,)


def test_names_that_are_not_registered() -> None:
    with pytest.raises(ValueError, match=re.escape(f"model is 'towers', expected one of {', '.join(RETRIEVERS)}.")):
        family(RETRIEVERS, "towers")
    other: Any = object()
    with pytest.raises(ValueError, match="are the settings of no registered model"):
        retriever_name(other)


@pytest.fixture(scope="module", params=RANKERS)
def ranker(request: pytest.FixtureRequest) -> Ranker:
    config = quick_ranker(str(request.param))
    return ranker_class(config).fit(DATA, examples(), config)


def first_is_chosen(model: Ranker, rows: RankingRows) -> float:
    scores = model.score(DATA, rows.user, rows.item, rows.features)
    return float(np.mean([rows.label[start + scores[start:end].argmax()] for start, end in pairwise(rows.lists)]))


def test_a_ranker_learns_what_is_chosen(ranker: Ranker) -> None:
    assert first_is_chosen(ranker, examples(seed=9)) > 0.9
    assert all(map(np.isfinite, ranker.losses)) and ranker_name(ranker.config) in RANKERS


def test_scores_do_not_depend_on_the_batch(ranker: Ranker) -> None:
    rows = examples()
    scores = ranker.score(DATA, rows.user, rows.item, rows.features)
    assert scores.shape == rows.item.shape and scores.dtype == np.float32
    part = ranker.score(DATA, rows.user[7:8], rows.item[7:8], rows.features[7:8])
    np.testing.assert_allclose(part, scores[7:8], rtol=1e-4, atol=1e-5)
    assert ranker.score(DATA, rows.user[:0], rows.item[:0], rows.features[:0]).shape == (0,)


def test_a_saved_ranker_comes_back(ranker: Ranker, tmp_path: Path) -> None:
    ranker.save(tmp_path / "new" / "ranker")
    loaded, rows = type(ranker).load(tmp_path / "new" / "ranker", ranker.config), examples()
    np.testing.assert_array_equal(
        loaded.score(DATA, rows.user, rows.item, rows.features), ranker.score(DATA, rows.user, rows.item, rows.features)
    )
    assert loaded.losses == ranker.losses


def test_a_ranker_goes_on(ranker: Ranker) -> None:
    later = type(ranker).fit(DATA, examples(seed=3), ranker.config, previous=ranker)
    assert later.losses[: len(ranker.losses)] == ranker.losses and len(later.losses) > len(ranker.losses)
    assert first_is_chosen(later, examples(seed=9)) > 0.9


def test_a_ranker_says_what_it_reads_and_costs(ranker: Ranker) -> None:
    of_users, of_items = (ranker.columns(s, ranker.config) for s in (DATA.user_schema, DATA.item_schema))
    assert set(ranker.network().inputs) == {*of_users.names, *of_items.names, PAIR_COLUMN}
    rows = examples()
    cost = type(ranker).cost(DATA, rows, ranker.config)
    assert 0 < cost.model_bytes <= cost.fit_bytes
    assert type(ranker).cost(DATA, RankingRows.empty(NAMES), ranker.config).fit_bytes < cost.fit_bytes


def test_a_ranker_without_lists_is_refused(ranker: Ranker) -> None:
    with pytest.raises(ValueError, match="no training list holds an item that its user then chose"):
        type(ranker).fit(DATA, RankingRows.empty(NAMES), ranker.config)


@pytest.mark.parametrize("mix", [mix for mix in MIXES if mix != "ids alone"])
def test_any_mix_of_features_makes_a_ranker(ranker: Ranker, mix: str) -> None:
    data = random_data(*MIXES[mix])
    rows = examples(of_users=data.users.size, of_items=data.items.size)
    config = quick_ranker(ranker_name(ranker.config))
    fitted = type(ranker).fit(data, rows, replace(config, lists=50), None)
    assert np.isfinite(fitted.score(data, rows.user, rows.item, rows.features)).all()


def examples(seed: int = 0, lists: int = 120, of_users: int = 0, of_items: int = 0) -> RankingRows:
    """Lists in each of which the item with the largest first feature is chosen."""
    random = np.random.default_rng(seed)
    lengths = random.integers(5, 20, lists)
    offsets, rows = np.concatenate([[0], np.cumsum(lengths)]), int(lengths.sum())
    features = random.normal(5, 2, (rows, len(NAMES))).astype(np.float32)
    label = np.zeros(rows, np.bool_)
    for start, end in pairwise(offsets):
        label[start + features[start:end, 0].argmax()] = True
    user = random.integers(3, of_users or DATA.users.size, rows).astype(np.int32)
    item = random.integers(3, of_items or DATA.items.size, rows).astype(np.int32)
    return RankingRows(user, item, features, label, offsets, np.full(lists, END), NAMES)


def grown(data: TrainingData, more: int) -> TrainingData:
    """The same data after a workflow has appended items, of which there is no event yet."""
    size = data.items.size + more
    domain = data.item_schema["item_id"].domain
    assert domain is not None
    schema = data.item_schema.with_columns([data.item_schema["item_id"].with_domain(replace(domain, max=size - 1))])
    last = {name: values[-1:].repeat(more, axis=0) for name, values in data.items.columns.items()}
    table = {name: np.concatenate([values, last[name]]) for name, values in data.items.columns.items()}
    table["item_id"] = np.arange(size, dtype=np.int32)
    events = replace(data.events, items=size)
    available = np.concatenate([data.available, np.ones(more, np.bool_)])
    return replace(data, events=events, items=FeatureTable(table, size), item_schema=schema, available=available)


def random_data(of_users: Schema, of_items: Schema) -> TrainingData:
    """A log of 80 events of 6 users with 8 items, with random features of these schemas."""
    random = np.random.default_rng(0)
    tables = []
    for schema, key, size in ((of_users, "user_id", 9), (of_items, "item_id", 11)):
        found = columns(schema, size)
        found[key] = np.arange(size, dtype=np.int32)
        tables.append(FeatureTable(found, size))
    user, item = random.integers(3, 9, 80).astype(np.int32), random.integers(3, 11, 80).astype(np.int32)
    events = Events.sorted(user, item, END - np.arange(80, 0, -1), np.ones(80, np.bool_), 9, 11)
    available = np.arange(11) >= 3
    return TrainingData(events, *tables, of_users, of_items, available, GatheredRows.of(events, *tables, LENGTH))

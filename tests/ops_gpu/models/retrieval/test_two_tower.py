from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from ops_gpu.features.feature_table import FeatureTable
from ops_gpu.interactions.events import DAY
from ops_gpu.interactions.histories import Histories
from ops_gpu.models.retrieval.two_tower import TwoTower, _pairs
from ops_gpu.models.retrieval.two_tower_config import TwoTowerConfig
from ops_gpu.models.retrieval.two_tower_network import CANDIDATE, PROBABILITY
from tests.ops_gpu.heart import CUT, END, START, TOWERS, Heart
from tests.ops_gpu.planted import COLD, HISTORY, ITEMS, KINDS, USERS, planted


def test_planted_structure_is_learned() -> None:
    """Popularity knows nothing here: of ten random items 1.7 are of the user's kind."""
    data, user_kind, item_kind = planted()
    config = TwoTowerConfig(
        dimension=8, hidden=(16,), history_length=HISTORY, epochs=12, batch_size=256, learning_rate=2e-2, id_dropout=0.2
    )
    model = TwoTower.fit(data, config, int(data.events.time[-1]) + 1)
    users = np.arange(3, data.users.size)
    histories = Histories.from_events(data.events, users)
    scores = model.embed_users(data, users, histories) @ model.embed_items(data)[3:].T
    best = np.argsort(-scores, axis=1)[:, :10] + 3
    right = (item_kind[best] == user_kind[users][:, None]).mean(axis=1)
    cold = histories.items.lengths == 0
    assert cold.sum() == COLD and right[~cold].mean() > 0.9
    assert right[cold].mean() > 0.6  # by what is known of the user alone
    strange = ~model.trained[3:]
    assert strange.sum() >= COLD
    own = item_kind[3:][None, strange] == user_kind[users][:, None]
    assert scores[:, strange][own].mean() > scores[:, strange][~own].mean() + 0.5  # cold items by their features
    assert model.losses[-1] < model.losses[0] - 0.5
    assert len(users) == USERS and scores.shape[1] == ITEMS and KINDS == 6


def items_of(model: TwoTower, heart: Heart) -> npt.NDArray[np.float32]:
    return model.embed_items(heart.data)


def users_of(model: TwoTower, heart: Heart) -> npt.NDArray[np.float32]:
    users = heart.users(20)
    return model.embed_users(heart.data, users, Histories.from_events(heart.data.events.before(CUT), users))


def test_vectors(heart: Heart) -> None:
    found = items_of(heart.towers, heart)
    assert found.shape == (heart.data.items.size, TOWERS.dimension) and found.dtype == np.float32
    assert not found[:3].any()
    np.testing.assert_allclose(np.linalg.norm(found[3:], axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(users_of(heart.towers, heart), axis=1), 1, rtol=1e-5)


def test_a_batch_gives_what_single_users_get(heart: Heart) -> None:
    users, past, batch = heart.users(20), heart.data.events.before(CUT), users_of(heart.towers, heart)
    for row in range(0, 20, 7):
        mine = Histories.from_events(past, users[row : row + 1])
        single = heart.towers.embed_users(heart.data, users[row : row + 1], mine)
        np.testing.assert_allclose(single[0], batch[row], rtol=1e-5, atol=1e-6)


def test_items_without_a_positive_enter_by_their_features(heart: Heart) -> None:
    model, data = heart.towers, heart.data
    past = data.events.before(CUT)
    assert set(np.flatnonzero(model.trained).tolist()) == set(past.item[past.positive].tolist())
    strange = np.flatnonzero(~model.trained[3:]) + 3
    assert len(strange) > 1
    table = {name: values.copy() for name, values in data.items.columns.items()}
    for name, values in table.items():
        if name != "item_id":
            values[strange[1]] = values[strange[0]]
    vectors = model.embed_items(replace(data, items=replace(data.items, columns=table)))
    np.testing.assert_array_equal(vectors[strange[0]], vectors[strange[1]])


def test_a_saved_model_comes_back(heart: Heart, tmp_path: Path) -> None:
    heart.towers.save(tmp_path / "new" / "model")
    found = TwoTower.load(tmp_path / "new" / "model", TOWERS)
    np.testing.assert_array_equal(items_of(found, heart), items_of(heart.towers, heart))
    np.testing.assert_array_equal(users_of(found, heart), users_of(heart.towers, heart))
    np.testing.assert_array_equal(found.trained, heart.towers.trained)
    assert found.losses == heart.towers.losses


QUICK = replace(TOWERS, epochs=1)


def test_equal_seeds_give_equal_models_and_the_future_is_not_read(heart: Heart) -> None:
    data, lines = heart.data, list[str]()
    end = START + 4 * DAY
    known = data.with_events(data.events.before(end), QUICK.history_length)
    one = TwoTower.fit(data, QUICK, end, progress=lines.append)
    other = TwoTower.fit(known, QUICK, end)
    np.testing.assert_array_equal(items_of(one, heart), items_of(other, heart))
    np.testing.assert_array_equal(users_of(one, heart), users_of(other, heart))
    assert lines == [f"epoch 1/1: loss {one.losses[0]:.4f}"]


def test_negatives_are_corrected_by_how_often_they_are_drawn(heart: Heart) -> None:
    """Every row tells the share of its item among the rows: that is how often it is another row's negative."""
    rows = heart.data.rows.between(None, CUT)
    [columns] = rows.batches(batch_size=10_000, seed=0)
    (batch,) = _pairs(heart.data, rows.item_counts(), TOWERS)(columns)
    items = batch[CANDIDATE]
    seen = heart.data.events.before(CUT)
    assert sorted(items.tolist()) == sorted(seen.item[seen.positive].tolist())
    share = {item: np.mean(items == item) for item in np.unique(items).tolist()}
    assert batch[PROBABILITY].tolist() == pytest.approx([share[item] for item in items.tolist()])
    assert len(set(batch[PROBABILITY].tolist())) > 5


def test_more_codes_change_no_vector(heart: Heart) -> None:
    """Codes that a workflow has appended get rows of their own, and those that were there keep theirs."""
    model, data = heart.towers, heart.data
    more = data.items.size + 5
    domain = data.item_schema["item_id"].domain
    assert domain is not None
    schema = data.item_schema.with_columns([data.item_schema["item_id"].with_domain(replace(domain, max=more - 1))])
    columns = {name: np.concatenate([values, values[-5:]]) for name, values in data.items.columns.items()}
    columns["item_id"] = np.arange(more, dtype=np.int32)
    grown = replace(data, items=FeatureTable(columns, more), item_schema=schema)
    found = model.grown(grown)
    np.testing.assert_allclose(found.embed_items(grown)[: data.items.size], items_of(model, heart), atol=1e-6)
    assert found.embed_items(grown).shape == (more, TOWERS.dimension)
    assert model.grown(data).losses == model.losses


def test_continuing(heart: Heart) -> None:
    """The fixture's model goes on from the early one."""
    early, later = heart.early_towers, heart.towers
    assert len(early.losses) == TOWERS.epochs and len(later.losses) == len(early.losses) + 1
    assert later.losses[: len(early.losses)] == early.losses
    assert set(np.flatnonzero(early.trained)) < set(np.flatnonzero(later.trained))
    moved = np.linalg.norm(items_of(later, heart)[3:] - items_of(early, heart)[3:], axis=1)
    assert 0 < np.median(moved) < 0.7


def test_continuing_without_a_new_event_changes_nothing(heart: Heart) -> None:
    assert TwoTower.fit(heart.data, QUICK, END + DAY, start=END, previous=heart.towers) is heart.towers


def test_continuing_with_other_settings_is_refused(heart: Heart) -> None:
    with pytest.raises(ValueError, match="the configuration changed: fit from scratch"):
        TwoTower.fit(heart.data, replace(QUICK, dimension=4), END, start=CUT, previous=heart.towers)


@pytest.mark.filterwarnings("error")
def test_nothing_to_train_on(heart: Heart) -> None:
    with pytest.raises(ValueError, match="the days chosen for training hold no positive event"):
        TwoTower.fit(heart.data, QUICK, START)

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from ops_gpu.models.contract import PAIR_COLUMN
from ops_gpu.models.ranking.dlrm import Dlrm
from ops_gpu.models.ranking.network_ranker import rank_columns
from ops_gpu.models.training.ranking_rows import RankingRows
from ops_gpu.schema.tags import Tags
from tests.ops_gpu.heart import CONFIG, CUT, Heart

Rows = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.float32]]


def some(heart: Heart, count: int = 400) -> Rows:
    return heart.rows.user[:count], heart.rows.item[:count], heart.rows.features[:count]


def planted(heart: Heart, lists: int = 160) -> RankingRows:
    """Lists of various lengths, in each of which the one item with the largest first feature is chosen."""
    random = np.random.default_rng(0)
    lengths = random.integers(5, CONFIG.ranking.list_size + 1, lists)
    offsets, rows = np.concatenate([[0], np.cumsum(lengths)]), int(lengths.sum())
    features = random.normal(100, 20, (rows, len(CONFIG.feature_names))).astype(np.float32)
    label = np.zeros(rows, np.bool_)
    for start, end in pairwise(offsets):
        label[start + features[start:end, 0].argmax()] = True
    tables = heart.data.users, heart.data.items
    user, item = (random.integers(3, table.size, rows).astype(np.int32) for table in tables)
    return RankingRows(user, item, features, label, offsets, np.full(lists, CUT), CONFIG.feature_names)


def first_is_chosen(model: Dlrm, heart: Heart, rows: RankingRows) -> float:
    scores = model.score(heart.data, rows.user, rows.item, rows.features)
    return float(np.mean([rows.label[start + scores[start:end].argmax()] for start, end in pairwise(rows.lists)]))


def test_planted_structure_is_learned_and_gone_on_with(heart: Heart, tmp_path: Path) -> None:
    rows, lines = planted(heart), list[str]()
    config = replace(CONFIG.ranking, epochs=10, batch_lists=16, learning_rate=1e-2, id_embeddings=True)
    model = Dlrm.fit(heart.data, rows, config, progress=lines.append)
    assert len(lines) == len(model.losses) == 10 and lines[-1].startswith("epoch 10/10: loss ")
    assert model.losses[-1] < model.losses[0] / 2
    learned = first_is_chosen(model, heart, planted(heart))
    assert learned > 0.8
    later = Dlrm.fit(heart.data, rows, config, previous=model)
    assert later.losses[:10] == model.losses and len(later.losses) == 11
    assert later.losses[-1] < model.losses[0] / 20  # it goes on from where it was, normalisation included
    assert first_is_chosen(later, heart, rows) > learned - 0.1
    later.save(tmp_path / "later")
    loaded = Dlrm.load(tmp_path / "later", config)
    np.testing.assert_array_equal(loaded.score(heart.data, *some(heart)), later.score(heart.data, *some(heart)))


def test_scores(heart: Heart) -> None:
    user, item, features = some(heart)
    scores = heart.ranking.score(heart.data, user, item, features)
    assert scores.shape == (400,) and scores.dtype == np.float32 and np.isfinite(scores).all() and scores.std() > 0.1
    parts = heart.ranking.score(heart.data, user, item, features, batch=57)
    np.testing.assert_allclose(parts, scores, rtol=1e-4, atol=1e-5)
    single = heart.ranking.score(heart.data, user[7:8], item[7:8], features[7:8])
    np.testing.assert_allclose(single, scores[7:8], rtol=1e-4, atol=1e-5)
    assert heart.ranking.score(heart.data, user[:0], item[:0], features[:0]).shape == (0,)


def test_a_saved_model_comes_back(heart: Heart, tmp_path: Path) -> None:
    heart.ranking.save(tmp_path / "new" / "ranker")
    found = Dlrm.load(tmp_path / "new" / "ranker", CONFIG.ranking)
    np.testing.assert_array_equal(found.score(heart.data, *some(heart)), heart.ranking.score(heart.data, *some(heart)))
    assert found.losses == heart.ranking.losses and found.config == CONFIG.ranking


def test_the_schema_of_the_ranker(heart: Heart) -> None:
    without = Dlrm.input_schema(heart.data, CONFIG.ranking, CONFIG.feature_names)
    assert not without.select_by_tag([Tags.USER_ID, Tags.ITEM_ID]).names
    assert {"country", "genres", "price", PAIR_COLUMN} <= set(without.names)
    assert without[PAIR_COLUMN].value_count is not None
    assert without[PAIR_COLUMN].value_count.max == len(CONFIG.feature_names)
    with_ids = Dlrm.input_schema(heart.data, replace(CONFIG.ranking, id_embeddings=True), CONFIG.feature_names)
    assert set(with_ids.names) - set(without.names) == {"user_id", "item_id"}
    assert set(heart.ranking.model.input) == set(without.names)


def test_rows_get_the_columns_of_their_user_and_item(heart: Heart) -> None:
    user, item, features = some(heart, 9)
    columns = rank_columns(heart.data, user, item, features)
    np.testing.assert_array_equal(columns["country"], heart.data.users.columns["country"][user])
    np.testing.assert_array_equal(columns["genres"], heart.data.items.columns["genres"][item])
    assert columns[PAIR_COLUMN] is features


def test_a_model_without_lists_is_refused(heart: Heart) -> None:
    with pytest.raises(ValueError, match="no training list holds an item that its user then chose"):
        Dlrm.fit(heart.data, RankingRows.empty(CONFIG.feature_names), CONFIG.ranking)


def test_a_computed_feature_that_is_no_number_is_named(heart: Heart) -> None:
    rows = planted(heart)
    rows.features[5, 3] = np.nan
    with pytest.raises(
        ValueError, match=f"computed feature '{CONFIG.feature_names[3]}' hold no finite number .* in 1 of"
    ):
        Dlrm.fit(heart.data, rows, CONFIG.ranking)


def test_what_was_chosen_scores_higher(heart: Heart) -> None:
    rows = heart.rows
    scores = heart.ranking.score(heart.data, rows.user, rows.item, rows.features)
    row = np.repeat(np.arange(len(rows.lists) - 1), np.diff(rows.lists))
    mean = np.bincount(row, weights=scores) / np.diff(rows.lists)
    assert (scores[rows.label] - mean[row[rows.label]]).mean() > 0.2

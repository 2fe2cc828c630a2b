from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.interactions.events import DAY, Events
from ops_gpu.interactions.histories import Histories
from ops_gpu.models.ranking.dlrm_config import DlrmConfig
from ops_gpu.models.training.ranking_rows import RankingRows
from ops_gpu.recommender.candidate_sources import CandidateSources, sources_at
from ops_gpu.recommender.learned_source import DenseSource
from ops_gpu.recommender.ranking_examples import choices_after, horizon_end, moments_before, rows_at
from tests.ops_gpu.heart import CONFIG, CUT, START, Heart
from tests.ops_gpu.toys import events_of, logs, rows_of

MOMENT, HORIZON = CUT - 3 * DAY, CUT


@given(logs(), st.integers(0, 13), st.integers(0, 13), st.booleans())
def test_choices_after(events: Events, start: int, end: int, repeats: bool) -> None:
    rows = rows_of(events)
    past = {row[:2] for row in rows if row[2] < start}
    future = {row[:2] for row in rows if start <= row[2] < end and row[3]}
    chosen = sorted(pair for pair in future if repeats or pair not in past)
    known = {user for user, _ in past}
    users, items = choices_after(events, start, end, repeats)
    assert users.tolist() == sorted({user for user, _ in chosen} & known)
    for user, row in zip(users.tolist(), items, strict=True):
        assert row.tolist() == [item for who, item in chosen if who == user]


@pytest.mark.parametrize(("repeats", "expected"), [(False, [6]), (True, [5, 6])])
def test_what_was_seen_before_is_a_choice_only_where_repeats_are(repeats: bool, expected: list[int]) -> None:
    events = events_of([(3, 5, 1, False), (3, 5, 6, True), (3, 6, 7, True), (3, 7, 7, False), (4, 6, 8, True)])
    users, chosen = choices_after(events, 5, 10, repeats)
    assert (users.tolist(), [row.tolist() for row in chosen]) == ([3], [expected])


@pytest.mark.parametrize(
    ("days", "settings", "expected"),
    [
        (90, {}, [49, 56, 63, 70, 77, 84]),  # the log begins on the grid, of Thursdays
        (90, {"moments": 2}, [77, 84]),
        (90, {"moments": 3, "step_days": 1, "horizon_days": 3}, [86, 87, 88]),
        (16, {}, [14]),  # the horizon is a quarter of the log, and half of it is over
        (
            15,
            {},
            [15 * 3 / 4],
        ),  # no point of the grid lies in its second half, half a horizon before its end
        (16, {"step_days": 2}, [8, 10, 12, 14]),
        (1, {}, [0.75]),
        (90, {"moments": 1, "horizon_days": 0.5}, [84]),
        (90, {"moments": 1, "step_days": 0.5, "horizon_days": 0.5}, [89.5]),
    ],
)
def test_moments(days: int, settings: dict[str, float], expected: list[float]) -> None:
    found = moments_before(START + days * DAY, START, DlrmConfig(**settings))  # type: ignore[arg-type]
    assert [(moment - START) / DAY for moment in found] == expected


@given(st.integers(2, 10**8), st.integers(1, 12), st.floats(0.1, 30), st.floats(0.1, 30))
def test_moments_leave_a_past_and_a_horizon(length: int, count: int, step: float, horizon: float) -> None:
    config = DlrmConfig(moments=count, step_days=step, horizon_days=horizon)
    found = moments_before(START + length, START, config)
    assert 1 <= len(found) <= count and found == sorted(set(found))
    shortened = min(int(horizon * DAY), max(1, length // 4))
    end, step = START + length, int(config.step_days * DAY)
    newest = end - shortened // 2
    assert newest - step < found[-1] <= newest or found == [end - shortened]
    assert all(moment >= START + length // 2 for moment in found)
    assert found == [end - shortened] or all(moment % step == 0 for moment in found)
    for moment in found:
        stop = horizon_end(moment, end, START, config)
        assert moment + shortened // 2 <= stop <= min(moment + shortened, end) and stop > moment


@given(st.integers(30, 400), st.integers(1, 60))
def test_moments_stay_as_days_arrive(days: int, more: int) -> None:
    """The window moves over them: what both logs have lists of are the same moments."""
    config = DlrmConfig(moments=6, step_days=5, horizon_days=7)
    before, after = (set(moments_before(START + n * DAY, START, config)) for n in (days, days + more))
    oldest, newest = min(after), max(before)
    assert {m for m in before if m >= oldest} == {m for m in after if m <= newest}


@pytest.fixture(scope="module")
def rows(heart: Heart) -> RankingRows:
    return rows_at(heart.data, heart.fit.early, MOMENT, HORIZON, CONFIG.candidates, CONFIG.ranking)


def test_a_list_holds_one_users_candidates_and_what_was_chosen(heart: Heart, rows: RankingRows) -> None:
    users, chosen = choices_after(heart.data.events, MOMENT, HORIZON, False)
    wanted = dict(zip(users.tolist(), (set(row.tolist()) for row in chosen), strict=True))
    size = CONFIG.ranking.list_size
    assert len(rows.lists) - 1 == len(rows.moment) > 50 and set(rows.moment.tolist()) == {MOMENT}
    for start, end in zip(rows.lists[:-1], rows.lists[1:], strict=True):
        user, items = set(rows.user[start:end].tolist()), rows.item[start:end].tolist()
        assert len(user) == 1 and len(items) == len(set(items)) <= size
        assert rows.label[start:end].any()
        assert rows.label[start:end].tolist() == [item in wanted[min(user)] for item in items]


def test_all_candidates_that_were_chosen_are_kept(heart: Heart, rows: RankingRows) -> None:
    sources = sources_at(heart.data, heart.fit.early, MOMENT, CONFIG.candidates)
    users, chosen = choices_after(heart.data.events, MOMENT, HORIZON, False)
    histories = Histories.from_events(heart.data.events.before(MOMENT), users)
    found, features = sources.retrieve(heart.data, users, histories)
    position = {
        (user, item): number
        for number, (user, item) in enumerate(
            zip(users[found.items.row_ids].tolist(), found.items.values.tolist(), strict=True)
        )
    }
    pairs = list(zip(rows.user.tolist(), rows.item.tolist(), strict=True))
    np.testing.assert_array_equal(rows.features, features[[position[pair] for pair in pairs]])
    hits = {
        (user, item)
        for user, items in zip(users.tolist(), chosen, strict=True)
        for item in items.tolist()
        if (user, item) in position
    }
    assert {pair for pair, label in zip(pairs, rows.label, strict=True) if label} == hits


def test_lists_are_drawn_and_cut(heart: Heart, rows: RankingRows) -> None:
    ranking = replace(CONFIG.ranking, lists=20, list_size=5)
    few = rows_at(heart.data, heart.fit.early, MOMENT, HORIZON, CONFIG.candidates, ranking)
    assert 0 < len(few.moment) <= 20 and np.diff(few.lists).max() == 5
    assert len(np.unique(few.user[few.lists[:-1]])) == len(few.moment)  # each user once
    assert set(few.user.tolist()) < set(rows.user.tolist())
    again = rows_at(heart.data, heart.fit.early, MOMENT, HORIZON, CONFIG.candidates, ranking)
    np.testing.assert_array_equal(few.item, again.item)


def test_a_moment_without_choices_adds_nothing(heart: Heart, rows: RankingRows) -> None:
    none = rows_at(heart.data, heart.fit.early, START, START + DAY, CONFIG.candidates, CONFIG.ranking)
    assert none.lists.tolist() == [0] and none.features.shape == (0, len(CONFIG.feature_names))
    both = RankingRows.concatenate([none, rows, none])
    np.testing.assert_array_equal(both.features, rows.features)
    np.testing.assert_array_equal(both.lists, rows.lists)


@pytest.mark.parametrize("first", [True, False])
def test_a_moment_without_choices_has_the_columns_of_the_others(heart: Heart, rows: RankingRows, first: bool) -> None:
    """What was taught would be passed over where its lists come first, and missed where they come later."""
    taught = heart.data.items.names[:1]
    none = rows_at(heart.data, heart.fit.early, START, START + DAY, CONFIG.candidates, CONFIG.ranking, taught)
    known = rows.with_taught(heart.data.users, heart.data.items, taught)
    both = RankingRows.concatenate([none, known] if first else [known, none])
    np.testing.assert_array_equal(both.taught[taught[0]], known.taught[taught[0]])
    with pytest.raises(ValueError, match=f"have the columns .*{taught[0]}.*, expected|expected .*{taught[0]}"):
        RankingRows.concatenate([none, rows] if first else [rows, known])


def test_concatenated_lists_stay_apart(rows: RankingRows) -> None:
    twice = RankingRows.concatenate([rows, rows])
    np.testing.assert_array_equal(np.diff(twice.lists), np.tile(np.diff(rows.lists), 2))
    np.testing.assert_array_equal(twice.item[len(rows.item) :], rows.item)
    assert len(twice.moment) == 2 * len(rows.moment) and twice.lists[-1] == len(twice.item)


def indexed(sources: CandidateSources) -> set[int]:
    source = sources.learned["two_tower"]
    assert isinstance(source, DenseSource)
    return set(source.index.items.values.tolist())


def test_sources_of_the_past_and_of_now(heart: Heart) -> None:
    past = sources_at(heart.data, heart.fit.early, MOMENT, CONFIG.candidates)
    live = sources_at(heart.data, heart.fit.early, MOMENT, CONFIG.candidates, live=True)
    assert past.item_state.as_of == MOMENT
    np.testing.assert_array_equal(past.item_state.available, heart.data.offered(MOMENT))
    np.testing.assert_array_equal(live.item_state.available, heart.data.available)
    assert indexed(past) < indexed(live)

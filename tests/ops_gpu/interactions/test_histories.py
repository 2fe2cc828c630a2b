from __future__ import annotations

from collections import defaultdict

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.interactions import histories as module
from ops_gpu.interactions.events import Events
from ops_gpu.interactions.histories import Histories
from tests.ops_gpu.toys import events_of, everyone, logs, rows_of, toy_events

Entry = tuple[int, float, int, float]  # item, count, last, positive


def reference(events: Events, user: int) -> list[Entry]:
    """One entry a distinct item, by last interaction and then code."""
    seen: dict[int, list[tuple[int, bool]]] = defaultdict(list)
    for who, item, time, positive in rows_of(events):
        if who == user:
            seen[item].append((time, positive))
    entries = [(i, float(len(e)), max(t for t, _ in e), float(sum(p for _, p in e))) for i, e in seen.items()]
    return sorted(entries, key=lambda entry: (entry[2], entry[0]))


def entries(histories: Histories) -> list[list[Entry]]:
    ragged = (histories.items.with_values(v) for v in (histories.count, histories.last, histories.positive))
    columns = [histories.items, *ragged]
    return [list(zip(*(c[row].tolist() for c in columns), strict=True)) for row in range(len(histories))]


@given(logs(), st.permutations(range(3, 10)))
def test_histories_are_those_of_plain_python(events: Events, users: list[int]) -> None:
    found = Histories.from_events(events, np.array(users[:5]))
    assert entries(found) == [reference(events, user) for user in users[:5]]


@given(logs(), st.integers(0, 5))
def test_recent(events: Events, length: int) -> None:
    users = everyone(events)
    dense = Histories.from_events(events, users).recent(length)
    assert dense.shape == (len(users), length) and dense.dtype == np.int32
    for row, user in zip(dense.tolist(), users.tolist(), strict=True):
        latest = [entry[0] for entry in reversed(reference(events, user))][:length]
        assert row == latest + [0] * (length - len(latest))


def test_take_gives_the_same_as_asking_for_these_users() -> None:
    events = toy_events()
    users = everyone(events)
    rows = np.array([5, 0, 6, 2])
    taken = Histories.from_events(events, users).take(rows)
    assert entries(taken) == entries(Histories.from_events(events, users[rows]))
    assert len(Histories.from_events(events, users).take(np.empty(0, np.int64))) == 0


def test_nobody_and_nothing() -> None:
    assert len(Histories.from_events(toy_events(), np.empty(0, np.int64))) == 0
    assert entries(Histories.from_events(events_of([]), np.array([3, 4]))) == [[], []]


@pytest.mark.parametrize("users_at_once", [1, 3, 512])
@pytest.mark.parametrize("events_at_once", [1, 20, 10_000])
def test_blocks_are_those_of_all_users(
    users_at_once: int, events_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "USERS_AT_ONCE", users_at_once)
    monkeypatch.setattr(module, "EVENTS_AT_ONCE", events_at_once)
    events = toy_events()
    users = everyone(events)[::-1]
    found = list(Histories.in_blocks(events, users))
    whole = entries(Histories.from_events(events, users))
    assert [row for _, block in found for row in entries(block)] == whole
    assert [list(range(len(users)))[place] for place, _ in found] == [
        list(range(len(users)))[n : n + users_at_once] for n in range(0, len(users), users_at_once)
    ]
    assert list(Histories.in_blocks(events, users[:0])) == []


def test_no_more_events_than_wanted_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "USERS_AT_ONCE", 1)
    monkeypatch.setattr(module, "EVENTS_AT_ONCE", 30)
    events, asked, honest = toy_events(), list[int](), Histories.from_events

    def noted(past: Events, users: npt.NDArray[np.int64]) -> Histories:
        asked.append(int(np.isin(past.user, users).sum()))
        return honest(past, users)

    monkeypatch.setattr(Histories, "from_events", noted)
    assert list(Histories.in_blocks(events, everyone(events)))
    counts = np.bincount(events.user)
    assert len(asked) > 1 and max(asked) <= max(30, counts.max())

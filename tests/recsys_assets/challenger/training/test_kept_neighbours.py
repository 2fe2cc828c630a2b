"""KeptNeighbours: as fitted, and fitted once."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ops_gpu.interactions.co_occurrence import Neighbours
from ops_gpu.interactions.events import Events
from recsys_assets.challenger.training.kept_neighbours import KeptNeighbours


def log(seed: int = 0, count: int = 400) -> Events:
    random = np.random.default_rng(seed)
    user, item = random.integers(2, 30, count).astype(np.int32), random.integers(2, 25, count).astype(np.int32)
    return Events(user, item, np.arange(count), random.random(count) < 0.7, users=30, items=25)


def fitted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Neighbours:
        raise AssertionError("fitted again")

    monkeypatch.setattr(Neighbours, "fit", refuse)


def equal(one: Neighbours, other: Neighbours) -> None:
    np.testing.assert_array_equal(one.items, other.items)
    np.testing.assert_array_equal(one.similarity, other.similarity)


def test_they_are_those_of_a_fit_and_fitted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, wanted = KeptNeighbours(tmp_path), Neighbours.fit(log(), 5, 20)
    assert wanted.similarity.any()
    equal(kept.fit(log(), 5, 20), wanted)
    fitted_once(monkeypatch)
    equal(kept.fit(log(), 5, 20), wanted)


def test_items_that_came_since_have_none_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, grown = KeptNeighbours(tmp_path), replace(log(), users=40, items=33)
    kept.fit(log(), 5, 20)
    wanted = Neighbours.fit(grown, 5, 20)
    fitted_once(monkeypatch)
    equal(kept.fit(grown, 5, 20), wanted)


@pytest.mark.parametrize(
    ("events", "size", "history"),
    [
        (log(1), 5, 20),
        (log().before(399), 5, 20),
        (replace(log(), positive=~log().positive), 5, 20),
        (log(), 6, 20),
        (log(), 5, 21),
    ],
)
def test_all_else_is_fitted(tmp_path: Path, events: Events, size: int, history: int) -> None:
    kept = KeptNeighbours(tmp_path)
    kept.fit(log(), 5, 20)
    equal(kept.fit(events, size, history), Neighbours.fit(events, size, history))
    assert len(list(tmp_path.glob("*.npy"))) == 2


@pytest.mark.parametrize("damage", [b"", b"not an array", b"\x93NUMPY"], ids=["empty", "text", "cut"])
def test_a_damaged_file_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    kept = KeptNeighbours(tmp_path)
    wanted = kept.fit(log(), 5, 20)
    [path] = tmp_path.iterdir()
    path.write_bytes(damage)
    equal(kept.fit(log(), 5, 20), wanted)
    assert path.stat().st_size > len(damage)


def test_those_asked_for_last_stay(tmp_path: Path) -> None:
    kept = KeptNeighbours(tmp_path)
    for number in range(4):
        before = set(tmp_path.iterdir())
        kept.fit(log(number), 5, 20)
        [path] = set(tmp_path.iterdir()) - before
        os.utime(path, (number, number))
    kept.fit(log(0), 5, 20)
    kept.forget(2)
    assert len(list(tmp_path.iterdir())) == 2
    assert path in set(tmp_path.iterdir())
    before = set(tmp_path.iterdir())
    kept.fit(log(0), 5, 20)
    assert set(tmp_path.iterdir()) == before

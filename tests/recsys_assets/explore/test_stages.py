from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ops_gpu.primitives.ragged import Ragged
from recsys_assets.explore.stages import Stages, reasons_of
from serving.ensemble.ensemble import Ensemble
from serving.operators.filtering.filter_candidates import FilterCandidates
from tests.serving.toys import toy_ensemble, toy_release

IDS: dict[str, Any] = {"int64": (np.int64(103), 9999), "string": (b"u103", b"nobody")}


def explored(ensemble: Ensemble, user: Any) -> tuple[Stages, dict[str, list[Any]]]:
    answer = ensemble.run({"user_id": np.array([user]), "k": np.array([5], np.int32)})
    plain = {}
    for name, column in answer.columns.items():
        assert isinstance(column, Ragged)
        plain[name] = [v.decode() if isinstance(v, bytes) else v for v in column[0].tolist()]
    return Stages.of(ensemble, answer), plain


@pytest.mark.parametrize("dtype", IDS)
def test_the_list_is_followed_through_the_stages(tmp_path: Path, dtype: str) -> None:
    ensemble = Ensemble.of(toy_release(tmp_path, dtype=dtype))
    stages, answer = explored(ensemble, IDS[dtype][0])
    retrieved = {row.item_id: row for row in stages.retrieved}
    assert [row.place for row in stages.retrieved] == list(range(1, len(retrieved) + 1))
    best = [min(place or 99 for _, place in row.sources) for row in stages.retrieved]
    assert best == sorted(best) and best[0] == 1
    popular = sorted(place for row in stages.retrieved for name, place in row.sources if name == "popular" and place)
    assert popular == list(range(1, len(popular) + 1))
    assert stages.seen and not stages.seen & set(retrieved) and stages.filtered == () and not stages.fallback
    assert {row.item_id for row in stages.scored} == set(retrieved)
    scores = [row.score for row in stages.scored]
    assert scores == sorted(scores, key=lambda score: -(score or 0))
    assert [row.item_id for row in stages.ordered] == answer["item_id"]
    assert [row.score for row in stages.ordered] == answer["score"]
    assert [row.item_id for row in stages.scored[:5]] == answer["item_id"]
    assert all(row.sources == retrieved[row.item_id].sources for row in stages.ordered)


@pytest.mark.parametrize("dtype", IDS)
def test_an_unknown_user_gets_the_popular_list(tmp_path: Path, dtype: str) -> None:
    stages, answer = explored(Ensemble.of(toy_release(tmp_path, dtype=dtype)), IDS[dtype][1])
    assert stages.fallback and not stages.seen
    assert [row.item_id for row in stages.ordered] == answer["item_id"]
    assert {name for row in stages.ordered for name, _ in row.sources} == {"popular"}


def test_what_was_removed_and_why(tmp_path: Path) -> None:
    ensemble = toy_ensemble(repeats=True).bind(toy_release(tmp_path))
    strict = next(step for step in ensemble.operators if isinstance(step, FilterCandidates))
    strict.repeats = False  # the sources bring back what was seen, and the filter takes it away
    stages, answer = explored(ensemble, 103)
    removed = {row.item_id for row in stages.filtered}
    assert removed and removed == stages.seen & {row.item_id for row in stages.retrieved}
    assert {row.reasons for row in stages.filtered} == {("seen",)}
    assert len(stages.retrieved) == len(removed) + len(stages.scored)
    assert not removed & set(answer["item_id"])


def test_a_filter_may_name_its_own_reasons() -> None:
    class FilterByCountry(FilterCandidates):
        def reasons(self) -> dict[int, str]:
            return {4: "country"}

    assert reasons_of(FilterByCountry()) == {4: "country"}
    assert {1: "seen", 2: "unavailable"}.items() <= dict(reasons_of(FilterCandidates())).items()

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import pytest

from ops_gpu.candidates.candidate_config import CandidateConfig
from ops_gpu.evaluation.backtest import evaluate_as_of
from ops_gpu.interactions.item_state_config import ItemStateConfig
from ops_gpu.models.ranking.dlrm_config import DlrmConfig
from ops_gpu.models.retrieval.two_tower_config import TwoTowerConfig
from ops_gpu.primitives.bounds import check_number, check_whole
from ops_gpu.primitives.setting_error import SettingError
from ops_gpu.recommender.fit_config import FitConfig
from ops_gpu.workflow.default_workflow import default_workflow
from tests.ops_gpu.heart import CUT, END, Heart


@dataclass
class Some:
    one: float = 1
    several: tuple[float, ...] = (1, 2)


@pytest.mark.parametrize("value", [0, 11, -1, 1.5, float("nan"), float("inf"), float("-inf"), 10**40])
def test_a_whole_number_has_bounds(value: float) -> None:
    with pytest.raises(SettingError, match=r"one is .*, expected a whole number from 1 to 10") as raised:
        check_whole(Some(one=value), 1, 10, "several", "one")
    assert raised.value.keys == ("one",)


@pytest.mark.parametrize("value", [0, 1.1, -1, float("nan"), float("inf"), float("-inf"), 10**40])
def test_a_number_has_bounds(value: float) -> None:
    with pytest.raises(SettingError, match=r"several\[1\] is .*, expected a number above 0 and up to 1") as raised:
        check_number(Some(several=(1, value)), 0, 1, "several", above=True)
    assert raised.value.keys == ("several", "1")


def test_the_bounds_belong_to_them() -> None:
    check_whole(Some(one=10.0), 1, 10, "one", "several")
    check_number(Some(one=0.0, several=()), 0, 1, "one", "several")


def test_the_least_of_everything_makes_a_recommender(heart: Heart) -> None:
    least = [_least(kind) for kind in (TwoTowerConfig, DlrmConfig, ItemStateConfig)]
    assert (least[0].dimension, least[1].list_size, least[2].neighbours) == (1, 2, 0)
    ranking = replace(least[1], horizon_days=3.0, lists=50)  # within a second, nobody chose anything
    config = FitConfig(
        {"two_tower": least[0]}, CandidateConfig(snapshot=replace(least[2], half_lives_days=())), ranking
    )
    found = evaluate_as_of(heart.interactions, heart.demo.users, heart.demo.items, default_workflow, config, CUT, END)
    assert found.evaluation.final[20].ndcg.mean() > 0


def _least(kind: Any) -> Any:
    """An object of a class of settings with the smallest value that each of its numbers may have."""
    values: dict[str, Any] = {}
    for field in fields(kind):
        several = isinstance(field.default, tuple)
        for value in (0, 2e-5, 0.01, 1, 2):
            try:
                kind(**{field.name: (value,) if several else value})
            except SettingError:
                continue
            values[field.name] = (value,) if several else value
            break
    return kind(**values)

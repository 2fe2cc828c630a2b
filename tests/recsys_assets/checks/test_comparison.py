"""What the two gates of the evaluation read from the report, and what they say of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.json_files import write_json
from recsys_assets.checks.better_than_popularity import better_than_popularity
from recsys_assets.checks.not_worse_than_live import not_worse_than_live
from recsys_assets.component.locations import blueprints
from resources.home import Home


@pytest.fixture
def blueprint(shop: Path, home: Home) -> Blueprint:
    return blueprints(shop, home)[0]


def said(check: dg.AssetChecksDefinition) -> dg.AssetCheckResult:
    found = check()
    assert isinstance(found, dg.AssetCheckResult)
    return found


def lists(ndcg: float, error: float, users: float = 100.0) -> dict[str, float]:
    return {"ndcg@20": ndcg, "ndcg@20_se": error, "users": users}


@pytest.mark.parametrize(
    ("final", "passed"),
    [
        (lists(0.101, 0.03), True),  # 0.0990 below, and two errors of 0.05 are 0.1
        (lists(0.099, 0.03), False),
        (lists(0.3, 0.0, users=1.0), True),
        (lists(0.3, 0.0, users=0.0), False),
    ],
    ids=["within the noise", "below it", "one user", "no user"],
)
def test_popularity_is_the_floor_up_to_both_errors(blueprint: Blueprint, final: dict[str, float], passed: bool) -> None:
    report = {"final": final, "baselines": {"popularity": lists(0.2, 0.04)}}
    write_json(report, blueprint.home.evaluation_report(blueprint.name))
    found = said(better_than_popularity(blueprint))
    assert found.passed is passed
    if final["ndcg@20_se"]:
        assert found.metadata["standard_error"].value == pytest.approx(0.05)
    assert found.metadata["popularity"].value == 0.2 and found.metadata["final"].value == final["ndcg@20"]


@pytest.mark.parametrize(
    ("standing", "words"),
    [
        ({"against": "nothing", "because": "no release is live"}, "Not compared: no release is live."),
        ({"against": "nobody", "because": "no user in common"}, "Not compared: no user in common."),
        ({"against": "live", "release": "a" * 64, "users": 7}, "on the same days"),
        ({"against": "recorded", "release": "a" * 64, "users": 7}, "on these days, before it was continued"),
    ],
    ids=["nothing", "nobody", "live", "recorded"],
)
def test_it_is_said_what_was_compared_with(blueprint: Blueprint, standing: dict[str, Any], words: str) -> None:
    write_json({"live": standing}, blueprint.home.evaluation_report(blueprint.name))
    found = said(not_worse_than_live(blueprint))
    assert words in str(found.description)
    assert ("release aaaaaaaaaaaa " in str(found.description)) is ("release" in standing)

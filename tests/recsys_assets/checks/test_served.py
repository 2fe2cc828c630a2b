from __future__ import annotations

from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from ops_gpu.candidates.candidates import DEGRADED
from recsys_assets.blueprint.asset_names import SERVED
from recsys_assets.component.locations import load
from recsys_assets.component.shared_definitions import shared_definitions
from resources.home import Home
from tests.recsys_assets.runs import materialize
from tests.serving.decision_rows import day_of, write_log

DAY, BAD = date(2026, 1, 5), date(2026, 1, 6)


@pytest.fixture
def log(home: Home) -> Path:
    """A good day, and one with 1 degraded and 1 empty list of 20."""
    folder = home.decisions("shop")
    write_log(folder, DAY, day_of(DAY, 20))
    rows = day_of(BAD, 20)
    rows[3] |= {"source": [1 | DEGRADED] * 3}
    rows[4] |= {"item": [], "source": [], "scored_item": []}
    write_log(folder, BAD, rows)
    return folder


def evaluated(result: dg.ExecuteInProcessResult) -> dg.AssetCheckEvaluation:
    assert result.success  # it keeps nothing back
    (found,) = result.get_asset_check_evaluations()
    assert (found.check_name, found.severity, found.blocking) == ("served_whole", dg.AssetCheckSeverity.WARN, False)
    return found


def test_a_good_day_passes_and_a_bad_one_is_told_with_its_figures(shop: Path, home: Home, log: Path) -> None:
    good, bad = (evaluated(materialize(shop, [SERVED], str(day))) for day in (DAY, BAD))
    assert good.passed and "0 of the 20 lists of 2026-01-05 (0.0%)" in str(good.description)
    assert not bad.passed
    assert str(bad.description).startswith(
        "2 of the 20 lists of 2026-01-06 (10.0%) are degraded or empty (1 degraded, 1 empty), expected at most 5%; "
    )
    assert bad.metadata["share"].value == 0.1


def test_of_several_days_the_worst_is_told(shop: Path, home: Home, log: Path) -> None:
    found = evaluated(materialize(shop, [SERVED], str(DAY), "2026-01-07"))
    assert not found.passed and "2026-01-06" in str(found.description)


def test_the_share_can_be_set(shop: Path, home: Home, log: Path) -> None:
    (shop / "defs.yaml").write_text((shop / "defs.yaml").read_text() + "  quality: {max_degraded_share: 0.1}\n")
    assert evaluated(materialize(shop, [SERVED], str(BAD))).passed


def test_nobody_asked(shop: Path, home: Home, log: Path) -> None:
    found = evaluated(materialize(shop, [SERVED], "2026-01-07"))
    assert found.passed and found.description == "Nobody was given a list on 2026-01-07."


def test_alone_it_looks_at_the_newest_day_that_is_kept(shop: Path, home: Home, log: Path) -> None:
    materialize(shop, [SERVED], str(DAY), str(BAD))
    defs = dg.Definitions.merge(load(shop), shared_definitions(home))
    chosen = dg.AssetSelection.checks(dg.AssetCheckKey(dg.AssetKey(["shop", SERVED]), "served_whole"))
    job = dg.define_asset_job("check", selection=chosen)
    made = dg.Definitions(
        assets=defs.assets, asset_checks=defs.asset_checks, resources=defs.resources, jobs=[job]
    ).resolve_job_def("check")
    assert "2026-01-06" in str(evaluated(made.execute_in_process()).description)

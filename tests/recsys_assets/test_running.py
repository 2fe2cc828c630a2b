from __future__ import annotations

import dagster as dg
import pytest

from recsys_assets.running import running


@pytest.mark.parametrize(
    ("asset", "builds", "keeps"),
    [("interactions", True, False), ("served_requests", False, True)],
)
def test_building_anew_and_keeping_what_was_served_do_not_wait_for_each_other(
    asset: str, builds: bool, keeps: bool
) -> None:
    keys = frozenset({dg.AssetKey(["shop", asset])})
    with dg.DagsterInstance.ephemeral() as instance:
        assert running(instance, "shop") is running(instance, "shop", served=True) is None
        instance.add_run(dg.DagsterRun(job_name="x", status=dg.DagsterRunStatus.STARTED, asset_selection=keys))
        assert (running(instance, "shop") is not None) is builds
        assert (running(instance, "shop", served=True) is not None) is keeps
        assert running(instance, "other") is running(instance, "other", served=True) is None

"""The shop with four releases, and its asset `deployment`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg

from recsys_assets.blueprint.json_files import write_json
from recsys_assets.challenger.newest_release import candidate_file
from resources.home import Home
from serving.release.release import Release
from tests.recsys_assets.runs import failure, materialize
from tests.serving.toys import toy_release
from tests.serving.triton.fake_control import dated


class DeployedShop:
    """A recommender with some releases, of which one is the newest."""

    def __init__(self, home: Home, folder: Path, instance: dg.DagsterInstance) -> None:
        self.home, self.folder, self.instance = home, folder, instance
        self.releases = dated(toy_release(home.root, "shop", seed=seed) for seed in range(4))
        assert materialize(folder, ["interactions", "users", "items"], "2024-01-01", "2024-01-03").success

    def run(self, newest: Release) -> dg.ExecuteInProcessResult:
        """Materializes `deployment` once this is the newest release."""
        write_json({"hash": newest.hash}, candidate_file(self.home, "shop"))
        return materialize(self.folder, ["deployment"], instance=self.instance)

    def deployment(self, newest: Release) -> dict[str, Any]:
        """What such a run says, by name; it must succeed."""
        result = self.run(newest)
        assert result.success, failure(result)
        (event,) = result.asset_materializations_for_node("shop__deployment")
        said = {name: value.value for name, value in event.metadata.items()}
        return {**said, "data_version": (event.tags or {})["dagster/data_version"]}

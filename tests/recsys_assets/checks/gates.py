"""The gates of a recommender that is all there, each to be run alone over what a test has spoiled."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.component.locations import blueprints, load
from recsys_assets.component.shared_definitions import shared_definitions
from resources.home import Home
from tests.tiny import NAME, Tiny


@dataclass(frozen=True)
class Gates:
    """A copy of a materialized recommender.

    Args:
        blueprint: the recommender, over the copy.
        folder: of its YAML.
    """

    blueprint: Blueprint
    folder: Path

    @classmethod
    def over(cls, tiny: Tiny, place: Path) -> Gates:
        """Copies what checks read; the environment must name the copy as the home."""
        home = Home.from_environment()
        for part in ("recommenders", "releases", "feast", "data"):
            shutil.copytree(tiny.home.root / part, home.root / part)
        return cls(blueprints(tiny.folder, home)[0], tiny.folder)

    @property
    def home(self) -> Home:
        """Where the copy lies."""
        return self.blueprint.home

    def evaluate(self, asset: str, check: str) -> dg.AssetCheckEvaluation:
        """What one check says; that it blocks is looked at too."""
        defs = dg.Definitions.merge(load(self.folder), shared_definitions(self.home))
        selection = dg.AssetSelection.checks(dg.AssetCheckKey(self.blueprint.key(asset), check))
        made = dg.Definitions(
            assets=defs.assets,
            asset_checks=defs.asset_checks,
            resources=defs.resources,
            jobs=[dg.define_asset_job("gate", selection=selection)],
        )
        result = made.resolve_job_def("gate").execute_in_process(raise_on_error=False)
        (found,) = result.get_asset_check_evaluations()
        assert found.blocking
        assert result.success is found.passed  # a gate that refuses ends the run as failed
        return found


__all__ = ["NAME", "Gates"]
